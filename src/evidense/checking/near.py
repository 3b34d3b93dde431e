"""Near statements: what the rules alone say of a statement that is a copy of a sentence of its source, if for a few words."""

from dataclasses import dataclass

from evidense.auditing.alignment import Alignment, align
from evidense.auditing.losses import losses
from evidense.checking.changes import Change, changes
from evidense.checking.conditions import FRAME
from evidense.checking.rules import COPIED, ORDER, Mismatch, MismatchRule, of_copy
from evidense.checking.wordings import is_function, is_general
from evidense.texts.sentences import sentences
from evidense.values.checking import CheckWord
from evidense.values.literature import Span

REFUTING: frozenset[MismatchRule] = frozenset({"negation", "direction", "number"})
"""Rules by which a copy says the contrary. By every other but "condition" it speaks of something else."""
ENOUGH = 0.7
"""The least share of a statement's words that its sentence has, in order, for rules alone to call it supported."""


@dataclass(frozen=True)
class NearVerdict:
    """What the rules say of a statement beside the sentence that it is near to."""

    word: CheckWord
    """SUPPORTED; REFUTED; QUALIFIED: it dropped a condition; SCOPE DIFFERS: the sentence speaks of another thing; NOT ENOUGH: the sentence
    only asks what the statement tells."""
    mismatches: tuple[Mismatch, ...]
    """What the word rests on first; empty where it is supported."""
    span: Span
    """The sentence, in the passage."""


def near_verdict(statement: str, passage: str) -> NearVerdict | None:
    """Return what the rules alone say of a statement, or None where it is near no sentence of the passage or says more than it.

    >>> passage = "We trained two models. Pruning helps in long documents, but never by more than 2 points."
    >>> [near_verdict(s, passage).word for s in ("We trained two models.", "We trained three models.", "Pruning helps.")]
    ['SUPPORTED', 'REFUTED', 'QUALIFIED']
    >>> near_verdict("Pruning is a kind of gardening.", passage) is None
    True
    """
    statement = " ".join(statement.split())
    best = max((_beside(statement, span) for span in sentences(passage)), key=lambda pair: _rank(pair[0]), default=None)
    if best is None or best[0].located < COPIED:
        return None
    alignment, span = best
    sentence = " ".join(span.quote.split())
    found = tuple(
        sorted(dict.fromkeys(of_copy(statement, sentence, passage)), key=lambda mismatch: ORDER.index(mismatch.rule))
    )
    word = _word(statement, sentence, alignment, found)
    return NearVerdict(word, found, span) if word else None


def _beside(statement: str, span: Span) -> tuple[Alignment, Span]:
    return align(statement, " ".join(span.quote.split())), span


def _rank(alignment: Alignment) -> tuple[float, float]:
    return alignment.located, alignment.similarity


def _word(statement: str, sentence: str, alignment: Alignment, found: tuple[Mismatch, ...]) -> CheckWord | None:
    """Choose the word; a statement that only adds something to its sentence gets none."""
    if any(loss.rule == "aim" for loss in losses(alignment)):
        return "NOT ENOUGH"
    if any(m.rule in REFUTING and (m.evidence or m.rule == "negation") for m in found):
        return "REFUTED"
    others = [mismatch for mismatch in found if not mismatch.qualifies]
    if any(mismatch.evidence for mismatch in others):
        return "SCOPE DIFFERS"
    if others or alignment.located < ENOUGH or _says_more(statement, changes(statement, sentence)):
        return None
    return "QUALIFIED" if found else "SUPPORTED"


def _says_more(statement: str, found: tuple[Change, ...]) -> bool:
    """Say whether words were added that are more than a lead-in ("We found that") or join others."""
    lead = FRAME.match(statement)
    end = lead.end() if lead else 0
    words = [word for change in found for word in change.added_words if word.start >= end and not is_function(word.key)]
    return len(words) > 1 or any(not is_general(word.key) for word in words)
