"""Decide effects: Scores of trained cells over seeds → Findings on cells and effects, and Verdicts on effects.

A collection is decided as soon as its scores exist. Each group of effects forms one family over all collections.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from jaxtyping import Float64

from evidense import measures, registry, stats
from evidense.compute.comparison.decision import estimate_fields, new_collection_fields, reason_over_seeds
from evidense.compute.comparison.excerpts import PairedResults, excerpts
from evidense.compute.comparison.floor import floor_finding, floor_reason
from evidense.compute.comparison.lineup import Cell, Effect, Lineup
from evidense.compute.comparison.query_texts import ListsBeside, query_texts
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.search.rankings import load_lists
from evidense.parts import Evidence
from evidense.records import Finding, Json, Outcome, QueryTexts, Record, Study, Verdict
from evidense.stats import Estimate, Seeded
from evidense.store import Store

_MOST_READ = 3
"""Greatest losses and greatest gains of an effect that are kept on a collection."""
_CLAIMS = {"pretraining": "pretraining_adds", "finetuning": "finetuning_adds", "interaction": "they_interact"}


@dataclass(frozen=True)
class _CellTable:
    """The cells that a family of effects needs, with their values on one collection by one measure."""

    lineup: Lineup
    scored: ScoredCells
    measure: str
    family: Sequence[Effect]
    store: Store

    @cached_property
    def cells(self) -> list[Cell]:
        return [cell for cell in self.lineup.cells if any(cell.name in effect.weights for effect in self.family)]

    @cached_property
    def values(self) -> Float64[np.ndarray, "c s q"]:
        """Return the values of every cell in every seed; a cell that is the same in all seeds is repeated."""
        return self.scored.table(self.cells, self.measure, self.store).values

    @property
    def weights(self) -> Float64[np.ndarray, "k c"]:
        """Return the weight of each cell (column) in each effect (row)."""
        rows = [[effect.weights.get(cell.name, 0.0) for cell in self.cells] for effect in self.family]
        return np.array(rows, np.float64)

    @cached_property
    def contrasts(self) -> Seeded:
        """Return the effects of the family on the scale of the measure."""
        bounds = stats.Bounds.weighted(self.weights, measures.limits(self.measure), self.values.shape[2])
        return Seeded(stats.contrasts(self.values, self.weights), self.scored.clusters, bounds)

    @property
    def logit_contrasts(self) -> Seeded:
        """Return the effects of the family on logits of the cells' means."""
        return Seeded(stats.logit_contrasts(self.values, self.weights), self.scored.clusters)

    @property
    def has_logits(self) -> bool:
        """Say whether the family is the factorial and the measure is a share, which has odds."""
        return self.family[0].group == "factorial" and measures.is_share(self.measure)

    def sides(self, effect: Effect) -> tuple[float, float]:
        """Return the mean of the cells with negative weight, then of those with positive weight."""
        means = dict(zip((cell.name for cell in self.cells), self.values.mean(axis=(1, 2)).tolist(), strict=True))
        against, favoured = (
            [means[cell] for cell, weight in effect.weights.items() if weight * sign > 0] for sign in (-1, 1)
        )
        return float(np.mean(against)), float(np.mean(favoured))

    def parents(self, study: Study, effect: Effect) -> tuple[str, ...]:
        """Return the ids of the study and of the scores that an effect is computed from."""
        labels = [label for cell in self.lineup.cells if cell.name in effect.weights for label in cell.labels]
        return (study.id, *(self.scored.scores[label, self.measure].id for label in labels))


@dataclass(frozen=True)
class _DecidedEffect:
    """An effect with its estimate, and what else its verdict is made from."""

    effect: Effect
    estimate: Estimate
    logit: Estimate | None
    """Of the interaction, the estimate on logits."""
    sides: tuple[float, float]
    """Means of the cells that it is measured against, and of those that it speaks for."""


# --- one collection --------------------------------------------------------------------------------------------------


def decide_effects(study: Study, lineup: Lineup, scored: ScoredCells, store: Store) -> list[Record]:
    """Return the Findings and Verdicts of one collection, stored: cell means, effects, and verdicts on the primary measure."""
    records: list[Record] = [
        _cell_mean(study, cell, scored, measure, store) for measure in study.measures for cell in lineup.cells
    ]
    floor = floor_finding(study, lineup, scored, store)
    records += [floor] if floor else []
    records += _query_texts(study, lineup.beside, scored, store)
    for measure in study.measures:
        for family in lineup.families:
            why_not = "" if family[0].group in ("control", "arm") else floor_reason(floor)
            records += _family_records(study, _CellTable(lineup, scored, measure, family, store), why_not)
    for record in records:
        store.put(record)
    return records


