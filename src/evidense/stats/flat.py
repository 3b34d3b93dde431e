"""What can be said when nearly all groups of queries show one and the same value: the spread that was not seen is bounded.

Twenty equal differences have no spread of their own, yet up to .168 of other queries may well behave otherwise: with that
share none of twenty would show it in 2.5 % of samples. How far such a query may stray, the measure says.
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
    """One system's differences, nearly all equal. `at` is their value (over several collections: the mean of the values).

    `n` groups, of which `n_up` and `n_down` lie above and below; `share` is the most that one group weighs in the mean, and
    `up`, `down` say how far a group may stray.
    """

    at: float
    n: int
    n_up: int
    n_down: int
    share: float
    up: float
    down: float

    def interval(self, tail: float) -> tuple[float, float]:
        """The means that are left possible, each end with this error: (exact bound of the share that strays) × (how far).

        Source: Clopper and Pearson 1934, for the share; with none seen it is 1 − tail^(1/n), the rule of three.
        """
        down, up = (min(1.0, self.n * self.share * at_most(k, self.n, tail)) for k in (self.n_down, self.n_up))
        return self.at - down * self.down, self.at + up * self.up

    def p(self) -> float:
        """The level at which `interval` would end at 0."""
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
    """The largest share that would show itself at most `count` times in `n` with probability `tail`.

    >>> round(at_most(0, 20, 0.05), 3)  # 1 − .05^(1/20)
    0.139
    """
    return float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0


def flat(parts: Sequence[Differences], j: int) -> Flat | None:
    """Look at system j's differences; None where they have spread of their own.

    They have none where every part shows one value in more than half of its groups, and fewer than ten groups in all another.
    Differences that are mostly 0 are the matter of `few`, unless nothing at all differs. Without bounds only a sample without
    any spread counts, and a query is taken to stray no farther than to the opposite of what was seen.
    """
    rows = [np.round(one.values[j], _DIGITS) for one in parts]
    modes = [commonest(row) for row in rows]
    tallies = [_strays(row - mode, one) for row, mode, one in zip(rows, modes, parts, strict=True)]
    n_off = sum(off for off, *_ in tallies)
    bounded = all(one.bounds is not None for one in parts)
    crowded = any(2 * off >= one.n_groups for (off, *_), one in zip(tallies, parts, strict=True)) and n_off > 0
    if n_off >= FEW or crowded or (n_off and (not bounded or not any(modes))):
        return None
    largest = max(size for *_, size in tallies)
    reach = [_reach(one, j, mode) for one, mode in zip(parts, modes, strict=True)]
    seen = (1 + 1 / n_off) * largest if n_off else np.inf
    shares = [cluster_sums(np.ones((1, one.n_queries)), one.labels).sizes.max() / one.n_queries for one in parts]
    return Flat(
        at=float(np.mean(modes)), n=sum(one.n_groups for one in parts), n_up=sum(up for _, up, *_ in tallies),
        n_down=sum(down for _, _, down, _ in tallies), share=float(max(shares)) / len(parts),
        up=min(seen, max(up for up, _ in reach)), down=min(seen, max(down for _, down in reach)),
    )  # fmt: skip


def commonest(row: Float[np.ndarray, " q"]) -> float:
    """The commonest value; the smallest of several."""
    distinct, counts = np.unique(row, return_counts=True)
    return float(distinct[counts.argmax()])


def _strays(off: Float[np.ndarray, " q"], one: Differences) -> tuple[int, int, int, float]:
    """How many groups hold another value, how many of them lie above and below, and how far the farthest of them is."""
    signed, size = (cluster_sums(x[None], one.labels) for x in (off, np.abs(off)))
    there, total = size.sums[:, 0] > 0, signed.sums[:, 0]
    farthest = float((size.sums[:, 0] / size.sizes).max())
    return int(there.sum()), int((there & (total >= 0)).sum()), int((there & (total <= 0)).sum()), farthest


def _reach(one: Differences, j: int, mode: float) -> tuple[float, float]:
    """How far above and below the common value a query can lie; as far as its opposite where no bound is known."""
    opposite = 2 * abs(mode)
    if one.bounds is None:
        return opposite, opposite
    up, down = float((one.bounds.most[j] - mode).max()), float((mode - one.bounds.least[j]).max())
    return up if np.isfinite(up) else opposite, down if np.isfinite(down) else opposite
