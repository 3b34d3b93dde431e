"""Alignment: a statement beside the passage that it was taken from, word by word: what was lost, and what was added."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from evidense.texts.tokens import Token, rejoin, tokens, value
from evidense.values.literature import Span

Kind = Literal["VERBATIM", "NEAR", "NOT LOCATED", "NO TEXT"]
"""Word for word; with words lost or added; not in any text of the sources; no source has a text."""
NEAR = 0.5
"""The least share of a statement's words, weighed by rarity, that stand in the passage in their order."""
MOST_PAIRS = 20_000
"""Pairs of equal words from which on only the first words are aligned: nothing but a bomb repeats itself so often."""
FEWER = 120
_COMMON = frozenset(
    (
        "a an the of in on at to for by with and or is are was were be been that this these those it its we our as from their they "
        "if when under during among without only not no than which who i e g"
    ).split()
)


@dataclass(frozen=True)
class Alignment:
    """One statement beside one passage. What is lost is quoted from the passage, what is added from the statement."""

    kind: Kind
    similarity: float
    """From 0 to 1: words in common in their order, twice, over all words; rare words weigh three times as much as common ones."""
    lost: tuple[str, ...] = ()
    """Runs of words of the passage that the statement lacks, in order; what stands before and after it included."""
    added: tuple[str, ...] = ()
    """Runs of words of the statement that the passage lacks."""
    rest: str = ""
    """What follows in the passage where the statement breaks off, from the middle of a word too; "" where it does not."""
    is_end_lost: bool = False
    """The last run of `lost` is the end of the passage."""
    located: float = 0.0
    """The share of the statement's words, weighed by rarity, that stand in the passage in their order."""
    replaced: tuple[tuple[str, str], ...] = ()
    """Runs that stand in each other's place, (lost, added)."""

    @property
    def is_cut(self) -> bool:
        """Say whether the statement breaks off in the middle of the passage."""
        return bool(self.rest)


NO_TEXT = Alignment("NO TEXT", 0.0)
"""The alignment of a statement whose sources have no text."""


@lru_cache(maxsize=1_024)
def align(statement: str, passage: str) -> Alignment:
    """Align a statement with a passage, usually a sentence.

    >>> align("Dense models gain little.", "We ask whether dense models gain little.").lost
    ('We ask whether',)
    """
    left, right = _beside(statement, passage)
    left, missing = _completed(left, right, statement)
    keys, passage_keys = [value(t.key) for t in left], [value(t.key) for t in right]
    blocks = _blocks(keys, passage_keys)
    gaps = [_slid(gap, keys, passage_keys) for gap in _gaps(blocks, len(keys), len(passage_keys))]
    lost = [_words(right[g.b : g.b_end], passage) for g in gaps]
    added = [_words(left[g.a : g.a_end], statement) for g in gaps]
    is_end_lost = bool(gaps and lost[-1] and not added[-1] and gaps[-1].b_end == len(right))
    rest = ((lost[-1] if is_end_lost else "") or missing) if missing or _breaks_off(statement) else ""
    whole = [run for run in (lost[:-1] if is_end_lost and rest else lost) if run]
    located = _located(
        blocks, keys, [p for g in gaps for p in _inflected(keys[g.a : g.a_end], passage_keys[g.b : g.b_end])]
    )
    kind: Kind = "NEAR" if located >= NEAR else "NOT LOCATED"
    if blocks and not any(added) and not whole:
        kind = "VERBATIM"
    return Alignment(
        kind, _similarity(blocks, keys, passage_keys), tuple(filter(None, lost)), tuple(filter(None, added)), rest, is_end_lost, located,
        tuple((a, b) for a, b in zip(lost, added, strict=True) if a and b),
    )  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """Runs of words that stand in each other's place; one of them may be empty, at the place where it would stand."""

    lost: Span
    """Of the passage."""
    added: Span
    """Of the statement."""


def differences(statement: str, passage: str) -> tuple[Difference, ...]:
    """Return where a statement and a passage differ, with places in both.

    >>> [(d.lost.quote, d.added.quote) for d in differences("Pruning helps here.", "Pruning rarely helps there.")]
    [('rarely', ''), ('there', 'here')]
    """
    left, right = _beside(statement, passage)
    keys, passage_keys = [value(t.key) for t in left], [value(t.key) for t in right]
    gaps = _gaps(_blocks(keys, passage_keys), len(keys), len(passage_keys))
    slid = [_slid(gap, keys, passage_keys) for gap in gaps]
    return tuple(Difference(_place(right, g.b, g.b_end, passage), _place(left, g.a, g.a_end, statement)) for g in slid)


def _place(side: Sequence[Token], begin: int, end: int, text: str) -> Span:
    if begin == end:
        place = side[begin].start if begin < len(side) else len(text)
        return Span(place, place, "")
    start, stop = side[begin].start, side[end - 1].end
    return Span(start, stop, text[start:stop])


