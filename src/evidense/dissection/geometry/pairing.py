"""Which layers of which subjects are compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.dissection.comparisons import Comparison, comparisons
from evidense.dissection.geometry.findings import FindingFamily, LayerStatistic
from evidense.dissection.geometry.sample import VECTORS, RowSample
from evidense.parts import Case, Subject
from evidense.records import Finding, Json

Key = tuple[str, int]
"""(label, layer)."""


@dataclass(frozen=True)
class SubjectPair:
    """Two subjects and the pairs of their layers."""

    one: Subject
    """The reference of the comparison (`against` in the site)."""
    other: Subject
    role: str
    """Role of `other`; "floor" for two seeds of one tuning."""
    n_layers: tuple[int, int]
    widths: tuple[int, int]
    is_final: bool = False
    """True for final vectors, which belong to no layer."""

    @property
    def same_width(self) -> bool:
        """Say whether both have the same width, so that rotations exist."""
        return self.widths[0] == self.widths[1]

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Return pairs of equal layers; if depths differ, the first pair and the last pair."""
        a, b = self.n_layers
        return [(layer, layer) for layer in range(a)] if a == b else [(0, 0), (a - 1, b - 1)]

    @property
    def keys(self) -> list[tuple[Key, Key]]:
        """Return the same pairs as (label, layer)."""
        return [((self.one.label, a), (self.other.label, b)) for a, b in self.layers]

    @property
    def places(self) -> list[dict[str, Json]]:
        """Return the same pairs as parts of a site."""
        if self.is_final:
            return [{}]
        if self.n_layers[0] == self.n_layers[1]:
            return [{"layer": layer} for layer, _ in self.layers]
        return [{"layer": b, "layer_against": a} for a, b in self.layers]

    def columns(self, places: Mapping[str, slice]) -> tuple[Int64[np.ndarray, " s"], Int64[np.ndarray, " s"]]:
        """Return the positions of the layers in the stack of all subjects' layers."""
        a, b = np.array(self.layers, np.int64).T
        return a + places[self.one.label].start, b + places[self.other.label].start


@dataclass(frozen=True)
class Compared:
    """The states of all subjects for one sample and one pooling."""

    case: Case
    analysis: str
    seen: RowSample
    pooling: str
    labels: tuple[str, ...]
    """Labels of the subjects that have states."""
    pairs: tuple[SubjectPair, ...]

    @property
    def stack(self) -> list[Float32[np.ndarray, "n _"]]:
        """Return the layers of all subjects as one list."""
        return [layer for _, layer in self.layers()]

    def layers(self) -> Iterator[tuple[Key, Float32[np.ndarray, "n _"]]]:
        """Yield (label, layer) and states."""
        for label in self.labels:
            yield from (((label, number), layer) for number, layer in enumerate(self.seen.states[label, self.pooling]))

    def columns(self) -> dict[str, slice]:
        """Return the slice of the stack that holds each subject's layers."""
        columns, start = {}, 0
        for label in self.labels:
            n = len(self.seen.states[label, self.pooling])
            columns[label] = slice(start, start + n)
            start += n
        return columns

    def family(
        self, estimand: str, unit: str, pair: SubjectPair, measure: str, null: float | None = 0.0
    ) -> FindingFamily:
        """Return what the findings of one pair have in common."""
        site = {"subject": pair.other.label, "against": pair.one.label, "role": pair.role, "side": self.seen.side,
                "pooling": self.pooling, "measure": measure}  # fmt: skip
        details = {"n_equal": self.seen.n_equal}
        return FindingFamily(
            self.case, self.analysis, estimand, unit, site, len(self.seen.rows), self.seen.n_clusters, null, details
        )

    def refusals(self, estimand: str, unit: str) -> list[Finding]:
        """Return a finding without value for each subject that has no states, with its reason."""
        out = []
        for subject in self.case.subjects:
            if reason := self.seen.refused.get((subject.label, self.pooling)):
                site = {"subject": subject.label, "against": self.case.base.label, "role": subject.role, "side": self.seen.side,
                        "pooling": self.pooling}  # fmt: skip
                out.append(FindingFamily(self.case, self.analysis, estimand, unit, site, 0, 0).without_value(reason))
        return out

    def some(self, n: int) -> Int64[np.ndarray, " m"]:
        """Return at most n rows, from each group in proportion to its size."""
        total = len(self.seen.rows)
        if total <= n:
            return np.arange(total)
        order = np.random.default_rng([self.case.seed, 41]).permutation(total)
        order = order[np.argsort(self.seen.groups[order], kind="stable")]
        return np.sort(order[(np.arange(n) * total) // n])

    def means(self, values: Float64[np.ndarray, "n s"]) -> LayerStatistic:
        """Return the means of per-row values: over all rows, and with each group left out."""
        return means(values, self.seen.groups)


def means(values: Float64[np.ndarray, "n s"], groups: Int64[np.ndarray, " n"]) -> LayerStatistic:
    """Return the means of per-row values: over all rows, and with each group left out. Equal values have exactly equal means."""
    n, sizes = len(values), np.bincount(groups)
    first = values[:1]
    off = values - first  # if all values are equal, all differences are exactly 0
    sums = np.stack([off[groups == g].sum(axis=0) for g in range(len(sizes))])
    total = sums.sum(axis=0)
    return first[0] + total / n, first + (total - sums) / (n - sizes)[:, None]


def compared(case: Case, analysis: str, sample: RowSample, pooling: str) -> Compared:
    """Pair the subjects that have states in a pooling."""
    shapes = {
        s.label: sample.states[s.label, pooling].shape for s in case.subjects if (s.label, pooling) in sample.states
    }
    pairs = [
        _pair(pair, (shapes[pair.against.label], shapes[pair.subject.label]), pooling)
        for pair in comparisons(case, "all tunings")
        if pair.against.label in shapes and pair.subject.label in shapes
    ]
    return Compared(case, analysis, sample, pooling, tuple(shapes), tuple(pairs))


def _pair(pair: Comparison, shapes: tuple[tuple[int, ...], tuple[int, ...]], pooling: str) -> SubjectPair:
    (n_against, _, width_against), (n_layers, _, width) = shapes
    is_final = pooling == VECTORS
    return SubjectPair(pair.against, pair.subject, pair.role, (n_against, n_layers), (width_against, width), is_final)
