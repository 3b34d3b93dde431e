"""Alignment: a statement beside the passage that it was taken from, word by word: what was lost, and what was added."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.texts.letters import fold

Kind = Literal["VERBATIM", "NEAR", "NOT LOCATED", "NO TEXT"]
"""Word for word; with words lost or added; not in any text of the sources; no source has a text."""
NEAR = 0.5
"""The least share of a statement's words, weighed by rarity, that stand in the passage in their order."""
_WORD = re.compile(r"\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:['’-][^\W\d_]+)*|[^\w\s]")
_COMMON = frozenset(
    "a an the of in on at to for by with and or is are was were be been that this these those it its we our as from their they".split()
)


@dataclass(frozen=True)
class Alignment:
    """One statement beside one passage."""

    kind: Kind
    similarity: float
    """From 0 to 1: words in common in their order, twice, over all words; rare words weigh three times as much as common ones."""
    lost: tuple[str, ...] = ()
    """Runs of words of the passage that the statement lacks, in order; what stands before and after it included."""
    added: tuple[str, ...] = ()
    """Runs of words of the statement that the passage lacks."""
    is_cut: bool = False
    """The statement breaks off in the middle of the passage, or of a word of it."""


NO_TEXT = Alignment("NO TEXT", 0.0)
"""The alignment of a statement whose sources have no text."""


def align(statement: str, passage: str) -> Alignment:
    """Align a statement with a passage, usually a sentence.

    >>> align("Dense models gain little.", "We ask whether dense models gain little.").lost
    ('We ask whether',)
    """
    left, right = _WORD.findall(statement), _WORD.findall(passage)
    cut = _cut(left, right, statement)
    keys, passage_keys = _keys([*left[:-1], cut] if cut else left), _keys(right)
    blocks = _blocks(keys, passage_keys)
    common = 2 * sum(_weight(keys[i]) for a, _, n in blocks for i in range(a, a + n))
    total = sum(map(_weight, keys)) + sum(map(_weight, passage_keys))
    located = sum(_weight(keys[i]) for a, _, n in blocks for i in range(a, a + n)) / max(sum(map(_weight, keys)), 1e-9)
    lost = _gaps(right, [(b, b + n) for _, b, n in blocks])
    added = _gaps(left, [(a, a + n) for a, _, n in blocks])
    similarity = common / total if total else 0.0
    if (
        not added
        and len(lost) <= (1 if cut or _breaks_off(statement) else 0)
        and (not lost or passage.rstrip().endswith(lost[-1]))
    ):
        kind: Kind = "VERBATIM"
    else:
        kind = "NEAR" if located >= NEAR else "NOT LOCATED"
    ends_inside = (
        bool(blocks) and blocks[-1][0] + blocks[-1][2] == len(keys) and blocks[-1][1] + blocks[-1][2] < len(right)
    )
    return Alignment(kind, round(similarity, 4), lost, added, bool(cut) or (ends_inside and _breaks_off(statement)))


def _keys(words: Sequence[str]) -> list[str]:
    return [fold(word) for word in words]


def _weight(key: str) -> float:
    if not re.match(r"\w", key):
        return 0.0
    return 1.0 if key in _COMMON else 3.0


def _breaks_off(statement: str) -> bool:
    """It ends without a full stop, or in dots."""
    return not re.search(r"[.!?][\"'”’)\]]*$", statement.rstrip()) or statement.rstrip().endswith(("...", "…"))


def _cut(left: Sequence[str], right: Sequence[str], statement: str) -> str:
    """The word of the passage whose beginning the statement's last word is; "" where it is whole."""
    if not left or not _breaks_off(statement) or not re.match(r"\w", left[-1]):
        return ""
    last, whole = fold(left[-1]), {fold(word) for word in right}
    if last in whole:
        return ""
    before = fold(left[-2]) if len(left) > 1 else None
    for i, word in enumerate(right):
        if fold(word).startswith(last) and (before is None or (i > 0 and fold(right[i - 1]) == before)):
            return word
    return ""


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


def _gaps(words: Sequence[str], covered: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Join the words between the covered runs; gaps without a letter or digit are none."""
    gaps, place = [], 0
    for begin, end in [*covered, (len(words), len(words))]:
        gap = _joined(words[place:begin])
        if re.search(r"\w", gap):
            gaps.append(gap)
        place = end
    return tuple(gaps)


def _joined(words: Sequence[str]) -> str:
    text = " ".join(words)
    text = re.sub(r"\s+([,.;:!?%)\]])", r"\1", text)
    return re.sub(r"([(\[])\s+", r"\1", text).strip(" ,;:")
