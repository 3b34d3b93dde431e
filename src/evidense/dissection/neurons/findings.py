"""Turn attributions into findings: how many neurons carry the score, how tuning changed that, and the published count."""

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
    """One subject's attributions for one side."""

    subject: Subject
    modules: tuple[Attribution, ...]

    @property
    def largest(self) -> Float[np.ndarray, " x"]:
        """Return each example's largest strength over all modules; the published threshold is a share of it."""
        return np.asarray(np.stack([module.weight_path.max(axis=1) for module in self.modules]).max(axis=0))

    def n2(self) -> Float64[np.ndarray, "m x"]:
        """Return the effective number of neurons of each module."""
        return np.stack([summaries.hill(module.weight_path, 2) for module in self.modules])


@dataclass(frozen=True, eq=False)
class SideFindings:
    """What the findings of one side have in common, and the makers of findings."""

    case: Case
    side: str
    target: str
    clusters: Int64[np.ndarray, " x"]
    where: Mapping[str, Json]
    """Further keys of the site: negatives, number of candidates."""
    top: float = 0.05
    """Share of neurons that count as the strongest."""

    @property
    def n_clusters(self) -> int:
        """Return the number of independent groups of queries."""
        return len(np.unique(self.clusters))

    def finding(self, estimand: str, site: Mapping[str, Json], numbers: Sequence[float], **more: Json) -> Finding:
        """Return a finding with (value, low, high)."""
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
        """Return estimates whose intervals hold simultaneously over the rows."""
        case, differences = self.case, Differences(rows, self.clusters)
        return simultaneous([differences], confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed)[0]


def of_subject(table: SideFindings, attributions: SubjectAttributions) -> Iterator[Finding]:
    """Yield the findings of one subject by itself."""
    who = {"subject": attributions.subject.label, "role": attributions.subject.role}
    yield _completeness(table, attributions, who)
    summary_rows = [
        (name, table.means(np.stack([of(module.weight_path) for module in attributions.modules])))
        for name, of in (
            ("N1", lambda s: summaries.hill(s, 1)), ("gini", summaries.gini), ("top_mass", lambda s: summaries.top_mass(s, table.top))
        )
    ]  # fmt: skip
    signed = table.means(
        np.stack([summaries.hill(np.abs(module.activation_path), 2) for module in attributions.modules])
    )
    effective = table.means(attributions.n2())
    largest = attributions.largest
    for index, module in enumerate(attributions.modules):
        site = {**who, "layer": module.layer, "module": module.kind}
        details = {
            "name": module.name, "n_neurons": module.weight_path.shape[1], "top_share": table.top,
            **{name: list(rows[index]) for name, rows in summary_rows}, "N2_activation_path": list(signed[index]),
            "lorenz": summaries.lorenz(module.weight_path),
        }  # fmt: skip
        yield table.finding("effective neurons", site, effective[index], unit="neurons (N2)", details=details)
        yield _count(table, module, site, largest)
    yield from _slopes(table, attributions, who)


def _completeness(table: SideFindings, attributions: SubjectAttributions, who: Mapping[str, Json]) -> Finding:
    every = np.stack([module.completeness for module in attributions.modules])
    worst = float(every.max())
    details = {
        "median": float(np.median(every)), "largest": worst, "by_example": every.max(axis=0).tolist(),
        "missed": np.stack([module.missed for module in attributions.modules]).max(axis=0).tolist(),
        "most_nodes": int(max(module.n_nodes.max() for module in attributions.modules)), "n_modules": len(attributions.modules),
        "special_tokens": "included", "token_share": _token_share(attributions),
    }  # fmt: skip
    return table.finding(
        "completeness",
        who,
        (worst, worst, worst),
        unit="share of F(x) − F(x')",
        details=details,
        test="none: all examples, the worst",
    )


