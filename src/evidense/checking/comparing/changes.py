"""Changes: where a statement differs from a sentence, less what only says the same in other words or in another place."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from evidense.auditing.alignment import differences
from evidense.checking.comparing.wordings import is_function, say_same
from evidense.checking.directions import denies
from evidense.texts.tokens import Token, tokens
from evidense.values.literature import Span

MOST_WORDS = 5
"""Words of a thing that is swapped: "National Health Interview Survey" has four."""


@dataclass(frozen=True)
class PlacedWord:
    """A word as its text writes it, with the whole of what it is a part of: "6" of "IL-6"."""

    key: str
    text: str
    chunk: str
    start: int
    is_first: bool
    """It begins its sentence, where a capital says nothing."""

    @property
    def tells(self) -> bool:
        """Say whether it does more than join others; "ON" and "US" do."""
        return not is_function(self.key) or (len(self.text) > 1 and self.text.isupper())


@dataclass(frozen=True)
class Change:
    """A run of words of a sentence, and the run of the statement in its place; either may be empty."""

    lost: Span
    added: Span
    lost_words: tuple[PlacedWord, ...]
    """Words that the statement says nowhere, not even as a synonym."""
    added_words: tuple[PlacedWord, ...]
    """Words that the sentence says nowhere."""

    @property
    def is_local(self) -> bool:
        """Say whether a few words stand for a few: one thing put in place of another, no new wording of a whole clause."""
        n_lost, n_added = _n_things(self.lost_words), _n_things(self.added_words)
        return 0 < n_lost <= MOST_WORDS and 0 < n_added <= MOST_WORDS and abs(n_lost - n_added) <= 3


def _n_things(words: Sequence[PlacedWord]) -> int:
    """Count words, a run of words with capitals, which is one name, once."""
    telling = [word for word in words if word.tells] or list(words)
    names = ["A" if word.text[:1].isupper() and not word.is_first else "a" for word in telling]
    return len(re.findall(r"A+|a", "".join(names)))


def changes(statement: str, sentence: str) -> tuple[Change, ...]:
    """Return the changes between a sentence and a statement, in order.

    >>> for change in changes("Aspirin raised the tumor count.", "We found that aspirin lowered tumour counts."):
    ...     [w.text for w in change.lost_words], [w.text for w in change.added_words]
    (['We', 'found', 'that'], [])
    (['lowered'], ['raised', 'the'])
    """
    found = []
    for difference in differences(statement, sentence):
        lost, added = words_of(sentence, difference.lost), words_of(statement, difference.added)
        found.append(Change(difference.lost, difference.added, *_cancelled(lost, added)))
    settled = _without_moved(found)
    return tuple(change for change in settled if change.lost_words or change.added_words or _has_sign(change))


def words_of(text: str, span: Span | None = None) -> list[PlacedWord]:
    """Return the words of a stretch of a text, or of the whole."""
    begin, end = (span.start, span.end) if span else (0, len(text))
    words = _all_words(text)
    return [word for word in words if begin <= word.start < end]


@lru_cache(maxsize=4096)
def _all_words(text: str) -> tuple[PlacedWord, ...]:
    chunks = [match.span() for match in re.finditer(r"[^\s()\[\],;:/]+", text)]
    starts = [start for start, _ in chunks]
    return tuple(
        _word(text, token, chunks[max(0, bisect_right(starts, token.start) - 1)])
        for token in tokens(text)
        if token.kind in ("word", "number")
    )


def _word(text: str, token: Token, chunk: tuple[int, int]) -> PlacedWord:
    written = text[token.start : token.end]
    around = text[min(chunk[0], token.start) : max(chunk[1], token.end)]
    before = text[max(0, token.start - 6) : token.start].rstrip(" \"'“‘([")
    is_first = before[-1:] in (".", "!", "?", ":") or (not before and token.start <= 6)
    return PlacedWord(token.key, written, around.strip(".!?\"'“”‘’"), token.start, is_first)


def _cancelled(
    lost: Sequence[PlacedWord], added: Sequence[PlacedWord]
) -> tuple[tuple[PlacedWord, ...], tuple[PlacedWord, ...]]:
    """Take away the words that both sides say, each once; an acronym says what its long form says."""
    kept, rest = [], list(added)
    for word in lost:
        partner = next((i for i, other in enumerate(rest) if say_same(word.key, other.key)), None)
        if partner is None:
            kept.append(word)
        else:
            del rest[partner]
    return _without_denied(*_without_acronyms(kept, rest))


def _without_denied(
    lost: Sequence[PlacedWord], added: Sequence[PlacedWord]
) -> tuple[tuple[PlacedWord, ...], tuple[PlacedWord, ...]]:
    """Take away a word with "not", and on the other side the word that has it as a prefix: "not significant", "insignificant"."""
    for one, other in ((lost, added), (added, lost)):
        denial = next((word for word in one if word.key in ("not", "no", "cannot")), None)
        pair = next(
            ((a, b) for a in one for b in other if denial and len(a.key) < len(b.key) and denies(a.key, b.key)), None
        )
        if pair:
            rest, rest_other = (
                tuple(w for w in one if w not in (denial, pair[0])),
                tuple(w for w in other if w is not pair[1]),
            )
            return (rest, rest_other) if one is lost else (rest_other, rest)
    return tuple(lost), tuple(added)


def _without_acronyms(
    lost: Sequence[PlacedWord], added: Sequence[PlacedWord]
) -> tuple[tuple[PlacedWord, ...], tuple[PlacedWord, ...]]:
    """Take away an acronym and, on the other side, the words that it stands for."""
    for short, long in ((lost, added), (added, lost)):
        for word in short:
            run = spelled_out(word.text, long)
            if run:
                short_rest = tuple(w for w in short if w is not word)
                long_rest = tuple(w for w in long if w not in run)
                return (short_rest, long_rest) if short is lost else (long_rest, short_rest)
    return tuple(lost), tuple(added)


def spelled_out(acronym: str, words: Sequence[PlacedWord]) -> tuple[PlacedWord, ...]:
    """Return the words whose initials make up an acronym, or none."""
    letters = "".join(re.findall(r"[A-Z]", acronym)).lower()
    if len(letters) < 2 or len(letters) > 8:
        return ()
    telling = [w for w in words if w.tells]
    for pool in (telling, list(words)):
        for i in range(len(pool) - len(letters) + 1):
            run = pool[i : i + len(letters)]
            if all(w.key.startswith(letter) for w, letter in zip(run, letters, strict=True)):
                return tuple(run)
    return ()


def _without_moved(found: Sequence[Change]) -> list[Change]:
    """Take away the words that only stand elsewhere."""
    settled = list(found)
    for i in range(len(settled)):
        for j in range(len(settled)):
            if i != j and settled[i].lost_words and settled[j].added_words:
                lost, added = _cancelled(settled[i].lost_words, settled[j].added_words)
                settled[i] = replace(settled[i], lost_words=lost)
                settled[j] = replace(settled[j], added_words=added)
    return settled


def _has_sign(change: Change) -> bool:
    """Say whether it changes a sign that tells: < for >, a percent sign."""
    return re.findall(r"[<>≤≥%±]", change.lost.quote) != re.findall(r"[<>≤≥%±]", change.added.quote)
