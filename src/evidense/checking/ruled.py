"""Ruled: the verdict of rules alone, on a statement that is a sentence of a work, or nearly one."""

from functools import lru_cache

from evidense.auditing.alignment import align
from evidense.auditing.aside import speaks_of_itself
from evidense.auditing.losses import COPY
from evidense.auditing.markers import is_doubt
from evidense.auditing.passages import Passages, SourceText
from evidense.checking.aggregate import StancedPassage, WorkCheck, stance_of
from evidense.checking.checkable import may_be_title
from evidense.checking.comparing.mismatch import Mismatch
from evidense.checking.comparing.quantifiers import says_how_many
from evidense.checking.comparing.wordings import plain
from evidense.checking.library import LibraryWork
from evidense.checking.near import near_verdict
from evidense.values import CheckWord, Passage, Span

RULES = "rules"
_TITLE = (
    "no word of the statement is surely a verb, and a title says nothing; if it is a sentence, end it with a full stop"
)
_ASKS = "the passage asks this, and does not say it"
_REPORTS = "the passage reports this of others"


def ruled(statement: str, work: LibraryWork) -> WorkCheck | None:
    """Return what a statement comes to beside the sentences of a work that it is near to; None where it is near none.

    REFUTED stands for copies alone: of SciFact's 1,258 pairs the rules refuted 7 copies, all rightly, and would refute 18 others, 5 of them wrongly.
    A sentence that reports others is NOT SURE, since a position that is reported is not held; so is one that asks what the statement tells.
    """
    window = _closest(statement, work.text)
    verdict = near_verdict(statement, window.quote) if window else None
    if window is None or verdict is None:
        return None
    start, end = window.start + verdict.span.start, window.start + verdict.span.end
    span = Span(start, end, work.text.text[start:end], window.page)
    reasons = tuple(_reason(mismatch) for mismatch in verdict.mismatches)
    word: CheckWord = verdict.word
    if word != "NOT SURE" and may_be_title(statement):
        word, reasons = "NOT SURE", (_TITLE,)
    elif _reports(work, span):
        word, reasons = "NOT SURE", (*reasons, _REPORTS)
    elif word == "NOT ENOUGH":
        word, reasons = "NOT SURE", (*reasons, _ASKS)
    elif word == "NOT SURE":
        reasons = (*reasons, *filter(None, [verdict.why]))
    elif word == "REFUTED" and not _is_copy(plain(statement), plain(span.quote)):
        word = "NOT SURE"
    passage = Passage(work.key, span, "", work.work.title)
    return WorkCheck(word, (StancedPassage(passage, stance_of(word), RULES),), by=RULES, reasons=reasons)


def _reason(mismatch: Mismatch) -> str:
    """Say what differs: "number: the passage has “12 %”, the statement “15 %”"."""
    if mismatch.qualifies:
        return f"the passage says {_limited(mismatch.evidence)}: “{mismatch.evidence}”"
    if not mismatch.evidence:
        return f"{mismatch.rule}: the statement has “{mismatch.claim}”"
    claimed = f", the statement “{mismatch.claim}”" if mismatch.claim else ""
    return f"{mismatch.rule}: the passage has “{mismatch.evidence}”{claimed}"


def _limited(dropped: str) -> str:
    """Say what the words are that a statement dropped: of how many it holds, a doubt or a condition."""
    if says_how_many(dropped):
        return "of how many it holds"
    return "it with a doubt" if is_doubt(dropped) else "it under a condition"


def _is_copy(statement: str, sentence: str) -> bool:
    """Say whether most words of one stand in the other in their order, whichever denies: a denial adds words to its side."""
    return max(align(statement, sentence).located, align(sentence, statement).located) >= COPY


def _reports(work: LibraryWork, span: Span) -> bool:
    """Say whether a passage cites others for what it says, and does not speak of the work itself."""
    cites = any(c.sentence.start < span.end and c.sentence.end > span.start for c in work.citations)
    return cites and not speaks_of_itself(span.quote)


def _closest(statement: str, text: SourceText) -> Span | None:
    """Return the sentences of a work that share most with a statement in its order."""
    quote = _passages(text).statement(Span(0, len(statement), statement)).quote
    return quote.span if quote else None


@lru_cache(maxsize=64)
def _passages(text: SourceText) -> Passages:
    return Passages([text])
