"""Save ranked lists in the store and load them: four blobs each; equal blobs are stored once."""

from dataclasses import dataclass

import numpy as np

from evidense.records import Ranking
from evidense.store import Store
from evidense.values import RankedLists


@dataclass(frozen=True)
class StoredLists:
    """Names of the four blobs of one RankedLists."""

    query_ids: str
    doc_ids: str
    documents: str
    scores: str


def save_lists(lists: RankedLists, store: Store) -> StoredLists:
    """Store ranked lists and return the names of their blobs."""
    return StoredLists(
        query_ids=store.put_json(list(lists.query_ids)),
        doc_ids=store.put_json(list(lists.doc_ids)),
        documents=store.put_array(lists.documents.astype(np.int32, copy=False)),
        scores=store.put_array(lists.scores.astype(np.float32, copy=False)),
    )


def load_lists(ranking: Ranking, store: Store) -> RankedLists:
    """Return the ranked lists of a Ranking.

    Raises:
        StoreError: a blob is not in this store.
    """
    return RankedLists(
        query_ids=tuple(store.json(ranking.query_ids)),
        doc_ids=tuple(store.json(ranking.doc_ids)),
        documents=np.asarray(store.array(ranking.documents)),  # the map itself, whose rows are plain arrays
        scores=np.asarray(store.array(ranking.scores)),
    )
