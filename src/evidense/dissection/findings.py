"""Turn per-query values of every layer into findings, each with its own interval and one that holds over all layers together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from evidense.parts import Case
from evidense.records import Finding, Json
from evidense.stats import Differences, mean_intervals, simultaneous, wilson

ALONE = "studentised cluster bootstrap"


@dataclass(frozen=True)
class IntervalSettings:
    """Confidence, number of resamples and seed of the intervals."""

    confidence: float = 0.95
    n_resamples: int = 10_000
    seed: int = 0

    @classmethod
    def of(cls, case: Case) -> "IntervalSettings":
        """Return the settings of a case."""
        return cls(case.confidence, case.n_resamples, case.seed)


@dataclass(frozen=True)
class Series:
    """One estimand at several sites: one row of per-query values per site. The sites form one family of tests."""

    estimand: str
    unit: str
    values: Float64[np.ndarray, "l n"]
    clusters: Int64[np.ndarray, " n"]
    sites: Sequence[Mapping[str, Json]]
    null: float = 0.0
    """The tested null hypothesis: the mean equals this."""
    details: Sequence[Mapping[str, Json]] = ()
    beside: Mapping[str, Float64[np.ndarray, "l n"]] = field(default_factory=dict)
    """Further per-query values by name; their mean, low and high go into the details under that name."""
    unsolved: Mapping[int, str] = field(default_factory=dict)
    """Row → the reason why it has no value."""


def findings(case: Case, series: Series, family: str) -> list[Finding]:
    """Return one finding per row. The p-value and the interval `together` are simultaneous over the rows by max-T."""
    live = [index for index in range(len(series.values)) if index not in series.unsolved]
    out: dict[int, Finding] = {row: _unsolved(series, row) for row in series.unsolved}
    if live:
        values = series.values[live]
        stacked = np.concatenate([values, *(more[live] for more in series.beside.values())])
        alone = mean_intervals(
            stacked, series.clusters, confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed
        )
        tested = Differences(values - series.null, series.clusters)
        joint = simultaneous([tested], confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed)[0]
        for row, (index, estimate) in enumerate(zip(live, joint, strict=True)):
            value, low, high = alone[row]
            if series.estimand == "accuracy":
                low, high = _on_scale((value, low, high), estimate.n_clusters, case.confidence)
            together = [estimate.low + series.null, estimate.high + series.null]
            beside = {name: list(alone[row + len(live) * (i + 1)]) for i, name in enumerate(series.beside)}
            details = {**(series.details[index] if series.details else {}), **beside, "together": together}
            if series.null == 0:
                details |= {"d_z": estimate.d_z, "win": estimate.win, "tie": estimate.tie, "loss": estimate.loss}
            out[index] = Finding(
                estimand=series.estimand, site=dict(series.sites[index]), value=value, low=low, high=high, n=estimate.n,
                n_clusters=estimate.n_clusters, unit=series.unit, confidence=case.confidence, p=estimate.p, p_adjusted=estimate.p_adjusted,
                test=f"interval: {ALONE}; p that the mean is not {series.null:g}: {estimate.test}, max-T over {len(live)} layers",
                family=family, details=details,
            )  # fmt: skip
    return [out[index] for index in sorted(out)]


def _on_scale(numbers: tuple[float, float, float], n_clusters: int, confidence: float) -> tuple[float, float]:
    """Clip an accuracy's interval to 0 … 1. If all queries are right or all are wrong, use Wilson's interval of that many groups."""
    value, low, high = numbers
    if value in (0.0, 1.0):
        ends = wilson(np.array([value]), n_clusters, confidence=confidence)
        low, high = float(ends[0][0]), float(ends[1][0])
    return max(0.0, low), min(1.0, high)


def _unsolved(series: Series, row: int) -> Finding:
    details = series.details[row] if series.details else {}
    return without_value(series.estimand, series.sites[row], series.unit, series.unsolved[row], details=details)


def without_value(estimand: str, site: Mapping[str, Json], unit: str, reason: str, **fields: Any) -> Finding:
    """Return a finding that has no value; its details give the `reason`.

    `fields` are further fields of the Finding, as `details`; `n` and `n_clusters` are 0 unless given.

    >>> finding = without_value("accuracy", {"layer": 3}, "accuracy", "the states are not finite")
    >>> finding.value, finding.n, finding.details
    (None, 0, {'reason': 'the states are not finite'})
    """
    fields = {"n": 0, "n_clusters": 0, **fields, "details": {**fields.get("details", {}), "reason": reason}}
    return Finding(estimand=estimand, site=dict(site), unit=unit, value=None, low=None, high=None, **fields)
