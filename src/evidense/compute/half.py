"""Half: states as float16 with a power of two for each row, so that the range of float16 is enough and no number becomes infinite."""

import numpy as np
from jaxtyping import Float16, Float32

from evidense.compute.mapped import scratch

_LARGEST = 15
"""Rows are scaled so that their largest number is in [2^14, 2^15): float16 ends at 65,504, and rounds 29 powers of two below that to 11 bits."""
_ROWS = 1024


def packed(states: Float32[np.ndarray, "*l n e"]) -> Float16[np.ndarray, "*l n f"]:
    """Return finite states in half precision, with one column more: the exponent of each row's scale.

    A number is rounded to 11 bits, a relative error of at most 2^-11; what is 2^29 times smaller than the largest of its row loses more.

    >>> packed(np.array([[1e6, 1.0, 0.0]], np.float32)).tolist()
    [[31248.0, 0.03125, 0.0, 5.0]]
    """
    largest = np.abs(states).max(axis=-1, keepdims=True, initial=0)
    exponents = np.where(largest == 0, 0, np.frexp(largest)[1] - _LARGEST).astype(np.int32)
    return np.concatenate([np.ldexp(states, -exponents), exponents], axis=-1, dtype=np.float16, casting="unsafe")


def unpacked(half: Float16[np.ndarray, "l n f"]) -> Float32[np.ndarray, "l n e"]:
    """Return packed states as float32, in memory if they are few, else in an unnamed file.

    Raises:
        StoreError: the disk is full.

    >>> unpacked(packed(np.array([[[1e6, 1.0, 0.0]]], np.float32))).tolist()
    [[[999936.0, 1.0, 0.0]]]
    """
    n_layers, n_rows, width = half.shape
    out = scratch(n_layers * n_rows, width - 1).reshape(n_layers, n_rows, width - 1)
    for layer in range(n_layers):
        for start in range(0, n_rows, _ROWS):
            rows = np.asarray(half[layer, start : start + _ROWS])
            out[layer, start : start + _ROWS] = np.ldexp(rows[:, :-1].astype(np.float32), rows[:, -1:].astype(np.int32))
    return out
