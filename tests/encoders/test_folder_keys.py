"""Every key of a model's configuration is honoured as sentence-transformers honours it, refused, or named in the set-up."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from encoders.text_models import TEXTS, edit_json, save_sentence_transformer
from evidense.errors import InvalidInput, UnsafeInput

SETTINGS = "config_sentence_transformers.json"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A sentence-transformers folder: Transformer, Pooling, Dense, Normalize."""
    import torch
    from sentence_transformers.base.modules import Dense, Normalize

    torch.manual_seed(3)
    save_sentence_transformer(tmp_path, "bert", "mean", more=(Dense(32, 20), Normalize()))
    return tmp_path / "st"


def theirs(place: Path) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    return np.asarray(SentenceTransformer(str(place), device="cpu").encode_query(TEXTS))


def named(place: Path, key: str) -> list[str]:
    return [sentence for sentence in open_encoder(str(place)).setup.warnings if key in sentence]


@pytest.mark.parametrize("n_kept", [8, 20, 99])
def test_truncate_dim_equals_sentence_transformers(place: Path, n_kept: int) -> None:
    edit_json(place / SETTINGS, truncate_dim=n_kept)
    encoder = open_encoder(str(place))
    np.testing.assert_allclose(vectors(encoder, TEXTS), theirs(place), atol=1e-6)
    assert encoder.setup.n_dims == min(n_kept, 20)
    assert encoder.setup.normalised is False
    assert not named(place, "truncate_dim")


def test_a_saved_copy_keeps_truncate_dim(place: Path, tmp_path: Path) -> None:
    edit_json(place / SETTINGS, truncate_dim=8)
    encoder = open_encoder(str(place))
    encoder.save(tmp_path / "copy")
    np.testing.assert_allclose(vectors(open_encoder(str(tmp_path / "copy")), TEXTS), vectors(encoder, TEXTS), atol=1e-6)
    np.testing.assert_allclose(theirs(tmp_path / "copy"), vectors(encoder, TEXTS), atol=1e-6)


def test_truncate_dim_of_a_static_model_equals_sentence_transformers(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    from encoders.text_models import tokenizer

    static = StaticEmbedding(tokenizer()._tokenizer, embedding_dim=16)
    SentenceTransformer(modules=[static, Normalize()], device="cpu", truncate_dim=6).save(str(tmp_path))
    encoder = open_encoder(str(tmp_path))
    np.testing.assert_allclose(vectors(encoder, TEXTS), theirs(tmp_path), atol=1e-6)
    assert (encoder.setup.n_dims, encoder.setup.normalised) == (6, False)
    prepared = encoder.query.prepare([__import__("evidense.values", fromlist=["Item"]).Item("a", TEXTS[0])])
    found = encoder.query.represent(prepared).detach().numpy()
    np.testing.assert_allclose(found, theirs(tmp_path)[:1] / np.linalg.norm(theirs(tmp_path)[:1]), atol=1e-6)


def test_the_length_of_the_tokeniser_wins_over_max_seq_length_as_in_sentence_transformers(place: Path) -> None:
    edit_json(place / "sentence_bert_config.json", max_seq_length=32, tokenizer_args={"model_max_length": 5})
    encoder = open_encoder(str(place))
    assert encoder.setup.max_length == 5
    np.testing.assert_allclose(vectors(encoder, TEXTS), theirs(place), atol=1e-6)


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        (SETTINGS, "requirements", {"nothing": ">=1"}),
        (SETTINGS, "pooled_by", "hand"),
        ("modules.json", "kwargs", ["task"]),
        ("modules.json", "weight", 0.5),
        ("sentence_bert_config.json", "model_args", {"torch_dtype": "float16"}),
        ("sentence_bert_config.json", "padding_side", "left"),
        ("sentence_bert_config.json", "processing_kwargs", {"text": {"max_length": 3}}),
        ("1_Pooling/config.json", "pooling_mode_median", True),
        ("2_Dense/config.json", "dropout", 0.5),
        ("config.json", "made_up", 7),
        ("config.json", "dtype", "bfloat16"),
        ("config.json", "_attn_implementation", "owner/kernel"),
    ],
)
def test_settings_that_are_not_honoured_are_reported(place: Path, file: str, key: str, value: Any) -> None:
    assert not named(place, key)
    if file == "modules.json":
        entries = json.loads((place / file).read_text())
        (place / file).write_text(json.dumps([{**entries[0], key: value}, *entries[1:]]))
    else:
        edit_json(place / file, **{key: value})
    assert named(place, key)