def _query_texts(study: Study, cells: Sequence[Cell], scored: ScoredCells, store: Store) -> list[QueryTexts]:
    """Return what people read of every query, with the lists of each cell's first seed; nothing where what was ranked is not known."""
    rankings = [scored.rankings[cell.labels[0]] for cell in cells if cell.labels[0] in scored.rankings]
    if not cells or len(rankings) < len(cells):
        return []
    values = np.stack([scored.values(cell.labels, study.primary, store).mean(axis=0) for cell in cells])
    lists = [load_lists(ranking, store) for ranking in rankings]
    beside = ListsBeside(scored.collection, rankings, lists, scored.n_collections)
    return [query_texts(beside, values - values[:1], store)]


def _family_records(study: Study, table: _CellTable, floor: str) -> list[Record]:
    """Return the findings on a family of effects, and verdicts on the primary measure; on a floor nothing is decided, for the reason given."""
    is_primary = table.measure == study.primary
    n_collections = table.scored.n_collections if is_primary else 1
    estimates = _estimates(study, table.contrasts, table.scored.index, n_collections)
    logits = _logits(study, table, n_collections)
    records: list[Record] = []
    for row, (effect, estimate) in enumerate(zip(table.family, estimates, strict=True)):
        decided = _DecidedEffect(effect, estimate, logits.get(effect.name), table.sides(effect))
        finding = _finding(study, table, row, decided)
        records += [_outcome(study, decided, finding, floor), finding] if is_primary else [finding]
    return records


def _estimates(study: Study, contrasts: Seeded, index: int, n_collections: int) -> list[Estimate]:
    (estimates,) = stats.seeded(
        [contrasts], confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, first=index,
        n_collections=n_collections,
    )  # fmt: skip
    return estimates


def _logits(study: Study, table: _CellTable, n_collections: int) -> dict[str, Estimate]:
    """Return the interaction on logits of the cells' means, if the measure is a share."""
    if not table.has_logits:
        return {}
    estimates = _estimates(study, table.logit_contrasts, table.scored.index, n_collections)
    return _interaction(table.family, estimates)


def _interaction(family: Sequence[Effect], estimates: Sequence[Estimate]) -> dict[str, Estimate]:
    return {effect.name: e for effect, e in zip(family, estimates, strict=True) if effect.name == "interaction"}


def _finding(study: Study, table: _CellTable, row: int, decided: _DecidedEffect) -> Finding:
    effect, estimate, contrasts = decided.effect, decided.estimate, table.contrasts
    (variances,) = stats.variances(Seeded(contrasts.values[row : row + 1], contrasts.clusters))
    details = _details(contrasts.values[row].mean(axis=1), estimate)
    details |= {"seed_sd": variances.seed_sd, "query_se": variances.query_se}
    if effect.start:
        details["start"] = effect.start
    if decided.logit:
        details["logit"] = {"value": decided.logit.effect, "low": decided.logit.low, "high": decided.logit.high}
    fields = estimate_fields(estimate) | {"family": _family(study, table)}
    if table.measure != study.primary:
        fields |= {"p": None, "p_adjusted": None, "family": "none: shown for reading, no verdict"}
    return Finding(
        parents=table.parents(study, effect), estimand="effect", unit=table.measure, confidence=study.confidence,
        site={"effect": effect.name, "group": effect.group, **table.scored.site(effect.name, table.measure)},
        details=details, excerpts=_excerpts(table, effect) if table.measure == study.primary else (), **fields,
    )  # fmt: skip


def _excerpts(table: _CellTable, effect: Effect) -> tuple[dict[str, Json], ...]:
    """Return the queries that one cell gains and loses most against another, if what each ranked is known."""
    sides = {weight: cell for cell in table.cells if (weight := effect.weights.get(cell.name))}
    rankings = table.scored.rankings
    if not table.lineup.is_read(effect) or not all(
        label in rankings for cell in sides.values() for label in cell.labels
    ):
        return ()
    base, system = ([load_lists(rankings[x], table.store) for x in sides[weight].labels] for weight in (-1, 1))
    means = dict(zip((cell.name for cell in table.cells), table.values.mean(axis=1), strict=True))
    values = (means[sides[weight].name] for weight in (-1, 1))
    return excerpts(PairedResults(table.scored.collection, base, system, *values), _MOST_READ)


def _details(by_seed: Float64[np.ndarray, " s"], estimate: Estimate) -> dict[str, Json]:
    e = estimate
    return {
        "seeds": [float(x) for x in by_seed], "n_seeds": e.n_seeds, "standard_error": e.standard_error, "win": e.win, "tie": e.tie,
        "loss": e.loss, "probability_of_improvement": e.probability_of_improvement, "d_z": e.d_z,
        **({"effective_queries": e.n_clusters} if e.is_overlapping else {}),
    }  # fmt: skip


