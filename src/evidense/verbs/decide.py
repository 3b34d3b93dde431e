"""Decide: Scores of several systems → Findings with intervals, and Verdicts by the rule.

A collection is decided as soon as its scores are there: the family (all collections × systems) is known beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float64

from evidense import measures, registry, stats
from evidense.compute.comparison.decision import RANDOM_EFFECTS, details_of, details_of_new, reason_of
from evidense.compute.comparison.excerpts import PairedResults, excerpts
from evidense.compute.comparison.grouping import COMPONENTS, QUERIES, grouping_of
from evidense.compute.comparison.scored import ScoredSystems
from evidense.compute.comparison.slices import columns_of, slices
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.rankings import load_lists
from evidense.compute.search.scoring import judges_negatives
from evidense.parts import Evidence, LiteratureClaim
from evidense.records import Finding, Json, Record, Study, Verdict
from evidense.store import Store
from evidense.training.data.traps import traps_of

ASSERTED = {"HELPS": "helps", "HARMS": "harms", "SAME": "same", "IDENTICAL": "same", "UNDECIDED": "helps"}
"""The claim whose sentence a label asserts (UNDECIDED leaves the question that everybody asks)."""


def decide_collection(study: Study, scored: ScoredSystems, store: Store) -> list[Record]:
    """Return the Findings and Verdicts of one collection, stored.

    Raises:
        UnknownName: the study names a claim or a slice that does not exist.
    """
    differences = scored.differences(study.primary, store)
    estimates = simultaneous(study, differences, scored.index, scored.n_collections)
    shared = _shared(study, scored, differences, estimates)
    findings = [
        _difference(study, scored, at, found, store) for at, found in enumerate(zip(estimates, shared, strict=True))
    ]
    verdicts = [v for at, e in enumerate(estimates) for v in _verdicts(study, scored, at, (e, findings[at]))]
    rest = [*_means(study, scored, store), *_other_measures(study, scored, store), *_slices(study, scored, store)]
    records: list[Record] = [*findings, *rest, *verdicts]
    for record in records:
        store.put(record)
    return records


def decide_over(
    study: Study, all_scored: Sequence[ScoredSystems], sharing: stats.Sharing, store: Store
) -> list[Record]:
    """Return the Findings that speak of several collections together, stored; `sharing` says what these have in common."""
    if len(all_scored) < 2:
        return []
    family, limits = [scored.differences(study.primary, store) for scored in all_scored], measures.limits(study.primary)
    over = _over(study, family, sharing)
    records: list[Record] = [_mean_over(study, all_scored, at, e) for at, e in enumerate(over)]
    for at in range(len(over)):
        rows = [one.row(at) for one in family]
        found = stats.new_collection(rows, sharing, partial(_of_family, study, rows), study.confidence)
        if found is not None:
            records.append(
                _new_collection(study, all_scored, at, found.within(limits[0] - limits[1], limits[1] - limits[0]))
            )
    for record in records:
        store.put(record)
    return records


def _over(study: Study, family: Sequence[stats.Differences], sharing: stats.Sharing) -> list[stats.Estimate]:
    found = stats.mean_over(
        family, confidence=_level(study), n_resamples=study.n_resamples, seed=study.seed, sharing=sharing
    )
    return stats.over_looks(found, study.looks)


def _of_family(
    study: Study, rows: Sequence[stats.Differences], places: tuple[int, ...], sharing: stats.Sharing
) -> stats.Estimate:
    return _over(study, [rows[at] for at in places], sharing)[0]


def simultaneous(study: Study, one: stats.Differences, place: int, n_collections: int) -> list[stats.Estimate]:
    """Estimate every system on one collection, or on a part of its queries, within the study's family."""
    draws = stats.resample([one], n_resamples=study.n_resamples, seed=study.seed, first=place)
    found = stats.simultaneous([one], confidence=_level(study), n_resamples=study.n_resamples, seed=study.seed,
                               draws=draws, n_collections=n_collections)[0]  # fmt: skip
    return stats.over_looks(found, study.looks)


def _level(study: Study) -> float:
    return stats.level(study.confidence, study.looks)


