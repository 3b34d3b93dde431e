"""Targets: the number per example that is attributed to neurons."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float32, Int64

from evidense.compute.tensor_similarity import pair_scores
from evidense.errors import InvalidInput
from evidense.parts import Side

if TYPE_CHECKING:
    from torch import Tensor

TargetKind = Literal["margin", "log-softmax", "norm"]


@dataclass(frozen=True, eq=False)
class Target:
    """A function of one side's vectors. The other side's vectors are constants, so no gradient passes through them.

    margin: s(q, first) − mean of s(q, others). log-softmax: log-probability of the first candidate, in nats. norm: length of the vector,
    as published. Scores use the encoder's similarity.
    """

    kind: TargetKind
    side: Side = "query"
    fixed: "Float32[np.ndarray, 'x ...'] | None" = None
    """For the query side the documents [x, c, e], the relevant one first. For the document side the queries [x, e]. For a norm None."""
    n_candidates: int = 1
    """For the document side: texts per example; rows x · c go example by example, the relevant text first."""
    scale: float = 1.0
    """Inverse temperature of the softmax."""
    similarity: str = "dot"
    """The similarity of vectors that are already in scored form (see `compute.similarity.between_scored`)."""

    @property
    def rows_each(self) -> int:
        """Return how many texts of one example pass through the encoder."""
        return self.n_candidates if self.side == "document" and self.kind != "norm" else 1

    def take(self, examples: Int64[np.ndarray, " x"]) -> "Target":
        """Return the target of these examples."""
        fixed = None if self.fixed is None else self.fixed[examples]
        return replace(self, fixed=fixed)

    def values(self, vectors: "Tensor", copies: int) -> "Tensor":
        """Map vectors [copies · x · rows_each, e] to [copies, x]."""
        import torch

        if self.kind == "norm":
            return vectors.norm(dim=-1).view(copies, -1)
        fixed = torch.as_tensor(self.fixed, dtype=vectors.dtype, device=vectors.device)
        each = vectors.view(copies, -1, self.rows_each, vectors.shape[-1])
        scores = pair_scores(each, fixed if self.side == "query" else fixed[:, None], self.similarity)
        if self.kind == "margin":
            return scores[..., 0] - scores[..., 1:].mean(-1)
        return torch.log_softmax(self.scale * scores, dim=-1)[..., 0]


def refuse_constant_norm(vectors: Float32[np.ndarray, "n e"]) -> None:
    """Refuse the norm as a target if all vectors have the same length.

    Raises:
        InvalidInput: all lengths are equal, so the gradient and every attribution would be zero.
    """
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if np.ptp(norms) > 1e-4 * norms.mean():
        return
    why = "brought to unit length" if abs(norms.mean() - 1) < 1e-3 else "normalised last by a layer norm without scale"
    raise InvalidInput(
        f"the target 'norm' is {norms.mean():.4g} for every item (these vectors are {why}), so its gradient is exactly zero and nothing can "
        "be attributed; expected vectors that differ in length; take the target 'margin', or open the encoder with @normalize=false"
    )
