"""Places: whether the numbers and names of a copy stand where they stand in its sentence, beside the same words."""

import re
from collections.abc import Iterator, Sequence

from evidense.checking.comparing.wordings import is_function, say_same
from evidense.texts.tokens import Token, tokens, value

_UNIT = frozenset("percent percentage point points pp % per cent".split())
_AND = frozenset(("and", "or", ","))
_POINTS = re.compile(r"(?:\bpercentage|\bpercent|%)[ -]points?\b|\bpp\b", re.IGNORECASE)
_PERCENT = re.compile(r"\d\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)


def swapped_numbers(claim: str, sentence: str) -> tuple[str, str] | None:
    """Return the numbers of both where those of a copy changed places among words that did not, or None.

    >>> swapped_numbers("Recall rose from 71 to 78.", "Recall rose from 78 to 71.")
    ('71, 78', '78, 71')
    >>> swapped_numbers("60 men and 40 women came.", "40 women and 60 men came.") is None
    True
    """
    here, there = _words(claim), _words(sentence)
    mine, theirs = ([_number(t, text) for t in found if _number(t, text)] for found, text in _both(claim, sentence))
    if (
        not set(mine) <= set(theirs)
        or _is_within(mine, theirs)
        or not _is_within(_names(here, claim), _names(there, sentence))
    ):
        return None
    return ", ".join(mine), ", ".join(number for number in theirs if number in mine)


def are_misplaced(claim: str, sentence: str) -> bool:
    """Say whether a number stands beside other words than in its sentence, names changed places, or percent stand for points of it.

    >>> are_misplaced("Precision was 60.", "Precision was 90 and recall was 60.")
    True
    >>> are_misplaced("Treatment came before surgery.", "Surgery came before treatment.")
    True
    >>> are_misplaced("Precision and recall matter.", "Recall and precision matter.")
    False
    """
    return (
        _has_other_neighbours(claim, sentence)
        or _is_permuted(claim, sentence)
        or _takes_points_for_percent(claim, sentence)
    )


def _both(claim: str, sentence: str) -> list[tuple[list[Token], str]]:
    return [(_words(text), text) for text in (claim, sentence)]


def _words(text: str) -> list[Token]:
    return [token for token in tokens(text) if token.kind in ("word", "number")]


def _number(token: Token, text: str) -> str:
    """Return a number as its digits; "" for a word and for the digits of a name ("IL-6", "COX–2")."""
    digits = value(token.key).replace(",", "")
    if not re.fullmatch(r"\d*\.?\d+", digits) or re.search(r"[^\W\d_][-‐‑–−]?$", text[: token.start]):
        return ""
    return f"{float(digits):g}"


def _names(found: Sequence[Token], text: str) -> list[str]:
    return [t.key for t in found if not _number(t, text) and _tells(t, text)]


def _tells(token: Token, text: str) -> bool:
    """Say whether a word does more than join others; a capital alone names something."""
    return not is_function(token.key) or (token.end - token.start == 1 and text[token.start].isupper())


def _is_within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Say whether all items of one list that the other has too stand in the other in their order."""
    rest = iter(many)
    return all(any(item == other for other in rest) for item in few if item in many)


def _has_other_neighbours(claim: str, sentence: str) -> bool:
    """Say whether a number of a sentence with several stands in a claim beside other words on both its sides."""
    mine, theirs = list(_neighbours(claim)), list(_neighbours(sentence))
    if len(theirs) < 2:
        return False
    for number, *beside in mine:
        rivals = [others for same, *others in theirs if same == number]
        if rivals and not any(_share(beside, others) for others in rivals):
            return True
    return False


def _neighbours(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each number with the words that tell before and after it."""
    found = _words(text)
    names = ["" if _number(t, text) or t.key in _UNIT or not _tells(t, text) else t.key for t in found]
    for i, token in enumerate(found):
        if number := _number(token, text):
            yield number, next(filter(None, reversed(names[:i])), ""), next(filter(None, names[i + 1 :]), "")


def _share(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether two numbers have the same word before or after them, or none."""
    if not any(one) or not any(other):
        return True
    return any(a and b and say_same(a, b) for a, b in zip(one, other, strict=True))


def _is_permuted(claim: str, sentence: str) -> bool:
    """Say whether a claim has the words of its sentence with names in each other's place, other than around "and"."""
    (here, text), (there, other) = _both(claim, sentence)
    mine, theirs = [t.key for t in here], [t.key for t in there]
    if mine == theirs or sorted(mine) != sorted(theirs):
        return False
    moved = [i for i, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b]
    if any(not _tells(here[i], text) or not _tells(there[i], other) for i in moved):
        return False
    between = [mine[i] for i in range(moved[0], moved[-1] + 1) if i not in moved]
    has_numbers = any(_number(token, text) for i, token in enumerate(here) if i not in moved)
    return has_numbers or not between or not set(between) <= _AND


def _takes_points_for_percent(claim: str, sentence: str) -> bool:
    """Say whether one speaks of percent where the other speaks of percentage points."""
    points = [bool(_POINTS.search(text)) for text in (claim, sentence)]
    return points[0] != points[1] and all(_PERCENT.search(text) or _POINTS.search(text) for text in (claim, sentence))
