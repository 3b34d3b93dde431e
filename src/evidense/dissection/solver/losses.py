"""Losses of many problems on the same examples: softmax over candidates, or logistic for a single candidate."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64


@dataclass(frozen=True)
class Labels:
    """The right candidate and the weight of each example (n) in each problem (k), and the penalty of θ.

    The loss of a problem is Σᵢ wᵢ·lossᵢ / Σw + λ‖θ‖² / 2Σw. With one candidate per example the loss is logistic and `right` is 0 or 1.
    """

    right: Int64[np.ndarray, "n k"]
    weights: Float32[np.ndarray, "n k"]
    penalty: Float64[np.ndarray, " k"]

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Labels":
        """Return some of the problems."""
        return Labels(self.right[:, keep], self.weights[:, keep], self.penalty[keep])


def loss_and_slope(
    scores: Float32[np.ndarray, "n c k"], labels: Labels
) -> tuple[Float64[np.ndarray, " k"], Float32[np.ndarray, "n c k"]]:
    """Return the weighted mean loss in nats of every problem, and its gradient by the scores."""
    total = labels.weights.sum(axis=0, dtype=np.float64)
    share = (labels.weights / total).astype(np.float32)
    each, slope = _logistic(scores, labels.right) if scores.shape[1] == 1 else _softmax(scores, labels.right)
    loss = np.einsum("nk,nk->k", each, labels.weights, dtype=np.float64) / total
    slope *= share[:, None]
    return loss, slope


def _softmax(
    scores: Float32[np.ndarray, "n c k"], right: Int64[np.ndarray, "n k"]
) -> tuple[Float32[np.ndarray, "n k"], Float32[np.ndarray, "n c k"]]:
    top = scores.max(axis=1)
    odds = np.exp(scores - top[:, None])
    total = odds.sum(axis=1)
    place = right[:, None]
    right_score = np.take_along_axis(scores, place, 1)[:, 0]
    odds /= total[:, None]
    np.put_along_axis(odds, place, np.take_along_axis(odds, place, 1) - 1, 1)
    return np.log(total) + top - right_score, odds


def _logistic(
    scores: Float32[np.ndarray, "n 1 k"], right: Int64[np.ndarray, "n k"]
) -> tuple[Float32[np.ndarray, "n k"], Float32[np.ndarray, "n 1 k"]]:
    s = scores[:, 0]
    small = np.exp(-np.abs(s))
    likely = np.where(s >= 0, 1, small) / (1 + small)
    return np.maximum(s, 0) - right * s + np.log1p(small), (likely - right)[:, None].astype(np.float32)
