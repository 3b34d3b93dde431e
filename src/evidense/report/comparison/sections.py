"""Sections: each collection in full: every value, every comparison query by query, slices, the queries worth reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evidense.boundary.numerals import count, interval, plain, probability, signed
from evidense.compute.comparison.no_harm import n_different
from evidense.records import Finding, Json, Verdict
from evidense.report.comparison.curves import DeltaCurve, sorted_differences
from evidense.report.comparison.forest import anchor
from evidense.report.comparison.readings import Limits, Reading, reading
from evidense.report.comparison.seeds import seed_lines
from evidense.report.contents import Contents
from evidense.report.scale import Scale
from evidense.report.texts import excerpts
from evidense.report.words import WORDS, Word, groups_text, otherwise, queries_to_decide, ruled_out
from evidense.store import Store

Fact = tuple[str, str]
"""(what, value)"""


@dataclass(frozen=True)
class ValueCell:
    """One value with its interval; `letters` mark systems that cannot be told apart."""

    value: str
    interval: str
    letters: str
    order: float


@dataclass(frozen=True)
class SystemLine:
    """One system's values on one collection."""

    system: str
    role: str
    cells: list[ValueCell]


@dataclass(frozen=True)
class Estimated:
    """A difference with its interval, drawn on the scale of its own table."""

    name: str
    kind: str
    """'' | 'named beforehand' | 'exploratory' | …"""
    effect: str
    interval: str
    n: str
    p: str
    at: float
    start: float
    end: float
    order: float


@dataclass(frozen=True)
class ComparedSystem:
    """One system on one collection, in full."""

    id: str
    system: str
    word: Word
    effect: str
    interval: str
    tally: Fact
    curve: DeltaCurve | None
    facts: list[Fact]
    record: str
    losses: list[Reading]
    wins: list[Reading]
    others: list[Estimated]
    slices: list[Estimated]
    scale: Scale

    @property
    def slices_tested(self) -> bool:
        """Whether some slice was named beforehand, and so has a p-value."""
        return any(s.p != "—" for s in self.slices)


@dataclass(frozen=True)
class Section:
    """One collection."""

    id: str
    name: str
    facts: list[Fact]
    notes: list[str]
    measures: list[str]
    lines: list[SystemLine]
    comparisons: list[ComparedSystem]


def section(contents: Contents, collection: str, store: Store, limits: Limits) -> Section:
    """Gather everything that is known of one collection."""
    card = next((r.collection for (_, c), r in contents.rankings.items() if c == collection), {})
    systems = [s for s in contents.systems if (s, collection) in contents.verdicts]
    measures = [m for m in contents.measures if any((s, collection, m) in contents.means for s in contents.everyone)]
    return Section(
        id=f"c{contents.collections.index(collection) + 1}",
        name=collection,
        facts=card_facts(card),
        notes=_notes([str(n) for n in card.get("notes") or ()]),
        measures=measures,
        lines=[_line(contents, s, collection, measures) for s in contents.everyone],
        comparisons=[_comparison(contents, contents.verdicts[s, collection], store, limits) for s in systems],
    )


def card_facts(card: Mapping[str, Json]) -> list[Fact]:
    """Return what a page says of a collection."""
    if not card:
        return []
    facts = [
        ("queries", count(card["n_queries"])), ("documents", count(card["n_documents"])), ("judgements", count(card["n_judgements"])),
        ("from → to", f"{card['query_modality']} → {card['document_modality']}"), ("relevance", str(card["labels"])),
        ("licence", str(card["licence"])), ("source", str(card["source"])), ("possibly seen in training by", str(card["contamination"])),
    ]  # fmt: skip
    return [(what, value) for what, value in facts if value]


def role_of(contents: Contents, system: str) -> str:
    """Say whether a system is the baseline, or shown for reference only."""
    return "baseline" if system == contents.baseline else "reference" if system in contents.references else ""


def _line(contents: Contents, system: str, collection: str, measures: Sequence[str]) -> SystemLine:
    return SystemLine(
        system, role_of(contents, system), [cell(contents.means.get((system, collection, m))) for m in measures]
    )


def cell(finding: Finding | None) -> ValueCell:
    """Return an absolute value with its interval."""
    if finding is None:
        return ValueCell("—", "", "", -1.0)
    return ValueCell(
        plain(finding.value),
        interval(finding.low, finding.high, sign=False),
        str(finding.details.get("letters", "")),
        finding.value,
    )


