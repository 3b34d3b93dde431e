"""From attributions to findings: how many neurons carry the score, what tuning changed in that, and what the published count says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from evidense.dissection.attribution.attribute import Attribution
from evidense.dissection.findings import without_value
from evidense.dissection.neurons import concentration as summaries
from evidense.dissection.neurons.overlap import OverlapSettings, overlap
from evidense.parts import Case, Subject
from evidense.records import Finding, Json
from evidense.stats import Differences, Estimate, mean_intervals, simultaneous
from evidense.stats.jackknife import delete_one_error

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2)
PUBLISHED = 0.1


@dataclass(frozen=True, eq=False)
class SubjectAttributions:
    """One subject's attributions of one side."""

    subject: Subject
    modules: tuple[Attribution, ...]

    @property
    def largest(self) -> Float[np.ndarray, " x"]:
        """Each example's strongest neuron over all modules: what the published threshold is a share of."""
        return np.asarray(np.stack([one.weight_path.max(axis=1) for one in self.modules]).max(axis=0))

    def n2(self) -> Float64[np.ndarray, "m x"]:
        """Effective number of neurons of each module."""
        return np.stack([summaries.hill(one.weight_path, 2) for one in self.modules])


@dataclass(frozen=True, eq=False)
class SideFindings:
    """What the findings of one side share."""

    case: Case
    side: str
    target: str
    clusters: Int64[np.ndarray, " x"]
    where: Mapping[str, Json]
    """Negatives, number of candidates: more keys of the site."""
    top: float = 0.05
    """Share of neurons that is called the strongest."""

    @property
    def n_clusters(self) -> int:
        """Independent groups of queries."""
        return len(np.unique(self.clusters))

    def finding(self, estimand: str, site: Mapping[str, Json], numbers: Sequence[float], **more: Json) -> Finding:
        """Return a finding of value, low, high."""
        value, low, high = (float(x) for x in numbers)
        more.setdefault("test", "cluster bootstrap")
        return Finding(
            estimand=estimand, site=self.case.site("neurons", side=self.side, target=self.target, **self.where, **site), value=value,
            low=low, high=high, n=len(self.clusters), n_clusters=self.n_clusters, confidence=self.case.confidence, **more,
        )  # fmt: skip

    def without_value(self, estimand: str, site: Mapping[str, Json], reason: str) -> Finding:
        """Return a finding that has no value; its details give the reason."""
        where = self.case.site("neurons", side=self.side, target=self.target, **self.where, **site)
        return without_value(estimand, where, "", reason)

    def means(self, rows: Float64[np.ndarray, "m x"]) -> list[tuple[float, float, float]]:
        """Return mean, low, high of each row."""
        case = self.case
        return mean_intervals(
            rows, self.clusters, confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed
        )

    def together(self, rows: Float64[np.ndarray, "m x"]) -> list[Estimate]:
        """Return estimates that hold together over the rows."""
        case, one = self.case, Differences(rows, self.clusters)
        return simultaneous([one], confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed)[0]


def of_subject(table: SideFindings, seen: SubjectAttributions) -> Iterator[Finding]:
    """Findings of one subject alone."""
    who = {"subject": seen.subject.label, "role": seen.subject.role}
    yield _completeness(table, seen, who)
    more = [
        (name, table.means(np.stack([of(one.weight_path) for one in seen.modules])))
        for name, of in (
            ("N1", lambda s: summaries.hill(s, 1)), ("gini", summaries.gini), ("top_mass", lambda s: summaries.top_mass(s, table.top))
        )
    ]  # fmt: skip
    signed = table.means(np.stack([summaries.hill(np.abs(one.activation_path), 2) for one in seen.modules]))
    effective = table.means(seen.n2())
    largest = seen.largest
    for at, one in enumerate(seen.modules):
        site = {**who, "layer": one.layer, "module": one.kind}
        details = {
            "name": one.name, "n_neurons": one.weight_path.shape[1], "top_share": table.top,
            **{name: list(rows[at]) for name, rows in more}, "N2_activation_path": list(signed[at]),
            "lorenz": summaries.lorenz(one.weight_path),
        }  # fmt: skip
        yield table.finding("effective neurons", site, effective[at], unit="neurons (N2)", details=details)
        yield _count(table, one, site, largest)
    yield from _slopes(table, seen, who)


def _completeness(table: SideFindings, seen: SubjectAttributions, who: Mapping[str, Json]) -> Finding:
    every = np.stack([one.completeness for one in seen.modules])
    worst = float(every.max())
    details = {
        "median": float(np.median(every)), "largest": worst, "by_example": every.max(axis=0).tolist(),
        "missed": np.stack([one.missed for one in seen.modules]).max(axis=0).tolist(),
        "most_nodes": int(max(one.n_nodes.max() for one in seen.modules)), "n_modules": len(seen.modules),
        "special_tokens": "included", "token_share": _token_share(seen),
    }  # fmt: skip
    return table.finding(
        "completeness",
        who,
        (worst, worst, worst),
        unit="share of F(x) − F(x')",
        details=details,
        test="none: all examples, the worst",
    )


def _token_share(seen: SubjectAttributions) -> Json:
    """Share of the absolute attribution at the first token, between, and at the last, by module kind: mean over texts."""
    found = {}
    for kind in dict.fromkeys(one.kind for one in seen.modules):
        texts = [np.abs(t) for one in seen.modules if one.kind == kind for t in one.tokens]
        rows = [[t[0], t[1:-1].sum(), t[-1]] / t.sum() for t in texts if len(t) > 2 and t.sum() > 0]
        if rows:
            found[kind] = np.mean(rows, axis=0).tolist()
    return found


