"""Decide: Scores of several systems → Findings with intervals, and Verdicts by the rule.

A collection is decided as soon as its scores are there: the family (all collections × systems) is known beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from jaxtyping import Float64

from evidense import measures, registry, stats
from evidense.compute.comparison.decision import RANDOM_EFFECTS, details_of, details_of_new, reason_of
from evidense.compute.comparison.excerpts import PairedResults, excerpts
from evidense.compute.comparison.grouping import COMPONENTS, QUERIES, grouping_of
from evidense.compute.comparison.slices import columns_of, slices
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.rankings import load_lists
from evidense.compute.search.scoring import judges_negatives
from evidense.parts import Evidence, LiteratureClaim
from evidense.records import Finding, Json, Ranking, Record, Score, Study, Verdict
from evidense.store import Store
from evidense.training.data.traps import traps_of
from evidense.values import Collection

ASSERTED = {"HELPS": "helps", "HARMS": "harms", "SAME": "same", "IDENTICAL": "same", "UNDECIDED": "helps"}
"""The claim whose sentence a label asserts (UNDECIDED leaves the question that everybody asks)."""


@dataclass(frozen=True)
class Board:
    """Everything about one collection: its rankings by label, and its scores by (label, measure).

    `labels` begins with the baseline, then the other systems; `references` follow them only in tables of means.
    """

    place: int
    """Place of the collection in the study: names its stream of random numbers."""
    n_collections: int
    """How many collections the study has: the size of the family."""
    collection: Collection
    labels: tuple[str, ...]
    references: tuple[str, ...]
    rankings: Mapping[str, Ranking]
    scores: Mapping[tuple[str, str], Score]
    grouped_by: str = ""
    """How queries depend on each other, as in `Study.clusters`."""

    @property
    def measures(self) -> list[str]:
        """Measures that were scored, the primary first."""
        return list(dict.fromkeys(m for _, m in self.scores))

    @cached_property
    def clusters(self) -> stats.Grouping:
        """How the queries depend on each other."""
        return grouping_of(self.collection, self.grouped_by)

    def values(self, measure: str, labels: Sequence[str], store: Store) -> Float64[np.ndarray, "s q"]:
        """Per-query values of one measure, one row a system."""
        return np.stack([np.asarray(store.array(self.scores[label, measure].values)) for label in labels])

    def differences(self, measure: str, store: Store) -> stats.Differences:
        """Paired differences of every other system from the baseline."""
        values = self.values(measure, self.labels, store)
        bounds = stats.Bounds.around(values[0], measures.limits(measure), len(values) - 1)
        return stats.Differences(values[1:] - values[0], self.clusters, bounds)


def decide_collection(study: Study, board: Board, store: Store) -> list[Record]:
    """Return the Findings and Verdicts of one collection, stored.

    Raises:
        UnknownName: the study names a claim or a slice that does not exist.
    """
    differences = board.differences(study.primary, store)
    estimates = simultaneous(study, differences, board.place, board.n_collections)
    shared = _shared(study, board, differences, estimates)
    findings = [
        _difference(study, board, at, found, store) for at, found in enumerate(zip(estimates, shared, strict=True))
    ]
    verdicts = [v for at, e in enumerate(estimates) for v in _verdicts(study, board, at, (e, findings[at]))]
    rest = [*_means(study, board, store), *_other_measures(study, board, store), *_slices(study, board, store)]
    records: list[Record] = [*findings, *rest, *verdicts]
    for record in records:
        store.put(record)
    return records


def decide_over(study: Study, boards: Sequence[Board], sharing: stats.Sharing, store: Store) -> list[Record]:
    """Return the Findings that speak of several collections together, stored; `sharing` says what these have in common."""
    if len(boards) < 2:
        return []
    family, limits = [board.differences(study.primary, store) for board in boards], measures.limits(study.primary)
    over = _over(study, family, sharing)
    records: list[Record] = [_mean_over(study, boards, at, e) for at, e in enumerate(over)]
    for at in range(len(over)):
        rows = [one.row(at) for one in family]
        found = stats.new_collection(rows, sharing, partial(_of_family, study, rows), study.confidence)
        if found is not None:
            records.append(
                _new_collection(study, boards, at, found.within(limits[0] - limits[1], limits[1] - limits[0]))
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
    study: Study, board: Board, differences: stats.Differences, estimates: Sequence[stats.Estimate]
) -> list[dict[str, Json]]:
    """Where queries share documents in part: that they do, and each other way of grouping that would have said another word."""
    if differences.overlap is None:
        return [{} for _ in estimates]
    found: list[dict[str, Json]] = [{} for _ in estimates]
    for how in (COMPONENTS, QUERIES):
        other = replace(differences, clusters=grouping_of(board.collection, how))
        others = simultaneous(study, other, board.place, board.n_collections)
        for details, e, there in zip(found, estimates, others, strict=True):
            word = stats.label(there, study.margin)
            if word != stats.label(e, study.margin):
                details["otherwise"] = {**details.get("otherwise", {}), how: word}
    return found


def _family(study: Study, board: Board) -> str:
    systems, collections = len(study.systems) - 1, board.n_collections
    size = f"{_count(systems, 'system')} × {_count(collections, 'collection')}"
    return f"{_count(systems * collections, 'comparison')}: {size}, on {study.primary}{_planned(study)}"


def _planned(study: Study) -> str:
    return f", at each of {study.looks} planned looks" if study.looks > 1 else ""


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _site(board: Board, at: int, measure: str, **more: Json) -> dict[str, Json]:
    return {
        "system": board.labels[at + 1],
        "baseline": board.labels[0],
        "collection": board.collection.name,
        "measure": measure,
        **more,
    }


def _difference(
    study: Study, board: Board, at: int, found: tuple[stats.Estimate, Mapping[str, Json]], store: Store
) -> Finding:
    e, shared = found
    label, base = board.labels[at + 1], board.labels[0]
    values = board.values(study.primary, [base, label], store)
    lists = [load_lists(board.rankings[x], store) for x in (base, label)]
    pair = PairedResults(board.collection, lists[0], lists[1], values[0], values[1])
    return Finding(
        parents=(study.id, board.scores[base, study.primary].id, board.scores[label, study.primary].id),
        estimand="difference", site=_site(board, at, study.primary), value=e.effect, low=e.low, high=e.high, n=e.n,
        n_clusters=e.n_clusters, unit=study.primary, confidence=study.confidence, p=e.p, p_adjusted=e.p_adjusted,
        test=e.test, family=_family(study, board), details={**details_of(e, study.margin), **shared}, excerpts=excerpts(pair),
    )  # fmt: skip


def _verdicts(study: Study, board: Board, at: int, found: tuple[stats.Estimate, Finding]) -> list[Verdict]:
    e, finding = found
    word = stats.label(e, study.margin)
    own = [part for name in study.claims if not isinstance(part := registry.part("claims", name), LiteratureClaim)]
    asked = [(part.name, part.decide(Evidence(e, study.margin))) for part in own]
    rows = [(ASSERTED[word], word, reason_of(e, word, study.margin)), *((n, d.verdict, d.reason) for n, d in asked)]
    base, label = board.labels[0], board.labels[at + 1]
    return [
        Verdict(
            parents=(study.id, finding.id), claim=claim, verdict=verdict, system=label, baseline=base,
            collection=board.collection.name, measure=study.primary, effect=e.effect, low=e.low, high=e.high, n=e.n,
            n_clusters=e.n_clusters, margin=study.margin, base_mean=board.scores[base, study.primary].mean,
            system_mean=board.scores[label, study.primary].mean, reason=reason,
            details={**finding.details, "p_adjusted": e.p_adjusted, **_judged(board, label)},
        )
        for claim, verdict, reason in rows
    ]  # fmt: skip


def _judged(board: Board, label: str) -> dict[str, Json]:
    """Share of judged documents in the top ten of both, where it is more than precision."""
    if not judges_negatives(board.collection):
        return {}
    sides = {"base": board.labels[0], "system": label}
    return {"judged": {side: board.scores[name, "Judged@10"].mean for side, name in sides.items()}}


def _means(study: Study, board: Board, store: Store) -> list[Finding]:
    """Absolute value of every system and reference on every measure, and letters on the primary."""
    everyone = [*board.labels, *board.references]
    values = np.concatenate([board.values(m, everyone, store) for m in board.measures])
    letters = _letters(study, board, store) if len(board.labels) > 2 else {}
    sites = [(label, m) for m in board.measures for label in everyone]
    bounds = [stats.Bounds.constant(measures.limits(m), (1, values.shape[1])) for _, m in sites]
    intervals = _each(study, stats.Differences(values, board.clusters, stats.Bounds.stacked(bounds)))
    notes = {label: _notes(study, board, label, store) for label in everyone}
    if found := traps_of(board.collection, store):
        notes[board.labels[0]]["traps"] = list(found)
    return [
        Finding(
            parents=(board.scores[label, m].id,), estimand="mean", value=mean, unit=m, low=low, high=high,
            site={"system": label, "collection": board.collection.name, "measure": m}, n=values.shape[1],
            n_clusters=stats.effective(board.clusters), confidence=study.confidence, test="cluster bootstrap",
            details={**({"letters": letters[label]} if letters else {}), **notes[label]} if m == study.primary else {},
        )
        for (label, m), (mean, low, high) in zip(sites, intervals, strict=True)
    ]  # fmt: skip


def _notes(study: Study, board: Board, label: str, store: Store) -> dict[str, Json]:
    """What to beware of in the lists of one system; nothing where there is nothing."""
    lists = load_lists(board.rankings[label], store)
    notes = list_notes(lists, board.collection, study.measures, study.depth)
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


def _letters(study: Study, board: Board, store: Store) -> dict[str, str]:
    names = [*board.labels, *board.references]
    values = board.values(study.primary, names, store)
    return stats.group_letters(
        values, board.clusters, names, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed
    )


def _other_measures(study: Study, board: Board, store: Store) -> list[Finding]:
    """Differences on the measures that get no verdict, each with an interval of its own."""
    others = [m for m in board.measures if m != study.primary]
    if not others:
        return []
    tables = [board.differences(m, store) for m in others]
    rows = np.concatenate([one.values for one in tables])
    bounds = stats.Bounds.stacked([one.bounds for one in tables if one.bounds])
    sites = [(at, m) for m in others for at in range(len(board.labels) - 1)]
    intervals = _each_difference(study, stats.Differences(rows, board.clusters, bounds))
    return [
        _plain(study, board, (at, m), (row, board.clusters), interval, "difference", {})
        for (at, m), row, interval in zip(sites, rows, intervals, strict=True)
    ]


def _slices(study: Study, board: Board, store: Store) -> list[Finding]:
    """Subsets of the queries: those named beforehand share one family; the rest is marked exploratory."""
    whole = board.differences(study.primary, store)
    found: list[Finding] = []
    for column in columns_of(board.collection):
        parts = slices(board.collection, column)
        for value, mask in parts.items():
            one = whole.of(mask)
            extra: dict[str, Json] = {"column": column, "value": value, "named": column in study.slices}
            if column in study.slices:
                found += _named_slice(study, board, one, extra, len(parts))
            else:
                found += _exploratory_slice(study, board, one, extra)
    return found


def _named_slice(
    study: Study, board: Board, one: stats.Differences, extra: dict[str, Json], n_parts: int
) -> list[Finding]:
    size = n_parts * len(study.slices) * board.n_collections
    return [
        Finding(
            parents=_parents(study, board, at), estimand="slice", site=_site(board, at, study.primary, **extra), value=e.effect,
            low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, unit=study.primary, confidence=study.confidence, p=e.p,
            p_adjusted=e.p_adjusted, test=e.test, family=f"slices named beforehand: about {size} slices{_planned(study)}",
            details={**details_of(e, study.margin), "label": stats.label(e, study.margin)},
        )
        for at, e in enumerate(simultaneous(study, one, board.place, size))
    ]  # fmt: skip


def _exploratory_slice(study: Study, board: Board, one: stats.Differences, extra: dict[str, Json]) -> list[Finding]:
    return [
        _plain(study, board, (at, study.primary), (row, one.clusters), interval, "slice", extra)
        for at, (row, interval) in enumerate(zip(one.values, _each_difference(study, one), strict=True))
    ]


def _plain(
    study: Study,
    board: Board,
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
        parents=_parents(study, board, at, measure), estimand=estimand, site=_site(board, at, measure, **extra), value=mean,
        low=low, high=high, n=len(row), n_clusters=stats.effective(clusters), unit=measure, confidence=study.confidence,
        test="cluster bootstrap", family="none: exploratory" if extra else "none: shown for reading, no verdict",
        details={"win": win, "tie": len(row) - win - loss, "loss": loss},
    )  # fmt: skip


def _parents(study: Study, board: Board, at: int, measure: str | None = None) -> tuple[str, ...]:
    labels = (board.labels[0], board.labels[at + 1])
    return (study.id, *(board.scores[label, measure or study.primary].id for label in labels))


def _over_site(study: Study, boards: Sequence[Board], at: int) -> dict[str, Json]:
    labels = boards[0].labels
    return {
        "system": labels[at + 1],
        "baseline": labels[0],
        "measure": study.primary,
        "collections": [b.collection.name for b in boards],
    }


def _over_parents(study: Study, boards: Sequence[Board], at: int) -> tuple[str, ...]:
    labels = (boards[0].labels[0], boards[0].labels[at + 1])
    return (study.id, *(b.scores[label, study.primary].id for b in boards for label in labels))


def _mean_over(study: Study, boards: Sequence[Board], at: int, e: stats.Estimate) -> Finding:
    return Finding(
        parents=_over_parents(study, boards, at), estimand="mean over collections", site=_over_site(study, boards, at),
        value=e.effect, low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, unit=study.primary,
        confidence=study.confidence, p=e.p, p_adjusted=e.p_adjusted, test=e.test,
        family=f"the mean over these {_count(len(boards), 'collection')}, {_count(len(study.systems) - 1, 'system')}{_planned(study)}",
        details={**details_of(e, study.margin), "label": stats.label(e, study.margin)},
    )  # fmt: skip


def _new_collection(study: Study, boards: Sequence[Board], at: int, found: stats.NewCollection) -> Finding:
    """What a new collection like these would show."""
    pooled = found.pooled
    return Finding(
        parents=_over_parents(study, boards, at), estimand="random effects", site=_over_site(study, boards, at),
        value=pooled.effect, low=pooled.low, high=pooled.high, n=found.n, n_clusters=found.n_clusters, unit=study.primary,
        confidence=study.confidence, test=RANDOM_EFFECTS, family="none: one estimate a system",
        details=details_of_new(found, [board.collection.name for board in boards]),
    )  # fmt: skip
