"""Directions: which way a word says something goes, and how one word denies another."""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from evidense.checking.lexicon.opposites import TABLE
from evidense.texts.stems import stem
from evidense.texts.tokens import tokens

_LESS_AND_WORSE = 2
"""The first lines of the table: more and less, better and worse."""
_PREFIXES = (
    ("hyper", "hypo"), ("hyper", "normo"), ("normo", "hypo"), ("over", "under"), ("up", "down"), ("intra", "extra"), ("pro", "anti"), ("pre", "post"),
    ("homo", "hetero"), ("mono", "poly"), ("uni", "multi"), ("uni", "bi"), ("in", "ex"), ("in", "out"), ("en", "ex"),
    ("endo", "exo"), ("endo", "ecto"), ("macro", "micro"),
    ("eu", "dys"), ("brady", "tachy"), ("inter", "intra"), ("ante", "post"), ("out", "under"), ("super", "sub"), ("supra", "infra"), ("bene", "male"),
)  # fmt: skip
_DENYING = ("counter", "anti", "dis", "mal", "mis", "non", "dys", "un", "in", "im", "ir", "il", "de", "an", "a")
_NONE = frozenset(
    "no not nor neither without cannot similar similarly comparable unchanged unaffected equal equally unaltered".split()
)


@lru_cache(maxsize=65_536)
def sides(word: str) -> frozenset[tuple[int, int]]:
    """Return on which lines of the table of opposites a word stands, and on which side, as (line, side).

    >>> bool(sides("increased") & sides("raises")), sides("tables")
    (True, frozenset())
    """
    found = _sides_by_stem().get(stem(word), frozenset())
    return sides(word[:-2]) if not found and len(word) > 5 and word.endswith("ly") else found


def are_opposite(one: str, other: str) -> bool:
    """Say whether two words say opposite things, by the table or by their prefixes.

    >>> are_opposite("raises", "lowered"), are_opposite("hypertension", "hypotension"), are_opposite("raises", "increases")
    (True, True, False)
    """
    mine, theirs = sides(one), sides(other)
    if mine & theirs and not any(a == b and s != t for a, s in mine - theirs for b, t in theirs - mine):
        return False
    by_table = any(line == same and side != opposite for line, side in mine for same, opposite in theirs)
    return by_table or _by_prefix(one.casefold(), other.casefold()) or denies(one, other)


@lru_cache(maxsize=65_536)
def denies(one: str, other: str) -> bool:
    """Say whether one of two words is the other with a prefix, or an ending, that denies it.

    >>> denies("treated", "untreated"), denies("harmful", "harmless"), denies("treated", "treats")
    (True, True, False)
    """
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    if re.search(r"\d", long):
        return False
    for prefix in _DENYING:
        rest = long.removeprefix(prefix).lstrip("-")
        if (
            long.startswith(prefix)
            and len(rest) >= 4
            and (rest == short or (len(prefix) > 1 and stem(rest) == stem(short)))
        ):
            return True
    stripped = re.sub(r"-?(?:less|free)$", "", long)
    return stripped != long and len(stripped) > 2 and stripped in (short, short.removesuffix("ful"), stem(short))


def polarity(text: str) -> int:
    """Return +1 where a text says more or better, -1 where less or worse, 0 where neither, both, or no difference.

    >>> polarity("X raises Y"), polarity("X worsens Y"), polarity("no difference was seen")
    (1, -1, 0)
    """
    words = [token.key for token in tokens(text) if token.kind == "word"]
    if _NONE & set(words):
        return 0
    signs = {side for word in words for line, side in sides(word) if line < _LESS_AND_WORSE}
    return 1 - 2 * signs.pop() if len(signs) == 1 else 0


@lru_cache(maxsize=1)
def _sides_by_stem() -> Mapping[str, frozenset[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for line, row in enumerate(TABLE.strip().splitlines()):
        for side, words in enumerate(row.split("|")):
            for word in words.split():
                found[stem(word)].add((line, side))
    return {key: frozenset(places) for key, places in found.items()}


def _by_prefix(one: str, other: str) -> bool:
    """Say whether two words are one word with opposite prefixes."""
    for a, b in _PREFIXES:
        for left, right in ((one, other), (other, one)):
            if left.startswith(a) and right.startswith(b):
                rest = left.removeprefix(a).lstrip("-")
                if len(rest) >= 3 and rest == right.removeprefix(b).lstrip("-"):
                    return True
    return False
