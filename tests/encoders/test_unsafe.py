"""What would run code, or is not what it claims to be, is refused with its reason."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from encoders.opening import open_encoder, vectors
from encoders.text_models import TEXTS, edit_json, save
from evidense.errors import InvalidInput, UnsafeInput


class Evil:
    """Creates a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.target),)


def test_a_pickle_is_read_only_with_the_option_unsafe_weights(tmp_path: Path) -> None:
    save(tmp_path / "safe", "BertModel", "bert")
    save(tmp_path / "bin", "BertModel", "bert", safe=False)
    with pytest.raises(UnsafeInput, match="unsafe-weights"):
        open_encoder(f"{tmp_path / 'bin'}@pooling=mean")
    encoder = open_encoder(f"{tmp_path / 'bin'}@pooling=mean@unsafe-weights")
    np.testing.assert_array_equal(
        vectors(encoder, TEXTS), vectors(open_encoder(f"{tmp_path / 'safe'}@pooling=mean"), TEXTS)
    )
    assert len(encoder.setup.weights_sha256) == 64


def test_a_pickle_that_runs_code_is_refused_whatever_the_options(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    (tmp_path / "model.safetensors").unlink()
    with (tmp_path / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"embeddings": Evil(tmp_path / "ran")}, file)
    with pytest.raises(UnsafeInput, match="would run code"):
        open_encoder(f"{tmp_path}@pooling=mean@unsafe-weights")
    torch.save({"embeddings": Evil(tmp_path / "ran")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UnsafeInput, match="would run code"):
        open_encoder(f"{tmp_path}@pooling=mean@unsafe-weights")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_remote_code_is_refused(tmp_path: Path, name: str) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_json(tmp_path / name, auto_map={"AutoModel": "modeling_mine.Mine"})
    with pytest.raises(UnsafeInput, match=r"modeling_mine\.Mine"):
        open_encoder(str(tmp_path))


@pytest.mark.parametrize(("module", "error", "said"), [
    ({"type": "my_package.MyModule", "path": ""}, UnsafeInput, "my_package.MyModule"),
    ({"type": "sentence_transformers.models.Transformer", "path": "../elsewhere"}, UnsafeInput, "outside the model"),
    ({"type": "sentence_transformers.models.BoW", "path": ""}, InvalidInput, "BoW, which is not supported"),
])  # fmt: skip
def test_modules_with_foreign_code_are_refused(
    tmp_path: Path, module: dict[str, str], error: type[Exception], said: str
) -> None:
    save(tmp_path, "BertModel", "bert")
    (tmp_path / "modules.json").write_text(json.dumps([module]))
    with pytest.raises(error, match=said):
        open_encoder(f"transformer:{tmp_path}")


def test_a_truncated_safetensors_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    whole = (tmp_path / "model.safetensors").read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:4], b"", b"\xff" * 100):
        (tmp_path / "model.safetensors").write_bytes(damaged)
        with pytest.raises(InvalidInput, match="no readable safetensors"):
            open_encoder(f"{tmp_path}@pooling=mean")


@pytest.mark.parametrize("text", ["ViT-B-32,laion2b_s34b_b79k", "hf-hub:laion/CLIP-ViT-B-32"])
def test_open_clip_spellings_are_recognised_and_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="open_clip"):
        open_encoder(text)


def test_a_peft_adapter_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InvalidInput, match="PEFT adapter"):
        open_encoder(str(tmp_path))


@pytest.mark.parametrize("config", ["not json", "[]", "{}", '{"model_type": "nothing-known"}'])
def test_an_invalid_config_is_refused(tmp_path: Path, config: str) -> None:
    save(tmp_path, "BertModel", "bert")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(InvalidInput, match=r"config\.json"):
        open_encoder(str(tmp_path))


@pytest.mark.parametrize(("option", "said"), [
    ("pooling=median", "median"), ("max_length=many", "many"), ("max_length=4000", "64 positions"), ("dtype=fp8", "fp8"), ("seed=1", "seed"),
    ("readout=logits", "logits"), ("pooling=cls@readout=pooler", "one of them"), ("normalize=perhaps", "perhaps")])  # fmt: skip
