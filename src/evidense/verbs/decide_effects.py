"""Decide effects: Scores of trained cells over seeds → Findings on cells and effects, and Verdicts on them.

A collection is decided as soon as its scores are there: each group of effects is one family with all collections.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Float64

from evidense import measures, registry, stats
from evidense.compute.comparison.decision import RANDOM_EFFECTS, details_of_new
from evidense.compute.comparison.lineup import Cell, Effect, Lineup
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.parts import Evidence
from evidense.records import Finding, Json, Record, Study, Verdict
from evidense.stats import Estimate, Seeded
from evidense.store import Store

_CLAIMS = {"pretraining": "pretraining_adds", "finetuning": "finetuning_adds", "interaction": "they_interact"}


# --- one collection --------------------------------------------------------------------------------------------------


def decide_effects(study: Study, lineup: Lineup, scored: ScoredCells, store: Store) -> list[Record]:
    """Return the Findings and Verdicts of one collection, stored: cell means, effects, and verdicts on the primary measure."""
    records: list[Record] = [
        _cell_mean(study, cell, scored, measure, store) for measure in study.measures for cell in lineup.cells
    ]
    for measure in study.measures:
        for family in lineup.families:
            records += _decided(study, _At(lineup, scored, measure), family, store)
    for record in records:
        store.put(record)
    return records


@dataclass(frozen=True)
class _At:
    """Where a family of effects is looked at."""

    lineup: Lineup
    scored: ScoredCells
    measure: str

    def cells(self, family: Sequence[Effect], store: Store) -> tuple[list[str], Float64[np.ndarray, "c s q"]]:
        """Return the names and values of the cells of a family; what is the same in all seeds is repeated."""
        wanted = [cell for cell in self.lineup.cells if any(cell.name in effect.weights for effect in family)]
        rows = [self.scored.values(cell.labels, self.measure, store) for cell in wanted]
        n = max(len(row) for row in rows)
        return [c.name for c in wanted], np.stack([np.broadcast_to(row, (n, row.shape[1])) for row in rows])

    def seeded(self, family: Sequence[Effect], store: Store) -> Seeded:
        """Return the contrasts of a family."""
        names, values = self.cells(family, store)
        weights = _weights(family, names)
        bounds = stats.Bounds.weighted(weights, measures.limits(self.measure), values.shape[2])
        return Seeded(stats.contrasts(values, weights), self.scored.clusters, bounds)

    def parents(self, study: Study, effect: Effect) -> tuple[str, ...]:
        """Return the study and the scores that an effect rests on."""
        labels = [label for cell in self.lineup.cells if cell.name in effect.weights for label in cell.labels]
        return (study.id, *(self.scored.scores[label, self.measure].id for label in labels))


def _weights(family: Sequence[Effect], names: Sequence[str]) -> Float64[np.ndarray, "k c"]:
    return np.array([[effect.weights.get(name, 0.0) for name in names] for effect in family], np.float64)


def _estimates(study: Study, one: Seeded, at: int, n_collections: int) -> list[Estimate]:
    return stats.seeded([one], confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, first=at,
                        n_collections=n_collections)[0]  # fmt: skip


def _decided(study: Study, at: _At, family: Sequence[Effect], store: Store) -> list[Record]:
    is_primary = at.measure == study.primary
    one = at.seeded(family, store)
    estimates = _estimates(study, one, at.scored.index, at.scored.n_collections if is_primary else 1)
    logits = _logits(study, at, family, store)
    means = [_sides(effect, *at.cells(family, store)) for effect in family]
    records: list[Record] = []
    for k, (effect, estimate) in enumerate(zip(family, estimates, strict=True)):
        finding = _finding(study, at, effect, (one, k), estimate)
        if effect.name in logits:
            e = logits[effect.name]
            shown = {"value": e.effect, "low": e.low, "high": e.high}
            finding = replace(finding, details={**finding.details, "logit": shown})
        if is_primary:
            finding = replace(finding, p=estimate.p, p_adjusted=estimate.p_adjusted, family=_family(study, family, at.scored.n_collections))  # fmt: skip
            records.append(_verdict(study, effect, (estimate, logits.get(effect.name)), finding, means[k]))
        records.append(finding)
    return records


def _logits(study: Study, at: _At, family: Sequence[Effect], store: Store) -> dict[str, Estimate]:
    """Return the interaction on logits of the cells' means, where the measure is a share."""
    names, values = at.cells(family, store)
    if family[0].group != "factorial" or not measures.is_share(at.measure):
        return {}
    one = Seeded(stats.logit_contrasts(values, _weights(family, names)), at.scored.clusters)
    n = at.scored.n_collections if at.measure == study.primary else 1
    found = dict(zip((e.name for e in family), _estimates(study, one, at.scored.index, n), strict=True))
    return {name: e for name, e in found.items() if name == "interaction"}


