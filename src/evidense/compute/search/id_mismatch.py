"""Explain why the ids of a result file do not match those of the judgements, where a simple difference in writing explains it."""

import os
import re
from collections.abc import Callable, Iterable, Sequence

SHOWN = 2
"""Ids of each side that a message names."""
_COMPARED = 20_000
"""Ids of each side that are compared at most; these show how the ids are written."""

Writing = tuple[str, Callable[[str], str]]
_WRITINGS: tuple[Writing, ...] = (
    ("spaces around them", str.strip),
    ("upper and lower case", str.casefold),
    ("leading zeros", lambda text: re.sub(r"(?<!\d)0+(?=\d)", "", text)),
    ("a '.0' at the end (1 and 1.0)", lambda text: re.sub(r"(\d)\.0+$", r"\1", text)),
    (
        "what stands before the last '/', ':', '#', '_' or '-'",
        lambda text: re.split(r"[/:#_-](?=[^/:#_-]*$)", text)[-1],
    ),
    ("the letters before the number", lambda text: re.sub(r"^\D+(?=\d)", "", text)),
    ("what stands after the first '/', ':', '#', '_' or '-'", lambda text: re.split(r"[/:#_-]", text, maxsplit=1)[0]),
    ("the ending of a file name", lambda text: os.path.splitext(text)[0]),
)
"""(a difference between two writings of one id, a function that removes it)."""
_PLAIN = 4
"""The first so many differences may occur together, and with one of the others."""


def shown_ids(ids: Iterable[str]) -> str:
    """Return the first ids in quotes.

    >>> shown_ids(["7", "8", "9"])
    "'7', '8', …"
    """
    shown = list(ids)
    return ", ".join([f"'{shown_id}'" for shown_id in shown[:SHOWN]] + ["…"] * (len(shown) > SHOWN))


def id_difference(ours: Iterable[str], theirs: Iterable[str]) -> str:
    """Name the differences in writing between two sets of ids; "" if removing them does not make half of the smaller set match.

    >>> id_difference(["7", "8"], ["007", "008"]), id_difference(["D7", "D8"], ["d07", "d08"]), id_difference(["a"], ["b"])
    ('leading zeros', 'upper and lower case and leading zeros', '')
    """
    our_ids, their_ids = sorted(set(ours))[:_COMPARED], sorted(set(theirs))[:_COMPARED]
    candidates = [[writing] for writing in _WRITINGS] + [
        [*_WRITINGS[:_PLAIN], writing] for writing in _WRITINGS[_PLAIN - 1 :]
    ]
    needed = next((writings for writings in candidates if _match(our_ids, their_ids, writings)), [])
    for writing in list(needed):  # a difference is named only if the ids do not match without removing it
        fewer = [kept_writing for kept_writing in needed if kept_writing is not writing]
        needed = fewer if _match(our_ids, their_ids, fewer) else needed
    return " and ".join(name for name, _ in needed)


def _match(our_ids: Sequence[str], their_ids: Sequence[str], writings: Sequence[Writing]) -> bool:
    """Say whether at least half of the smaller set matches the other once these differences are removed."""
    sides = [set(ids) for ids in (our_ids, their_ids)]
    for _, write in writings:
        sides = [{write(text) for text in side} for side in sides]
    return 2 * len(sides[0] & sides[1]) >= min(len(side) for side in sides) > 0
