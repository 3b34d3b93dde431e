"""Per-query measures of a probe's scores; candidate 0 is the right one unless another is given."""

import numpy as np
from jaxtyping import Float, Float64, Int64


def credit(scores: Float[np.ndarray, "n c"], right: Int64[np.ndarray, " n"] | None = None) -> Float64[np.ndarray, " n"]:
    """Return 1 if the right candidate scores highest, 0 if not, and 1/m if it shares the highest score with m − 1 others.

    >>> credit(np.array([[2.0, 1.0], [1.0, 1.0], [0.0, 1.0]])).tolist()
    [1.0, 0.5, 0.0]
    """
    right_score = scores[:, 0] if right is None else np.take_along_axis(scores, right[:, None], 1)[:, 0]
    top = scores.max(axis=1)
    shared: Float64[np.ndarray, " n"] = np.where(right_score == top, 1 / (scores == top[:, None]).sum(axis=1), 0.0)
    return shared


def reciprocal_rank(scores: Float[np.ndarray, "n c"]) -> Float64[np.ndarray, " n"]:
    """Return 1 / rank of candidate 0; equal scores share their mean rank.

    >>> reciprocal_rank(np.array([[2.0, 1.0, 0.0], [1.0, 1.0, 0.0]])).tolist()  # rank 1; rank 1.5
    [1.0, 0.6666666666666666]
    """
    relevant = scores[:, :1]
    rank = 1 + (scores > relevant).sum(axis=1) + ((scores == relevant).sum(axis=1) - 1) / 2
    inverse: Float64[np.ndarray, " n"] = 1 / rank
    return inverse


def bits(scores: Float[np.ndarray, "n c"], right: Int64[np.ndarray, " n"] | None = None) -> Float64[np.ndarray, " n"]:
    """Return −log₂ of the softmax of the right candidate.

    >>> bits(np.zeros((1, 4))).tolist()  # four equal candidates
    [2.0]
    """
    wide = scores.astype(np.float64)
    right_score = wide[:, 0] if right is None else np.take_along_axis(wide, right[:, None], 1)[:, 0]
    top = wide.max(axis=1)
    nats = np.log(np.exp(wide - top[:, None]).sum(axis=1)) + top - right_score
    in_bits: Float64[np.ndarray, " n"] = nats / np.log(2)
    return in_bits
