"""Two facts about matrices that several analyses use: the nearest rotation, and the effective number of unequal shares."""

from typing import Any

import numpy as np
from jaxtyping import Float, Float64


def nearest_rotation(product: Float64[np.ndarray, "e e"]) -> Float64[np.ndarray, "e e"]:
    """Return the rotation (or reflection) R nearest to a matrix; of `sourceᵀ · target` it minimises ‖source · R − target‖.

    Source: Schönemann 1966.

    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> x = np.array([[1.0, 2.0], [0.5, -1.0]])
    >>> bool(np.allclose(nearest_rotation(x.T @ (x @ turn)), turn))
    True
    """
    u, _, vt = np.linalg.svd(product)
    rotation: Float64[np.ndarray, "e e"] = u @ vt
    return rotation


def effective_number(shares: Float[np.ndarray, "*b n"]) -> Any:
    """Return e^H of each row of shares, H being its entropy: 1 where one share is everything, n where all n are equal.

    Of the shares of variance it is the effective rank; of neurons it is the Hill number of order 1.

    Source: Hill 1973; Roy and Vetterli 2007 (effective rank).

    >>> float(effective_number(np.array([0.5, 0.5, 0.0])).round(6))
    2.0
    """
    return np.exp(-np.sum(shares * np.log(np.where(shares > 0, shares, 1)), axis=-1))


def without_padding(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the columns of two layers that are 0 in every row: narrower stages are padded to the widest one, and padding is no dimension.

    Layers of one width lose the columns that are 0 in both, so that they still share a space; those of two widths never come to share one.

    >>> narrow, wide = np.array([[1.0, 2, 0, 0]]), np.array([[3.0, 4, 5]])
    >>> [layer.shape[1] for layer in without_padding(narrow, narrow)], [layer.shape[1] for layer in without_padding(narrow, wide)]
    ([2, 2], [2, 3])
    """
    used = x.any(axis=0), y.any(axis=0)
    if x.shape[1] == y.shape[1]:
        used = (used[0] | used[1],) * 2
        return (x[:, used[0]], y[:, used[1]]) if used[0].any() and not used[0].all() else (x, y)
    widths = [int(columns.sum()) for columns in used]
    return (x[:, used[0]], y[:, used[1]]) if 0 not in widths and widths[0] != widths[1] else (x, y)
