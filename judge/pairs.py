"""Pairs of SciFact and Citation-Integrity: claim, cited document, stance; and which of them share documents or claims."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidense.checking.library import LibraryWork, closest_sentences, evidence_pair
from evidense.study.check.corpus import read_claims, read_corpus
from evidense.values import EvidencePair

LABELS = {"SUPPORT": 0, "REFUTE": 1}
NEITHER = 2


@dataclass(frozen=True)
class Pairs:
    """Pairs with their stance (a column of `values.STANCES`) and their cluster."""

    pairs: list[EvidencePair]
    stances: np.ndarray
    clusters: np.ndarray
    """Pairs that share a document or a claim, directly or through others, have one number."""


def pairs_of(folder: Path, fold: str) -> Pairs:
    """Read the pairs of a fold."""
    works = {work.key: work for work in read_corpus(folder / "corpus.jsonl")}
    rows = [json.loads(line) for line in (folder / f"claims_{fold}.jsonl").read_text("utf-8").splitlines()]
    texts = {claim.id: claim.text for claim in read_claims(folder / f"claims_{fold}.jsonl")}
    found = [
        (texts[str(row["id"])], str(row["id"]), str(key), row)
        for row in rows
        for key in dict.fromkeys(row["cited_doc_ids"])
    ]
    return Pairs(
        [pair_of(claim, works[key]) for claim, _, key, _ in found],
        np.array([_stance(row, key) for _, _, key, row in found]),
        clusters_of([(f"claim {claim_id}", f"document {key}") for _, claim_id, key, _ in found]),
    )


def pair_of(claim: str, work: LibraryWork) -> EvidencePair:
    """Put a title and the closest sentences before a claim, as the check does."""
    return evidence_pair(claim, work.work.title, closest_sentences(work, claim))


def _stance(row: dict, key: str) -> int:
    found = row["evidence"].get(key)
    return LABELS[found[0]["label"]] if found else NEITHER


def clusters_of(edges: list[tuple[str, str]]) -> np.ndarray:
    """Number the connected components of a graph; return the number of each edge."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for one, other in edges:
        parent[root(one)] = root(other)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(root(one), len(numbers)) for one, _ in edges])
