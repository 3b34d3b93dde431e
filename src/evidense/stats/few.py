"""Few differences: if fewer than ten clusters differ, every sign-flip is enumerated."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincinv

from evidense.stats.critical import unadjust
from evidense.stats.differences import ClusterSums, Differences, cluster_sums
from evidense.stats.resampling import combine, flip_moments, studentise
from evidense.stats.weights.signs import all_signs

FEW = 10


@dataclass(frozen=True)
class Few:
    """One system's non-zero clusters: their number, how many are positive and negative, the largest and smallest share of one in the mean, and every |t|."""

    n: int
    n_signs: int = 0
    n_up: int = 0
    n_down: int = 0
    largest: float = 0.0
    smallest: float = 0.0
    statistics: Float[np.ndarray, " r"] = field(default_factory=lambda: np.ones(1))

    def interval(self, alpha: float, exponent: float) -> tuple[float, float]:
        """Return the means that so few non-zero clusters leave possible: (exact bound of their number) × (largest possible cluster).

        The interval always holds 0. Positive and negative clusters are bounded separately by the exact Poisson limit. One assumption is
        made: the largest possible cluster is (1 + 1/n) times the largest of the n observed.

        Source: Garwood 1936, for the limit; Goodman 1952, for the largest of a uniform sample.
        """
        tail, largest = unadjust(alpha, exponent) / 2, self.largest * (1 + 1 / self.n)
        return -poisson_upper(self.n_down, tail) * largest, poisson_upper(self.n_up, tail) * largest

    def around(self, tail: float, down: float, up: float) -> tuple[float, float]:
        """Return the means that are left possible, each end with error `tail`, if no cluster weighs more than `down` or `up` in the mean.

        Observed clusters must be expected again: with some below and none above, the interval leaves 0 out. The smallest possible
        cluster is n/(n+1) times the smallest observed.
        """
        most, least = self.largest * (1 + 1 / self.n), self.smallest * self.n / (self.n + 1)
        below, above = min(most, down), min(most, up)
        return (
            poisson_lower(self.n_up, tail) * least - poisson_upper(self.n_down, tail) * below,
            poisson_upper(self.n_up, tail) * above - poisson_lower(self.n_down, tail) * least,
        )

    def standard_error(self, mean: float, parts: Sequence[Differences], se: float) -> float:
        """Return the standard error behind the enumerated statistics, which differs from `se` if queries overlap."""
        t_observed = float(self.statistics[-1])  # of the pattern that keeps every sign
        return abs(mean) / t_observed if t_observed > 0 and any(part.overlap is not None for part in parts) else se

    def widen(self, low: float, high: float, alpha: float, exponent: float) -> tuple[float, float]:
        """Keep the side of 0 that the exact test found, if any, and widen the interval to that of `interval`."""
        least, most = self.interval(alpha, exponent)
        if low > 0:
            return low, max(high, most)
        return (min(low, least), high) if high < 0 else (least, most)


def poisson_upper(count: int, tail: float) -> float:
    """Return the largest Poisson mean that gives at most `count` with probability `tail`.

    >>> round(poisson_upper(0, 0.05), 3)  # -ln(.05), the rule of three
    2.996
    """
    return float(gammaincinv(count + 1, 1 - tail))


def poisson_lower(count: int, tail: float) -> float:
    """Return the smallest Poisson mean that gives at least `count` with probability `tail`.

    >>> round(poisson_lower(1, 0.05), 3)  # -ln(.95)
    0.051
    """
    return float(gammaincinv(count, tail)) if count else 0.0


def few_nonzero(parts: Sequence[Differences], j: int) -> Few:
    """Count system j's clusters with a non-zero difference, and enumerate their sign-flips if they are fewer than `FEW`."""
    n = sum(len(np.unique(part.labels[part.values[j] != 0])) for part in parts)
    if n == 0 or n >= FEW:
        return Few(n)
    sums = [cluster_sums(part.values[j : j + 1], part.labels) for part in parts]
    n_signs = sum(s.n_active for s in sums)
    return replace(
        _tally([part.values[j] for part in parts], parts), n_signs=n_signs, statistics=every_flip(sums, n_signs)
    )


def _tally(rows: Sequence[Float[np.ndarray, "..."]], parts: Sequence[Differences]) -> Few:
    """Count the non-zero clusters by sign, and find the largest and smallest share of one in the mean over `parts`."""
    n, up, down, largest, smallest = 0, 0, 0, 0.0, np.inf
    for row, part in zip(rows, parts, strict=True):
        signed, size = (cluster_sums(x[None], part.labels).sums[:, 0] for x in (row, np.abs(row)))
        off = size > 0
        n, up, down = n + int(off.sum()), up + int((off & (signed >= 0)).sum()), down + int((off & (signed <= 0)).sum())
        whole = part.n_queries * len(parts)
        largest = max(largest, float(size.max()) / whole)
        smallest = min(smallest, float(size[off].min(initial=np.inf)) / whole)
    return Few(n, n_up=up, n_down=down, largest=largest, smallest=smallest)


def every_flip(sums: Sequence[ClusterSums], n_signs: int) -> Float[np.ndarray, " r"]:
    """Return |t| of the mean over collections under each of the 2^n_signs flips."""
    signs = next(all_signs(n_signs))
    ends = np.cumsum([s.n_active for s in sums])
    moments = [
        flip_moments(s, iter([signs[:, end - s.n_active : end]]), len(signs)) for s, end in zip(sums, ends, strict=True)
    ]
    t: Float[np.ndarray, " r"] = np.abs(studentise(*combine(moments, len(sums))))[:, 0]
    return t