def _shared(
    study: Study, scored: ScoredSystems, differences: stats.Differences, estimates: Sequence[stats.Estimate]
) -> list[dict[str, Json]]:
    """Where queries share documents in part: that they do, and each other way of grouping that would have said another word."""
    if differences.overlap is None:
        return [{} for _ in estimates]
    found: list[dict[str, Json]] = [{} for _ in estimates]
    for how in (COMPONENTS, QUERIES):
        other = replace(differences, clusters=grouping_of(scored.collection, how))
        others = simultaneous(study, other, scored.index, scored.n_collections)
        for details, e, there in zip(found, estimates, others, strict=True):
            word = stats.label(there, study.margin)
            if word != stats.label(e, study.margin):
                details["otherwise"] = {**details.get("otherwise", {}), how: word}
    return found


def _family(study: Study, scored: ScoredSystems) -> str:
    systems, collections = len(study.systems) - 1, scored.n_collections
    size = f"{_count(systems, 'system')} × {_count(collections, 'collection')}"
    return f"{_count(systems * collections, 'comparison')}: {size}, on {study.primary}{_planned(study)}"


def _planned(study: Study) -> str:
    return f", at each of {study.looks} planned looks" if study.looks > 1 else ""


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _site(scored: ScoredSystems, at: int, measure: str, **more: Json) -> dict[str, Json]:
    return {
        "system": scored.labels[at + 1],
        "baseline": scored.labels[0],
        "collection": scored.collection.name,
        "measure": measure,
        **more,
    }


def _difference(
    study: Study, scored: ScoredSystems, at: int, found: tuple[stats.Estimate, Mapping[str, Json]], store: Store
) -> Finding:
    e, shared = found
    label, base = scored.labels[at + 1], scored.labels[0]
    values = scored.values([base, label], study.primary, store)
    lists = [load_lists(scored.rankings[x], store) for x in (base, label)]
    pair = PairedResults(scored.collection, lists[0], lists[1], values[0], values[1])
    return Finding(
        parents=(study.id, scored.scores[base, study.primary].id, scored.scores[label, study.primary].id),
        estimand="difference", site=_site(scored, at, study.primary), value=e.effect, low=e.low, high=e.high, n=e.n,
        n_clusters=e.n_clusters, unit=study.primary, confidence=study.confidence, p=e.p, p_adjusted=e.p_adjusted,
        test=e.test, family=_family(study, scored), details={**details_of(e, study.margin), **shared}, excerpts=excerpts(pair),
    )  # fmt: skip


def _verdicts(study: Study, scored: ScoredSystems, at: int, found: tuple[stats.Estimate, Finding]) -> list[Verdict]:
    e, finding = found
    word = stats.label(e, study.margin)
    own = [part for name in study.claims if not isinstance(part := registry.part("claims", name), LiteratureClaim)]
    asked = [(part.name, part.decide(Evidence(e, study.margin))) for part in own]
    rows = [(ASSERTED[word], word, reason_of(e, word, study.margin)), *((n, d.verdict, d.reason) for n, d in asked)]
    base, label = scored.labels[0], scored.labels[at + 1]
    return [
        Verdict(
            parents=(study.id, finding.id), claim=claim, verdict=verdict, system=label, baseline=base,
            collection=scored.collection.name, measure=study.primary, effect=e.effect, low=e.low, high=e.high, n=e.n,
            n_clusters=e.n_clusters, margin=study.margin, base_mean=scored.scores[base, study.primary].mean,
            system_mean=scored.scores[label, study.primary].mean, reason=reason,
            details={**finding.details, "p_adjusted": e.p_adjusted, **_judged(scored, label)},
        )
        for claim, verdict, reason in rows
    ]  # fmt: skip


def _judged(scored: ScoredSystems, label: str) -> dict[str, Json]:
    """Share of judged documents in the top ten of both, where it is more than precision."""
    if not judges_negatives(scored.collection):
        return {}
    sides = {"base": scored.labels[0], "system": label}
    return {"judged": {side: scored.scores[name, "Judged@10"].mean for side, name in sides.items()}}


