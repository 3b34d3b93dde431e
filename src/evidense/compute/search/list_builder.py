"""Build ranked lists from scored candidates, with one rule for ties and self matches."""

import numpy as np
from jaxtyping import Float, Int

from evidense.compute.search.topk import id_order, self_matches
from evidense.errors import InvalidInput
from evidense.values import Collection, RankedLists


class ListBuilder:
    """Builds the ranked lists of a collection query by query. Order: score descending, then document id ascending."""

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
        """Rank the candidates of one query. Documents beyond the depth are dropped, and the query's own document if the collection says so.

        Scores are compared in their own precision and kept as float32. Of equal scores the lowest `order` comes first.
        """
        order = self.order[documents] if order is None else order
        if self.excluded is not None:
            others = documents != self.excluded[row]
            documents, scores, order = documents[others], scores[others], order[others]
        if len(scores) > 2 * self.depth:
            threshold = np.partition(scores, len(scores) - self.depth)[len(scores) - self.depth]
            reached = scores >= threshold
            documents, scores, order = documents[reached], scores[reached], order[reached]
        best = np.lexsort((order, -scores))[: self.depth]
        self.documents[row, : len(best)] = documents[best]
        self.scores[row, : len(best)] = scores[best]

    def done(self) -> RankedLists:
        """Return the lists."""
        return RankedLists(self.collection.query_ids, self.collection.doc_ids, self.documents, self.scores)


def texts_of(collection: Collection, ranker: str) -> tuple[list[str], list[str]]:
    """Return the texts of queries and documents; "" for a picture without text.

    Raises:
        InvalidInput: a side has no text at all: pictures, or ids alone.
    """
    sides = []
    for side, items in (("queries", collection.queries), ("documents", collection.corpus)):
        texts = [item.text or "" for item in items]
        if not any(texts):
            if all(item.picture is None for item in items):
                raise InvalidInput(
                    f"'{ranker}' reads text and of the {side} of '{collection.name}' only the ids are known (judgements only); "
                    "expected texts; give a collection with texts with --on, or leave this ranker out"
                )
            raise InvalidInput(
                f"'{ranker}' reads text and the {side} of '{collection.name}' are pictures without text; "
                "expected some text; leave this ranker out"
            )
        sides.append(texts)
    return sides[0], sides[1]
