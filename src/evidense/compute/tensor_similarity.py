"""Similarity of torch tensors, with gradients; `compute.similarity` does the same for arrays."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def unit(vectors: "Tensor") -> "Tensor":
    """Scale vectors[…, e] to length 1; a zero vector stays zero."""
    from torch.nn import functional

    return functional.normalize(vectors, dim=-1)


def as_scored(vectors: "Tensor", by_angle: bool) -> "Tensor":
    """Return vectors[…, e] as they are scored: unit vectors if only the angle counts, else unchanged."""
    return unit(vectors) if by_angle else vectors


def pair_scores(left: "Tensor", right: "Tensor", similarity: str) -> "Tensor":
    """Return the score of each left[…, e] with its right[…, e], vectors being in the form that is scored."""
    if similarity not in ("euclidean", "manhattan"):
        return (left * right).sum(-1)
    return -(left - right).norm(p=2.0 if similarity == "euclidean" else 1.0, dim=-1)


def score_table(left: "Tensor", right: "Tensor", similarity: str) -> "Tensor":
    """Return the score of each left[…, b, e] with each right[…, c, e], vectors being in the form that is scored.

    Autocast is switched off: the scores have the precision of the vectors.

    >>> import torch
    >>> score_table(torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 0.0], [3.0, 3.0]]), "manhattan").tolist()
    [[-7.0, -1.0]]
    """
    import torch

    with torch.autocast(left.device.type, enabled=False):
        if similarity not in ("euclidean", "manhattan"):
            return left @ right.mT
        p = 2.0 if similarity == "euclidean" else 1.0
        return -torch.cdist(left, right, p, compute_mode="donot_use_mm_for_euclid_dist")
