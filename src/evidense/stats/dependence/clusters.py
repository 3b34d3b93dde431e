"""Clusters: queries that share a relevant document or a group."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int


def cluster_queries(
    query_ids: Sequence[str], qrels: Mapping[str, Mapping[str, float]], groups: Mapping[str, str]
) -> Int[np.ndarray, " q"]:
    """Label the connected components of queries that share a relevant document (gain > 0) or a group key.

    Labels count from 0 in the order of first appearance. A query named by neither
    `qrels` nor `groups` stands alone.

    >>> qrels = {"a": {"d1": 1}, "b": {"d1": 2, "d2": 0}, "c": {"d2": 1}}  # d2 does not answer b
    >>> cluster_queries(["a", "b", "c"], qrels, {})
    array([0, 0, 1])
    """
    first: dict[tuple[str, str], int] = {}
    pairs = []
    for row, query in enumerate(query_ids):
        shared = [("document", doc) for doc, gain in qrels.get(query, {}).items() if gain > 0]
        shared += [("group", groups[query])] if query in groups else []
        pairs += [(first.setdefault(key, row), row) for key in shared]
    return connected(len(query_ids), pairs)


def connected(n: int, pairs: Iterable[tuple[int, int]]) -> Int[np.ndarray, " n"]:
    """Label the connected components of n things of which these pairs belong together, in the order of first appearance.

    >>> connected(4, [(0, 2), (2, 3)])
    array([0, 1, 0, 0])
    """
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for left, right in pairs:
        a, b = root(left), root(right)
        parent[max(a, b)] = min(a, b)
    labels: dict[int, int] = {}
    return np.array([labels.setdefault(root(index), len(labels)) for index in range(n)], dtype=np.int64)
