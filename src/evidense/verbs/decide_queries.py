"""Decide which queries count as one: one Finding per collection, with the group of each query, numbered over all collections."""

import numpy as np

from evidense.compute.comparison.sharing import Shared
from evidense.records import Finding, Json, Study
from evidense.store import Store


def decide_queries(study: Study, shared: Shared, store: Store) -> list[Finding]:
    """Return one Finding per collection, stored: its number of groups of queries, and the collections that share them."""
    findings = [_finding(study, shared, index, store) for index in range(len(shared.collections))]
    for finding in findings:
        store.put(finding)
    return findings


def _finding(study: Study, shared: Shared, index: int, store: Store) -> Finding:
    labels = shared.labels[index]
    details: dict[str, Json] = {"clusters": store.put_json([int(label) for label in labels])}
    if len(shared.collections) > 1:
        details |= _kin(shared, index)
    n_clusters = len(np.unique(labels))
    return Finding(
        parents=(study.id,), estimand="queries", site={"collection": shared.collections[index].name, "measure": study.primary},
        value=n_clusters, low=None, high=None, n=len(labels), n_clusters=n_clusters, unit="groups of queries",
        confidence=study.confidence, details=details,
    )  # fmt: skip


def _kin(shared: Shared, index: int) -> dict[str, Json]:
    """Return which collections ask the same queries, and which belong to the same family."""
    names = [collection.name for collection in shared.collections]
    same = next((members for members in shared.same if index in members), (index,))
    family = next(members for members in shared.families if index in members)
    return {
        "same_queries": [names[member] for member in same],
        "family": [names[member] for member in family],
        "n_distinct": shared.n_distinct(family),
    }
