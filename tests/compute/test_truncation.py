"""How many texts an encoder reads in part only is counted from its own tokens, and said where it is material."""

from pathlib import Path
from typing import Any

import pytest

from encoders.opening import open_encoder
from encoders.text_models import save
from evidense.api import compare
from evidense.cli.saying.lines import note_lines
from evidense.compute.comparison.truncation import SAMPLED, truncation_notes
from evidense.compute.trials.small_models import save as save_small
from evidense.parts import CuttingTower
from evidense.values import Collection, Item


def words(n: int) -> str:
    """n tokens for the small models: each word of theirs is one."""
    return " ".join(f"w{i % 60}" for i in range(n))


def collection(query_lengths: list[int], document_lengths: list[int]) -> Collection:
    queries = [Item(f"q{i}", f"{words(n)}") for i, n in enumerate(query_lengths)]
    corpus = [Item(f"d{i}", words(n)) for i, n in enumerate(document_lengths)]
    return Collection("x", queries, corpus, {"q0": {"d0": 1}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT: one token a word, [CLS] and [SEP] around them."""
    found = tmp_path_factory.mktemp("bert")
    save(found, "BertModel", "bert")
    return found


def test_only_texts_with_more_tokens_than_max_length_count_as_truncated(folder: Path) -> None:
    """max_length=10 leaves room for 8 words: 8 are whole, 9 are cut."""
    tower = open_encoder(f"{folder}@max_length=10").tower("document")
    assert isinstance(tower, CuttingTower)
    assert tower.is_cut([Item(str(n), words(n)) for n in (1, 8, 9, 40)]).tolist() == [False, False, True, True]


def test_the_prompt_counts_towards_the_length(folder: Path) -> None:
    encoder = open_encoder(f"{folder}@max_length=10@query_prompt=w1 w2 ")
    assert encoder.tower("query").is_cut([Item("a", words(7))]).tolist() == [True]
    assert encoder.tower("document").is_cut([Item("a", words(7))]).tolist() == [False]


def test_the_note_gives_share_and_limit_of_each_side(folder: Path) -> None:
    encoder = open_encoder(f"{folder}@max_length=10")
    assert truncation_notes(encoder, collection([3, 9], [9] * 3 + [8])) == (
        "75% of the documents are longer than the 10 tokens that it reads (max_length): the rest is cut off",
        "50% of the queries are longer than the 10 tokens that it reads (max_length): the rest is cut off",
    )


@pytest.mark.parametrize(("n_long", "is_told"), [(4, False), (5, True)])
def test_truncation_is_reported_from_five_percent_of_the_texts_on(folder: Path, n_long: int, is_told: bool) -> None:
    notes = truncation_notes(
        open_encoder(f"{folder}@max_length=10"), collection([3], [30] * n_long + [3] * (100 - n_long))
    )
    assert bool(notes) is is_told


def test_a_large_corpus_is_sampled(folder: Path) -> None:
    """Every second document is cut; 2,000 draws of 4,000 give 50 % within four standard errors (4 · 0.8 %)."""
    (note,) = truncation_notes(open_encoder(f"{folder}@max_length=10"), collection([3], [3, 30] * SAMPLED))
    assert note.startswith("about ")
    assert abs(int(note.split("%")[0].removeprefix("about ")) - 50) <= 3


@pytest.mark.parametrize("model_class", ["CLIPModel", "SiglipModel"])
def test_truncation_is_counted_for_image_text_encoders_too(tmp_path: Path, model_class: str) -> None:
    small = save_small(model_class, tmp_path / "m")
    encoder: Any = open_encoder(str(small.folder))
    limit = encoder.tower("document").text.max_length
    (note,) = truncation_notes(encoder, collection([1], [limit - 4, limit + 4]))
    assert note.startswith(f"50% of the documents are longer than the {limit} tokens")


def test_page_and_terminal_report_truncation(folder: Path, tmp_path: Path) -> None:
    texts = [Item(f"d{i}", words(20 + i)) for i in range(30)]
    queries = [Item(f"q{i}", f"w{i} w3") for i in range(30)]
    on = Collection("long", queries, texts, {f"q{i}": {f"d{i}": 1} for i in range(30)})
    result = compare(f"{folder}@max_length=10@label=short", "bm25", on=on, out=tmp_path / "page", n_resamples=999)
    sentence = "100% of the documents are longer than the 10 tokens that it reads"
    assert any(line.startswith(f"  ⚠ short: {sentence}") for line in note_lines(result.study, result.records))
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert sentence in page[: page.index('<nav class="jump"')]
