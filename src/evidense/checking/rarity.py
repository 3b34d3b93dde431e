"""Rarity: how much a word tells, by the share of abstracts that have it; words are stems."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from math import log


@dataclass(frozen=True)
class Rarity:
    """Documents that hold each stem; a stem that is not listed is rare."""

    n_documents: int
    counts: Mapping[str, int]
    n_unlisted: int = 1
    """The count that an unlisted stem gets."""
    _weights: dict[str, float] = field(default_factory=dict, compare=False)

    def of(self, stem: str) -> float:
        """Return the inverse document frequency of a stem, as BM25 weighs it."""
        if stem not in self._weights:
            n = self.counts.get(stem, self.n_unlisted)
            self._weights[stem] = log(1 + (self.n_documents - n + 0.5) / (n + 0.5))
        return self._weights[stem]

    def total(self, stems: Sequence[str] | frozenset[str] | set[str]) -> float:
        """Return the sum over stems, in an order of its own, so that equal sets have equal sums."""
        return sum(self.of(stem) for stem in sorted(stems))


@cache
def shipped_rarity() -> Rarity:
    """Return the counts that ship: stems of the abstracts of SciFact (ODC-By 1.0), the frequent ones alone."""
    table = json.loads((files("evidense.checking") / "shipped" / "rarity.json").read_text("utf-8"))
    return Rarity(table["n_documents"], table["counts"], table["n_unlisted"])