def _finding(study: Study, at: _At, effect: Effect, row: tuple[Seeded, int], e: Estimate) -> Finding:
    one, k = row
    details = _details(one.values[k].mean(axis=1), e) | {
        "seed_sd": (v := stats.variances(Seeded(one.values[k : k + 1], one.clusters))[0]).seed_sd,
        "query_se": v.query_se,
        **({"start": effect.start} if effect.start else {}),
    }
    return Finding(
        parents=at.parents(study, effect), estimand="effect", value=e.effect, low=e.low, high=e.high, n=e.n,
        site={"effect": effect.name, "group": effect.group, **at.scored.site(effect.name, at.measure)},
        n_clusters=e.n_clusters, unit=at.measure, confidence=study.confidence, test=e.test,
        family="none: shown for reading, no verdict", details=details,
    )  # fmt: skip


def _details(by_seed: Float64[np.ndarray, " s"], e: Estimate) -> dict[str, Json]:
    return {
        "seeds": [float(x) for x in by_seed], "n_seeds": e.n_seeds, "standard_error": e.standard_error, "win": e.win, "tie": e.tie,
        "loss": e.loss, "probability_of_improvement": e.probability_of_improvement, "d_z": e.d_z,
        **({"effective_queries": e.n_clusters} if e.is_overlapping else {}),
    }  # fmt: skip


def _family(study: Study, family: Sequence[Effect], n_collections: int) -> str:
    effects = f"{len(family)} {family[0].group} effect{'s' * (len(family) != 1)}"
    where = f"{n_collections} collection{'s' * (n_collections != 1)}"
    return f"{len(family) * n_collections} intervals: {effects} × {where}, over seeds and queries, on {study.primary}"


def _sides(effect: Effect, names: Sequence[str], values: Float64[np.ndarray, "c s q"]) -> tuple[float, float]:
    """Return the mean of the cells that an effect is measured against, and of those that it speaks for."""
    means = dict(zip(names, values.mean(axis=(1, 2)).tolist(), strict=True))
    sides = [[means[cell] for cell, weight in effect.weights.items() if weight * sign > 0] for sign in (-1, 1)]
    return float(np.mean(sides[0])), float(np.mean(sides[1]))


def _verdict(
    study: Study, effect: Effect, found: tuple[Estimate, Estimate | None], finding: Finding, means: tuple[float, float]
) -> Verdict:
    e, logit = found
    margin = _margin(study, effect)
    claim, word, reason = _word(effect, Evidence(e, margin, logit))
    if word == "UNDECIDED" and (few := stats.few_seeds(e.n_seeds)):
        reason = f"{reason}; {few}"
    where = str(finding.site.get("collection") or _named_mean(finding))
    return Verdict(
        parents=(study.id, finding.id), claim=claim, verdict=word, system=effect.name, baseline=effect.against,
        collection=where, measure=study.primary, effect=e.effect, low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters,
        margin=margin, base_mean=means[0], system_mean=means[1], reason=reason,
        details={"group": effect.group, "role": finding.site["role"], "direction": finding.site["direction"],
                 "p_adjusted": e.p_adjusted, **{k: finding.details[k] for k in ("win", "tie", "loss", "n_seeds")}},
    )  # fmt: skip


def _margin(study: Study, effect: Effect) -> float:
    """Return the margin of an effect: of the interaction, a difference of two gains with twice their standard error, twice the study's."""
    return 2 * study.margin if effect.name == "interaction" else study.margin