def test_invalid_options_are_refused(tmp_path: Path, option: str, said: str) -> None:
    save(tmp_path, "BertModel", "bert")
    with pytest.raises((InvalidInput, LookupError), match=said):
        open_encoder(f"{tmp_path}@{option}")


def test_a_pipe_or_device_in_the_folder_is_refused(tmp_path: Path) -> None:
    for number, name in enumerate(("config.json", "chat_template.jinja", "README.md", "1_Pooling/config.json")):
        folder = tmp_path / str(number)
        save(folder, "BertModel", "bert")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name) if number % 2 else (folder / name).symlink_to("/dev/zero")
        with pytest.raises(InvalidInput, match="pipe, socket or device|holds no config"):
            open_encoder(f"transformer:{folder}")


@pytest.mark.parametrize("shards", [{"a": 5}, 5, ["x"], None])
def test_an_invalid_index_of_weights_is_refused(tmp_path: Path, shards: object) -> None:
    save(tmp_path, "BertModel", "bert")
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    with pytest.raises(InvalidInput, match="weight_map"):
        open_encoder(f"{tmp_path}@pooling=mean")


@pytest.mark.parametrize(("value", "said"), [
    ({1: torch.zeros(2)}, "no mapping from names"),
    ({"a": torch.zeros(1).expand(10**9)}, "are not stored in"),
    ({"a": torch.sparse_coo_tensor(torch.zeros((1, 1), dtype=torch.long), torch.ones(1), (10**15,))}, "are not stored in"),
])  # fmt: skip
def test_a_pickle_whose_tensor_values_are_not_stored_in_it_is_refused(tmp_path: Path, value: object, said: str) -> None:
    save(tmp_path, "BertModel", "bert", safe=False)
    torch.save(value, tmp_path / "pytorch_model.bin")
    with pytest.raises(InvalidInput, match=said):
        open_encoder(f"{tmp_path}@pooling=mean@unsafe-weights")


def test_a_compressed_pickle_is_refused(tmp_path: Path) -> None:
    import zipfile

    save(tmp_path, "BertModel", "bert", safe=False)
    with zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10**7))
    with pytest.raises(InvalidInput, match="unpacks to 10,000,000 bytes"):
        open_encoder(f"{tmp_path}@pooling=mean@unsafe-weights")


def test_an_oversized_safetensors_header_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    size = 20 << 20
    (tmp_path / "model.safetensors").write_bytes(size.to_bytes(8, "little") + b" " * (size + 8))
    with pytest.raises(InvalidInput, match="has a header of"):
        open_encoder(f"{tmp_path}@pooling=mean")


def test_a_tokeniser_that_panics_is_refused_without_printing_its_panic(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path, "BertModel", "bert")
    told = json.loads((tmp_path / "tokenizer.json").read_text())
    told["post_processor"]["special_tokens"] = {}
    (tmp_path / "tokenizer.json").write_text(json.dumps(told))
    with pytest.raises(InvalidInput, match="tokeniser"):
        open_encoder(f"{tmp_path}@pooling=mean")
    assert "panicked" not in capfd.readouterr().err


def test_a_tokeniser_with_more_tokens_than_the_model_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    told = json.loads((tmp_path / "tokenizer.json").read_text())
    told["model"]["vocab"]["[UNK]"] = 500
    (tmp_path / "tokenizer.json").write_text(json.dumps(told))
    with pytest.raises(InvalidInput, match="the token id 500"):
        open_encoder(f"{tmp_path}@pooling=mean")


@pytest.mark.parametrize("head", ["a\0b", "n" * 5000, "~nobody-of-this-name/x"])
def test_a_spelling_that_cannot_be_a_path_is_refused(head: str) -> None:
    with pytest.raises((InvalidInput, LookupError)):
        open_encoder(f"transformer:{head}")