def _comparison(contents: Contents, verdict: Verdict, store: Store, limits: Limits) -> ComparedSystem:
    at = (verdict.system, verdict.collection)
    others = [f for (s, c, m), f in contents.differences.items() if (s, c) == at and m != verdict.measure]
    slices = sorted(
        contents.slices.get(at, []),
        key=lambda f: (not f.site.get("named"), str(f.site.get("column")), str(f.site.get("value"))),
    )
    scale = Scale.over(
        [x for f in (*others, *slices) for x in (f.low, f.high)] + [verdict.low, verdict.high], verdict.margin
    )
    readings = [reading(e, limits) for e in excerpts(contents, *at)]
    d = verdict.details
    return ComparedSystem(
        id=anchor(contents, *at),
        system=verdict.system,
        word=WORDS[verdict.verdict],
        effect=signed(verdict.effect),
        interval=interval(verdict.low, verdict.high),
        tally=("better, equal, worse", ", ".join(count(d.get(k, 0)) for k in ("win", "tie", "loss"))),
        curve=_curve(contents, verdict, store),
        facts=facts_on(contents, verdict),
        record=verdict.id,
        losses=[r for r in readings if r.tone == "harms"][: limits.n_readings],
        wins=[r for r in readings if r.tone == "helps"][: limits.n_readings],
        others=[_estimated(f, f.unit, "", scale) for f in others],
        slices=[_slice(f, scale) for f in slices],
        scale=scale,
    )  # fmt: skip


def _curve(contents: Contents, verdict: Verdict, store: Store) -> DeltaCurve | None:
    base, system = (
        contents.scores.get((s, verdict.collection, verdict.measure)) for s in (verdict.baseline, verdict.system)
    )
    if base is None or system is None or base.query_ids != system.query_ids:
        return None
    return sorted_differences(np.asarray(store.array(base.values)), np.asarray(store.array(system.values)))


def facts_on(contents: Contents, verdict: Verdict) -> list[Fact]:
    """Return every number on one comparison, with its name."""
    d = verdict.details
    finding = contents.differences.get((verdict.system, verdict.collection, verdict.measure))
    rows: list[tuple[str, str | None]] = [
        ("verdict", f"{verdict.verdict}: {verdict.reason}" if verdict.reason else verdict.verdict),
        ("baseline → system", f"{plain(verdict.base_mean)} → {plain(verdict.system_mean)}"),
        ("seeds", seed_lines(d) or None),
        ("queries", _queries(verdict)),
        ("grouped otherwise", otherwise(d) or None),
        ("adjusted p", probability(finding.p_adjusted) if finding and finding.p_adjusted is not None else None),
        ("p of this comparison alone", probability(finding.p) if finding and finding.p is not None else None),
        ("test", finding.test if finding else None),
        ("family", finding.family if finding else None),
        ("standard error", plain(d["standard_error"], 4) if "standard_error" in d else None),
        ("standard error from seeds, from queries", f"{plain(d['seed_se'], 4)}, {plain(d['query_se'], 4)}" if "seed_se" in d else None),
        ("wins plus half of the ties, as a share of all queries", plain(d["probability_of_improvement"]) if "probability_of_improvement" in d else None),
        ("effect in standard deviations", signed(d["d_z"]) if "d_z" in d else None),
        ("rules out", "; ".join(ruled_out(what, d[f"rules_out_{what}_above"]) for what in ("loss", "gain") if f"rules_out_{what}_above" in d)),
        ("carried by", _if_ties(verdict)),
        ("queries that would settle it", queries_to_decide(d) or None),
    ]  # fmt: skip
    return [(what, value) for what, value in rows if value]


def _queries(verdict: Verdict) -> str:
    independent = groups_text(verdict.n_clusters)
    if "effective_queries" in verdict.details:
        return (
            f"{count(verdict.n)}, at least {independent}, since queries share relevant documents in part; "
            f"{count(n_different(verdict))} different, if those that share half or more are one kind"
        )
    if verdict.n_clusters == verdict.n:
        return f"{count(verdict.n)}, all independent"
    return f"{count(verdict.n)}, {independent}: queries that share a relevant document or a group count once"


def _if_ties(verdict: Verdict) -> str | None:
    """Say how few queries carry a verdict; None where many do."""
    n = verdict.details.get("n_deciding")
    if n is None:
        return None
    several, single = (
        ("queries", "query") if verdict.n_clusters == verdict.n else ("groups of queries", "group of queries")
    )
    first = f"{count(n)} strongest {several} were ties" if n > 1 else f"strongest {single} were a tie"
    return f"if its {first}, the verdict would be UNDECIDED"


def _slice(finding: Finding, scale: Scale) -> Estimated:
    kind = "named beforehand" if finding.site.get("named") else "exploratory"
    return _estimated(finding, f"{finding.site.get('column')}: {finding.site.get('value')}", kind, scale)


def _estimated(finding: Finding, name: str, kind: str, scale: Scale) -> Estimated:
    return Estimated(name, kind, signed(finding.value), interval(finding.low, finding.high), count(finding.n),
                     probability(finding.p_adjusted if finding.p_adjusted is not None else finding.p),
                     scale.at(finding.value), scale.at(finding.low), scale.at(finding.high), finding.value)  # fmt: skip


def _notes(notes: list[str]) -> list[str]:
    """Say of notes that were made before a sample was drawn that they are of the whole collection.

    >>> _notes(["9 documents were merged", "a sample (seed 0): 2 of 4 queries, 5 of 6 documents", "x"])
    ['of the whole collection: 9 documents were merged', 'a sample (seed 0): 2 of 4 queries, 5 of 6 documents', 'x']
    """
    drawn = next((place for place, note in enumerate(notes) if note.startswith("a sample (")), 0)
    return [f"of the whole collection: {note}" for note in notes[:drawn]] + notes[drawn:]
