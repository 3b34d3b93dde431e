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
