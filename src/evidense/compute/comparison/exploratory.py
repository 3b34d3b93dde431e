"""Exploratory differences: each has an interval of its own, and no p-value, family or verdict."""

import numpy as np

from evidense import stats
from evidense.compute.comparison.scored import ScoredSystems, SystemComparison
from evidense.compute.comparison.slices import Slice
from evidense.records import Finding, Json, Study
from evidense.stats.critical import steady_draws
from evidense.store import Store

Interval = tuple[float, float, float]
"""Mean, low and high."""


def other_measures(study: Study, scored: ScoredSystems, store: Store) -> list[Finding]:
    """Return the differences on the measures that get no verdict, each with an interval of its own."""
    others = [measure for measure in scored.measures if measure != study.primary]
    if not others:
        return []
    tables = [scored.differences(measure, store) for measure in others]
    values = np.concatenate([table.values for table in tables])
    bounds = stats.Bounds.stacked([table.bounds for table in tables if table.bounds])
    by_seed = tuple(differences for table in tables for differences in table.by_seed)
    rows = stats.Differences(values, scored.clusters, bounds, by_seed=by_seed)
    comparisons = [
        SystemComparison(study, scored, index, measure) for measure in others for index in range(len(scored.labels) - 1)
    ]
    return [
        _plain_difference(comparison, rows.row(row), interval)
        for row, (comparison, interval) in enumerate(zip(comparisons, _difference_intervals(study, rows), strict=True))
    ]


def exploratory_slice(study: Study, scored: ScoredSystems, part: Slice) -> list[Finding]:
    """Return the differences of every system on one slice that the study did not name beforehand."""
    return [
        _plain_difference(
            SystemComparison(study, scored, index, study.primary), part.differences.row(index), interval, part.site
        )
        for index, interval in enumerate(_difference_intervals(study, part.differences))
    ]


def _plain_difference(
    comparison: SystemComparison, row: stats.Differences, interval: Interval, slice_site: dict[str, Json] | None = None
) -> Finding:
    """Return a difference with an interval of its own: no p-value, no family, no verdict."""
    (mean, low, high), measure, n = interval, comparison.measure, row.n_queries
    win, loss = int((row.values > 0).sum()), int((row.values < 0).sum())
    return Finding(
        parents=comparison.parents, estimand="slice" if slice_site else "difference", site=comparison.site(**slice_site or {}),
        value=mean, low=low, high=high, n=n, n_clusters=row.n_clusters, unit=measure, confidence=comparison.study.confidence,
        test=interval_test(row.n_seeds(0)), family="none: exploratory" if slice_site else "none: shown for reading, no verdict",
        details={"win": win, "tie": n - win - loss, "loss": loss, **comparison.seeds},
    )  # fmt: skip


def _difference_intervals(study: Study, rows: stats.Differences) -> list[Interval]:
    """Return the mean and interval of each row of differences; no interval where all are 0 in enough groups (IDENTICAL)."""
    is_identical = ~np.any(rows.values != 0, axis=1) & (not stats.too_few(rows.n_clusters))
    intervals = intervals_of(study, rows)
    return [(0.0, 0.0, 0.0) if same else interval for same, interval in zip(is_identical, intervals, strict=True)]


def intervals_of(study: Study, rows: stats.Differences) -> list[Interval]:
    """Return the mean of each row with an interval of its own, from one set of resamples.

    It is a family of its own, so it needs no more draws than one collection, whatever the study's family needs.
    """
    n_resamples = min(study.n_resamples, steady_draws(1, 1 - study.confidence))
    intervals = stats.mean_intervals(
        rows.values, rows.clusters, confidence=study.confidence, n_resamples=n_resamples, seed=study.seed,
        bounds=rows.bounds,
    )  # fmt: skip
    return [
        _over_seeds(study, rows.row(j), n_resamples) if rows.n_seeds(j) > 1 else interval
        for j, interval in enumerate(intervals)
    ]


def _over_seeds(study: Study, row: stats.Differences, n_resamples: int) -> Interval:
    (estimate,) = stats.simultaneous_over_seeds(
        row, confidence=study.confidence, n_resamples=n_resamples, seed=study.seed
    )
    return estimate.effect, estimate.low, estimate.high


def interval_test(n_seeds: int) -> str:
    """Name what an interval that stands alone comes from."""
    return "over seeds and queries" if n_seeds > 1 else "cluster bootstrap"
