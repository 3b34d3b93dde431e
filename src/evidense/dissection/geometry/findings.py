"""Turn jackknifed statistics into findings: one per layer, with its own interval and one that holds for all layers together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64

from evidense.dissection.findings import without_value
from evidense.dissection.geometry.sample import RowSample
from evidense.parts import Case
from evidense.records import Finding, Json
from evidense.stats.jackknife import Jackknifed, jackknife

Statistic = tuple[float, Float64[np.ndarray, " g"]]
"""A statistic of all rows, and its values with each group of rows left out."""
LayerStatistic = tuple[Float64[np.ndarray, " s"], Float64[np.ndarray, "g s"]]
"""The same of several layers: [layer], and [group left out, layer]."""


@dataclass(frozen=True)
class FindingFamily:
    """What the findings of one statistic at several layers have in common."""

    case: Case
    analysis: str
    estimand: str
    unit: str
    site: Mapping[str, Json]
    n: int
    n_clusters: int
    null: float | None = 0.0
    """The value under the null hypothesis of p; None means no test."""
    details: Mapping[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of the family over which the simultaneous intervals hold."""
        where = ", ".join(str(value) for value in self.site.values())
        return f"{self.analysis}: {self.estimand} ({where}), over layers"

    def without_value(self, reason: str, place: Mapping[str, Json] | None = None) -> Finding:
        """Return the finding of a place that has no value; its details give the reason."""
        return without_value(
            self.estimand, self.case.site(self.analysis, **self.site, **_site(place or {})), self.unit, reason, n=self.n,
            n_clusters=self.n_clusters, confidence=self.case.confidence, family=self.name, details=self.details,
        )  # fmt: skip


def findings(
    family: FindingFamily,
    places: Sequence[Mapping[str, Json]],
    whole: Float64[np.ndarray, " s"],
    dropped: Float64[np.ndarray, "g s"],
    sample: RowSample,
) -> list[Finding]:
    """Return one finding per place (layer). A place whose statistic is undefined gets a finding without value."""
    null = family.null or 0.0
    live = np.isfinite(whole) & np.isfinite(dropped).all(axis=0)
    estimates = jackknife(
        whole[live] - null,
        dropped[:, live] - null,
        sample.sizes,
        confidence=family.case.confidence,
        seed=family.case.seed,
    )
    out, index = [], 0
    for place, is_live in zip(places, live, strict=True):
        if not is_live:
            out.append(family.without_value("all rows are equal here, so there is nothing to compare", place))
            continue
        out.append(_finding(family, place, estimates, index))
        index += 1
    return out


def _finding(family: FindingFamily, place: Mapping[str, Json], estimates: Jackknifed, index: int) -> Finding:
    null = family.null or 0.0
    tested = family.null is not None
    together = [float(estimates.together_low[index] + null), float(estimates.together_high[index] + null)]
    return Finding(
        estimand=family.estimand,
        site=family.case.site(family.analysis, **family.site, **_site(place)),
        value=float(estimates.value[index] + null),
        low=float(estimates.low[index] + null),
        high=float(estimates.high[index] + null),
        n=family.n,
        n_clusters=family.n_clusters,
        unit=family.unit,
        confidence=family.case.confidence,
        p=float(estimates.p[index]) if tested else None,
        p_adjusted=float(estimates.p_adjusted[index]) if tested else None,
        test=estimates.test,
        family=family.name,
        details={
            "together": together, "standard_error": float(estimates.standard_error[index]), **family.details, **place.get("details", {})
        },
    )  # fmt: skip


def _site(place: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in place.items() if key != "details"}


def listed(array: Any) -> Json:
    """Return an array as nested lists of plain numbers, with None for values that are not finite."""
    if isinstance(array, np.ndarray):
        return [listed(x) for x in array]
    return round(float(array), 10) if np.isfinite(array) else None
