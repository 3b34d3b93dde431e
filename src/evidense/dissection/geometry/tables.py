"""Turn statistics of every subject's layers into findings: values, changes against the base, and changes over seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from evidense.dissection.geometry.findings import FindingFamily, LayerStatistic, Statistic, findings
from evidense.dissection.geometry.pairing import SubjectPair
from evidense.dissection.geometry.sample import VECTORS, RowSample
from evidense.dissection.geometry.seeds import over_seeds
from evidense.parts import Case
from evidense.records import Finding, Json


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of one layer by name, with optional details by name."""

    statistics: Mapping[str, Statistic]
    details: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True)
class StatisticsTable:
    """The statistics of every subject for one side and pooling; None for a layer without statistics."""

    case: Case
    analysis: str
    seen: RowSample
    site: Mapping[str, Json]
    units: Mapping[str, str]
    rows: Mapping[str, tuple[LayerStatistics | None, ...]]
    """Label → statistics of each layer."""

    def findings(self, pairs: tuple[SubjectPair, ...]) -> Iterator[Finding]:
        """Yield the values of every subject, then the changes of the compared pairs."""
        for name in self.units:
            for subject in self.case.subjects:
                if subject.label in self.rows:
                    yield from self._values(name, subject.label, subject.role)
            for pair in pairs:
                yield from self._change(name, pair)
            yield from self._over_seeds(name, pairs)

    def _values(self, name: str, label: str, role: str) -> list[Finding]:
        whole, dropped = self._of(name, label)
        places = [
            {**place, "details": self._details(name, label, layer)}
            for layer, place in enumerate(self._places(len(whole)))
        ]
        return findings(
            self._family(name, {"subject": label, "role": role}, name, None), places, whole, dropped, self.seen
        )

    def _change(self, name: str, pair: SubjectPair) -> list[Finding]:
        whole, dropped = self._difference(name, pair)
        who = {"subject": pair.other.label, "against": pair.one.label, "role": pair.role}
        return findings(self._family(f"change of {name}", who, name), pair.places, whole, dropped, self.seen)

    def _over_seeds(self, name: str, pairs: tuple[SubjectPair, ...]) -> list[Finding]:
        tunings = [p for p in pairs if p.one is self.case.base and p.other.role in ("tuned", "seed")]
        if len(tunings) < 2 or len({p.n_layers for p in tunings}) > 1:
            return []
        several = [self._difference(name, pair) for pair in tunings]
        who = {"subject": tunings[0].other.label, "against": self.case.base.label, "role": "tuned"}
        family = self._family(f"change of {name} over seeds", who, name)
        changes = (np.stack([w for w, _ in several]), np.stack([d for _, d in several]))
        return over_seeds(family, tunings[0].places, changes, self.seen)

    def _difference(self, name: str, pair: SubjectPair) -> LayerStatistic:
        (a, a_left), (b, b_left) = self._of(name, pair.one.label), self._of(name, pair.other.label)
        before, after = (np.array(rows) for rows in zip(*pair.layers, strict=True))
        return b[after] - a[before], b_left[:, after] - a_left[:, before]

    def _of(self, name: str, label: str) -> LayerStatistic:
        undefined = (np.nan, np.full(len(self.seen.sizes), np.nan))
        values = [undefined if row is None else row.statistics[name] for row in self.rows[label]]
        return np.array([f[0] for f in values]), np.stack([f[1] for f in values], axis=1)

    def _details(self, name: str, label: str, layer: int) -> Mapping[str, Json]:
        row = self.rows[label][layer]
        return {} if row is None else row.details.get(name, {})

    def _places(self, n_layers: int) -> list[dict[str, Json]]:
        return [{}] if self.site.get("pooling") == VECTORS else [{"layer": layer} for layer in range(n_layers)]

    def _family(self, estimand: str, who: Mapping[str, Json], name: str, null: float | None = 0.0) -> FindingFamily:
        details = {"n_equal": self.seen.n_equal}
        n, n_clusters = len(self.seen.rows), self.seen.n_clusters
        return FindingFamily(
            self.case, self.analysis, estimand, self.units[name], {**who, **self.site}, n, n_clusters, null, details
        )
