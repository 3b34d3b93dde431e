"""Titles: whether two spellings are one title, nearly one, or two."""

import re
from functools import lru_cache
from typing import Literal

from evidense.texts.letters import decode_latex, words

_PREFIX = re.compile(
    r"^\s*(?:extended abstract|retracted(?: article)?|retraction(?: note)?|withdrawn|poster|demo|short paper|correction(?: to)?|erratum)\s*:\s*",
    re.IGNORECASE,
)
_EDITION = re.compile(
    r"\s*[,(\[]\s*(?:(?:\d+(?:st|nd|rd|th)?|first|second|third|fourth|fifth|revised|international)\.?\s+ed(?:\.|n\.?|ition)?"
    r"|(?:release|version|ver\.|v\.) ?\d[\w.-]*)\s*[)\]]?[\s.]*$",
    re.IGNORECASE,
)
_SUBTITLE = re.compile(r"\s*(?::|\?|\.\s|\s[-–—]\s)\s*")
_ROMAN = frozenset("i ii iii iv v vi vii viii ix x xi xii".split())
Likeness = Literal["same", "near", "other"]
NEAR = 0.72
"""The least similarity of titles that may be one title in two wordings."""


@lru_cache(maxsize=1 << 14)
def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title by which it is compared; LaTeX, case, punctuation, prefixes such as "Extended abstract:", edition and version dropped.

    >>> title_words("{BERT}: Pre-training of Deep Bidirectional Transformers")[:3]
    ('bert', 'pre', 'training')
    >>> title_words("The Art of Programming (3rd. ed.)")
    ('the', 'art', 'of', 'programming')
    >>> title_words("GNU Scientific Library, Release 2.4")
    ('gnu', 'scientific', 'library')
    """
    plain = _EDITION.sub("", _PREFIX.sub("", decode_latex(title))).replace("&", " and ")
    return tuple(words(plain))


def title_key(title: str) -> str:
    """Return one string for titles that are the same but for case, punctuation, spaces, accents and LaTeX."""
    return "".join(title_words(title))


def compare_titles(cited: str, known: str) -> tuple[Likeness, float]:
    """Say how alike two titles are, and their similarity from 0 to 1.

    "same": equal keys, one is the other without its subtitle, or single letters differ in long words (a slip, a plural).
    "near": at least 0.72 similar. The similarity is the larger of that of the letters and that of the words.

    >>> compare_titles("Attention is all you need.", "Attention Is All You Need")
    ('same', 1.0)
    >>> compare_titles("Mixing Predictions towards Online Metric Algorithms", "Mixing Predictions for Online Metric Algorithms")[0]
    'near'
    """
    one, other = title_words(cited), title_words(known)
    if not one or not other:
        return "other", 0.0
    key, known_key = "".join(one), "".join(other)
    if key == known_key or _is_main_title(cited, known) or _only_slips(one, other):
        return "same", 1.0
    similarity = title_similarity(key, known_key, one, other)
    return ("near" if similarity >= NEAR else "other"), similarity


def title_similarity(key: str, known_key: str, one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Return the larger of the letters' similarity (Indel) and the words' (Dice)."""
    from rapidfuzz.fuzz import ratio

    shared = len(set(one) & set(other))
    return max(ratio(key, known_key) / 100, 2 * shared / (len(set(one)) + len(set(other))))


def main_title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title without its subtitle, which stands behind a colon, a question mark, a full stop or a dash.

    >>> main_title_words("BERT: Pre-training of Transformers")
    ('bert',)
    """
    plain = decode_latex(title)
    subtitle = _SUBTITLE.search(plain)
    return title_words(plain[: subtitle.start()] if subtitle else title)


def is_numeral(word: str) -> bool:
    """Say whether a folded word holds a digit, or is a Roman numeral as parts of a work have it.

    >>> is_numeral("2019"), is_numeral("iv"), is_numeral("mix")
    (True, True, False)
    """
    return word.isdigit() or (not word.isalpha() and any(map(str.isdigit, word))) or word in _ROMAN


def one_letter_apart(one: str, other: str) -> bool:
    """Say whether two words of at least six letters differ by one letter that is left out, added, exchanged or swapped."""
    return min(len(one), len(other)) >= 6 and _one_letter(one, other)


def _is_main_title(cited: str, known: str) -> bool:
    """One is the other without its subtitle, and has at least three words."""
    for short, long in ((cited, known), (known, cited)):
        key = title_key(short)
        if title_key(long).startswith(key):
            main = main_title_words(long)
            if len(main) >= 3 and "".join(main) == key:
                return True
    return False


def _only_slips(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """As many words, and those that differ (at most one in five) differ by one letter in at least six."""
    if len(one) != len(other):
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) <= len(one) / 5 and all(
        one_letter_apart(a, b) and a + "s" != b and b + "s" != a for a, b in differing
    )


def _one_letter(a: str, b: str) -> bool:
    from rapidfuzz.distance import OSA

    return bool(OSA.distance(a, b, score_cutoff=1) <= 1)
