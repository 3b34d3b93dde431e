"""Decide: Scores of several systems → Findings with intervals, and Verdicts by the rule.

A collection is decided as soon as its scores exist, because the size of the family (collections × systems) is known beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from evidense import measures, registry, stats
from evidense.compute.comparison.decision import (
    counted,
    details_of,
    errors_of,
    estimate_fields,
    family_words,
    new_collection_fields,
    planned_words,
    reason_of,
)
from evidense.compute.comparison.excerpts import PairedResults, excerpts
from evidense.compute.comparison.exploratory import exploratory_slice, interval_test, intervals_of, other_measures
from evidense.compute.comparison.family import KeptDraws, level_of, mean_estimates, simultaneous
from evidense.compute.comparison.grouping import COMPONENTS, QUERIES, grouping_of
from evidense.compute.comparison.index_part import (
    CheckedQueries,
    IndexPart,
    details_of_index,
    index_reason,
    labelled,
    mean_parts,
    recalls,
    word_allowing,
)
from evidense.compute.comparison.query_texts import ListsBeside, query_texts
from evidense.compute.comparison.scored import ScoredSystems, SystemComparison
from evidense.compute.comparison.seeds import said_of_seeds
from evidense.compute.comparison.slices import Slice, differences_by_slice, left_out
from evidense.compute.comparison.standings import standings, standings_over
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.scoring import judges_negatives
from evidense.parts import Claim, Decision, Evidence, LiteratureClaim
from evidense.records import Check, Finding, Json, Outcome, Record, Study, Verdict
from evidense.store import Store
from evidense.training.data.traps import traps_of
from evidense.values import RankedLists

_FEW_DRAWS = 199
"""Draws where only the effect and its standard error are read."""
ASSERTED = {"HELPS": "helps", "HARMS": "harms", "SAME": "same", "IDENTICAL": "same", "UNDECIDED": "helps"}
"""Label → the claim whose sentence it asserts. UNDECIDED leaves the usual question open: does the system help?"""


# --- one collection --------------------------------------------------------------------------------------------------


def decide_collection(study: Study, scored: ScoredSystems, store: Store, kept: KeptDraws) -> list[Record]:
    """Return the Findings and Verdicts of one collection, stored; its draws are added to `kept`, for `decide_over`.

    Raises:
        UnknownName: the study names a claim or a slice that does not exist.
    """
    differences = scored.differences(study.primary, store)
    estimates = simultaneous(study, differences, scored.index, scored.n_collections, kept.differences)
    lists = scored.lists(store)
    checked = CheckedQueries.of(scored, study.primary, store)
    parts = index_parts(study, scored, estimates, checked, scored.n_collections)
    comparisons = [SystemComparison(study, scored, index, study.primary) for index in range(len(estimates))]
    other_words = _words_of_other_groupings(study, scored, differences, estimates)
    findings = [
        _difference(
            comparison,
            estimate,
            {**details, **details_of_index(part), **comparison.seeds, **errors_of(differences, comparison.index)},
            lists,
            store,
        )
        for comparison, estimate, details, part in zip(comparisons, estimates, other_words, parts, strict=True)
    ]
    outcomes = [
        outcome
        for comparison, estimate, finding, part in zip(comparisons, estimates, findings, parts, strict=True)
        for outcome in _outcomes(comparison, estimate, finding, part)
    ]
    records: list[Record] = [
        *findings,
        *_means(study, scored, _system_details(study, scored, lists, store, kept), store),
        *recalls(study, scored, store),
        *other_measures(study, scored, store),
        *_slice_findings(study, scored, differences, checked),
        query_texts(_beside(scored, lists), differences.values, store),
        *outcomes,
    ]
    for record in records:
        store.put(record)
    return records


def _beside(scored: ScoredSystems, lists: Mapping[str, RankedLists]) -> ListsBeside:
    labels = (*scored.labels, *scored.references)
    rankings = [scored.rankings[label] for label in labels]
    return ListsBeside(scored.collection, rankings, [lists[label] for label in labels], scored.n_collections)


def _words_of_other_groupings(
    study: Study, scored: ScoredSystems, differences: stats.Differences, estimates: Sequence[stats.Estimate]
) -> list[dict[str, Json]]:
    """Return, for each system, the words that other groupings of queries would lead to, where they differ.

    Only queries that share documents in part can be grouped in several ways.
    """
    details: list[dict[str, Json]] = [{} for _ in estimates]
    if differences.overlap is None:
        return details
    words = [stats.label(estimate, study.margin) for estimate in estimates]
    for how in (COMPONENTS, QUERIES):
        regrouped = replace(differences, clusters=grouping_of(scored.collection, how))
        others = simultaneous(study, regrouped, scored.index, scored.n_collections)
        for detail, word, other in zip(details, words, others, strict=True):
            other_word = stats.label(other, study.margin)
            if other_word != word:
                detail["otherwise"] = {**detail.get("otherwise", {}), how: other_word}
    return details


def index_parts(
    study: Study,
    scored: ScoredSystems,
    estimates: Sequence[stats.Estimate],
    checked: CheckedQueries | None,
    n_families: int,
) -> list[IndexPart | None]:
    """Return what indexes do to each difference of a collection, or of a part of its queries; None where neither side has one."""
    if checked is None:
        return [None] * len(estimates)
    exact = None
    if not checked.is_sample:
        exact = simultaneous(study, checked.exact_differences(), scored.index, n_families)
    return checked.parts(study, estimates, exact, n_families)


def _difference(
    comparison: SystemComparison,
    estimate: stats.Estimate,
    other_details: dict[str, Json],
    lists: Mapping[str, RankedLists],
    store: Store,
) -> Finding:
    study, scored = comparison.study, comparison.scored
    labels = (comparison.baseline, comparison.system)
    base_values, system_values = scored.values(labels, study.primary, store)
    base_lists, system_lists = ([lists[seed] for seed in scored.seeds_of(label)] for label in labels)
    pair = PairedResults(scored.collection, base_lists, system_lists, base_values, system_values)
    return Finding(
        parents=comparison.parents, estimand="difference", site=comparison.site(), unit=study.primary,
        confidence=study.confidence, family=family_words(study, scored.n_collections), **estimate_fields(estimate),
        details={**details_of(estimate, study.margin), **other_details}, excerpts=excerpts(pair),
    )  # fmt: skip


def _outcomes(
    comparison: SystemComparison, estimate: stats.Estimate, finding: Finding, part: IndexPart | None
) -> list[Outcome]:
    """Return the verdict of the rule, then a check of each claim about two systems that the study names."""
    study, scores = comparison.study, comparison.scored.scores
    word, as_run = word_allowing(estimate, part, study.margin), stats.label(estimate, study.margin)
    verdict = Verdict(
        parents=(study.id, finding.id), claim=ASSERTED[word], verdict=word, system=comparison.system, baseline=comparison.baseline,
        collection=comparison.scored.collection.name, measure=study.primary, effect=estimate.effect, low=estimate.low,
        high=estimate.high, n=estimate.n, n_clusters=estimate.n_clusters, margin=study.margin,
        base_mean=scores[comparison.baseline, study.primary].mean, system_mean=scores[comparison.system, study.primary].mean,
        reason=reason_of(estimate, word, study.margin) if word == as_run else index_reason(estimate, part, as_run),
        details={
            **finding.details, **({} if word == as_run else details_of_index(part, as_run)), "p_adjusted": estimate.p_adjusted,
            **_judged(comparison),
        },
    )  # fmt: skip
    return [verdict, *_checks(study, verdict, estimate, part)]


def _checks(study: Study, verdict: Verdict, estimate: stats.Estimate, part: IndexPart | None) -> list[Check]:
    """Return a check of every claim of the study that is about two systems."""
    claims = (registry.part("claims", name) for name in study.claims)
    decisions = [
        (claim.name, _decision(claim, estimate, part, study.margin))
        for claim in claims
        if not isinstance(claim, LiteratureClaim)
    ]
    return [
        verdict.as_check("comparison", claim=name, verdict=decision.verdict, reason=decision.reason)
        for name, decision in decisions
    ]


def _decision(claim: Claim, estimate: stats.Estimate, part: IndexPart | None, margin: float) -> Decision:
    """Decide a claim; UNDECIDED where exact search could have led to another verdict."""
    as_run = claim.decide(Evidence(estimate, margin))
    if part is None or claim.decide(Evidence(part.allowing(estimate), margin)).verdict == as_run.verdict:
        return as_run
    return Decision("UNDECIDED", index_reason(estimate, part, as_run.verdict))


def _judged(comparison: SystemComparison) -> dict[str, Json]:
    """Return both systems' share of judged documents in the top ten, if the collection judges negatives.

    If it does not, this share is precision and says nothing new.
    """
    scored = comparison.scored
    if not judges_negatives(scored.collection):
        return {}
    sides = {"base": comparison.baseline, "system": comparison.system}
    return {"judged": {side: scored.scores[label, "Judged@10"].mean for side, label in sides.items()}}


# --- means of systems ------------------------------------------------------------------------------------------------


def _means(
    study: Study, scored: ScoredSystems, primary_details: Mapping[str, dict[str, Json]], store: Store
) -> list[Finding]:
    """Return the mean of every system and reference on every measure; on the primary one with its letters and notes."""
    everyone = [*scored.labels, *scored.references]
    sites = [(label, measure) for measure in scored.measures for label in everyone]
    values = np.concatenate([scored.values(everyone, measure, store) for measure in scored.measures])
    bounds = [stats.Bounds.constant(measures.limits(measure), (1, values.shape[1])) for _, measure in sites]
    seeds = [scored.by_seed(everyone, measure, store) for measure in scored.measures]
    by_seed = tuple(of_system for of_measure in seeds for of_system in of_measure)
    rows = stats.Differences(values, scored.clusters, stats.Bounds.stacked(bounds), by_seed=by_seed)
    return [
        Finding(
            parents=(scored.scores[label, measure].id,), estimand="mean", value=mean, unit=measure, low=low, high=high,
            site={"system": label, "collection": scored.collection.name, "measure": measure}, n=values.shape[1],
            n_clusters=stats.effective(scored.clusters), confidence=study.confidence, test=interval_test(rows.n_seeds(row)),
            details=primary_details[label] if measure == study.primary else {},
        )
        for row, ((label, measure), (mean, low, high)) in enumerate(zip(sites, intervals_of(study, rows), strict=True))
    ]  # fmt: skip


def _system_details(
    study: Study, scored: ScoredSystems, lists: Mapping[str, RankedLists], store: Store, kept: KeptDraws
) -> dict[str, dict[str, Json]]:
    """Return label → its letters, the notes on its lists, whether its file is of several collections, and, with the baseline, the traps of the collection."""
    details: dict[str, dict[str, Json]] = {label: {} for label in (*scored.labels, *scored.references)}
    if len(scored.labels) > 2:
        for label, standing in standings(study, scored, store, kept).items():
            details[label] |= standing
    for label, system_details in details.items():
        of_seeds = {
            seed: list_notes(lists[seed], scored.collection, study.measures, study.depth)
            for seed in scored.seeds_of(label)
        }
        if notes := said_of_seeds(of_seeds):
            system_details["notes"] = notes
        if seeds := scored.seed_means(label, study.primary):
            system_details["seeds"] = seeds
        if scored.joined.issuperset(scored.seeds_of(label)):
            system_details["joined"] = True
    if traps := [*traps_of(scored.collection, store), *left_out(scored.collection, study.slices)]:
        details[scored.labels[0]]["traps"] = list[Json](traps)
    return details


# --- slices --------------------------------------------------------------------------------------------------------


def _slice_findings(
    study: Study, scored: ScoredSystems, differences: stats.Differences, checked: CheckedQueries | None
) -> list[Finding]:
    """Return the differences on subsets of the queries. Subsets named beforehand are one family; others are exploratory."""
    findings: list[Finding] = []
    for part in differences_by_slice(scored.collection, differences, study.slices):
        findings += (
            _named_slice(study, scored, part, checked) if part.is_named else exploratory_slice(study, scored, part)
        )
    return findings


def _named_slice(study: Study, scored: ScoredSystems, part: Slice, checked: CheckedQueries | None) -> list[Finding]:
    size = part.n_in_column * len(study.slices) * scored.n_collections
    estimates = simultaneous(study, part.differences, scored.index, size)
    changed = index_parts(study, scored, estimates, checked and checked.within(part.queries), size)
    return [
        Finding(
            parents=(comparison := SystemComparison(study, scored, index, study.primary)).parents, estimand="slice",
            site=comparison.site(**part.site), unit=study.primary, confidence=study.confidence, **estimate_fields(estimate),
            family=f"slices named beforehand: about {size} slices{planned_words(study)}",
            details={**details_of(estimate, study.margin), **labelled(estimate, index_part, study.margin)},
        )
        for index, (estimate, index_part) in enumerate(zip(estimates, changed, strict=True))
    ]  # fmt: skip


# --- several collections ---------------------------------------------------------------------------------------------


def decide_over(
    study: Study, all_scored: Sequence[ScoredSystems], sharing: stats.Sharing, store: Store, kept: KeptDraws
) -> list[Record]:
    """Return the Findings on several collections together, stored: the mean over them, and a new collection like them.

    `sharing` says which queries and documents the collections have in common; `kept` holds the draws of each.
    """
    if len(all_scored) < 2:
        return []
    family = [scored.differences(study.primary, store) for scored in all_scored]
    estimates = mean_estimates(study, family, sharing, kept.differences.draws)
    parts = _parts_of_means(study, all_scored, estimates, sharing, store)
    means = [
        _mean_over(study, all_scored, index, estimate, part)
        for index, (estimate, part) in enumerate(zip(estimates, parts, strict=True))
    ]
    predictions = [
        _new_collection(study, all_scored, index, new, estimate.n_seeds)
        for index, estimate in enumerate(estimates)
        if (new := _random_effects(study, [differences.row(index) for differences in family], sharing)) is not None
    ]
    records: list[Record] = [*means, *predictions, *standings_over(study, all_scored, sharing, store, kept)]
    for record in records:
        store.put(record)
    return records


def _random_effects(
    study: Study, rows: Sequence[stats.Differences], sharing: stats.Sharing
) -> stats.NewCollection | None:
    """Return what one system would show on a new collection; None if too few independent families of collections say anything."""
    least, most = measures.limits(study.primary)
    new = stats.new_collection(rows, sharing, partial(_family_mean, study, rows), study.confidence)
    return new and new.within(least - most, most - least)


def _family_mean(
    study: Study, rows: Sequence[stats.Differences], members: tuple[int, ...], sharing: stats.Sharing
) -> stats.Estimate:
    """Return the mean over a family of collections; only its effect and standard error are read, which no draw changes."""
    family = [rows[member] for member in members]
    return stats.mean_over_seeds(family, confidence=level_of(study), n_resamples=_FEW_DRAWS, seed=study.seed, sharing=sharing)[0]  # fmt: skip


def _parts_of_means(
    study: Study,
    all_scored: Sequence[ScoredSystems],
    estimates: Sequence[stats.Estimate],
    sharing: stats.Sharing,
    store: Store,
) -> list[IndexPart | None]:
    """Return what indexes do to each mean over collections; None where neither side has one."""
    checked = [c for scored in all_scored if (c := CheckedQueries.of(scored, study.primary, store)) is not None]
    exact = None
    if checked and not any(c.is_sample for c in checked):
        exact = mean_estimates(study, [c.exact_differences() for c in checked], sharing)
    return mean_parts(study, checked, estimates, exact)


def _mean_over(
    study: Study, all_scored: Sequence[ScoredSystems], index: int, estimate: stats.Estimate, part: IndexPart | None
) -> Finding:
    size = f"{counted(len(all_scored), 'collection')}, {counted(len(study.systems) - 1, 'system')}"
    return Finding(
        parents=_over_parents(study, all_scored, index), estimand="mean over collections",
        site=_over_site(study, all_scored, index), unit=study.primary, confidence=study.confidence,
        family=f"the mean over these {size}{planned_words(study)}", **estimate_fields(estimate),
        details={**details_of(estimate, study.margin), **labelled(estimate, part, study.margin)},
    )  # fmt: skip


def _new_collection(
    study: Study, all_scored: Sequence[ScoredSystems], index: int, new: stats.NewCollection, n_seeds: int
) -> Finding:
    fields = new_collection_fields(new, [scored.collection.name for scored in all_scored])
    fields["details"] |= {"n_seeds": n_seeds} if n_seeds > 1 else {}
    return Finding(
        parents=_over_parents(study, all_scored, index), estimand="random effects",
        site=_over_site(study, all_scored, index), unit=study.primary, confidence=study.confidence,
        family="none: one estimate a system", **fields,
    )  # fmt: skip


def _over_parents(study: Study, all_scored: Sequence[ScoredSystems], index: int) -> tuple[str, ...]:
    labels = (all_scored[0].labels[0], all_scored[0].labels[index + 1])
    return (study.id, *(scored.scores[label, study.primary].id for scored in all_scored for label in labels))


def _over_site(study: Study, all_scored: Sequence[ScoredSystems], index: int) -> dict[str, Json]:
    labels = all_scored[0].labels
    return {
        "system": labels[index + 1],
        "baseline": labels[0],
        "measure": study.primary,
        "collections": [scored.collection.name for scored in all_scored],
    }
