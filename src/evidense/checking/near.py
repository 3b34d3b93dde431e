"""Near statements: what the rules alone say of a statement that is a copy of a sentence of its source, if for a few words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidense.auditing.alignment import Alignment, align
from evidense.auditing.losses import losses
from evidense.checking.comparing.changes import Change, PlacedWord, changes
from evidense.checking.comparing.conditions import FRAME
from evidense.checking.comparing.copies import is_copied, of_copy, rank, stretches, telling_words
from evidense.checking.comparing.doubts import is_doubted
from evidense.checking.comparing.mismatch import DENYING, ORDER, Mismatch, MismatchRule
from evidense.checking.comparing.places import are_misplaced
from evidense.checking.comparing.quantifiers import differ_in_degree
from evidense.checking.comparing.unsure import is_unsure_refutation, why_unsure_support
from evidense.checking.comparing.wordings import is_function, plain
from evidense.texts.sentences import sentences
from evidense.texts.tokens import tokens
from evidense.values.checking import CheckWord
from evidense.values.literature import Span

REFUTING: frozenset[MismatchRule] = frozenset({"negation", "direction", "number"})
"""Rules by which a copy says the contrary. By every other but "condition" it speaks of something else."""
ENOUGH = 0.8
"""The least share of a statement's words that its sentence says, less those that stand in place of others."""
IN_ORDER = 0.65
"""The least share of a statement's words that its sentence has in their order, for it to be supported, or qualified."""
ALIKE = 0.5
"""The least similarity of a sentence to a statement that names another thing than it; a sentence about much else may name both."""
LONGEST = 10_000
"""Letters of a sentence beyond which it is none, and no statement is near it."""
_NO_DENIAL = "what differs need not deny the statement"
_DOUBTS = "the passage reports, doubts or limits this, or says it of something else"
_MISPLACED = "a number or a name stands beside other words than in the passage"
_BOTH = "both can be true"
MOST_SWAPS = 2
"""Things of a copy that may be swapped; with more it is no copy, but another sentence."""
_TERM = re.compile(
    r"[A-Z\d]|(?:in|ine|ol|ase|itis|oma|osis|ogen|cytes?|ide|ate|emia|virus|pathy|one|en|an|um|us|ics?|al|ia|s)$"
)
"""A capital or a digit, or an ending of the names of drugs, enzymes, illnesses and living beings."""


@dataclass(frozen=True)
class NearVerdict:
    """What the rules say of a statement beside the sentence that it is near to."""

    word: CheckWord
    """SUPPORTED; REFUTED; QUALIFIED: it dropped a condition; SCOPE DIFFERS: the sentence speaks of another thing; NOT ENOUGH: the sentence
    only asks what the statement tells; NOT SURE: it reports or doubts it, or a number, a name or an ordinary word stands in another's place."""
    mismatches: tuple[Mismatch, ...]
    """What the word rests on first; empty where it is supported."""
    span: Span
    """The sentence, in the passage."""
    why: str = ""
    """What makes it NOT SURE, where its mismatches do not say so."""


def without_cut_word(statement: str, passage: str) -> str:
    """Return a statement without a last word that was cut off: one that only begins as a word of the passage does.

    >>> without_cut_word("The study looks at backbone coun", "We look at backbone counterparts.")
    'The study looks at backbone'
    """
    cut = re.search(r"\s+([^\W\d_]{2,})$", statement)
    if cut is None or re.search(rf"\b{cut[1]}\b", passage) or not re.search(rf"\b{cut[1]}\w", passage):
        return statement
    return statement[: cut.start()]


