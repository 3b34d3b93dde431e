"""Unseen queries: repeat a comparison without the queries that the systems were trained on (`--trained-on`)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from evidense import registry, stats
from evidense.compute.comparison.family import simultaneous
from evidense.compute.comparison.index_part import CheckedQueries, word_allowing
from evidense.compute.comparison.scored import ScoredSystems
from evidense.records import Finding, Json, Study
from evidense.store import Store
from evidense.training.data.leaks import Leaks, find_leaks
from evidense.values import Pairs
from evidense.verbs.decide import index_parts

ESTIMAND = "difference on unseen queries"
EQUAL, NEAR = "equal", "equal or nearly equal"
"""Names of the left-out queries: equal to a training item, or nearly equal as well."""


def training_pairs(study: Study) -> tuple[Pairs, ...]:
    """Open the pairs on which the systems were trained, as the study names them.

    Raises:
        UnknownName, AmbiguousName, InvalidInput: they are no pairs, as the parts say.
    """
    return tuple(registry.pairs(spelling) for spelling in study.trained_on)


def unseen(study: Study, scored: ScoredSystems, pairs: Sequence[Pairs], store: Store) -> list[Finding]:
    """Return the difference of every system on the queries that are in no training pair, stored. Without `pairs`, return nothing.

    One finding leaves out the queries that equal an item of a pair. If other queries nearly equal one, a second finding leaves out
    those too. `details` count the leaked queries, relevant documents and pairs, and hold the verdict on the remaining queries. If no
    query remains, the finding has no value.
    """
    if not pairs:
        return []
    leaks = find_leaks(pairs, scored.collection)
    left_out = {EQUAL: leaks.is_equal}
    if leaks.is_near.any():
        left_out[NEAR] = leaks.is_equal | leaks.is_near
    findings = []
    for name, is_left_out in left_out.items():
        details = {"left_out": name, **_counts(leaks, pairs)}
        remaining = _remaining(study, scored, ~is_left_out, store)
        findings += [_finding(study, scored, index, (decided, details)) for index, decided in enumerate(remaining)]
    for finding in findings:
        store.put(finding)
    return findings


def _remaining(
    study: Study, scored: ScoredSystems, is_unseen: Bool[np.ndarray, " q"], store: Store
) -> list[tuple[stats.Estimate, stats.Label] | None]:
    """Return the estimate of every system on some of the queries, with its word; None if there is no query."""
    if not is_unseen.any():
        return [None] * (len(scored.labels) - 1)
    estimates = simultaneous(
        study, scored.differences(study.primary, store).of(is_unseen), scored.index, scored.n_collections
    )
    checked = CheckedQueries.of(scored, study.primary, store)
    parts = index_parts(study, scored, estimates, checked and checked.within(is_unseen), scored.n_collections)
    return [
        (estimate, word_allowing(estimate, part, study.margin)) for estimate, part in zip(estimates, parts, strict=True)
    ]


def _counts(leaks: Leaks, pairs: Sequence[Pairs]) -> dict[str, Json]:
    """Count the equal, the nearly equal and all queries, relevant documents, and pairs of the two."""
    queries = [int(leaks.is_equal.sum()), int(leaks.is_near.sum()), len(leaks.is_equal)]
    counts = {"queries": queries, "documents": list(leaks.documents), "pairs": list(leaks.pairs)}
    return {**counts, "trained_on": [source.name for source in pairs], "sha256": [source.checksum for source in pairs]}


def _finding(
    study: Study,
    scored: ScoredSystems,
    index: int,
    decided_and_counts: tuple[tuple[stats.Estimate, stats.Label] | None, dict[str, Json]],
) -> Finding:
    decided, counts = decided_and_counts
    base, label = scored.labels[0], scored.labels[index + 1]
    empty = Finding(
        parents=(study.id, scored.scores[base, study.primary].id, scored.scores[label, study.primary].id),
        estimand=ESTIMAND, value=None, low=None, high=None, n=0, n_clusters=0, unit=study.primary, confidence=study.confidence,
        site={"system": label, "baseline": base, "collection": scored.collection.name, "measure": study.primary}, details=counts,
    )  # fmt: skip
    if decided is None:
        return empty
    estimate, word = decided
    return replace(
        empty, value=estimate.effect, low=estimate.low, high=estimate.high, n=estimate.n, n_clusters=estimate.n_clusters,
        p=estimate.p, p_adjusted=estimate.p_adjusted, test=estimate.test, details={**counts, "verdict": word},
    )  # fmt: skip