def _family(study: Study, table: _CellTable) -> str:
    n_effects, n_collections = len(table.family), table.scored.n_collections
    effects = f"{n_effects} {table.family[0].group} effect{'s' * (n_effects != 1)}"
    collections = f"{n_collections} collection{'s' * (n_collections != 1)}"
    return (
        f"{n_effects * n_collections} intervals: {effects} × {collections}, over seeds and queries, on {study.primary}"
    )


def _cell_mean(study: Study, cell: Cell, scored: ScoredCells, measure: str, store: Store) -> Finding:
    """Return the mean of a cell over its seeds and queries."""
    values, clusters = scored.values(cell.labels, measure, store), scored.clusters
    bounds = stats.Bounds.constant(measures.limits(measure), (1, values.shape[1]))
    if len(cell.labels) == 1:
        value, low, high = stats.mean_interval(
            values[0], clusters, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, bounds=bounds
        )  # fmt: skip
    else:
        estimate = _estimates(study, Seeded(values[None], clusters, bounds), scored.index, 1)[0]
        value, low, high = estimate.effect, estimate.low, estimate.high
    duplicates = scored.near_duplicates.get(cell.name)
    return Finding(
        parents=tuple(scored.scores[label, measure].id for label in cell.labels), estimand="cell mean", value=value, low=low,
        high=high, n=values.shape[1], n_clusters=stats.effective(clusters), unit=measure, confidence=study.confidence,
        site={"cell": cell.name, **scored.site(cell.name, measure)}, test="over seeds and queries" if len(values) > 1 else "cluster bootstrap",
        details={"seeds": [float(x) for x in values.mean(axis=1)], "n_seeds": len(values),
                 **({"near_duplicates": dict(duplicates)} if duplicates is not None else {})},
    )  # fmt: skip


# --- verdicts --------------------------------------------------------------------------------------------------------


def _outcome(study: Study, decided: _DecidedEffect, finding: Finding, floor: str = "") -> Outcome:
    """Return the check of the claim about one of the three effects; of another effect the verdict."""
    effect, e, margin = decided.effect, decided.estimate, _margin(study, decided.effect)
    claim, word, reason = _word(effect, Evidence(e, margin, decided.logit))
    if floor:
        word, reason = "UNDECIDED", floor
    elif word == "UNDECIDED" and (few := stats.few_seeds(e.n_seeds)):
        reason = f"{reason}; {few}"
    base_mean, system_mean = decided.sides
    verdict = Verdict(
        parents=(study.id, finding.id), claim=claim, verdict=word, system=effect.name, baseline=effect.against,
        collection=str(finding.site.get("collection") or _mean_name(finding.site)), measure=study.primary, effect=e.effect,
        low=e.low, high=e.high, n=e.n, n_clusters=e.n_clusters, margin=margin, base_mean=base_mean, system_mean=system_mean,
        reason=reason,
        details={"group": effect.group, "role": finding.site["role"], "direction": finding.site["direction"],
                 "p_adjusted": e.p_adjusted, **{key: finding.details[key] for key in ("win", "tie", "loss", "n_seeds")}},
    )  # fmt: skip
    return verdict.as_check("effect") if effect.group == "factorial" else verdict


def _margin(study: Study, effect: Effect) -> float:
    """Return the margin of an effect. The interaction gets twice the study's: it is a difference of two gains, with twice their standard error."""
    return 2 * study.margin if effect.name == "interaction" else study.margin


def _word(effect: Effect, evidence: Evidence) -> tuple[str, str, str]:
    """Return claim, word and reason. The three effects of the factorial have claims; other effects are comparisons."""
    if effect.group == "factorial":
        claim = _CLAIMS[effect.name]
        decision = registry.part("claims", claim).decide(evidence)
        return claim, decision.verdict, decision.reason
    word = stats.label(evidence.estimate, evidence.margin)
    return "helps", word, reason_over_seeds(evidence.estimate, word, evidence.margin)


# --- several collections ---------------------------------------------------------------------------------------------


def decide_effects_over(
    study: Study, lineup: Lineup, collections: CollectionSet, store: Store, floors: Container[str] = ()
) -> list[Record]:
    """Return the Findings and Verdicts on several collections together, stored. Collections named by `floors` enter the means of arms only.

    There are means over *these* collections: all, those of one role, those of one direction. With five or more independent families of
    collections there are random effects too: what a new collection would show, with these seeds. They treat the collections as independent,
    although these share the seeds.
    """
    records: list[Record] = []
    for family in lineup.families:
        is_arm = family[0].group == "arm"
        members = collections if is_arm else collections.without(floors)
        for selection in members.selections(by_role=not is_arm):
            tables = [_CellTable(lineup, scored, study.primary, family, store) for scored in selection.members]
            records += _over(study, tables, selection)
    for record in records:
        store.put(record)
    return records


