"""Standings: the letters of systems and the ranks that each may have, on one collection and in the mean over several."""

from collections.abc import Sequence

from evidense import measures, stats
from evidense.compute.comparison.scored import ScoredSystems
from evidense.records import Finding, Json, Study
from evidense.store import Store

MOST_RESAMPLES = 20_000
"""Draws for letters and ranks: all pairs of 20 systems are 190 rows, and a letter needs no third digit of a critical value."""


def standings(study: Study, scored: ScoredSystems, store: Store) -> dict[str, dict[str, Json]]:
    """Return label → its letters and the best and worst rank that it may have on the collection, by tests of all pairs at once."""
    labels = [*scored.labels, *scored.references]
    return _by_label(labels, _tested(study, [scored], labels, None, store))


def standings_over(
    study: Study, all_scored: Sequence[ScoredSystems], sharing: stats.Sharing, store: Store
) -> list[Finding]:
    """Return one Finding a system: the mean of its means over these collections, and the ranks that it may have there; none for two systems."""
    labels = [*all_scored[0].labels, *all_scored[0].references]
    if len(all_scored[0].labels) < 3:
        return []
    tested = _tested(study, all_scored, labels, sharing, store)
    details, intervals = _by_label(labels, tested), _means(study, all_scored, labels, sharing, store)
    return [
        Finding(
            parents=tuple(scored.scores[label, study.primary].id for scored in all_scored), estimand="standing",
            site={"system": label, "measure": study.primary}, value=interval.effect, low=interval.low, high=interval.high, unit=study.primary,
            n=sum(len(scored.collection.query_ids) for scored in all_scored), n_clusters=sum(stats.effective(scored.clusters) for scored in all_scored),
            confidence=study.confidence, family=f"ranks of {len(labels)} systems by all pairs", details=details[label],
        )
        for label, interval in zip(labels, intervals, strict=True)
    ]  # fmt: skip


def _tested(
    study: Study,
    all_scored: Sequence[ScoredSystems],
    labels: Sequence[str],
    sharing: stats.Sharing | None,
    store: Store,
) -> stats.AllPairs:
    tables = [scored.values(labels, study.primary, store) for scored in all_scored]
    n_resamples = min(study.n_resamples, MOST_RESAMPLES)
    return stats.all_pairs(
        tables, [scored.clusters for scored in all_scored], confidence=study.confidence, n_resamples=n_resamples, seed=study.seed, sharing=sharing,
    )  # fmt: skip


def _means(
    study: Study, all_scored: Sequence[ScoredSystems], labels: Sequence[str], sharing: stats.Sharing, store: Store
) -> list[stats.Estimate]:
    """Return the mean over the collections of every system, with intervals that hold together."""
    tables = []
    for scored in all_scored:
        values = scored.values(labels, study.primary, store)
        bounds = stats.Bounds.constant(measures.limits(study.primary), values.shape)
        tables.append(stats.Differences(values, scored.clusters, bounds))
    n_resamples = min(study.n_resamples, MOST_RESAMPLES)
    return stats.mean_over(
        tables, confidence=study.confidence, n_resamples=n_resamples, seed=study.seed, sharing=sharing
    )


def _by_label(labels: Sequence[str], tested: stats.AllPairs) -> dict[str, dict[str, Json]]:
    letters = tested.letters(labels)
    return {
        label: {"letters": letters[label], "ranks": list(ranks)}
        for label, ranks in zip(labels, tested.ranks(), strict=True)
    }
