"""Vectors for an index: their Euclidean order is the order of the similarity, whatever their lengths.

Indexes of graphs and lists search by distance. Unit vectors by cosine, and vectors of one length by inner product, have that order
already. Where lengths differ, a document x gets one more coordinate, √(longest² − |x|²), and a query gets 0 there: then all documents
have one length, and |q − x|² = |q|² + longest² − 2·q·x. A zero vector, whose cosine is 0, is placed rightly by it, too.

Source: Neyshabur and Srebro 2015, On Symmetric and Asymmetric LSHs for Inner Product Search, §4; Bachrach et al. 2014.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from evidense.compute.mapped import MappedRows
from evidense.compute.similarity import UNIT_WITHIN, as_scored, lengths
from evidense.errors import InvalidInput

BLOCK = 1 << 16
"""Rows that are read at a time. The order in which a graph is built depends on it."""
SEARCHABLE = ("cosine", "dot", "euclidean")


@dataclass(frozen=True, eq=False)
class EuclideanRows:
    """Document vectors, as an index takes them."""

    vectors: np.ndarray
    similarity: str
    longest: float
    """Length of the longest vector, if lengths differ and the similarity is an inner product or a cosine; else 0."""

    @classmethod
    def of(cls, vectors: Float32[np.ndarray, "n e"], similarity: str) -> "EuclideanRows":
        """Read the lengths of all vectors.

        Raises:
            InvalidInput: no index searches by this similarity.
        """
        if similarity not in SEARCHABLE:
            raise InvalidInput(
                f"@index searches by {', '.join(SEARCHABLE)}, and this system by {similarity}; leave @index out, or choose another @similarity"
            )
        plain = cls(vectors, similarity, 0.0)
        if similarity == "euclidean" or not len(vectors):
            return plain
        norms = np.concatenate([lengths(block) for block in plain.blocks()])
        shortest, longest = float(norms.min()), float(norms.max())
        return plain if longest - shortest <= 2 * UNIT_WITHIN * longest else cls(vectors, similarity, longest)

    @property
    def n_dims(self) -> int:
        """Dimensions of the vectors in the index."""
        return int(self.vectors.shape[1]) + (self.longest > 0)

    def blocks(self) -> Iterator[Float32[np.ndarray, "n e"]]:
        """Yield all vectors in order, block by block."""
        rows = MappedRows(self.vectors)
        for start in range(0, len(self.vectors), BLOCK):
            yield self._placed(rows.slice(start, start + BLOCK))

    def gather(self, rows: Int[np.ndarray, " n"]) -> Float32[np.ndarray, "n e"]:
        """Return some vectors."""
        return self._placed(MappedRows(self.vectors).gather(rows))

    def queries(self, queries: Float32[np.ndarray, "q e"]) -> Float32[np.ndarray, "q e"]:
        """Return query vectors. Where documents have one more coordinate, queries are brought to their length: the order stays."""
        scored = as_scored(queries, self.similarity)
        if not self.longest:
            return np.ascontiguousarray(scored, np.float32)
        scaled = as_scored(scored, "cosine") * np.float32(self.longest)
        return np.ascontiguousarray(np.pad(scaled, ((0, 0), (0, 1))), np.float32)

    def _placed(self, block: np.ndarray) -> Float32[np.ndarray, "n e"]:
        scored = as_scored(np.asarray(block, np.float32), self.similarity)
        if not self.longest:
            return np.ascontiguousarray(scored, np.float32)
        squares = np.einsum("ne,ne->n", scored, scored, dtype=np.float64)
        more = np.sqrt(np.maximum(self.longest**2 - squares, 0.0)).astype(np.float32)
        return np.concatenate([scored, more[:, None]], axis=1)
