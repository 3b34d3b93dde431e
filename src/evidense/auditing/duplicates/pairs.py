"""Pairs: what two records are to each other: of one work, of two, or not to be told.

Identifiers come first, then the title with the year and the first author, then titles that are nearly alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.auditing.duplicates.cards import KINDS, Card
from evidense.texts.names import compare_authors, same_person
from evidense.texts.titles import NEAR, is_numeral, one_letter_apart, title_similarity

YEARS = 1
"""Years by which indexes differ about one work."""
ALIKE = 0.8
"""Share of the words (Dice, repeated words counted) that titles need which are nearly alike."""
_LETTERS = 0.85
"""Their similarity in letters."""
_SHORT = 3
"""Titles of fewer words ("Editorial") say little."""
_EMPTY = frozenset("a an and as at by for from in into of on or the to towards toward using via".split())
"""Words that indexes drop or exchange."""
_EXCLUSIVE = ("arxiv", "acl", "pmid", "pmcid")
"""A work has one of each; DOIs are one for each version."""


@dataclass(frozen=True, slots=True)
class PairRelation:
    """What two records are to each other."""

    is_same: bool
    """Records of one work; otherwise it cannot be told."""
    rank: int
    """0 for the surest reason."""
    reason: str


def compare(one: Card, other: Card) -> PairRelation | None:
    """Return what two records are to each other, in either order; None where they are of two works."""
    if one.identifiers & other.identifiers:
        return _of_identifier(one, other)
    if _are_linked(one, other):
        return PairRelation(True, 1, "one names the other as its published version")
    if one.key and one.key == other.key:
        return _of_title(one, other, "same title")
    if one.key and other.key and (one.main == other.key or other.main == one.key):
        return _of_title(one, other, "same title but for the subtitle")
    return _of_near_title(one, other) if one.first_words & other.first_words else None


def are_alike(one: Card, other: Card) -> bool:
    """Say whether two titles share most words; `blocks` finds all pairs of which this is true."""
    return 2 * len(one.bag & other.bag) >= ALIKE * (len(one.bag) + len(other.bag)) > 0


def _of_identifier(one: Card, other: Card) -> PairRelation:
    shared = {identifier.partition(":")[0] for identifier in one.identifiers & other.identifiers}
    kind = next(kind for kind in KINDS if kind in shared)
    if one.is_notice != other.is_notice:
        return PairRelation(False, 0, f"same {kind}, but one is a notice about the other")
    is_one_title = not one.key or not other.key or one.main == other.key or other.main == one.key
    if is_one_title or title_similarity(one.key, other.key, one.words, other.words) >= NEAR:
        return PairRelation(True, 0, f"same {kind}")
    return PairRelation(False, 0, f"same {kind}, other title")


def _are_linked(one: Card, other: Card) -> bool:
    return bool(one.published_as & other.identifiers or other.published_as & one.identifiers)


def _of_title(one: Card, other: Card, reason: str) -> PairRelation | None:
    """Two records of one title: the reason against it that weighs most, or the same work."""
    is_short = min(len(one.words), len(other.words)) < _SHORT
    if one.is_notice != other.is_notice:
        return PairRelation(False, 2, f"{reason}, but one is a notice about the other")
    if one.first is None or other.first is None:
        return None if is_short else PairRelation(False, 2, f"{reason}; one names no authors")
    is_one_first = same_person(*sorted((one.first, other.first), key=lambda name: name.shown))
    if not is_one_first and _share(one, other) <= 0.5:
        return None if is_short else PairRelation(False, 2, f"{reason}, other authors")
    if against := _against(one, other):
        return PairRelation(False, 2, f"{reason}, same authors, {against}")
    if is_short and not (len(one.work.authors) > 1 and _is_one_list(one, other)):
        return PairRelation(False, 2, f"{reason} of {min(len(one.words), len(other.words))} words, same first author")
    is_whole = one.key == other.key
    if not is_whole and _share(one, other) <= 0.5:
        return PairRelation(False, 3, f"{reason}, same first author, other coauthors")
    return PairRelation(True, 2 if is_whole else 3, reason)


def _of_near_title(one: Card, other: Card) -> PairRelation | None:
    """Two records whose titles are nearly alike, by the same people; a number that differs makes them two works."""
    if one.first is None or other.first is None or one.is_notice != other.is_notice or not are_alike(one, other):
        return None
    from rapidfuzz.fuzz import ratio

    if _numerals(one) != _numerals(other) or ratio(one.key, other.key) < 100 * _LETTERS:
        return None
    if not same_person(*sorted((one.first, other.first), key=lambda name: name.shown)) or _share(one, other) < 0.5:
        return None
    if against := _against(one, other):
        return PairRelation(False, 4, f"nearly the same title, same authors, {against}")
    if (
        min(len(one.words), len(other.words)) > _SHORT
        and _differ_little(one.words, other.words)
        and _is_one_list(one, other)
    ):
        return PairRelation(True, 4, "nearly the same title, same authors")
    return PairRelation(False, 4, "nearly the same title, same authors")


def _against(one: Card, other: Card) -> str:
    """Return what speaks against one work where title and authors agree; "" where nothing does."""
    years = abs(one.work.year - other.work.year) if one.work.year and other.work.year else 0
    if years > YEARS:
        return f"{years} years apart"
    kinds = [kind for kind in _EXCLUSIVE if _differ(one, other, kind)]
    if _differ(one, other, "doi") and _is_one_edition(one, other):
        kinds.insert(0, "doi")
    return f"other {kinds[0]}" if kinds else ""


def _differ(one: Card, other: Card, kind: str) -> bool:
    cited, known = one.work.identifiers.get(kind), other.work.identifiers.get(kind)
    return bool(cited and known and cited != known)


def _is_one_edition(one: Card, other: Card) -> bool:
    """Say whether two DOIs cannot be of one work: both published, or preprints of one server."""
    if one.version == other.version == "preprint":
        return one.work.identifiers["doi"].split("/")[0] == other.work.identifiers["doi"].split("/")[0]
    return one.version == other.version


def _share(one: Card, other: Card) -> float:
    """Return the share of the shorter list of authors that is in the longer."""
    short, long = sorted((one.work.authors, other.work.authors), key=lambda authors: (len(authors), authors))
    return compare_authors(short, long).share_known


def _is_one_list(one: Card, other: Card) -> bool:
    return len(one.work.authors) == len(other.work.authors) and _share(one, other) == 1.0


def _numerals(card: Card) -> list[str]:
    return sorted(word for word in card.words if is_numeral(word))


def _differ_little(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether titles differ in empty words, joined words and slips of one letter only."""
    left, right = ([word for word in words if word not in _EMPTY] for words in (one, other))
    if "".join(left) == "".join(right):
        return True
    if len(left) != len(right):
        return False
    differing = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    return len(differing) <= len(left) / 5 and all(a[0] == b[0] and one_letter_apart(a, b) for a, b in differing)
