"""Vector index: texts in memory, ranked for a text by an encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32

from evidense.parts.encoders import Side

Embed = Callable[[Sequence[str], Side], Float32[np.ndarray, "texts width"]]
"""Texts → unit vectors, by an encoder of ours: statements as queries, passages as documents."""


@dataclass(frozen=True)
class VectorIndex:
    """Documents, whose vectors are made when they are first ranked."""

    documents: Sequence[str]
    embed: Embed

    def scores(self, query: str) -> Float32[np.ndarray, " documents"]:
        """Return the cosine of every document; there must be one at least."""
        scores: Float32[np.ndarray, " documents"] = self._vectors @ self.embed([query], "query")[0]
        return scores

    @cached_property
    def _vectors(self) -> Float32[np.ndarray, "documents width"]:
        return self.embed(self.documents, "document")
