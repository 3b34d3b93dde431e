"""Ledger: claims of the literature with their verdicts, the findings behind each, and what would decide the open ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidense.boundary.numerals import count, interval, signed
from evidense.parts import code_order
from evidense.published.claim_verdicts import apart_words
from evidense.records import Check, Finding, Json
from evidense.report.ledger.strips import EquivalenceStrip, equivalence_strip
from evidense.report.ledger.words import NO_EVIDENCE, REGISTERED, anchor, command, margin_of, name_of, pair_of
from evidense.report.places import grouped
from evidense.report.rendering import without_sample
from evidense.report.words import CLAIM_WORDS, Word

LINKED = 4
"""The most findings that a row links to; the deciding ones come first."""


@dataclass(frozen=True)
class ClaimRow:
    """One verdict: one level of a claim, for one pair of encoders on one collection."""

    word: Word
    level: str
    estimand: str
    measure: str
    pair: str
    collection: str
    apart: str
    """What sets it apart from others of the same pair and collection: "N = 5", or a pooling."""
    analogue: str
    """"an analogue of B2", where the claim names its encoders and this is none of them; else empty."""
    effect: str
    """Empty where there is no evidence, as are interval, n and clusters."""
    interval: str
    ends: tuple[float, float, float] | None
    """(effect, low, high), for a drawing."""
    margin: str
    curve: EquivalenceStrip | None
    """Of a claim of equivalence: its verdict at every margin."""
    n: str
    n_clusters: str
    controls: tuple[tuple[bool, str], ...]
    """(passed, result in words)"""
    reason: str
    decided_by: tuple[str, str, str]
    """What would decide the claim: the text before the command, the command, the text after it."""
    links: tuple[tuple[str, str], ...]
    """(anchor, text)"""
    n_findings: int
    registered: tuple[tuple[str, str], ...]
    id: str
    others: tuple["ClaimRow", ...] = ()
    """Further levels that this row stands for."""

    @property
    def about(self) -> str:
        """Return the pair, the collection and what sets the verdict apart, after the words that it is on an analogue."""
        return " · ".join(
            text for text in (self.analogue, self.pair, without_sample(self.collection), self.apart) if text
        )


@dataclass(frozen=True)
class Level:
    """One level of a claim with all its verdicts."""

    rows: tuple[ClaimRow, ...]

    @property
    def first(self) -> ClaimRow:
        """Return the first verdict: its level, estimand and measure are those of all."""
        return self.rows[0]

    @property
    def has_evidence(self) -> bool:
        """Say whether there is an estimate."""
        return any(row.effect for row in self.rows)

    @property
    def tally(self) -> str:
        """Return how many rows have each word."""
        words = [row.word.word for row in self.rows]
        return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


@dataclass(frozen=True)
class Entry:
    """One claim with all its verdicts."""

    code: str
    sentence: str
    source: str
    rows: tuple[ClaimRow, ...]

    @property
    def has_evidence(self) -> bool:
        """Say whether any level was estimated."""
        return any(row.effect for row in self.rows)

    @property
    def levels(self) -> list[Level]:
        """Return the rows by level and estimand."""
        return [Level(tuple(rows)) for rows in grouped(self.rows, lambda r: (r.level, r.estimand)).values()]

    @property
    def merged_rows(self) -> list[ClaimRow]:
        """Return the rows; levels without evidence for the same reason share one row."""
        by_reason = grouped(self.rows, lambda r: r.id if r.effect else f"{r.word.word} {r.reason}")
        return [_merged(rows) for rows in by_reason.values()]


def _merged(rows: Sequence[ClaimRow]) -> ClaimRow:
    first, *others = rows
    levels = ", ".join(dict.fromkeys(row.level for row in rows if row.level))
    return replace(first, level=levels, margin="" if others else first.margin, others=tuple(others))


def entries(verdicts: Sequence[Check], findings: Sequence[Finding]) -> list[Entry]:
    """Return the claims in the order of their codes."""
    finding_of_id = {f.id: f for f in findings}
    by_code = grouped(verdicts, lambda v: str(v.details["code"]))
    return [_entry(code, by_code[code], finding_of_id) for code in sorted(by_code, key=code_order)]


def _entry(code: str, verdicts: Sequence[Check], finding_of_id: dict[str, Finding]) -> Entry:
    details = verdicts[0].details
    rows = tuple(_row(v, finding_of_id) for v in verdicts)
    return Entry(code, str(details["sentence"]), str(details.get("source", "")), rows)


def _row(verdict: Check, finding_of_id: dict[str, Finding]) -> ClaimRow:
    details, is_estimated = verdict.details, verdict.effect is not None
    is_open = verdict.verdict == "UNDECIDED" and not is_estimated
    return ClaimRow(
        word=CLAIM_WORDS[verdict.verdict],
        level=str(details.get("level", "")),
        estimand=str(details.get("estimand", "")),
        measure=verdict.measure,
        pair=pair_of(verdict),
        collection=verdict.collection,
        apart=apart_words(details.get("at", {})),
        analogue=f"an analogue of {details['code']}" if details.get("analogue") else "",
        effect=signed(verdict.effect) if is_estimated else "",
        interval=interval(verdict.low, verdict.high) if is_estimated else "",
        ends=(verdict.effect, verdict.low, verdict.high) if is_estimated else None,
        margin=margin_of(verdict),
        curve=_strip(verdict),
        n=count(verdict.n) if is_estimated else "",
        n_clusters=count(verdict.n_clusters) if is_estimated else "",
        controls=tuple((bool(control["passed"]), str(control["found"])) for control in details.get("controls", ())),
        reason=NO_EVIDENCE if verdict.reason.startswith(NO_EVIDENCE) else verdict.reason,
        decided_by=command(str(details.get("decided_by", ""))) if is_open else ("", "", ""),
        links=_links(verdict, finding_of_id),
        n_findings=sum(parent in finding_of_id for parent in verdict.parents),
        registered=tuple((label, str(details[key])) for label, key in REGISTERED if details.get(key)),
        id=verdict.id,
    )


def _strip(verdict: Check) -> EquivalenceStrip | None:
    if "fails_below" not in verdict.details:
        return None
    fails_below, holds_from = (float(verdict.details[key]) for key in ("fails_below", "smallest_margin"))
    return equivalence_strip(fails_below, holds_from, verdict.margin)


def _links(verdict: Check, finding_of_id: dict[str, Finding]) -> tuple[tuple[str, str], ...]:
    findings = [finding_of_id[parent] for parent in verdict.parents if parent in finding_of_id]
    deciding_site: Json = verdict.details.get("site")
    findings.sort(key=lambda f: dict(f.site) != deciding_site if deciding_site else False)
    return tuple((anchor(f), name_of(f)) for f in findings[:LINKED])


@dataclass(frozen=True)
class Tally:
    """The codes of the claims with one verdict."""

    word: Word
    codes: list[str]


def tally(verdicts: Sequence[Check]) -> list[Tally]:
    """Count claims by verdict; a claim whose levels differ stands under each verdict that one of them has."""
    by_word = grouped(verdicts, lambda v: v.verdict)
    return [
        Tally(word, sorted({str(v.details["code"]) for v in by_word[verdict]}, key=code_order))
        for verdict, word in CLAIM_WORDS.items()
        if verdict in by_word
    ]
