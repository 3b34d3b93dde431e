"""RankedLists: what a retriever returns for every query of a collection, as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32


@dataclass(frozen=True)
class RankedLists:
    """Top-k documents of each query, best first.

    Equal scores are in ascending order of document id; in imported runs, in the order of trec_eval.

    `documents[q, r]` indexes `doc_ids`; −1 pads a list that is shorter than k (its score is −inf).
    """

    query_ids: tuple[str, ...]
    doc_ids: tuple[str, ...]
    documents: Int32[np.ndarray, "q k"]
    scores: Float32[np.ndarray, "q k"]

    @property
    def depth(self) -> int:
        """Number of ranks that these arrays hold (k)."""
        return int(self.documents.shape[1])

    def items(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """Yield (query_id, [(doc_id, score), …]) in the order of the queries, without padding."""
        for row, query_id in enumerate(self.query_ids):
            is_document = self.documents[row] >= 0
            yield (
                query_id,
                [
                    (self.doc_ids[d], float(s))
                    for d, s in zip(self.documents[row][is_document], self.scores[row][is_document], strict=True)
                ],
            )
