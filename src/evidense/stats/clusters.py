"""Which queries belong together, because they share a relevant document or a group."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int


def cluster_queries(
    query_ids: Sequence[str], qrels: Mapping[str, Mapping[str, int]], groups: Mapping[str, str]
) -> Int[np.ndarray, " q"]:
    """Label the connected components of queries that share a relevant document (gain > 0) or a group key.

    Labels count from 0 in the order of first appearance. A query named by neither
    `qrels` nor `groups` stands alone.

    >>> qrels = {"a": {"d1": 1}, "b": {"d1": 2, "d2": 0}, "c": {"d2": 1}}  # d2 does not answer b
    >>> cluster_queries(["a", "b", "c"], qrels, {})
    array([0, 0, 1])
    """
    parent = list(range(len(query_ids)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for at, query in enumerate(query_ids):
        shared = [("document", doc) for doc, gain in qrels.get(query, {}).items() if gain > 0]
        shared += [("group", groups[query])] if query in groups else []
        for key in shared:
            a, b = root(first.setdefault(key, at)), root(at)
            parent[max(a, b)] = min(a, b)
    labels: dict[int, int] = {}
    return np.array([labels.setdefault(root(at), len(labels)) for at in range(len(query_ids))], dtype=np.int64)
