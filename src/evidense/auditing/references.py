"""References: what a reference comes to, from the answers of several indexes.

A field is wrong only where no index confirms it. Nothing is NOT FOUND on fewer than two indexes that answered. Where indexes
contradict each other about one work, and one of them agrees with the reference, the indexes disagree; the reference is right.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.auditing.fields import FieldCheck, check_fields
from evidense.auditing.identity import Identified, identify
from evidense.texts.venues import is_preprint
from evidense.values import Answer, Notice, Reference, Relation, Work

ReferenceVerdict = Literal[
    "OK", "WRONG FIELD", "OTHER WORK", "OLDER VERSION", "RETRACTED", "CORRECTED", "CONCERN", "INDEXES DISAGREE", "NOT FOUND", "NOT A PAPER",
    "NOT ASKED",
]  # fmt: skip
"""What a reference comes to."""
GATE: tuple[ReferenceVerdict, ...] = ("OTHER WORK", "RETRACTED", "NOT FOUND")
"""Verdicts that `--gate` does not let pass, unless others are named."""
MIN_ANSWERS = 2
"""Indexes that must have answered before a reference is NOT FOUND."""
_OF_NOTICE: Mapping[Relation, ReferenceVerdict] = {
    "retraction": "RETRACTED", "withdrawal": "RETRACTED", "concern": "CONCERN", "correction": "CORRECTED",
}  # fmt: skip
"""The worst first."""
THESES = frozenset(["phdthesis", "mastersthesis", "thesis"])
NO_PAPERS = frozenset(["software", "webpage", "online", "electronic", "dataset", "manual", "patent", "standard"])


@dataclass(frozen=True)
class ReferenceDecision:
    """A verdict on one reference with what it rests on."""

    verdict: ReferenceVerdict
    reason: str
    """Why, in words for people; which sources say so stands in `by`, or in the `by` of a field."""
    fields: tuple[FieldCheck, ...] = ()
    """Every field that was compared: confirmed ones, wrong ones, and those that nobody knows."""
    work: Work | None = None
    """The work that the reference means, as the index that agrees best has it."""
    newer: Mapping[str, str] | None = None
    """A published version of the preprint that is cited."""
    by: tuple[str, ...] = ()
    """The sources that say so, in alphabetical order."""
    may_be_missing: bool = False
    """Whether it was not found and is of a kind that indexes of papers need not hold: a thesis."""


def decide(reference: Reference, answers: Sequence[Answer]) -> ReferenceDecision:
    """Decide one reference; the same answers in any order give the same decision.

    Source: the kinds of wrong references are those of HALLMARK (arXiv 2607.18360).
    """
    answered = sorted({answer.source for answer in answers if answer.has_answered})
    identified = identify(reference, answers)
    if identified.is_other_work:
        meant = identified.works[0] if identified.works else None
        by = identified.fields[0].by
        return ReferenceDecision("OTHER WORK", identified.reason, identified.fields, meant, by=by)
    if not identified.works:
        return _without_work(reference, answered)
    checks = check_fields(reference, identified.works, answers)
    return _of_work(reference, identified, checks)


def _without_work(reference: Reference, answered: Sequence[str]) -> ReferenceDecision:
    if reference.kind in NO_PAPERS:
        return ReferenceDecision("NOT A PAPER", f"a {reference.kind}; indexes of papers need not hold it")
    if _is_page(reference):
        return ReferenceDecision("NOT A PAPER", "a page of the web; indexes of papers need not hold it")
    if reference.kind == "book" and "doi" not in reference.identifiers:
        return ReferenceDecision("NOT A PAPER", "a book without a DOI; indexes of papers need not hold it")
    if not answered:
        return ReferenceDecision("NOT ASKED", "no index answered")
    if len(answered) < MIN_ANSWERS:
        return ReferenceDecision(
            "NOT ASKED",
            f"only one index answered and does not hold it; expected at least {MIN_ANSWERS} answers",
            by=tuple(answered),
        )
    reason = "no work of this title; a workshop paper or a thesis may be missing there"
    return ReferenceDecision("NOT FOUND", reason, by=tuple(answered), may_be_missing=reference.kind in THESES)


def _is_page(reference: Reference) -> bool:
    """Say whether it names a page of the web and nothing else: no venue, and no identifier but its URL."""
    return reference.kind == "misc" and not reference.venue and set(reference.identifiers) == {"url"}


def _of_work(reference: Reference, identified: Identified, checks: tuple[FieldCheck, ...]) -> ReferenceDecision:
    work = identified.works[0]
    wrong = [check for check in checks if check.is_wrong]
    if notice := _worst_notice(identified.works):
        dated = f"{notice.date}, " if notice.date else ""
        knowing = _sources(known for known in identified.works if known.notices)
        reason = f"{dated}{notice.reason or notice.relation}"
        return ReferenceDecision(_OF_NOTICE[notice.relation], reason, checks, work, by=knowing)
    if wrong:
        return ReferenceDecision("WRONG FIELD", "; ".join(check.sentence for check in wrong), checks, work)
    if dissenting := identified.dissenting:
        reason = f"another title under this identifier ('{dissenting[0].title}'); the others agree with the reference"
        return ReferenceDecision("INDEXES DISAGREE", reason, checks, work, by=_sources(dissenting))
    if newer := _newer(reference, identified.works):
        return ReferenceDecision(
            "OLDER VERSION",
            f"published as {newer.get('doi') or newer.get('venue') or 'another version'}",
            checks,
            work,
            newer,
            _sources(known for known in identified.works if known.published_as),
        )
    is_near = any(check.state == "near" for check in checks)
    reason = "confirmed but for the year" if is_near else "confirmed"
    return ReferenceDecision("OK", reason, checks, work, by=_sources(identified.works))


def _sources(works: Iterable[Work]) -> tuple[str, ...]:
    return tuple(sorted({work.source for work in works}))


def _worst_notice(works: Sequence[Work]) -> Notice | None:
    order = tuple(_OF_NOTICE)
    notices = [notice for work in works for notice in work.notices]
    return min(notices, key=lambda notice: order.index(notice.relation), default=None)


def _newer(reference: Reference, works: Sequence[Work]) -> Mapping[str, str] | None:
    cites_preprint = is_preprint(reference.venue) or (not reference.venue and "arxiv" in reference.identifiers)
    if not cites_preprint:
        return None
    return next((work.published_as for work in works if work.published_as), None)
