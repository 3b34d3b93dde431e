"""Narrow: inner products of bfloat16 numbers, for shortlists, on processors that multiply them at twice the speed.

Vectors are rounded to bfloat16 (8 bits), multiplied and summed in float32, and the product is rounded to bfloat16. How far such
a product may lie from the score is known: with q̂, d̂ the rounded vectors, q·d − q̂·d̂ = (q − q̂)·d + q̂·(d − d̂), whose lengths
are measured; sums in float32 and the score's own sum add 2γ|q̂||d| (topk.py). Let ε be all of this, v = 2⁻⁸, and τ the k-th best
product. k documents have a score ≥ τ − v|τ| − ε. A document whose product is below τ − m has a score below
τ − m + v(|τ| + m) + ε, which is less where m(1 − v) ≥ 2v|τ| + 2ε. Scores are computed again as ever, so the result is the
same, to the last bit, as that of a shortlist in float32.
"""

import sys
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.compute.similarity import KERNELS, SMALLEST_NORMAL, UNIT_ROUNDOFF, Kernel, lengths

ROUNDOFF = 2.0**-8
"""Unit roundoff v of bfloat16."""
_SLACK = 1.01
"""Covers 1 / (1 − v), and the rounding of the measured lengths and of τ."""
LEAST_DOCUMENTS = 10_000
"""In a smaller corpus nothing is gained."""
WIDEST = 2.5
"""Where the first block has more candidates than so many times k for each query, scores lie too close together for narrow products."""


def shortlisting(similarity: str, n_documents: int) -> Kernel:
    """Return the kernel that shortlists: a narrow one where torch is in use and the processor multiplies bfloat16, else the usual one."""
    is_inner = similarity in ("cosine", "dot")
    return NarrowInner() if is_inner and n_documents >= LEAST_DOCUMENTS and multiplies() else KERNELS[similarity]


def multiplies() -> bool:
    """Say whether torch is imported already (importing it costs more than it saves) and the processor multiplies bfloat16."""
    torch = sys.modules.get("torch")
    return torch is not None and any(
        getattr(torch.cpu, f"_is_{name}_supported", bool)() for name in ("avx512_bf16", "amx_tile")
    )


class NarrowInner:
    """The kernel of one shortlist, for dot and (on unit vectors) for cosine."""

    def __init__(self) -> None:
        self.usual = KERNELS["dot"]
        self.off_queries = np.empty(0, np.float32)
        self.off_documents = 0.0
        self.queries: Any = None

    def products(
        self, block: Float32[np.ndarray, "d e"], columns: Float32[np.ndarray, "e q"], out: Float32[np.ndarray, "d q"]
    ) -> None:
        """Multiply rounded vectors; note how far the rounded vectors lie from the given ones."""
        import torch

        if self.queries is None:
            self.queries = torch.from_numpy(columns).bfloat16()
            self.off_queries = lengths((columns - self.queries.float().numpy()).T)
        rows = torch.from_numpy(block if block.flags.writeable else block.copy())
        rounded = rows.bfloat16()
        self.off_documents = max(self.off_documents, float(lengths((rows - rounded).numpy()).max()))
        torch.from_numpy(out).copy_(rounded @ self.queries)

    def margins(
        self, n_dims: int, norms: Float32[np.ndarray, " q"], largest: float, best: Float32[np.ndarray, " q"]
    ) -> Float32[np.ndarray, " q"]:
        """Return m."""
        gamma = 2 * n_dims * UNIT_ROUNDOFF
        rounded = norms * (1 + ROUNDOFF)
        error = self.off_queries * largest + rounded * (self.off_documents + 4 * gamma * largest)
        error += n_dims * SMALLEST_NORMAL * (1 + norms + largest)
        return np.asarray(_SLACK * 2 * (ROUNDOFF * np.abs(best) + error), np.float32)

    def scores(
        self, queries: Float32[np.ndarray, "q e"], rows: Float32[np.ndarray, "q c e"]
    ) -> Float32[np.ndarray, "q c"]:
        """Return the scores as ever."""
        return self.usual.scores(queries, rows)
