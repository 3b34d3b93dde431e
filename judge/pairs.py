"""Pairs of SciFact and Citation-Integrity: claim, cited document, stance; and which of them share documents or claims."""

from pathlib import Path

from evidense.checking.labelled import LabelledPairs as Pairs
from evidense.checking.labelled import labelled_pairs, pair_of
from evidense.study.check.corpus import read_corpus, read_labelled

__all__ = ["Pairs", "pair_of", "pairs_of"]


def pairs_of(folder: Path, fold: str) -> Pairs:
    """Read the pairs of a fold."""
    works = {work.key: work for work in read_corpus(folder / "corpus.jsonl")}
    return labelled_pairs(read_labelled(folder / f"claims_{fold}.jsonl"), works.get)
