"""Kinds: the confusion table on sentences labelled by hand, and on those of abstracts with headings."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from evidense.auditing.kinds import kind_of

ROWS = [(kind, text) for kind, text in csv.reader((Path(__file__).parent / "kinds.tsv").open(), delimiter="\t")]


def test_sentences_labelled_by_hand() -> None:
    assert len(ROWS) >= 60
    confusion = Counter((kind, kind_of(text)) for kind, text in ROWS)
    right = sum(n for (kind, told), n in confusion.items() if kind == told)
    assert right / len(ROWS) >= 0.95, confusion
    for kind in {kind for kind, _ in ROWS}:
        assert confusion[kind, kind] / sum(n for (true, _), n in confusion.items() if true == kind) >= 0.9


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("The study investigates the consistency of embedding knowledge between dense retrievers and their untrained backbone coun", "aim"),
        ("Fine-tuned dense retrieval models encode knowledge in a manner consistent with their pre-training initialization.", "finding"),
        ("A linear probing experiment is conducted following the methodology proposed by Reichman and Heck [2024].", "method"),
        ("Linear probing involves training a simple linear classifier on embeddings extracted from different layers of a model.", "definition"),
        ("The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a q", "method"),
        ("If a linear classifier achieves high accuracy, it suggests that the embeddings contain structure.", "premise"),
    ],
)  # fmt: skip
def test_the_claims_of_the_seed_report(sentence: str, kind: str) -> None:
    assert kind_of(sentence) == kind
