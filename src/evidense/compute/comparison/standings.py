"""Standings: the letters of systems and the ranks that each may have, on one collection and in the mean over several."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from evidense import measures, stats
from evidense.compute.comparison.family import KeptDraws
from evidense.compute.comparison.scored import ScoredSystems
from evidense.records import Finding, Json, Study
from evidense.store import Store

MOST_RESAMPLES = 20_000
"""Draws for letters and ranks: all pairs of 20 systems are 190 rows, and a letter needs no third digit of a critical value."""


def standings(study: Study, scored: ScoredSystems, store: Store, kept: KeptDraws) -> dict[str, dict[str, Json]]:
    """Return label → its letters and the best and worst rank that it may have on the collection, by tests of all pairs at once.

    The draws are added to `kept`, for `standings_over`.
    """
    labels = _labels(scored)
    table = scored.values(labels, study.primary, store)
    tested = stats.all_pairs(
        [table], [scored.clusters], confidence=study.confidence, n_resamples=_n_resamples(study), seed=study.seed,
        draws=_drawn(study, scored, table, kept), by_seed=[seeds] if (seeds := scored.by_seed(labels, study.primary, store)) else [],
    )  # fmt: skip
    return _by_label(labels, tested)


def _drawn(study: Study, scored: ScoredSystems, table: Float64[np.ndarray, "s q"], kept: KeptDraws) -> stats.Draws:
    """Draw all pairs and, where there are means over collections, the systems themselves: one set of resamples serves both."""
    pairs = stats.pair_rows(table)
    rows = np.concatenate([pairs, table]) if scored.n_collections > 1 else pairs
    (draws,) = stats.resample(
        [stats.Differences(rows, scored.clusters)], n_resamples=_n_resamples(study), seed=study.seed, first=scored.index
    )
    of_pairs = draws.of(slice(len(pairs)))
    if scored.n_collections > 1:
        kept.pairs.add(of_pairs)
        kept.means.add(draws.of(slice(len(pairs), None)))
    return of_pairs


def standings_over(
    study: Study, all_scored: Sequence[ScoredSystems], sharing: stats.Sharing, store: Store, kept: KeptDraws
) -> list[Finding]:
    """Return one Finding a system: the mean of its means over these collections, and the ranks that it may have there; none for two systems.

    `kept` holds the draws of every collection.
    """
    if len(all_scored[0].labels) < 3:
        return []
    labels = _labels(all_scored[0])
    tables = [scored.values(labels, study.primary, store) for scored in all_scored]
    by_seed = [scored.by_seed(labels, study.primary, store) for scored in all_scored]
    tested = stats.all_pairs(
        tables, [scored.clusters for scored in all_scored], confidence=study.confidence, n_resamples=_n_resamples(study), seed=study.seed,
        sharing=sharing, draws=kept.pairs.draws, by_seed=[seeds for seeds in by_seed if seeds],
    )  # fmt: skip
    details = _by_label(labels, tested)
    bounds = [stats.Bounds.constant(measures.limits(study.primary), table.shape) for table in tables]
    rows = zip(tables, all_scored, bounds, by_seed, strict=True)
    intervals = stats.mean_over_seeds(
        [stats.Differences(table, scored.clusters, limits, by_seed=seeds) for table, scored, limits, seeds in rows],
        confidence=study.confidence, n_resamples=_n_resamples(study), seed=study.seed, sharing=sharing, draws=kept.means.draws,
    )  # fmt: skip
    return [
        Finding(
            parents=tuple(scored.scores[label, study.primary].id for scored in all_scored), estimand="standing",
            site={"system": label, "measure": study.primary}, value=interval.effect, low=interval.low, high=interval.high, unit=study.primary,
            n=sum(len(scored.collection.query_ids) for scored in all_scored), n_clusters=sum(stats.effective(scored.clusters) for scored in all_scored),
            confidence=study.confidence, family=f"ranks of {len(labels)} systems by all pairs", details=details[label],
        )
        for label, interval in zip(labels, intervals, strict=True)
    ]  # fmt: skip


def _labels(scored: ScoredSystems) -> list[str]:
    return [*scored.labels, *scored.references]


def _n_resamples(study: Study) -> int:
    return min(study.n_resamples, MOST_RESAMPLES)


def _by_label(labels: Sequence[str], tested: stats.AllPairs) -> dict[str, dict[str, Json]]:
    letters = tested.letters(labels)
    return {
        label: {"letters": letters[label], "ranks": list(ranks)}
        for label, ranks in zip(labels, tested.ranks(), strict=True)
    }