def near_verdict(statement: str, passage: str) -> NearVerdict | None:
    """Return what the rules alone say of a statement, or None where it is near no sentence of the passage or says more than it.

    >>> passage = "We trained two models. Pruning helps in long documents, but never by more than 2 points."
    >>> [near_verdict(s, passage).word for s in ("We trained two models.", "We trained three models.", "Pruning helps.")]
    ['SUPPORTED', 'REFUTED', 'QUALIFIED']
    >>> near_verdict("Pruning is a kind of gardening.", passage) is None
    True
    """
    statement = plain(without_cut_word(statement, passage))
    spans = [span for span in stretches(passage, len(sentences(statement))) if len(span.quote) <= LONGEST]
    best = max((_beside(statement, span) for span in spans), key=lambda pair: rank(pair[0]), default=None)
    if best is None or not is_copied(statement, plain(best[1].quote)):
        return None
    alignment, span = best
    sentence = plain(span.quote)
    found = tuple(
        sorted(
            dict.fromkeys(of_copy(statement, sentence, plain(passage))), key=lambda mismatch: ORDER.index(mismatch.rule)
        )
    )
    word, why = _word(statement, sentence, alignment, found)
    if word == "REFUTED" and is_unsure_refutation(_refuting(found), statement, sentence, plain(passage)):
        word, why = "NOT SURE", _NO_DENIAL
    if word in ("SUPPORTED", "QUALIFIED") and (why := why_unsure_support(found, statement, sentence)):
        word = "NOT SURE"
    return NearVerdict(word, found, span, why) if word else None


def _beside(statement: str, span: Span) -> tuple[Alignment, Span]:
    return align(statement, plain(span.quote)), span


def _word(
    statement: str, sentence: str, alignment: Alignment, found: tuple[Mismatch, ...]
) -> tuple[CheckWord | None, str]:
    """Choose the word, and say why it is NOT SURE; a statement that is no copy, or that only adds something to its sentence, gets none."""
    made = changes(statement, sentence)
    if not _is_copy(statement, made):
        return None, ""
    if any(loss.rule == "aim" for loss in losses(alignment)):
        return "NOT ENOUGH", ""
    if is_doubted(statement, sentence, made):
        return "NOT SURE", _DOUBTS
    if refuting := _refuting(found):
        if all(differ_in_degree(m.claim, m.evidence) for m in refuting):
            return "NOT SURE", _BOTH
        return "REFUTED", ""
    others = [mismatch for mismatch in found if not mismatch.qualifies]
    if any(mismatch.evidence for mismatch in others):
        if not any(mismatch.evidence and _is_scope(mismatch) for mismatch in others):
            return "NOT SURE", ""
        return ("SCOPE DIFFERS" if alignment.similarity >= ALIKE else None), ""
    if are_misplaced(statement, sentence):
        return "NOT SURE", _MISPLACED
    is_in_order = alignment.located >= IN_ORDER or telling_words(statement) == telling_words(sentence)
    if others or _added(statement, made) or not is_in_order:
        return None, ""
    return ("QUALIFIED" if found else "SUPPORTED"), ""


def _refuting(found: Sequence[Mismatch]) -> list[Mismatch]:
    return [m for m in found if m.rule in REFUTING and (m.evidence or m.rule == "negation")]


def _is_scope(mismatch: Mismatch) -> bool:
    """Say whether names or terms stand in each other's place, and no ordinary words ("comma", "colon")."""
    return mismatch.rule != "entity" or any(_TERM.search(word) for word in (mismatch.claim, mismatch.evidence))


def _is_copy(statement: str, made: Sequence[Change]) -> bool:
    """Say whether a statement is a sentence with at most two things swapped."""
    words = [token for token in tokens(statement) if token.kind in ("word", "number") and not is_function(token.key)]
    swapped = [change for change in made if change.is_local and any(w.tells for w in change.added_words)]
    in_place = [word for change in swapped for word in change.added_words if word.tells]
    more = [w for w in _added(statement, made) if w not in in_place and not DENYING.fullmatch(w.text)]
    n_said = len(words) - len(in_place) - len(more)
    return len(swapped) <= MOST_SWAPS and n_said > len(in_place) and n_said >= ENOUGH * (len(words) - len(in_place))


def _added(statement: str, made: Sequence[Change]) -> list[PlacedWord]:
    """Return the words that were added, without a lead-in ("We found that") and words that join others."""
    lead = FRAME.match(statement)
    end = lead.end() if lead else 0
    return [word for change in made for word in change.added_words if word.start >= end and word.tells]