def _over(study: Study, tables: Sequence[_CellTable], selection: CollectionSet) -> list[Record]:
    family = tables[0].family
    estimates = _mean_estimates(study, [table.contrasts for table in tables], selection.sharing)
    logits = _logits_over(study, tables, selection.sharing)
    records: list[Record] = []
    for row, (effect, estimate) in enumerate(zip(family, estimates, strict=True)):
        against, favoured = np.mean([table.sides(effect) for table in tables], axis=0)
        decided = _DecidedEffect(effect, estimate, logits.get(effect.name), (float(against), float(favoured)))
        finding = _mean_finding(study, tables, row, decided, selection)
        records += [finding, _outcome(study, decided, finding)]
        if selection.role == selection.direction == "all":
            records += _random_effects(study, tables, row, selection)
    return records


def _mean_estimates(study: Study, contrasts: Sequence[Seeded], sharing: stats.Sharing) -> list[Estimate]:
    return stats.seeded_mean_over(
        contrasts, confidence=study.confidence, n_resamples=study.n_resamples, seed=study.seed, sharing=sharing
    )


def _logits_over(study: Study, tables: Sequence[_CellTable], sharing: stats.Sharing) -> dict[str, Estimate]:
    if not tables[0].has_logits:
        return {}
    estimates = _mean_estimates(study, [table.logit_contrasts for table in tables], sharing)
    return _interaction(tables[0].family, estimates)


def _mean_finding(
    study: Study, tables: Sequence[_CellTable], row: int, decided: _DecidedEffect, selection: CollectionSet
) -> Finding:
    by_seed = np.mean([table.contrasts.values[row].mean(axis=1) for table in tables], axis=0)
    family = f"the mean over these {len(tables)} collections, {decided.effect.group} effects, over seeds and queries, on {study.primary}"
    return Finding(
        parents=_over_parents(study, tables, decided.effect), estimand="effect, mean over collections",
        site=_over_site(study, tables, decided.effect, selection), unit=study.primary, confidence=study.confidence,
        family=family, details=_details(by_seed, decided.estimate), **estimate_fields(decided.estimate),
    )  # fmt: skip


def _random_effects(study: Study, tables: Sequence[_CellTable], row: int, selection: CollectionSet) -> list[Finding]:
    """Return what a new collection like these would show; nothing if fewer than five independent families say anything."""
    effect, contrasts = tables[0].family[row], [table.contrasts.row(row) for table in tables]
    differences = [contrast.over_seeds() for contrast in contrasts]
    new = stats.new_collection(
        differences, selection.sharing, partial(_family_mean, study, contrasts), study.confidence
    )
    if new is None:
        return []
    lows, highs = zip(*(contrast.bounds.mean(0) for contrast in contrasts if contrast.bounds), strict=True)
    fields = new_collection_fields(
        new.within(min(lows), max(highs)), [table.scored.collection.name for table in tables]
    )
    fields["details"] |= {"n_seeds": contrasts[0].n_seeds}
    finding = Finding(
        parents=_over_parents(study, tables, effect), estimand="effect, random effects",
        site=_over_site(study, tables, effect, selection), unit=study.primary, confidence=study.confidence,
        family="none: one estimate an effect", **fields,
    )  # fmt: skip
    return [finding]


def _family_mean(
    study: Study, contrasts: Sequence[Seeded], members: tuple[int, ...], sharing: stats.Sharing
) -> Estimate:
    return _mean_estimates(study, [contrasts[member] for member in members], sharing)[0]


def _over_parents(study: Study, tables: Sequence[_CellTable], effect: Effect) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parent for table in tables for parent in table.parents(study, effect)))


def _over_site(study: Study, tables: Sequence[_CellTable], effect: Effect, selection: CollectionSet) -> dict[str, Json]:
    names = [table.scored.collection.name for table in tables]
    return {"effect": effect.name, "group": effect.group, "collections": names, "measure": study.primary,
            "role": selection.role, "direction": selection.direction}  # fmt: skip


def _mean_name(site: Mapping[str, Json]) -> str:
    """Return what a verdict on a mean names as its collection. It gives their number, since the mean says nothing of others."""
    kind = " ".join(str(site[key]) for key in ("role", "direction") if site[key] != "all")
    return f"mean of these {len(site['collections'])}{f' {kind}' if kind else ''} collections"
