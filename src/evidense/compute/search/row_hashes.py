"""Row hashes: a hash of rows of numbers that finds damage, whatever the order in which they were written."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int64, UInt64

_ODD = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(vectors: Float[np.ndarray, "*l b e"], rows: Int64[np.ndarray, " b"]) -> int:
    """Return a hash of some rows: a sum over rows, so that neither their order nor their batches matter.

    Each row is a sum of its words times odd numbers, so that one changed word always shows. It is to find damage, not forgery, and
    costs a twentieth of the time of a cryptographic hash.
    """
    words = np.ascontiguousarray(np.moveaxis(vectors, -2, 0), np.float32).reshape(len(rows), -1).view(np.uint32)
    words = words.view(np.uint64) if words.shape[1] % 2 == 0 else words.astype(np.uint64)
    hashes = np.einsum("bw,w->b", words, _odd_columns(words.shape[1]))
    hashes ^= hashes >> np.uint64(32)
    return int((hashes * _odd_numbers(rows + words.shape[1])).sum())


@lru_cache(maxsize=4)
def _odd_columns(n: int) -> UInt64[np.ndarray, " n"]:
    return _odd_numbers(np.arange(n))


def _odd_numbers(places: Int64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    mixed = (places.astype(np.uint64) + np.uint64(1)) * _ODD
    mixed ^= mixed >> np.uint64(31)
    return mixed * _ODD | np.uint64(1)
