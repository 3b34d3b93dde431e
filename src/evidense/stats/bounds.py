"""Bounds: the smallest and largest value that a query like these can have; most measures lie between 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class Bounds:
    """The least and the most that every value of a table can be, one row a system (or contrast).

    They are limits of the measure, not of this sample: a baseline that scores .8 on all queries at hand may score 0 on the next one.

    >>> Bounds.differences((0.0, 1.0), (1, 2)).least
    array([[-1., -1.]])
    """

    least: Float[np.ndarray, "s q"]
    most: Float[np.ndarray, "s q"]

    @classmethod
    def constant(cls, limits: tuple[float, float], shape: tuple[int, int]) -> "Bounds":
        """Return the limits of a measure for every value."""
        return cls(*(np.full(shape, end, dtype=np.float64) for end in limits))

    @classmethod
    def differences(cls, limits: tuple[float, float], shape: tuple[int, int]) -> "Bounds":
        """Return the limits of differences between two systems, on a measure with these limits."""
        low, high = limits
        return cls.constant((low - high, high - low), shape)

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