def _word(effect: Effect, evidence: Evidence) -> tuple[str, str, str]:
    """Return claim, word and reason: a claim's of the three effects, a comparison's of the others."""
    if effect.group == "factorial":
        claim = _CLAIMS[effect.name]
        decision = registry.part("claims", claim).decide(evidence)
        return claim, decision.verdict, decision.reason
    e, word = evidence.estimate, stats.label(evidence.estimate, evidence.margin)
    reasons = {
        "IDENTICAL": "every query has the same value in every seed", "SAME": f"the interval lies within ±{evidence.margin:g}",
        "HELPS": "the interval lies above 0", "HARMS": "the interval lies below 0",
        "UNDECIDED": f"could hide a loss of {e.rules_out_loss_above:.3f} and a gain of {e.rules_out_gain_above:.3f}",
    }  # fmt: skip
    return "helps", word, stats.too_few(e.n_clusters) or reasons[word]


def _cell_mean(study: Study, cell: Cell, scored: ScoredCells, measure: str, store: Store) -> Finding:
    """Return the absolute value of a cell, over seeds and queries."""
    values, clusters = scored.values(cell.labels, measure, store), scored.clusters
    bounds = stats.Bounds.constant(measures.limits(measure), (1, values.shape[1]))
    if len(cell.labels) == 1:
        value, low, high = stats.mean_interval(
            values[0], clusters, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, bounds=bounds
        )  # fmt: skip
    else:
        e = _estimates(study, Seeded(values[None], clusters, bounds), scored.index, 1)[0]
        value, low, high = e.effect, e.low, e.high
    duplicates = scored.near_duplicates.get(cell.name)
    return Finding(
        parents=tuple(scored.scores[label, measure].id for label in cell.labels), estimand="cell mean", value=value, low=low,
        high=high, n=values.shape[1], n_clusters=stats.effective(clusters), unit=measure, confidence=study.confidence,
        site={"cell": cell.name, **scored.site(cell.name, measure)}, test="over seeds and queries" if len(values) > 1 else "cluster bootstrap",
        details={"seeds": [float(x) for x in values.mean(axis=1)], "n_seeds": len(values),
                 **({"near_duplicates": dict(duplicates)} if duplicates is not None else {})},
    )  # fmt: skip


# --- several collections ---------------------------------------------------------------------------------------------


def decide_effects_over(study: Study, lineup: Lineup, places: CollectionSet, store: Store) -> list[Record]:
    """Return the Findings and Verdicts that speak of several collections together, stored.

    Means over *these* collections: all, those of one role, those of one direction. From five independent families of collections on also
    random effects, which take them as independent although they share the seeds: what a new one would show, with these seeds.
    """
    records: list[Record] = []
    for family in lineup.families:
        for some in _selections(family, places):
            records += _over(study, lineup, family, some, store)
    for record in records:
        store.put(record)
    return records


def _selections(family: Sequence[Effect], every: CollectionSet) -> list[CollectionSet]:
    """Return all collections, those of each role, those of each direction; at least two each, none twice.

    Arms differ in what is home to them, so they have no roles in common.
    """
    places = list(every.members)
    found = [("all", "all", places)]
    if family[0].group != "arm":
        found += [
            (role, "all", [p for p in places if p.role == role])
            for role in dict.fromkeys(p.role for p in places)
            if role
        ]
    found += [("all", d, [p for p in places if p.direction == d]) for d in dict.fromkeys(p.direction for p in places)]
    sizes = [len(p.collection.query_ids) for p in places]
    return [CollectionSet(some, every.sharing.of([places.index(p) for p in some], sizes), role, direction)
            for n, (role, direction, some) in enumerate(found) if len(some) > 1 and (n == 0 or len(some) < len(places))]  # fmt: skip


def _over(study: Study, lineup: Lineup, family: Sequence[Effect], some: CollectionSet, store: Store) -> list[Record]:
    ats = [_At(lineup, scored, study.primary) for scored in some.members]
    tables = [at.seeded(family, store) for at in ats]
    over = _mean(study, tables, some.sharing)
    logits = _logits_over(study, ats, family, (some.sharing, store))
    records: list[Record] = []
    for k, (effect, e) in enumerate(zip(family, over, strict=True)):
        by_seed = np.mean([table.values[k].mean(axis=1) for table in tables], axis=0)
        finding = _pooled(study, ats, effect, some, (e, by_seed))
        means = np.mean([_sides(effect, *at.cells(family, store)) for at in ats], axis=0)
        records += [
            finding,
            _verdict(study, effect, (e, logits.get(effect.name)), finding, (float(means[0]), float(means[1]))),
        ]
        if (
            some.role == some.direction == "all"
            and (new := _random_effects(study, ats, effect, ([t.row(k) for t in tables], some.sharing))) is not None
        ):
            records.append(new)
    return records


