"""Critical values and p-values, both counted from the same draws, so that they cannot disagree."""

import bisect
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from evidense.stats.resampling import studentise

_STEADY = 0.005


class ReferenceDistribution:
    """A reference distribution of |t|, drawn at random or (`exact`) enumerated whole.

    >>> ReferenceDistribution(np.array([0.5, 1.0, 2.0])).p(1.0)  # (1 + 2) / (1 + 3)
    0.75
    """

    def __init__(self, statistics: Float[np.ndarray, " r"], *, exact: bool = False) -> None:
        self._statistics = np.ascontiguousarray(statistics)
        self._own = 0 if exact else 1  # an enumeration already holds the observed pattern
        self._largest: dict[int, float] = {}

    def p(self, t: float) -> float:
        """Return the share of draws at least as large as t. The observed value counts as a draw, so p is never 0."""
        return self._share(int(np.count_nonzero(self._statistics >= t)))

    def _share(self, count: int) -> float:
        return (self._own + count) / (self._own + len(self._statistics))

    def critical(self, exponent: float, alpha: float) -> float:
        """Return the value that |t| must exceed for its adjusted p to be at most alpha, or infinity."""
        n = len(self._statistics)
        allowed = bisect.bisect_right(range(n), alpha, key=lambda count: adjust(self._share(count), exponent))
        return self._nth_largest(allowed) if allowed else np.inf  # `allowed` draws would be too many by one

    def _nth_largest(self, n: int) -> float:
        if n not in self._largest:
            place = len(self._statistics) - n
            self._largest[n] = float(np.partition(self._statistics, place)[place])
        return self._largest[n]


def adjust(p: float, exponent: float) -> float:
    """Return the chance that the smallest of `exponent` independent p-values is at most p (Šidák).

    >>> adjust(0.5, 2)  # 1 - (1 - .5)²
    0.75
    """
    return 1.0 if p >= 1 else float(-np.expm1(exponent * np.log1p(-p)))


def unadjust(alpha: float, exponent: float) -> float:
    """Return the level of one comparison at which `exponent` independent ones err with alpha together."""
    return float(-np.expm1(np.log1p(-alpha) / exponent))


def steady_draws(n_families: int, alpha: float = 0.05) -> int:
    """Return how many resamples make an interval the same for every seed, to about half a per cent of its half-width.

    The critical value is an order statistic in the tail. If a share a of the draws lies beyond it (Šidák over independent families), its
    relative error is √(1/(a·n)) / q², where q is the normal quantile of a. The result is rounded up to thousands.

    >>> [steady_draws(k) for k in (1, 4, 10)]
    [55000, 82000, 128000]
    """
    tail = unadjust(alpha, max(n_families, 1))
    q = float(ndtri(tail / 2))
    return 1000 * math.ceil(1 / (tail * (_STEADY * q**2) ** 2) / 1000)


def t_of(mean: float, se: float) -> float:
    """Return mean / se, and 0 if se is 0."""
    return float(studentise(np.array([mean]), np.array([se]))[0])


def largest_p(references: Sequence[ReferenceDistribution], t: float, exponent: float) -> float:
    """Return the adjusted p of |t| by the most cautious reference."""
    return adjust(max(r.p(abs(t)) for r in references), exponent)


def widest(
    references: Sequence[ReferenceDistribution], t: float, se: float, exponent: float, alpha: float
) -> tuple[float, float]:
    """Return the ends of the interval by the most cautious reference.

    They are se·(t ∓ critical), so that their signs are those of the comparison |t| > critical that `largest_p` also makes.
    """
    critical = max(r.critical(exponent, alpha) for r in references)
    return se * (t - critical), se * (t + critical)
