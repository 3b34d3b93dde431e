"""Exchanges: two things that changed places around the word that relates them, as "A outperforms B" for "B outperforms A"."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from evidense.checking.comparing.wordings import is_function, is_general, say_same
from evidense.texts.tokens import Token, tokens

MOST = 24
"""Names of a sentence that are looked at."""
_TURNS = frozenset(
    (
        "in on at among amongst for with within under after before during when if where while by from via through across because since as and or "
        "between using"
    ).split()
)
"""Words between two things that let them change places: "B is outperformed by A", "after adding A, B rose", "A and B"."""


def exchange(claim: str, sentence: str) -> tuple[str, str] | None:
    """Return both stretches where two names stand in another order around one relation, or None.

    >>> exchange("Smoking causes cancer.", "Cancer causes smoking.")
    ('Smoking causes cancer', 'Cancer causes smoking')
    >>> exchange("Cancer is caused by smoking.", "Smoking causes cancer.") is None
    True
    """
    here, there = _telling(claim), _telling(sentence)
    mine, theirs = _places(here, claim), _places(there, sentence)
    shared = [key for key in mine if key in theirs][:MOST]
    for one, other in combinations(shared, 2):
        if (mine[one] < mine[other]) == (theirs[one] < theirs[other]):
            continue
        between = _between(here, mine[one], mine[other]), _between(there, theirs[one], theirs[other])
        if _is_related(*between):
            return _stretch(claim, here, mine[one], mine[other]), _stretch(sentence, there, theirs[one], theirs[other])
    return None


def _telling(text: str) -> list[Token]:
    return [token for token in tokens(text) if token.kind in ("word", "number") or token.key in ",;:()"]


def _places(found: Sequence[Token], text: str) -> dict[str, int]:
    """Return where the names stand that a text has once; a capital alone is one: "A outperforms B"."""
    keys = [text[t.start] if t.end - t.start == 1 and text[t.start].isupper() else t.key for t in found]
    counts = Counter(keys)
    names = {
        key: i for i, (key, t) in enumerate(zip(keys, found, strict=True)) if t.kind == "word" and counts[key] == 1
    }
    return {key: i for key, i in names.items() if key == "A" or not is_general(key.lower())}


def _between(found: Sequence[Token], one: int, other: int) -> list[Token]:
    return list(found[min(one, other) + 1 : max(one, other)])


def _is_related(between: Sequence[Token], between_there: Sequence[Token]) -> bool:
    """Say whether one word relates two things in both texts, and nothing lets them change places."""
    if any(token.kind == "sign" or token.key in _TURNS for token in (*between, *between_there)):
        return False
    words, words_there = ([t.key for t in side if not is_function(t.key)] for side in (between, between_there))
    return any(say_same(word, other) for word in words for other in words_there)


def _stretch(text: str, found: Sequence[Token], one: int, other: int) -> str:
    return re.sub(r"\s+", " ", text[found[min(one, other)].start : found[max(one, other)].end])
