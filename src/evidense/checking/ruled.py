"""Ruled: the verdict of rules alone, on a statement that is a sentence of its source, or nearly one."""

import re
from functools import lru_cache

from evidense.auditing.losses import COPY, Loss
from evidense.auditing.passages import Passages, SourceText
from evidense.auditing.statements import TracedStatement
from evidense.checking.aggregate import StancedPassage, WorkCheck, stance_of
from evidense.checking.library import LibraryWork
from evidense.values import CheckWord, Passage, Span

RULES = "rules"
_OWN = re.compile(r"\b(?:we|our|ours|this (?:paper|work|study|article|report)|the present)\b", re.IGNORECASE)
_QUALIFYING = frozenset({"hedge", "condition"})
"""Losses that leave a statement true under a condition, or as far as its source is sure."""
_SAID = {
    "aim": "its source asks this, and does not say it", "negation": "one of the two denies", "number": "the numbers differ",
    "hedge": "its source hedges it", "condition": "its source says it under a condition", "weaker": "its source says more",
    "cut": "its source goes on",
}  # fmt: skip


def ruled(statement: str, work: LibraryWork) -> WorkCheck | None:
    """Return what a statement comes to beside the sentences of a work that it copies; None where it copies none.

    Word for word: SUPPORTED. A condition or a hedge dropped: QUALIFIED. What else changes the meaning is named and left to the reader: NOT SURE.
    """
    traced = _traced(statement, work.text)
    if traced.quote is None or traced.alignment.located < COPY:
        return None
    passage = Passage(work.key, traced.quote.span, traced.quote.section, work.work.title)
    reasons = tuple(_reason(loss) for loss in traced.losses)
    if _reports(work, passage.span):
        return _one("NOT SURE", passage, (*reasons, "its source reports this of others"))
    if traced.losses:
        is_qualified = all(loss.rule in _QUALIFYING for loss in traced.losses)
        return _one("QUALIFIED" if is_qualified else "NOT SURE", passage, reasons)
    if traced.alignment.kind == "VERBATIM":
        return _one("SUPPORTED", passage, ())
    return None


def _one(word: CheckWord, passage: Passage, reasons: tuple[str, ...]) -> WorkCheck:
    return WorkCheck(word, (StancedPassage(passage, stance_of(word), RULES),), by=RULES, reasons=reasons)


def _reason(loss: Loss) -> str:
    if loss.instead:
        return f"{_SAID[loss.rule]}: “{loss.words}” → “{loss.instead}”"
    return f"{_SAID[loss.rule]}: {'+' if loss.is_added else '−'} “{loss.words}”"


def _reports(work: LibraryWork, span: Span) -> bool:
    """Say whether a passage cites others for what it says, and does not speak of the work itself."""
    cites = any(c.sentence.start < span.end and c.sentence.end > span.start for c in work.citations)
    return cites and not _OWN.search(span.quote)


def _traced(statement: str, text: SourceText) -> TracedStatement:
    return _passages(text).statement(Span(0, len(statement), statement))


@lru_cache(maxsize=64)
def _passages(text: SourceText) -> Passages:
    return Passages([text])
