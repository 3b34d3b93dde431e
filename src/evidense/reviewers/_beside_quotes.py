"""A statement beside the passage that it quotes, by the rules of checking: numbers that the passage lacks, and what is said the other way round."""

from functools import lru_cache

from evidense.checking.comparing.copies import closest, is_copied
from evidense.checking.comparing.wordings import plain
from evidense.checking.quantities import StatedQuantity, agree, quantities
from evidense.checking.rules import NEAR_ONLY, Mismatch, mismatches
from evidense.texts.sentences import sentences


def missing_numbers(statement: str, passage: str) -> list[str]:
    """Return the numbers of a statement that its passage lacks, or gives in another place of the same sentence; a rounded number is the same.

    >>> missing_numbers("It gains 3.2 points on 7 sets.", "We gain 3.24 points on eight sets.")
    ['7']
    >>> missing_numbers("It gains 3 points on 7 sets.", "")
    ['3 points', '7']
    """
    there = _numbers(passage)
    lacking = [q.quote for q in _numbers(statement) if not any(agree(q, other) for other in there)]
    swapped = [m.claim for m in _differences(statement, passage) if m.rule == "number" and m.claim]
    return lacking or list(dict.fromkeys(swapped))


def has_numbers(statement: str) -> bool:
    """Say whether a statement gives a number."""
    return bool(_numbers(statement))


def is_turned(statement: str, passage: str) -> bool:
    """Say whether a statement has the opposite direction of its passage, or, where it is nearly a copy, denies what that says.

    >>> is_turned("Tuning lowers recall.", "Tuning raises recall."), is_turned("Tuning raises recall.", "Tuning raises recall.")
    (True, False)
    """
    return any(m.rule in ("direction", "negation") for m in _differences(statement, passage))


@lru_cache(maxsize=4_096)
def _numbers(text: str) -> tuple[StatedQuantity, ...]:
    return quantities(plain(text))


@lru_cache(maxsize=4_096)
def _differences(statement: str, passage: str) -> tuple[Mismatch, ...]:
    """Return how each sentence of a statement differs from its passage."""
    return tuple(m for span in sentences(statement) for m in _of_sentence(span.quote, passage))


@lru_cache(maxsize=4_096)
def _of_sentence(sentence: str, passage: str) -> tuple[Mismatch, ...]:
    """Return the mismatches of one sentence; in other words than the passage only those rules that speak of other words."""
    claim, evidence = plain(sentence), plain(passage)
    if not evidence:
        return ()
    found, is_near = mismatches(sentence, passage), is_copied(claim, closest(claim, evidence))
    return tuple(m for m in found if is_near or m.rule not in NEAR_ONLY)
