"""Selection: from scored candidates of one query to its ranked list, by the one rule for order and self matches."""

import numpy as np
from jaxtyping import Float, Int

from evidense.compute.search.topk import id_order, self_matches
from evidense.errors import InvalidInput
from evidense.values import Collection, RankedLists


class ListBuilder:
    """Ranked lists of a collection, filled query by query: score descending, then document id ascending, unless `put` is told otherwise."""

    def __init__(self, collection: Collection, depth: int) -> None:
        shape = (len(collection.query_ids), depth)
        self.collection, self.depth = collection, depth
        self.order = id_order(collection.doc_ids)
        self.excluded = self_matches(collection) if collection.drop_self_matches else None
        self.documents = np.full(shape, -1, dtype=np.int32)
        self.scores = np.full(shape, -np.inf, dtype=np.float32)

    def put(
        self,
        row: int,
        documents: Int[np.ndarray, " n"],
        scores: Float[np.ndarray, " n"],
        order: Int[np.ndarray, " n"] | None = None,
    ) -> None:
        """Rank the candidates of one query; those beyond the depth and the query's own document are dropped.

        Scores are compared as they are given and kept as float32. `order` says which of equal scores comes first (the lowest).
        """
        order = self.order[documents] if order is None else order
        if self.excluded is not None:
            others = documents != self.excluded[row]
            documents, scores, order = documents[others], scores[others], order[others]
        if len(scores) > 2 * self.depth:
            last = np.partition(scores, len(scores) - self.depth)[len(scores) - self.depth]
            reached = scores >= last
            documents, scores, order = documents[reached], scores[reached], order[reached]
        best = np.lexsort((order, -scores))[: self.depth]
        self.documents[row, : len(best)] = documents[best]
        self.scores[row, : len(best)] = scores[best]

    def done(self) -> RankedLists:
        """Return the lists."""
        return RankedLists(self.collection.query_ids, self.collection.doc_ids, self.documents, self.scores)


def texts_of(collection: Collection, ranker: str) -> tuple[list[str], list[str]]:
    """Return the texts of queries and documents; a picture without text has none to rank by.

    Raises:
        InvalidInput: a side without any text.
    """
    sides = []
    for what, items in (("queries", collection.queries), ("documents", collection.corpus)):
        texts = [item.text or "" for item in items]
        if not any(texts):
            raise InvalidInput(
                f"'{ranker}' reads text and the {what} of '{collection.name}' are pictures without text; "
                "expected some text; leave this ranker out"
            )
        sides.append(texts)
    return sides[0], sides[1]
