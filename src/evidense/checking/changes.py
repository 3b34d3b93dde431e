"""Changes: where a statement differs from a sentence, less what only says the same in other words or in another place."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evidense.auditing.alignment import differences
from evidense.checking.wordings import is_function, say_same
from evidense.texts.tokens import Token, tokens
from evidense.values.literature import Span

MOST_WORDS = 5
"""Words of a thing that is swapped: "National Health Interview Survey" has four."""


@dataclass(frozen=True)
class Word:
    """A word as its text writes it, with the whole of what it is a part of: "6" of "IL-6"."""

    key: str
    text: str
    chunk: str
    start: int
    is_first: bool
    """It begins its sentence, where a capital says nothing."""


@dataclass(frozen=True)
class Change:
    """A run of words of a sentence, and the run of the statement in its place; either may be empty."""

    lost: Span
    added: Span
    lost_words: tuple[Word, ...]
    """Words that the statement says nowhere, not even as a synonym."""
    added_words: tuple[Word, ...]
    """Words that the sentence says nowhere."""

    @property
    def is_local(self) -> bool:
        """Say whether a few words stand for a few: one thing put in place of another, no new wording of a whole clause."""
        n_lost, n_added = _n_things(self.lost_words), _n_things(self.added_words)
        return 0 < n_lost <= MOST_WORDS and 0 < n_added <= MOST_WORDS and abs(n_lost - n_added) <= 3


def _n_things(words: Sequence[Word]) -> int:
    """Count words, a run of words with capitals, which is one name, once."""
    names = ["A" if word.text[:1].isupper() and not word.is_first else "a" for word in words]
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


def words_of(text: str, span: Span) -> list[Word]:
    """Return the words of a stretch of a text."""
    return [_word(text, token, span.start) for token in tokens(span.quote) if token.kind in ("word", "number")]


def _word(text: str, token: Token, offset: int) -> Word:
    start, end = token.start + offset, token.end + offset
    before = re.search(r"[^\s()\[\],;:/]*$", text[:start])
    after = re.match(r"[^\s()\[\],;:/]*", text[end:])
    chunk = (before[0] if before else "") + text[start:end] + (after[0] if after else "")
    is_first = not re.search(r"\w", re.split(r"[.!?:]\s", text[:start])[-1])
    return Word(token.key, text[start:end], chunk.strip(".!?\"'“”‘’"), start, is_first)


def _cancelled(
    lost: Sequence[Word], added: Sequence[Word], same: Callable[[str, str], bool] = say_same
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Take away the words that both sides say, each once; an acronym says what its long form says."""
    kept, rest = [], list(added)
    for word in lost:
        partner = next((i for i, other in enumerate(rest) if same(word.key, other.key)), None)
        if partner is None:
            kept.append(word)
        else:
            del rest[partner]
    return _without_acronyms(kept, rest)


def _without_acronyms(lost: Sequence[Word], added: Sequence[Word]) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Take away an acronym and, on the other side, the words that it stands for."""
    for short, long in ((lost, added), (added, lost)):
        for word in short:
            run = spelled_out(word.text, long)
            if run:
                short_rest = tuple(w for w in short if w is not word)
                long_rest = tuple(w for w in long if w not in run)
                return (short_rest, long_rest) if short is lost else (long_rest, short_rest)
    return tuple(lost), tuple(added)


def spelled_out(acronym: str, words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words whose initials make up an acronym, or none."""
    letters = "".join(re.findall(r"[A-Z]", acronym)).lower()
    if len(letters) < 2 or len(letters) > 8:
        return ()
    telling = [w for w in words if not is_function(w.key)]
    for pool in (telling, list(words)):
        for i in range(len(pool) - len(letters) + 1):
            run = pool[i : i + len(letters)]
            if all(w.key.startswith(letter) for w, letter in zip(run, letters, strict=True)):
                return tuple(run)
    return ()


def _without_moved(found: Sequence[Change]) -> list[Change]:
    """Take away the words that only stand elsewhere."""
    settled = list(found)
    for i, change in enumerate(settled):
        for j in range(len(settled)):
            if i != j and settled[i].lost_words and settled[j].added_words:
                lost, added = _cancelled(settled[i].lost_words, settled[j].added_words, lambda a, b: a == b)
                settled[i] = replace(settled[i], lost_words=lost)
                settled[j] = replace(settled[j], added_words=added)
    return settled


def _has_sign(change: Change) -> bool:
    """Say whether it changes a sign that tells: < for >, a percent sign."""
    return re.findall(r"[<>≤≥%±]", change.lost.quote) != re.findall(r"[<>≤≥%±]", change.added.quote)
