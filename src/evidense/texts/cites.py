"""Cites: the places of a text that cite, by numbers in brackets or by surname and year."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from evidense.texts.letters import fold
from evidense.texts.listings import is_element, is_listing
from evidense.texts.manuscript import BRACKETS, Manuscript, Written, numbers_of
from evidense.texts.names import Name
from evidense.texts.sentences import sentences
from evidense.values import Reference

_SURNAME_YEAR = re.compile(
    r"(?P<name>[^\W\d_a-z][^\W\d_]+(?:[-’'][^\W\d_]+)*)(?P<more>(?:\s+et\s+al\.?|(?:,?\s+(?:and|&)\s+|,\s+)[^\W\d_a-z][\w’'-]+)*),?\s*[(\[]?(?P<years>(?:1[5-9]|20)\d\d[a-z]?(?:,\s*(?:1[5-9]|20)\d\d[a-z]?)*)"
)  # fmt: skip


Place = tuple[int, tuple[str, ...]]
"""A place in the raw text of a block, and the keys that are cited there."""


_ONLY_NUMBERS = re.compile(rf"(?:{BRACKETS.pattern}[\s,;]*)+")


def numbers_alone(cell: str) -> tuple[str, ...]:
    """Return the numbers of a cell that holds nothing but citations by numbers; none of another.

    >>> numbers_alone("[1], [3–4]"), numbers_alone("as in [1]")
    (('1', '3', '4'), ())
    """
    if not _ONLY_NUMBERS.fullmatch(cell.strip()):
        return ()
    return tuple(number for match in BRACKETS.finditer(cell) for number in numbers_of(match[1]))


def throughout(written: Written | None, keys: Iterable[str]) -> list[Place]:
    """Return a place in each sentence of a block for keys that the row of a table cites for it; none without keys."""
    if written is None or not (cited := tuple(dict.fromkeys(keys))):
        return []
    canonical = written.canonical
    return [(canonical.raw_place(span.start), cited) for span in sentences(canonical.text)]


def cite_numbers(
    manuscript: Manuscript,
    written: Written | None,
    known: frozenset[str] | None = None,
    others: Sequence[Place] = (),
    code: Sequence[tuple[int, int]] = (),
) -> None:
    """Note the sentences of a block that cite by numbers.

    `known` are the numbers that the list has, `others` places found already, `code` the stretches of the raw text set as code.
    Program text, elements such as x[1] and what consoles print cite nothing.
    """
    if written is None:
        return
    places = list(others)
    text = written.canonical.text
    for match in BRACKETS.finditer(text) if not is_listing(text) else ():
        place = written.canonical.raw_place(match.start())
        keys = tuple(key for key in numbers_of(match[1]) if known is None or key in known)
        if keys and not is_element(text, *match.span()) and not any(begin <= place < end for begin, end in code):
            places.append((place, keys))
    manuscript.cite(written, places)


def cite_names(manuscript: Manuscript, blocks: Iterable[Written], references: Sequence[Reference]) -> None:
    """Note the sentences that cite by surname and year, as "Efron (1979)"; those alone that the list has."""
    keys = defaultdict(list)
    for reference in references:
        if reference.authors and reference.year:
            family = " ".join(Name.of(reference.authors[0]).family)
            for word in {family, family.split(" ")[-1], fold(reference.authors[0].split(",")[0]).split(" ")[0]}:
                keys[word, str(reference.year)].append(reference.key)
    for written in blocks:
        places = []
        for match in _SURNAME_YEAR.finditer(written.canonical.text):
            cited = [
                key
                for year in re.findall(r"\d{4}", match["years"])
                for key in keys.get((fold(match["name"]), year), ())
            ]
            if cited:
                places.append((written.canonical.raw_place(match.start()), tuple(dict.fromkeys(cited))))
        manuscript.cite(written, places)
