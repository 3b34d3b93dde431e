"""Quotes: where a model's quotation stands in the text: exactly, up to spaces and ligatures, or nearly; else it is no quotation."""

import re
import unicodedata
from collections import Counter

from evidense.auditing.markers import n_negations
from evidense.errors import MissingExtra
from evidense.texts.canonical import UNSEEN
from evidense.texts.letters import words
from evidense.values import Span

LEAST_WORDS = 4
"""Words of a quotation: one of fewer can be found in any text."""
ALIKE = 80.0
"""rapidfuzz's ratio of a misspelt word and the word that was meant; they begin alike."""
NEARLY = 97.0
"""rapidfuzz's ratio, of 100, from which a stretch counts as the one quoted."""
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_JOINED = re.compile(r"[^\W_]{2}$|\d[.,]\d$|^[^\W_]{2}|^\d[.,]\d")
"""Two characters of one word or number."""
_WORD = re.compile(r"[^\W_]{2,}|\d")


def located(quote: str, text: str) -> Span | None:
    """Return the stretch of a text that a quotation means, in the words of the text; None where there is none.

    A stretch that is nearly equal must have the same numbers, and deny as often.

    >>> located("raised recall by 3.2  points", "Tuning raised recall by 3.2 points.")
    Span(start=7, end=34, quote='raised recall by 3.2 points', page=None)
    >>> located("raised recall by 8.2 points", "Tuning raised recall by 3.2 points.") is None
    True
    """
    sought = quote.strip()
    if is_short(sought):
        return None
    letters, places = _spaceless(text)
    sought_letters = _spaceless(sought)[0]
    begin = letters.find(sought_letters)
    while begin >= 0:
        span = _span(text, places, begin, begin + len(sought_letters))
        if _is_whole(text, span):
            return span
        begin = letters.find(sought_letters, begin + 1)
    return _nearly(sought_letters, letters, places, text, sought)


def is_short(quote: str) -> bool:
    """Say whether a quotation has fewer words than any text may have by chance."""
    return len(_WORD.findall(quote)) < LEAST_WORDS


def _is_whole(text: str, span: Span) -> bool:
    """Say whether a stretch begins and ends where words and numbers do."""
    before, after = text[max(span.start - 2, 0) : span.start], text[span.end : span.end + 2]
    is_cut = _JOINED.search(before + span.quote[:1]) or _JOINED.match(span.quote[-1:] + after)
    return is_cut is None


def _nearly(sought_letters: str, letters: str, places: list[int], text: str, sought: str) -> Span | None:
    if len(letters) < len(sought_letters):
        return None
    try:
        from rapidfuzz.fuzz import partial_ratio_alignment
    except ImportError:
        raise MissingExtra.named("literature", "locating quotations", "rapidfuzz") from None
    match = partial_ratio_alignment(sought_letters, letters, score_cutoff=NEARLY)
    if match is None or match.dest_end <= match.dest_start:
        return None
    span = _span(text, places, match.dest_start, match.dest_end)
    return span if _is_whole(text, span) and _says_the_same(sought, span.quote) else None


def _says_the_same(quote: str, stretch: str) -> bool:
    """Say whether two nearly equal texts have the same numbers, deny as often, and differ in misspelt words only.

    >>> _says_the_same("The efect was significant", "The effect was significant"), _says_the_same("decreased recall", "increased recall")
    (True, False)
    """
    from rapidfuzz.fuzz import ratio

    if _DIGITS.findall(quote) != _DIGITS.findall(stretch) or n_negations(quote) != n_negations(stretch):
        return False
    ours, theirs = Counter(words(stretch)), Counter(words(quote))
    pairs = (list((ours - theirs).elements()), list((theirs - ours).elements()))
    return len(pairs[0]) == len(pairs[1]) and all(
        any(word[0] == other[0] and ratio(word, other) >= ALIKE for other in others)
        for several, others in (pairs, pairs[::-1])
        for word in several
    )


def _span(text: str, places: list[int], begin: int, end: int) -> Span:
    first, last = places[begin], places[end - 1] + 1
    return Span(first, last, text[first:last])


def _spaceless(text: str) -> tuple[str, list[int]]:
    """Return a text without spaces and unseen characters, ligatures and typographic marks as plain ones, with the place of each letter."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace() or UNSEEN.fullmatch(character):
            continue
        for letter in _PLAIN.get(character) or unicodedata.normalize("NFKC", character):
            if not letter.isspace():
                letters.append(letter)
                places.append(place)
    return "".join(letters), places


_PLAIN = {"’": "'", "‘": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "−": "-"}
