"""Unseen: what is left of a comparison without the queries that the systems were trained on (`--trained-on`)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from evidense import registry, stats
from evidense.compute.comparison.scored import ScoredSystems
from evidense.records import Finding, Json, Study
from evidense.store import Store
from evidense.training.data.leaks import Leaks, find_leaks
from evidense.values import Pairs
from evidense.verbs.decide import simultaneous

ESTIMAND = "difference on unseen queries"
EQUAL, NEAR = "equal", "equal or nearly equal"
"""Which queries are left out."""


def training_pairs(study: Study) -> tuple[Pairs, ...]:
    """Open what the study says that its systems were trained on.

    Raises:
        UnknownName, AmbiguousName, InvalidInput: no pairs, as the parts say.
    """
    return tuple(registry.pairs(spelling) for spelling in study.trained_on)


def unseen(study: Study, scored: ScoredSystems, pairs: Sequence[Pairs], store: Store) -> list[Finding]:
    """Return, for every system, its difference on the queries that no training pair holds, stored; nothing without pairs.

    Once without the queries that equal an item of any pair and, where there are some that nearly do, once without those too. `details` say
    how many queries, relevant documents and pairs were held, and what the rule says of the rest; without a query left there is no value.
    """
    if not pairs:
        return []
    found = find_leaks(pairs, scored.collection)
    left_out = {EQUAL: found.is_equal}
    if found.is_near.any():
        left_out[NEAR] = found.is_equal | found.is_near
    made = []
    for name, gone in left_out.items():
        details = {"left_out": name, **_counts(found, pairs)}
        estimates = _estimates(study, scored, ~gone, store)
        made += [_finding(study, scored, at, (e, details)) for at, e in enumerate(estimates)]
    for finding in made:
        store.put(finding)
    return made


def _estimates(
    study: Study, scored: ScoredSystems, kept: Bool[np.ndarray, " q"], store: Store
) -> Sequence[stats.Estimate | None]:
    if not kept.any():
        return [None] * (len(scored.labels) - 1)
    return simultaneous(study, scored.differences(study.primary, store).of(kept), scored.index, scored.n_collections)


def _counts(found: Leaks, pairs: Sequence[Pairs]) -> dict[str, Json]:
    """Of queries, relevant documents, and pairs of the two: how many are equal, how many nearly, and all."""
    queries = [int(found.is_equal.sum()), int(found.is_near.sum()), len(found.is_equal)]
    counts = {"queries": queries, "documents": list(found.documents), "pairs": list(found.pairs)}
    return {**counts, "trained_on": [one.name for one in pairs], "sha256": [one.checksum for one in pairs]}


def _finding(
    study: Study, scored: ScoredSystems, at: int, found: tuple[stats.Estimate | None, dict[str, Json]]
) -> Finding:
    e, counts = found
    base, label = scored.labels[0], scored.labels[at + 1]
    empty = Finding(
        parents=(study.id, scored.scores[base, study.primary].id, scored.scores[label, study.primary].id),
        estimand=ESTIMAND, value=None, low=None, high=None, n=0, n_clusters=0, unit=study.primary, confidence=study.confidence,
        site={"system": label, "baseline": base, "collection": scored.collection.name, "measure": study.primary}, details=counts,
    )  # fmt: skip
    if e is None:
        return empty
    return replace(
        empty, value=e.effect, low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, p=e.p, p_adjusted=e.p_adjusted,
        test=e.test, details={**counts, "verdict": stats.label(e, study.margin)},
    )  # fmt: skip