def _means(study: Study, scored: ScoredSystems, store: Store) -> list[Finding]:
    """Absolute value of every system and reference on every measure, and letters on the primary."""
    everyone = [*scored.labels, *scored.references]
    values = np.concatenate([scored.values(everyone, m, store) for m in scored.measures])
    letters = _letters(study, scored, store) if len(scored.labels) > 2 else {}
    sites = [(label, m) for m in scored.measures for label in everyone]
    bounds = [stats.Bounds.constant(measures.limits(m), (1, values.shape[1])) for _, m in sites]
    intervals = _each(study, stats.Differences(values, scored.clusters, stats.Bounds.stacked(bounds)))
    notes = {label: _notes(study, scored, label, store) for label in everyone}
    if found := traps_of(scored.collection, store):
        notes[scored.labels[0]]["traps"] = list(found)
    return [
        Finding(
            parents=(scored.scores[label, m].id,), estimand="mean", value=mean, unit=m, low=low, high=high,
            site={"system": label, "collection": scored.collection.name, "measure": m}, n=values.shape[1],
            n_clusters=stats.effective(scored.clusters), confidence=study.confidence, test="cluster bootstrap",
            details={**({"letters": letters[label]} if letters else {}), **notes[label]} if m == study.primary else {},
        )
        for (label, m), (mean, low, high) in zip(sites, intervals, strict=True)
    ]  # fmt: skip


def _notes(study: Study, scored: ScoredSystems, label: str, store: Store) -> dict[str, Json]:
    """What to beware of in the lists of one system; nothing where there is nothing."""
    lists = load_lists(scored.rankings[label], store)
    notes = list_notes(lists, scored.collection, study.measures, study.depth)
    return {"notes": list(notes)} if notes else {}


def _each(study: Study, rows: stats.Differences) -> list[tuple[float, float, float]]:
    """Mean, low and high of each row by itself, from one set of resamples."""
    return stats.mean_intervals(
        rows.values, rows.clusters, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed,
        bounds=rows.bounds,
    )  # fmt: skip


def _each_difference(study: Study, rows: stats.Differences) -> list[tuple[float, float, float]]:
    """The same of differences: where nothing differs, in enough groups to say so, there is no interval, as with IDENTICAL."""
    same = ~np.any(rows.values != 0, axis=1) & (not stats.too_few(rows.n_clusters))
    return [(0.0, 0.0, 0.0) if is_same else one for is_same, one in zip(same, _each(study, rows), strict=True)]


def _letters(study: Study, scored: ScoredSystems, store: Store) -> dict[str, str]:
    names = [*scored.labels, *scored.references]
    values = scored.values(names, study.primary, store)
    return stats.group_letters(
        values, scored.clusters, names, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed
    )


def _other_measures(study: Study, scored: ScoredSystems, store: Store) -> list[Finding]:
    """Differences on the measures that get no verdict, each with an interval of its own."""
    others = [m for m in scored.measures if m != study.primary]
    if not others:
        return []
    tables = [scored.differences(m, store) for m in others]
    rows = np.concatenate([one.values for one in tables])
    bounds = stats.Bounds.stacked([one.bounds for one in tables if one.bounds])
    sites = [(at, m) for m in others for at in range(len(scored.labels) - 1)]
    intervals = _each_difference(study, stats.Differences(rows, scored.clusters, bounds))
    return [
        _plain(study, scored, (at, m), (row, scored.clusters), interval, "difference", {})
        for (at, m), row, interval in zip(sites, rows, intervals, strict=True)
    ]


def _slices(study: Study, scored: ScoredSystems, store: Store) -> list[Finding]:
    """Subsets of the queries: those named beforehand share one family; the rest is marked exploratory."""
    whole = scored.differences(study.primary, store)
    found: list[Finding] = []
    for column in columns_of(scored.collection):
        parts = slices(scored.collection, column)
        for value, mask in parts.items():
            one = whole.of(mask)
            extra: dict[str, Json] = {"column": column, "value": value, "named": column in study.slices}
            if column in study.slices:
                found += _named_slice(study, scored, one, extra, len(parts))
            else:
                found += _exploratory_slice(study, scored, one, extra)
    return found


