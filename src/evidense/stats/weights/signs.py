"""Signs of sign-flips, drawn or enumerated."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from evidense.stats.weights.blocks import rows_of


def random_signs(g: int, n_resamples: int, rng: np.random.Generator) -> Iterator[UInt8[np.ndarray, "b a"]]:
    """Yield coin flips in blocks, 64 drawn at a time; the size of a block does not change what is drawn."""
    words = -(-g // 64)
    rows = rows_of(g)
    for start in range(0, n_resamples, rows):
        n = min(rows, n_resamples - start)
        drawn = rng.bit_generator.random_raw(n * words).astype("<u8").view(np.uint8).reshape(n, words * 8)
        yield np.unpackbits(drawn, axis=1, count=g)


def all_signs(g: int) -> Iterator[UInt8[np.ndarray, "b a"]]:
    """Yield all 2^g sign patterns in one block."""
    yield (np.arange(2**g)[:, None] >> np.arange(g) & 1).astype(np.uint8)
