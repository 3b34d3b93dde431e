"""Kinds: the confusion table on sentences labelled by hand, and on those of abstracts with headings."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from evidense.auditing.kinds import kind_of
from evidense.texts.sentences import sentences

HERE = Path(__file__).parent
ROWS = [(kind, text) for kind, text in csv.reader((HERE / "kinds.tsv").open(), delimiter="\t")]


def test_sentences_labelled_by_hand() -> None:
    assert len(ROWS) >= 60
    confusion = Counter((kind, kind_of(text)) for kind, text in ROWS)
    right = sum(n for (kind, told), n in confusion.items() if kind == told)
    assert right / len(ROWS) >= 0.95, confusion
    for kind in {kind for kind, _ in ROWS}:
        assert confusion[kind, kind] / sum(n for (true, _), n in confusion.items() if true == kind) >= 0.9


@pytest.mark.parametrize(("part", "least"), [("tuned on", 0.88), ("held out", 0.75)])
def test_sentences_of_articles_labelled_by_hand(part: str, least: float) -> None:
    lines = (HERE / "kinds_of_articles.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    pairs = [(kind, kind_of(text)) for of_part, kind, _, text in rows if of_part == part]
    assert len(pairs) >= 60
    assert sum(kind == told for kind, told in pairs) / len(pairs) >= least, Counter(pairs)


_HEADINGS = {
    "AIM": "aim", "OBJECTIVE": "aim", "PURPOSE": "aim", "BACKGROUND": "background", "METHOD": "method", "DESIGN": "method", "SETTING": "method",
    "PATIENTS": "method", "RESULT": "finding", "CONCLUSION": "finding", "FINDINGS": "finding",
}  # fmt: skip


def test_sentences_of_structured_abstracts(shared_data: Path) -> None:
    questions = json.loads((shared_data / "pubmedqa_labelled.json").read_text(encoding="utf-8"))
    pairs = []
    for abstract in list(questions.values())[:500]:
        for heading, text in zip(abstract["LABELS"], abstract["CONTEXTS"], strict=True):
            kind = next((kind for word, kind in _HEADINGS.items() if word in heading), None)
            if kind and "/" not in heading and " AND " not in heading:
                pairs += [(kind, kind_of(text[span.start : span.end])) for span in sentences(text)]
    assert len(pairs) > 2_000
    assert sum(kind == told for kind, told in pairs) / len(pairs) >= 0.71, Counter(pairs)


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
