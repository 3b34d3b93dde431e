"""Decide which queries count as one: a Finding a collection, with the cluster of each query, keyed over all collections."""

import numpy as np

from evidense.compute.comparison.sharing import Shared
from evidense.records import Finding, Json, Study
from evidense.store import Store


def decide_queries(study: Study, shared: Shared, store: Store) -> list[Finding]:
    """Return one Finding a collection, stored: how many groups of queries it has, and with whom it shares them."""
    family = {at: n for n, places in enumerate(shared.sharing.families(shared.sizes)) for at in places}
    findings = []
    for at, (collection, labels) in enumerate(zip(shared.collections, shared.labels, strict=True)):
        details: dict[str, Json] = {"clusters": store.put_json([int(label) for label in labels])}
        if len(shared.collections) > 1:
            names = [one.name for one in shared.collections]
            same = next((places for places in shared.same if at in places), (at,))
            kin = [other for other in family if family[other] == family[at]]
            details |= {
                "same_queries": [names[other] for other in same],
                "family": [names[other] for other in kin],
                "n_distinct": shared.n_distinct(kin),
            }
        n_clusters = len(np.unique(labels))
        findings.append(
            Finding(
                parents=(study.id,), estimand="queries", site={"collection": collection.name, "measure": study.primary}, value=n_clusters, low=None, high=None,
                n=len(labels), n_clusters=n_clusters, unit="groups of queries", confidence=study.confidence, details=details,
            )
        )  # fmt: skip
    for finding in findings:
        store.put(finding)
    return findings
