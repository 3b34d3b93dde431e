"""Printed references in the styles of publishers: those of 30 articles, printed from their XML, are taken apart again."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from evidense.readers.jats import PART as JATS
from evidense.texts.printed import printed
from evidense.texts.titles import compare_titles, title_key
from evidense.values import Reference

pytest.importorskip("lxml", reason="lxml is not installed (extra: literature)")
pytest.importorskip("rapidfuzz", reason="rapidfuzz is not installed (extra: literature)")


def dotted(name: str) -> tuple[str, str]:
    """Return (family name, initials with dots) of "Family, Given" or "Family, GM"."""
    family, _, given = name.partition(", ")
    letters = given if given.isupper() and len(given) < 4 else "".join(word[0] for word in given.split())
    return family, " ".join(f"{letter}." for letter in letters if letter.isalpha())


def last_first(reference: Reference) -> list[str]:
    return [f"{family}, {initials}" for family, initials in map(dotted, reference.authors)]


def first_last(reference: Reference) -> list[str]:
    return [f"{initials} {family}" for family, initials in map(dotted, reference.authors)]


def listed(names: Sequence[str], last: str) -> str:
    return last.join(filter(None, [", ".join(names[:-1]), names[-1]]))


def stopped(title: str) -> str:
    return title if title[-1] in "?!." else f"{title}."


def place(reference: Reference) -> tuple[str, str, str]:
    return reference.fields.get("volume", "1"), reference.fields.get("fpage", "1"), reference.fields.get("lpage", "9")


def vancouver(r: Reference) -> str:
    names = [f"{family} {initials.replace('. ', '').rstrip('.')}" for family, initials in map(dotted, r.authors)]
    return f"{', '.join(names)}. {stopped(r.title)} {r.venue}. {r.year};{place(r)[0]}:{place(r)[1]}-{place(r)[2]}."


def apa(r: Reference) -> str:
    return f"{listed(last_first(r), ', & ')} ({r.year}). {stopped(r.title)} {r.venue}, {place(r)[0]}, {place(r)[1]}–{place(r)[2]}."


def acm(r: Reference) -> str:
    return f"{listed(first_last(r), ', and ')}. {r.year}. {stopped(r.title)} {r.venue} {place(r)[0]}, 3 ({r.year}), {place(r)[1]}–{place(r)[2]}."


def ieee(r: Reference) -> str:
    return f"{listed(first_last(r), ', and ')}, “{r.title},” {r.venue}, vol. {place(r)[0]}, pp. {place(r)[1]}–{place(r)[2]}, {r.year}."


def lncs(r: Reference) -> str:
    return f"{', '.join(last_first(r))}: {stopped(r.title)} {r.venue} {place(r)[0]}(2), {place(r)[1]}–{place(r)[2]} ({r.year})"


def physics(r: Reference) -> str:
    return f"{listed(first_last(r), ', and ')}, {r.title}, {r.venue} {place(r)[0]}, {place(r)[1]} ({r.year})."


def elsevier(r: Reference) -> str:
    return f"{', '.join(first_last(r))}, {r.title}, {r.venue} {place(r)[0]} ({r.year}) {place(r)[1]}–{place(r)[2]}."


def chicago(r: Reference) -> str:
    names = [*last_first(r)[:1], *first_last(r)[1:]]
    return f"{listed(names, ', and ')}. {r.year}. “{stopped(r.title)}” {r.venue} {place(r)[0]}: {place(r)[1]}–{place(r)[2]}."


@cache
def references_in(folder: Path) -> tuple[Reference, ...]:
    found = [reference for path in sorted(folder.glob("*.nxml")) for reference in JATS.read(path).references]
    return tuple(r for r in found if r.title and r.venue and r.year and r.authors and all(", " in a for a in r.authors))


@pytest.mark.parametrize("style", [vancouver, apa, acm, ieee, lncs, physics, elsevier, chicago])
def test_a_printed_style_gives_back_titles_authors_and_years(
    shared_data: Path, style: Callable[[Reference], str]
) -> None:
    references = references_in(shared_data / "jats")
    assert len(references) > 500
    read = [printed(f"[7] {style(reference)}", "7") for reference in references]
    pairs = list(zip(references, read, strict=True))
    equal = sum(title_key(r.title) == title_key(p.title) for r, p in pairs) / len(pairs)
    same = sum(compare_titles(p.title, r.title)[0] == "same" for r, p in pairs) / len(pairs)
    assert equal >= 0.92, [(p.raw, p.title) for r, p in pairs if title_key(r.title) != title_key(p.title)][:5]
    assert same >= 0.96
    assert sum(len(r.authors) == len(p.authors) for r, p in pairs) / len(pairs) >= 0.97
    assert sum(r.year == p.year for r, p in pairs) / len(pairs) >= 0.99