def _token_share(attributions: SubjectAttributions) -> Json:
    """Return, per kind of module, the mean share of absolute attribution at the first token, at the last, and in between."""
    shares = {}
    for kind in dict.fromkeys(module.kind for module in attributions.modules):
        texts = [np.abs(t) for module in attributions.modules if module.kind == kind for t in module.tokens]
        rows = [[t[0], t[1:-1].sum(), t[-1]] / t.sum() for t in texts if len(t) > 2 and t.sum() > 0]
        if rows:
            shares[kind] = np.mean(rows, axis=0).tolist()
    return shares


def _count(table: SideFindings, module: Attribution, site: Mapping[str, Json], largest: np.ndarray) -> Finding:
    is_active = summaries.active(module.weight_path, largest, PUBLISHED)
    count = summaries.published_count(is_active)
    half = 1.96 * delete_one_error(summaries.jackknife_counts(is_active, table.clusters))
    sizes = sorted({max(1, round(len(is_active) * part)) for part in (0.1, 0.25, 0.5, 0.75, 1)})
    sweep = {str(t): summaries.published_count(summaries.active(module.weight_path, largest, t)) for t in THRESHOLDS}
    details = {
        "threshold": PUBLISHED, "mean_per_text": float(is_active.sum(axis=1).mean()), "by_threshold": sweep,
        "rarefaction": [[n, x] for n, x in zip(sizes, summaries.rarefied(is_active, sizes), strict=True)],
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


def _slopes(table: SideFindings, attributions: SubjectAttributions, who: Mapping[str, Json]) -> Iterator[Finding]:
    logs = np.log(attributions.n2())
    for kind in dict.fromkeys(module.kind for module in attributions.modules):
        rows = [index for index, module in enumerate(attributions.modules) if module.kind == kind]
        depth = np.array([attributions.modules[index].layer for index in rows], np.float64)
        if len(rows) < 2:
            continue
        depth = (depth - depth.mean()) / ((depth - depth.mean()) ** 2).sum()
        numbers = table.means((depth @ logs[rows])[None])[0]
        yield table.finding("effective neurons slope", {**who, "module": kind}, numbers, unit="ln(N2) a layer")


def of_pair(table: SideFindings, base: SubjectAttributions, other: SubjectAttributions, role: str) -> Iterator[Finding]:
    """Yield the comparison of two subjects: ratios of numbers of neurons, and the neurons that they share."""
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
    ratios, together = table.means(logs), table.together(logs)
    for index, (a, b) in enumerate(zip(base.modules, other.modules, strict=True)):
        site = {**who, "layer": a.layer, "module": a.kind}
        estimate = together[index]
        details = {
            "ratio": [float(np.exp(x)) for x in ratios[index]],
            "together": [estimate.low, estimate.high],
            "standard_error": estimate.standard_error,
        }
        yield table.finding(
            "effective neurons ratio", site, ratios[index], unit="ln(N2 ratio)", p=estimate.p, p_adjusted=estimate.p_adjusted, test=estimate.test,
            family=f"neurons: effective neurons ratio ({', '.join(map(str, who.values()))}, {table.side}), over layers and modules", details=details,
        )  # fmt: skip
        yield _count_ratio(table, (base, other), index, site)
        yield _overlap(table, (a, b), site)


def _count_ratio(
    table: SideFindings, pair: tuple[SubjectAttributions, SubjectAttributions], index: int, site: Mapping[str, Json]
) -> Finding:
    counts, dropped = [], []
    for attributions in pair:
        is_active: Bool[np.ndarray, "x f"] = summaries.active(
            attributions.modules[index].weight_path, attributions.largest, PUBLISHED
        )
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
    settings = OverlapSettings(k, table.case.seed, confidence=table.case.confidence)
    shared = overlap(pair[0].weight_path, pair[1].weight_path, table.clusters, settings)
    details = {"k": k, "n_neurons": shared.n_neurons, "chance": shared.chance}
    return table.finding(
        "neuron overlap", site, (shared.share, shared.low, shared.high), unit="share of k", p=shared.p, details=details,
        test="hypergeometric; interval: bootstrap standard error",
    )  # fmt: skip
