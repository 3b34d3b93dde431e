"""Flat differences: nearly all groups of queries show the same value, and the spread that was not sampled is bounded.

Twenty equal differences have no spread. Yet a share of up to .168 of all queries may differ: at that share, 2.5 % of samples of twenty
would contain none of them. The limits of the measure say how far such a query may differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv

from evidense.stats.differences import Differences, cluster_sums
from evidense.stats.few import FEW

_HALVINGS = 60
_DIGITS = 12  # values that differ by less differ by rounding


@dataclass(frozen=True)
class Flat:
    """One system's differences, nearly all equal. `at` is their common value (over several collections, the mean of these values).

    Of `n` groups, `n_up` lie above it and `n_down` below. `share` is the largest weight of one group in the mean; `up` and `down` are
    the largest possible distances of a group.
    """

    at: float
    n: int
    n_up: int
    n_down: int
    share: float
    up: float
    down: float

    def interval(self, tail: float) -> tuple[float, float]:
        """Return the means that are left possible, each end with error `tail`: (exact bound of the share that differs) × (how far).

        Source: Clopper and Pearson 1934, for the share; with none seen it is 1 − tail^(1/n), the rule of three.
        """
        down, up = (min(1.0, self.n * self.share * at_most(k, self.n, tail)) for k in (self.n_down, self.n_up))
        return self.at - down * self.down, self.at + up * self.up

    def p(self) -> float:
        """Return the p-value: the level at which an end of `interval` is 0."""
        inside, outside = 0.5, 0.0
        if self.at == 0 or self._holds_zero(inside):
            return 1.0
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if self._holds_zero(middle) else (middle, outside)
        return 2 * inside

    def _holds_zero(self, tail: float) -> bool:
        low, high = self.interval(tail)
        return low <= 0 <= high


def at_most(count: int, n: int, tail: float) -> float:
    """Return the largest share that occurs at most `count` times in `n` with probability `tail`.

    >>> round(at_most(0, 20, 0.05), 3)  # 1 − .05^(1/20)
    0.139
    """
    return float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0


def flat(parts: Sequence[Differences], j: int) -> Flat | None:
    """Return system j's differences if nearly all are equal, else None.

    Nearly all are equal if every part has one value in more than half of its groups, and fewer than ten groups in all have another.
    Differences that are mostly 0 belong to `few`, unless all are 0. Without bounds all must be equal, and a query is assumed to differ
    no further than to the opposite of the common value.
    """
    rows = [np.round(part.values[j], _DIGITS) for part in parts]
    modes = [commonest(row) for row in rows]
    tallies = [_strays(row - mode, part) for row, mode, part in zip(rows, modes, parts, strict=True)]
    n_off = sum(off for off, *_ in tallies)
    bounded = all(part.bounds is not None for part in parts)
    crowded = any(2 * off >= part.n_groups for (off, *_), part in zip(tallies, parts, strict=True)) and n_off > 0
    if n_off >= FEW or crowded or (n_off and (not bounded or not any(modes))):
        return None
    largest = max(size for *_, size in tallies)
    reach = [_reach(part, j, mode) for part, mode in zip(parts, modes, strict=True)]
    largest_to_expect = (1 + 1 / n_off) * largest if n_off else np.inf
    shares = [cluster_sums(np.ones((1, part.n_queries)), part.labels).sizes.max() / part.n_queries for part in parts]
    return Flat(
        at=float(np.mean(modes)), n=sum(part.n_groups for part in parts), n_up=sum(up for _, up, *_ in tallies),
        n_down=sum(down for _, _, down, _ in tallies), share=float(max(shares)) / len(parts),
        up=min(largest_to_expect, max(up for up, _ in reach)), down=min(largest_to_expect, max(down for _, down in reach)),
    )  # fmt: skip


def commonest(row: Float[np.ndarray, " q"]) -> float:
    """Return the commonest value, the smallest of several."""
    distinct, counts = np.unique(row, return_counts=True)
    return float(distinct[counts.argmax()])


def _strays(off: Float[np.ndarray, " q"], one: Differences) -> tuple[int, int, int, float]:
    """Return how many groups have another value, how many of these lie above and below, and the largest distance."""
    signed, size = (cluster_sums(x[None], one.labels) for x in (off, np.abs(off)))
    there, total = size.sums[:, 0] > 0, signed.sums[:, 0]
    farthest = float((size.sums[:, 0] / size.sizes).max())
    return int(there.sum()), int((there & (total >= 0)).sum()), int((there & (total <= 0)).sum()), farthest


def _reach(one: Differences, j: int, mode: float) -> tuple[float, float]:
    """Return how far above and below the common value a query can lie: up to its bounds, or without bounds to the opposite value."""
    opposite = 2 * abs(mode)
    if one.bounds is None:
        return opposite, opposite
    up, down = float((one.bounds.most[j] - mode).max()), float((mode - one.bounds.least[j]).max())
    return up if np.isfinite(up) else opposite, down if np.isfinite(down) else opposite