def _count(table: SideFindings, one: Attribution, site: Mapping[str, Json], largest: np.ndarray) -> Finding:
    seen = summaries.active(one.weight_path, largest, PUBLISHED)
    count = summaries.published_count(seen)
    half = 1.96 * delete_one_error(summaries.jackknife_counts(seen, table.clusters))
    sizes = sorted({max(1, round(len(seen) * part)) for part in (0.1, 0.25, 0.5, 0.75, 1)})
    sweep = {str(t): summaries.published_count(summaries.active(one.weight_path, largest, t)) for t in THRESHOLDS}
    details = {
        "threshold": PUBLISHED, "mean_per_text": float(seen.sum(axis=1).mean()), "by_threshold": sweep,
        "rarefaction": [[n, x] for n, x in zip(sizes, summaries.rarefied(seen, sizes), strict=True)],
        "note": "neurons above the threshold in at least one text: grows with the texts and falls with the single strongest neuron",
    }  # fmt: skip
    return table.finding(
        "published count",
        site,
        (count, max(0.0, count - half), count + half),
        unit="neurons",
        details=details,
        test="delete-one-cluster jackknife",
    )


def _slopes(table: SideFindings, seen: SubjectAttributions, who: Mapping[str, Json]) -> Iterator[Finding]:
    logs = np.log(seen.n2())
    for kind in dict.fromkeys(one.kind for one in seen.modules):
        rows = [at for at, one in enumerate(seen.modules) if one.kind == kind]
        depth = np.array([seen.modules[at].layer for at in rows], np.float64)
        if len(rows) < 2:
            continue
        depth = (depth - depth.mean()) / ((depth - depth.mean()) ** 2).sum()
        numbers = table.means((depth @ logs[rows])[None])[0]
        yield table.finding("effective neurons slope", {**who, "module": kind}, numbers, unit="ln(N2) a layer")


def of_pair(table: SideFindings, base: SubjectAttributions, other: SubjectAttributions, role: str) -> Iterator[Finding]:
    """What one subject has beside another: ratios of numbers of neurons, and the neurons that they share."""
    who = {"subject": other.subject.label, "role": role, "against": base.subject.label}
    same = [(a.layer, a.kind, a.weight_path.shape[1]) for a in base.modules] == [
        (b.layer, b.kind, b.weight_path.shape[1]) for b in other.modules
    ]
    if not same:
        yield table.without_value(
            "effective neurons ratio",
            who,
            "the encoders differ in depth or in the width of these modules, so neurons and their numbers cannot be compared",
        )
        return
    logs = np.log(other.n2()) - np.log(base.n2())
    own, together = table.means(logs), table.together(logs)
    for at, (a, b) in enumerate(zip(base.modules, other.modules, strict=True)):
        site = {**who, "layer": a.layer, "module": a.kind}
        one = together[at]
        details = {
            "ratio": [float(np.exp(x)) for x in own[at]],
            "together": [one.low, one.high],
            "standard_error": one.standard_error,
        }
        yield table.finding(
            "effective neurons ratio", site, own[at], unit="ln(N2 ratio)", p=one.p, p_adjusted=one.p_adjusted, test=one.test,
            family=f"neurons: effective neurons ratio ({', '.join(map(str, who.values()))}, {table.side}), over layers and modules", details=details,
        )  # fmt: skip
        yield _count_ratio(table, (base, other), at, site)
        yield _overlap(table, (a, b), site)


def _count_ratio(
    table: SideFindings, pair: tuple[SubjectAttributions, SubjectAttributions], at: int, site: Mapping[str, Json]
) -> Finding:
    counts, dropped = [], []
    for seen in pair:
        is_active: Bool[np.ndarray, "x f"] = summaries.active(seen.modules[at].weight_path, seen.largest, PUBLISHED)
        counts.append(summaries.published_count(is_active))
        dropped.append(summaries.jackknife_counts(is_active, table.clusters))
    if min(counts) == 0 or min(d.min() for d in dropped) == 0:
        return table.without_value(
            "published count ratio",
            site,
            f"the counts are {counts[0]} and {counts[1]}: a ratio of nothing is undefined",
        )
    value = float(np.log(counts[1] / counts[0]))
    half = 1.96 * delete_one_error(np.log(dropped[1] / dropped[0]))
    details = {"counts": counts, "threshold": PUBLISHED}
    return table.finding(
        "published count ratio",
        site,
        (value, value - half, value + half),
        unit="ln(count ratio)",
        details=details,
        test="delete-one-cluster jackknife",
    )


def _overlap(table: SideFindings, pair: tuple[Attribution, Attribution], site: Mapping[str, Json]) -> Finding:
    k = max(1, round(table.top * pair[0].weight_path.shape[1]))
    how = OverlapSettings(k, table.case.seed, confidence=table.case.confidence)
    found = overlap(pair[0].weight_path, pair[1].weight_path, table.clusters, how)
    details = {"k": k, "n_neurons": found.n_neurons, "chance": found.chance}
    return table.finding(
        "neuron overlap", site, (found.share, found.low, found.high), unit="share of k", p=found.p, details=details,
        test="hypergeometric; interval: bootstrap standard error",
    )  # fmt: skip
