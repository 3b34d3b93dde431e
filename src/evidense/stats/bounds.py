"""Bounds: the smallest and largest value that each query could have had; most measures lie between 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class Bounds:
    """The least and the most that every value of a table could have been, one row a system (or contrast).

    If the baseline scores .8 on a query, any other system can lose at most .8 there and gain at most .2.

    >>> Bounds.around(np.array([0.8, 0.5]), (0.0, 1.0)).most
    array([[0.2, 0.5]])
    """

    least: Float[np.ndarray, "s q"]
    most: Float[np.ndarray, "s q"]

    @classmethod
    def constant(cls, limits: tuple[float, float], shape: tuple[int, int]) -> "Bounds":
        """Return the limits of a measure for every value."""
        return cls(*(np.full(shape, end, dtype=np.float64) for end in limits))

    @classmethod
    def around(cls, base: Float[np.ndarray, " q"], limits: tuple[float, float], n_systems: int = 1) -> "Bounds":
        """Return the limits of differences from a baseline with these values, on a measure with these limits."""
        return cls(*(np.tile(end - base, (n_systems, 1)) for end in limits))

    @classmethod
    def weighted(cls, weights: Float[np.ndarray, "k c"], limits: tuple[float, float], n_queries: int) -> "Bounds":
        """Return the limits of weighted sums of cells, each of which lies within the limits."""
        up, down = (np.maximum(sign * weights, 0.0).sum(axis=1) for sign in (1, -1))
        low, high = limits
        ends = [_times(up, a) - _times(down, b) for a, b in ((low, high), (high, low))]
        return cls(*(np.repeat(end[:, None], n_queries, axis=1) for end in ends))

    @classmethod
    def stacked(cls, several: Sequence["Bounds"]) -> "Bounds":
        """Return the rows of several tables as one."""
        return cls(np.concatenate([b.least for b in several]), np.concatenate([b.most for b in several]))

    def of(self, queries: Bool[np.ndarray, " q"] | slice) -> "Bounds":
        """Return the bounds of some queries."""
        return Bounds(self.least[:, queries], self.most[:, queries])

    def row(self, j: int) -> "Bounds":
        """Return the bounds of one row."""
        return Bounds(self.least[j : j + 1], self.most[j : j + 1])

    def minus(self, shift: Float[np.ndarray, " s"]) -> "Bounds":
        """Return the bounds after a number has been taken off every row."""
        return Bounds(self.least - shift[:, None], self.most - shift[:, None])

    def mean(self, j: int) -> tuple[float, float]:
        """Return what the mean of row j can be."""
        return float(self.least[j].mean()), float(self.most[j].mean())


def _times(weight: Float[np.ndarray, " k"], end: float) -> Float[np.ndarray, " k"]:
    """Return weight · end, where a weight of 0 gives 0 even if the end is infinite."""
    return np.array([w * end if w else 0.0 for w in weight])