def _mean(study: Study, tables: Sequence[Seeded], sharing: stats.Sharing) -> list[Estimate]:
    return stats.seeded_mean_over(
        tables, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, sharing=sharing
    )


def _of_family(study: Study, rows: Sequence[Seeded], places: tuple[int, ...], sharing: stats.Sharing) -> Estimate:
    return _mean(study, [rows[at] for at in places], sharing)[0]


def _logits_over(
    study: Study, ats: Sequence[_At], family: Sequence[Effect], where: tuple[stats.Sharing, Store]
) -> dict[str, Estimate]:
    if family[0].group != "factorial" or not measures.is_share(study.primary):
        return {}
    tables, (sharing, store) = [], where
    for at in ats:
        names, values = at.cells(family, store)
        tables.append(Seeded(stats.logit_contrasts(values, _weights(family, names)), at.scored.clusters))
    over = _mean(study, tables, sharing)
    return {effect.name: e for effect, e in zip(family, over, strict=True) if effect.name == "interaction"}


def _pooled(
    study: Study,
    ats: Sequence[_At],
    effect: Effect,
    some: CollectionSet,
    found: tuple[Estimate, Float64[np.ndarray, " s"]],
) -> Finding:
    (e, by_seed), n = found, len(ats)
    return Finding(
        parents=tuple(dict.fromkeys(p for at in ats for p in at.parents(study, effect))), estimand="effect, mean over collections",
        site=_pooled_site(study, ats, effect, some), value=e.effect, low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters,
        unit=study.primary, confidence=study.confidence, p=e.p, p_adjusted=e.p_adjusted, test=e.test,
        family=f"the mean over these {n} collections, {effect.group} effects, over seeds and queries, on {study.primary}",
        details=_details(by_seed, e),
    )  # fmt: skip


def _pooled_site(study: Study, ats: Sequence[_At], effect: Effect, some: CollectionSet) -> dict[str, Json]:
    names = [at.scored.collection.name for at in ats]
    return {"effect": effect.name, "group": effect.group, "collections": names, "measure": study.primary, "role": some.role,
            "direction": some.direction}  # fmt: skip


def _named_mean(finding: Finding) -> str:
    """Return what stands where a verdict names its collection; always with their number, never 'in general'."""
    kind = " ".join(str(finding.site[key]) for key in ("role", "direction") if finding.site[key] != "all")
    return f"mean of these {len(finding.site['collections'])}{f' {kind}' if kind else ''} collections"


def _random_effects(
    study: Study, ats: Sequence[_At], effect: Effect, what: tuple[Sequence[Seeded], stats.Sharing]
) -> Finding | None:
    """What a new collection like these would show; None where fewer than five independent families say anything."""
    (rows, sharing), bounds = what, [one.bounds.mean(0) for one in what[0] if one.bounds]
    differences = [one.over_seeds() for one in rows]
    found = stats.new_collection(differences, sharing, partial(_of_family, study, rows), study.confidence)
    if found is None:
        return None
    found = found.within(min(low for low, _ in bounds), max(high for _, high in bounds))
    pooled, names = found.pooled, [at.scored.collection.name for at in ats]
    return Finding(
        parents=tuple(dict.fromkeys(p for at in ats for p in at.parents(study, effect))), estimand="effect, random effects",
        site=_pooled_site(study, ats, effect, CollectionSet([], sharing)), value=pooled.effect, low=pooled.low, high=pooled.high,
        n=found.n, n_clusters=found.n_clusters, unit=study.primary, confidence=study.confidence,
        test=RANDOM_EFFECTS, family="none: one estimate an effect",
        details={**details_of_new(found, names), "n_seeds": rows[0].n_seeds},
    )  # fmt: skip
