"""Reach: which share of the relevant documents a reranker can find, those that its first stage found."""

import numpy as np

from evidense import stats
from evidense.boundary.numerals import interval, plain
from evidense.compute.comparison.grouping import grouping_of
from evidense.compute.search.scoring import judgements, per_query
from evidense.values import Collection, RankedLists


def recall_note(collection: Collection, lists: RankedLists, n: int, first: str) -> str:
    """Say which share of the relevant documents a reranker can reach: those in the first `n` of each list.

    >>> from evidense.values import Item
    >>> texts = [Item("a", "one"), Item("b", "two")]
    >>> lists = RankedLists(("a", "b"), ("a", "b"), np.array([[0], [0]], np.int32), np.zeros((2, 1), np.float32))
    >>> recall_note(Collection("x", texts, texts, {"a": {"a": 1}, "b": {"b": 1}}), lists, 1, "bm25")
    'it sees the first 1 documents of bm25, which hold .500 [.006, 1.000] of the relevant documents of a query (R@1, n 2, 95 %): it can find no others'
    """
    gains = judgements(collection)
    measure = f"R@{n}"
    is_asked = np.array([any(gain > 0 for gain in gains.get(q, {}).values()) for q in lists.query_ids])
    if not is_asked.any():
        return f"it sees the first {n:,} documents of {first}; no query has a relevant document, so how many of them are there is not known"
    values = per_query(lists, gains, [measure])[measure]
    bounds = stats.Bounds.constant((0.0, 1.0), (1, len(values)))
    mean, low, high = stats.mean_interval(values, grouping_of(collection), seed=0, bounds=bounds)
    share = f"{plain(mean)} {interval(low, high, sign=False)}"
    return (
        f"it sees the first {n:,} documents of {first}, which hold {share} of the relevant documents of a query "
        f"({measure}, n {len(values):,}, 95 %): it can find no others"
    )