@dataclass(frozen=True)
class _Gap:
    """Tokens between two common runs: of the statement [a, a_end), of the passage [b, b_end)."""

    a: int
    a_end: int
    b: int
    b_end: int


def _beside(statement: str, passage: str) -> tuple[list[Token], list[Token]]:
    """Return what tells of both, without commas and citation marks, halves of words joined."""
    left, right = tokens(statement), tokens(passage)
    left, right = rejoin(left, {t.key for t in right}), rejoin(right, {t.key for t in left})
    left, right = ([token for token in side if token.tells] for side in (left, right))
    return (left, right) if _pairs(left, right) <= MOST_PAIRS else (left[:FEWER], right[:FEWER])


def _pairs(left: Sequence[Token], right: Sequence[Token]) -> int:
    """Count pairs of equal words, which the time of an alignment grows with."""
    counts = Counter(token.key for token in right)
    return sum(counts[token.key] for token in left)


def _completed(left: list[Token], right: Sequence[Token], statement: str) -> tuple[list[Token], str]:
    """Complete the last word of a statement that breaks off within it; return the letters that were missing too."""
    if not left or not (_breaks_off(statement) or left[-1].kind == "number"):
        return left, ""
    last = left[-1]
    before = [t.key for t in left[-3:-1]]
    follows = [t.key for i, t in enumerate(right) if [o.key for o in right[max(0, i - len(before)) : i]] == before]
    if last.key in follows:
        return left, ""
    whole = next((key for key in follows if key.startswith(last.key)), "")
    if not whole:
        return left, ""
    return [*left[:-1], Token(whole, "word", last.start, last.end)], whole.removeprefix(last.key)


def _breaks_off(statement: str) -> bool:
    """It ends without a full stop, or in dots."""
    return not re.search(r"[.!?][\"'”’)\]]*$", statement.rstrip()) or statement.rstrip().endswith(("...", "…"))


def _blocks(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of equal words, in order; one of common words or signs alone, between words that differ, is none."""
    from difflib import SequenceMatcher

    matches = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    kept = []
    for a, b, n in matches:
        is_edge = (a == 0 and b == 0) or (a + n == len(left) and b + n == len(right))
        if n and (is_edge or any(_weight(key) > 1 for key in left[a : a + n]) or n >= 3):
            kept.append((a, b, n))
    return kept


def _gaps(blocks: Sequence[tuple[int, int, int]], n_left: int, n_right: int) -> list[_Gap]:
    gaps, a, b = [], 0, 0
    for a_next, b_next, n in [*blocks, (n_left, n_right, 0)]:
        if a_next > a or b_next > b:
            gaps.append(_Gap(a, a_next, b, b_next))
        a, b = a_next + n, b_next + n
    return gaps


def _slid(gap: _Gap, left: Sequence[str], right: Sequence[str]) -> _Gap:
    """Move lost words to where a phrase begins: of "grows in vitro in mice" less "vitro in" it is "in vitro" that is lost."""
    if gap.a != gap.a_end:
        return gap
    places = [gap]
    first = gap
    while (
        first.a
        and first.b
        and first.b_end > first.b
        and right[first.b - 1] == right[first.b_end - 1] == left[first.a - 1]
    ):
        first = _Gap(first.a - 1, first.a - 1, first.b - 1, first.b_end - 1)
        places.append(first)
    begins = [p for p in places if right[p.b] in _COMMON and right[p.b_end - 1] not in _COMMON]
    return begins[-1] if begins else gap


def _words(run: Sequence[Token], text: str) -> str:
    """Quote a run, with the bracket that closes one within it; "" where it is empty."""
    if not run:
        return ""
    begin, end = run[0].start, run[-1].end
    if text[begin:end].count("(") > text[begin:end].count(")") and text[end : end + 1] == ")":
        end += 1
    return " ".join(text[begin:end].split())


def _inflected(keys: Sequence[str], passage_keys: Sequence[str]) -> list[str]:
    """Return the words that stand in place of another form of the same word: "improves" for "may improve"."""
    stems = {key[:5] for key in passage_keys if len(key) >= 5}
    return [key for key in keys if key[:5] in stems]


def _located(blocks: Sequence[tuple[int, int, int]], keys: Sequence[str], inflected: Sequence[str]) -> float:
    located = sum(_weight(key) for a, _, n in blocks for key in keys[a : a + n]) + sum(map(_weight, inflected))
    return round(located / max(sum(map(_weight, keys)), 1e-9), 4)


def _similarity(blocks: Sequence[tuple[int, int, int]], keys: Sequence[str], passage_keys: Sequence[str]) -> float:
    common = 2 * sum(_weight(key) for a, _, n in blocks for key in keys[a : a + n])
    total = sum(map(_weight, keys)) + sum(map(_weight, passage_keys))
    return round(common / total, 4) if total else 0.0


def _weight(key: str) -> float:
    if not re.match(r"\w", key):
        return 0.0
    return 1.0 if key in _COMMON else 3.0