def test_tokeniser_settings_that_are_not_honoured_are_reported(place: Path) -> None:
    edit_json(place / "sentence_bert_config.json", tokenizer_args={"use_fast": False})
    assert named(place, "use_fast")


@pytest.mark.parametrize(
    ("file", "key", "value", "said"),
    [
        (SETTINGS, "truncate_dim", 0, "truncate_dim"),
        (SETTINGS, "truncate_dim", "8", "truncate_dim"),
        (SETTINGS, "model_type", "SparseEncoder", "SparseEncoder"),
        (SETTINGS, "prompts", ["a"], "prompts"),
        (SETTINGS, "prompts", {"query": 5}, "prompts.query"),
        (SETTINGS, "prompts", {"query": "x" * 20_000}, "at most 16,384 characters"),
        ("sentence_bert_config.json", "max_seq_length", "many", "max_seq_length"),
        ("sentence_bert_config.json", "max_seq_length", [8], "max_seq_length"),
        ("sentence_bert_config.json", "max_seq_length", -1, "max_seq_length"),
        ("sentence_bert_config.json", "transformer_task", "fill-mask", "fill-mask"),
        ("sentence_bert_config.json", "config_args", {"num_hidden_layers": 1}, "config_args"),
        ("sentence_bert_config.json", "query_length", 4, "query_length"),
        ("sentence_bert_config.json", "modality_config", {"message": {"method": "forward"}}, "modality_config"),
        ("1_Pooling/config.json", "pooling_mode", 3, "pooling_mode"),
        ("1_Pooling/config.json", "include_prompt", "yes", "include_prompt"),
        ("2_Dense/config.json", "out_features", 1e9, "out_features"),
        ("2_Dense/config.json", "out_features", 1 << 30, "another shape"),
        ("2_Dense/config.json", "module_input_name", "token_embeddings", "token_embeddings"),
        ("3_Normalize/config.json", "module_output_name", "other", "module_output_name"),
        ("tokenizer_config.json", "model_max_length", -5, "model_max_length"),
    ],
)
def test_a_value_that_cannot_be_honoured_is_refused(place: Path, file: str, key: str, value: Any, said: str) -> None:
    edit_json(place / file, **{key: value})
    with pytest.raises(InvalidInput, match=said):
        open_encoder(str(place))


@pytest.mark.parametrize(
    ("path", "error"),
    [("a\0b", InvalidInput), ("n" * 5000, InvalidInput), ("/etc", UnsafeInput), ("1_Pooling/../..", UnsafeInput)],
)
def test_a_module_outside_the_folder_or_with_an_invalid_path_is_refused(
    place: Path, path: str, error: type[Exception]
) -> None:
    entries = json.loads((place / "modules.json").read_text())
    (place / "modules.json").write_text(json.dumps([entries[0], {**entries[1], "path": path}]))
    with pytest.raises(error, match=r"modules\.json"):
        open_encoder(f"transformer:{place}")


def test_a_static_model_with_a_dense_layer_is_refused(tmp_path: Path) -> None:
    kinds = ("StaticEmbedding", "Dense")
    entries = [{"path": kind, "type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    (tmp_path / "modules.json").write_text(json.dumps(entries))
    with pytest.raises(InvalidInput, match="StaticEmbedding → Dense"):
        open_encoder(str(tmp_path))


def test_unit_length_after_truncation_is_computed_but_cannot_be_saved(place: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    edit_json(place / SETTINGS, truncate_dim=8)
    encoder = open_encoder(f"{place}@normalize=true")
    model = SentenceTransformer(str(place), device="cpu")
    np.testing.assert_allclose(vectors(encoder, TEXTS), model.encode_query(TEXTS, normalize_embeddings=True), atol=1e-6)
    with pytest.raises(InvalidInput, match="truncate_dim"):
        encoder.save(tmp_path / "copy")
