"""Blocks of weights: so many at once that they stay in a core's cache, and their products with the sums of clusters."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, UInt8

BLOCK = 60_000
"""Weights in memory at once: half a MiB of float64."""
_BATCH = 1 << 14
"""Means at once: 128 KiB, which malloc still takes from its heap."""
_COLUMNS = 16
"""OpenBLAS multiplies up to a million pairs without copying them first, a third faster: 60,000 weights by 16 columns."""


def rows_of(g: int) -> int:
    """Return how many resamples of g clusters are a block."""
    return max(1, BLOCK // max(g, 1))


def as_floats(blocks: Iterable[UInt8[np.ndarray, "_ a"]]) -> Iterator[Float[np.ndarray, "_ a"]]:
    """Yield each block as float64, over the one before: a fresh array of this size costs more than the product."""
    weights = np.empty((0, 0))
    for block in blocks:
        weights = weights if len(weights) >= len(block) else np.empty(block.shape)
        np.copyto(weights[: len(block)], block)
        yield weights[: len(block)]


def products(
    blocks: Iterable[Float[np.ndarray, "_ g"]], columns: Float[np.ndarray, "g c"], n_systems: int
) -> Iterator[Float[np.ndarray, "_ c"]]:
    """Yield weights @ columns, those of several blocks together, each over the one before.

    So many that what follows costs little more than its arithmetic, and so few that it stays in the cache.
    """
    held, n = np.empty((0, columns.shape[1])), 0
    for weights in blocks:
        if n + len(weights) > len(held):
            if n:
                yield held[:n]
            n = 0
            if len(held) < len(weights):
                held = np.empty((max(len(weights), _BATCH // n_systems), columns.shape[1]))
        for first in range(0, columns.shape[1], _COLUMNS):
            few = slice(first, first + _COLUMNS)
            np.matmul(weights, columns[:, few], out=held[n : n + len(weights), few])
        n += len(weights)
    if n:
        yield held[:n]