def _named_slice(
    study: Study, scored: ScoredSystems, one: stats.Differences, extra: dict[str, Json], n_parts: int
) -> list[Finding]:
    size = n_parts * len(study.slices) * scored.n_collections
    return [
        Finding(
            parents=_parents(study, scored, at), estimand="slice", site=_site(scored, at, study.primary, **extra), value=e.effect,
            low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, unit=study.primary, confidence=study.confidence, p=e.p,
            p_adjusted=e.p_adjusted, test=e.test, family=f"slices named beforehand: about {size} slices{_planned(study)}",
            details={**details_of(e, study.margin), "label": stats.label(e, study.margin)},
        )
        for at, e in enumerate(simultaneous(study, one, scored.index, size))
    ]  # fmt: skip


def _exploratory_slice(
    study: Study, scored: ScoredSystems, one: stats.Differences, extra: dict[str, Json]
) -> list[Finding]:
    return [
        _plain(study, scored, (at, study.primary), (row, one.clusters), interval, "slice", extra)
        for at, (row, interval) in enumerate(zip(one.values, _each_difference(study, one), strict=True))
    ]


def _plain(
    study: Study,
    scored: ScoredSystems,
    what: tuple[int, str],
    data: tuple[Float64[np.ndarray, " q"], stats.Grouping],
    interval: tuple[float, float, float],
    estimand: str,
    extra: dict[str, Json],
) -> Finding:
    """A difference with an interval of its own: no p-value, no family, no verdict."""
    (at, measure), (row, clusters), (mean, low, high) = what, data, interval
    win, loss = int((row > 0).sum()), int((row < 0).sum())
    return Finding(
        parents=_parents(study, scored, at, measure), estimand=estimand, site=_site(scored, at, measure, **extra), value=mean,
        low=low, high=high, n=len(row), n_clusters=stats.effective(clusters), unit=measure, confidence=study.confidence,
        test="cluster bootstrap", family="none: exploratory" if extra else "none: shown for reading, no verdict",
        details={"win": win, "tie": len(row) - win - loss, "loss": loss},
    )  # fmt: skip


def _parents(study: Study, scored: ScoredSystems, at: int, measure: str | None = None) -> tuple[str, ...]:
    labels = (scored.labels[0], scored.labels[at + 1])
    return (study.id, *(scored.scores[label, measure or study.primary].id for label in labels))


def _over_site(study: Study, all_scored: Sequence[ScoredSystems], at: int) -> dict[str, Json]:
    labels = all_scored[0].labels
    return {
        "system": labels[at + 1],
        "baseline": labels[0],
        "measure": study.primary,
        "collections": [scored.collection.name for scored in all_scored],
    }


def _over_parents(study: Study, all_scored: Sequence[ScoredSystems], at: int) -> tuple[str, ...]:
    labels = (all_scored[0].labels[0], all_scored[0].labels[at + 1])
    return (study.id, *(scored.scores[label, study.primary].id for scored in all_scored for label in labels))


def _mean_over(study: Study, all_scored: Sequence[ScoredSystems], at: int, e: stats.Estimate) -> Finding:
    return Finding(
        parents=_over_parents(study, all_scored, at), estimand="mean over collections", site=_over_site(study, all_scored, at),
        value=e.effect, low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, unit=study.primary,
        confidence=study.confidence, p=e.p, p_adjusted=e.p_adjusted, test=e.test,
        family=f"the mean over these {_count(len(all_scored), 'collection')}, {_count(len(study.systems) - 1, 'system')}{_planned(study)}",
        details={**details_of(e, study.margin), "label": stats.label(e, study.margin)},
    )  # fmt: skip


def _new_collection(study: Study, all_scored: Sequence[ScoredSystems], at: int, found: stats.NewCollection) -> Finding:
    """What a new collection like these would show."""
    pooled = found.pooled
    return Finding(
        parents=_over_parents(study, all_scored, at), estimand="random effects", site=_over_site(study, all_scored, at),
        value=pooled.effect, low=pooled.low, high=pooled.high, n=found.n, n_clusters=found.n_clusters, unit=study.primary,
        confidence=study.confidence, test=RANDOM_EFFECTS, family="none: one estimate a system",
        details=details_of_new(found, [scored.collection.name for scored in all_scored]),
    )  # fmt: skip
