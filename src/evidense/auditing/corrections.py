"""Corrections: a .bib file with wrong fields put right, only where two indexes agree; everything else stays as it is written."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidense.auditing.audited import AuditedReference
from evidense.auditing.fields import FieldCheck
from evidense.auditing.policies import is_mostly_foreign
from evidense.texts.names import compare_authors
from evidense.texts.titles import compare_titles
from evidense.texts.venues import is_preprint, same_venue
from evidense.values import Work

MIN_AGREEING = 2
CONTEXT = 2
"""Lines around a change that a diff shows."""
_OF_FIELD = {"title": ("title",), "authors": ("author",), "year": ("year", "date"), "venue": ("journal", "booktitle", "journaltitle"),
             "doi": ("doi",), "arxiv": ("eprint", "arxivid")}  # fmt: skip
"""Field of a reference → the BibTeX fields that may hold it."""
_FIELD = re.compile(r"\s*([A-Za-z][\w+:-]*)\s*=\s*")
_SPECIAL = {
    "%": r"\%",
    "#": r"\#",
    "&": r"\&",
    "$": r"\$",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "\\": r"\textbackslash{}",
}


@dataclass(frozen=True)
class Correction:
    """One field of one entry."""

    key: str
    name: str
    value: str
    by: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Edit:
    """What replaces a piece of the file."""

    start: int
    end: int
    value: str


@dataclass(frozen=True)
class CorrectedText:
    """A corrected file."""

    text: str
    made: tuple[Correction, ...]
    left: tuple[str, ...]
    """Wrong fields that were left, each with its reason."""

    diff: str
    """The changed lines with two lines around them, as `diff -u` shows them."""


def correct(text: str, references: Sequence[AuditedReference], name: str = "references.bib") -> CorrectedText:
    """Put every wrong field right on which two indexes agree; say why others were left."""
    made: list[Correction] = []
    left: list[str] = []
    edits: list[Edit] = []
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for audited in references:
        for check in (check for check in audited.decision.fields if check.is_wrong):
            where = f"{audited.reference.key}, {check.name}"
            agreed = _doubt(audited, check) or agreed_value(check, _works(audited))
            if isinstance(agreed, str):
                left.append(f"{where}: {agreed}")
                continue
            place = _place(text, line_starts, audited, check.name)
            if isinstance(place, str):
                left.append(f"{where}: {place}")
                continue
            value, by = agreed
            made.append(Correction(audited.reference.key, check.name, value, by, audited.reference.line or 0))
            edits.append(Edit(*place, f"{{{value}}}"))
    return CorrectedText(applied(text, edits), tuple(made), tuple(left), unified(text, edits, name))


def _doubt(audited: AuditedReference, check: FieldCheck) -> str:
    """Say why it cannot be known which work is meant, so that a field must be chosen by a person; "" where it is plain."""
    wrong = {wrong.name: wrong for wrong in audited.decision.fields if wrong.is_wrong}
    if audited.decision.verdict == "OTHER WORK":
        return "the identifier and the title belong to different works; choose which is meant"
    if "title" in wrong and compare_titles(wrong["title"].cited, wrong["title"].known)[0] == "other":
        return "the title and the rest belong to different works; choose which is meant"
    if "authors" in wrong and is_mostly_foreign(wrong["authors"]):
        return "the title and the authors belong to different works; choose which is meant"
    return ""


def _works(audited: AuditedReference) -> list[Work]:
    """Return the works that the reference means, one an index: those of the same title as the best one."""
    best = audited.decision.work
    if best is None:
        return []
    works: dict[str, Work] = {}
    for answer in audited.answers:
        for work in answer.works:
            if compare_titles(best.title, work.title)[0] == "same" and _same_people(best, work):
                works.setdefault(work.source, work)
    return [works[name] for name in sorted(works)]


def _same_people(one: Work, other: Work) -> bool:
    return not one.authors or not other.authors or compare_authors(one.authors, other.authors).share_known > 0.5


def agreed_value(check: FieldCheck, works: Iterable[Work]) -> tuple[str, tuple[str, ...]] | str:
    """Return the value of a field on which most indexes agree, at least two, as it is written in BibTeX, and who they are; else why there is none."""
    groups: list[list[Work]] = []
    for work in works:
        if not _value(check.name, work):
            continue
        group = next((g for g in groups if _agree(check.name, g[0], work)), None)
        groups.append([work]) if group is None else group.append(work)
    ranked = sorted(groups, key=len, reverse=True)
    if not ranked or len(ranked[0]) < MIN_AGREEING or (len(ranked) > 1 and len(ranked[1]) == len(ranked[0])):
        return "fewer than two indexes agree on another value"
    value = max((_value(check.name, work) for work in ranked[0]), key=_fullness)
    return value, tuple(work.source for work in ranked[0])


def _value(name: str, work: Work) -> str:
    match name:
        case "title":
            return _escaped(work.title)
        case "authors":
            return " and ".join(map(_escaped, work.authors))
        case "year":
            return str(work.year or "")
        case "venue":
            venue = work.venue or work.published_as.get("venue", "")
            return "" if is_preprint(venue) else _escaped(venue)
        case _:
            return work.identifiers.get(name, "") if name in ("doi", "arxiv") else ""


def _agree(name: str, one: Work, other: Work) -> bool:
    match name:
        case "title":
            return compare_titles(one.title, other.title)[0] == "same"
        case "authors":
            compared = compare_authors(one.authors, other.authors)
            return not compared.missing and not compared.foreign
        case "venue":
            return same_venue(one.venue, other.venue) is True
        case _:
            return _value(name, one) == _value(name, other)


def _fullness(value: str) -> tuple[bool, int, str]:
    """The spelling that says most: with capitals rather than without, then the longest."""
    return value != value.lower(), len(value), value


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(text.split()))


def _place(text: str, line_starts: Sequence[int], audited: AuditedReference, name: str) -> tuple[int, int] | str:
    """Return where the value of a field stands in the file, its quotes or braces included, or why it is not there."""
    line = audited.reference.line
    if line is None or line > len(line_starts):
        return "the entry's line is not known"
    opening = re.compile(r"@\s*\w+\s*[{(]\s*" + re.escape(audited.reference.key) + r"\s*,").search(
        text, line_starts[line - 1]
    )
    if opening is None:
        return "the entry was not found at its line"
    values = dict(_values(text, opening.end()))
    held = [values[field] for field in _OF_FIELD.get(name, ()) if field in values]
    if not held:
        return "the value comes from elsewhere (a URL, a crossref)"
    if len(held) > 1:
        return "several fields of the entry hold it"
    return held[0]


def _values(text: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the fields of an entry, in lower case, with where their values stand."""
    at = start
    while match := _FIELD.match(text, at):
        end = _end_of_value(text, match.end())
        if end is None:
            return
        yield match[1].lower(), (match.end(), end)
        comma = re.compile(r"\s*,").match(text, end)
        if comma is None:
            return
        at = comma.end()


def _end_of_value(text: str, start: int) -> int | None:
    """Return where a value ends: one piece, or several joined by #."""
    at = start
    while True:
        end = _end_of_piece(text, at)
        if end is None:
            return None
        joined = re.compile(r"\s*#\s*").match(text, end)
        if joined is None:
            return end
        at = joined.end()


def _end_of_piece(text: str, at: int) -> int | None:
    if at >= len(text):
        return None
    if text[at] not in '{"':
        bare = re.compile(r"[^\s,#{}()\"]+").match(text, at)
        return bare.end() if bare else None
    is_quoted, depth = text[at] == '"', 0
    for match in re.compile(r'\\.|[{}"]', re.DOTALL).finditer(text, at if not is_quoted else at + 1):
        sign = match[0]
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and not is_quoted:
                return match.end()
            if depth < 0:
                return None
        elif sign == '"' and is_quoted and depth == 0:
            return match.end()
    return None


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with its edits made; of two that overlap the first."""
    pieces, place = [], 0
    for edit in sorted(edits, key=lambda e: e.start):
        if edit.start >= place:
            pieces += [text[place : edit.start], edit.value]
            place = edit.end
    return "".join([*pieces, text[place:]])


def unified(text: str, edits: Iterable[Edit], name: str) -> str:
    """Return the lines that edits change, with two lines around them, in the form of `diff -u`; "" without edits."""
    lines = text.splitlines(keepends=True)
    blocks = _blocks(text, sorted(edits, key=lambda e: e.start))
    hunks = [_hunk(lines, group, shift) for group, shift in _grouped(blocks)]
    return "".join([f"--- a/{name}\n+++ b/{name}\n", *hunks]) if hunks else ""


_Block = tuple[int, int, list[str]]
"""First line and the line after the last (from 0) of what is replaced, and the lines that replace it."""


def _blocks(text: str, edits: Sequence[Edit]) -> list[_Block]:
    """Return whole lines that are replaced; edits of one line together."""
    blocks: list[_Block] = []
    i = 0
    while i < len(edits):
        start, end, j = *_lines_around(text, edits[i].start, edits[i].end), i + 1
        while j < len(edits) and edits[j].start < end:
            end, j = max(end, _lines_around(text, edits[j].start, edits[j].end)[1]), j + 1
        moved = [Edit(e.start - start, e.end - start, e.value) for e in edits[i:j]]
        first = text.count("\n", 0, start)
        old = text[start:end]
        blocks.append((first, first + len(old.splitlines()), applied(old, moved).splitlines(keepends=True)))
        i = j
    return blocks


def _lines_around(text: str, start: int, end: int) -> tuple[int, int]:
    last = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if last < 0 else last + 1


def _grouped(blocks: Sequence[_Block]) -> Iterator[tuple[list[_Block], int]]:
    """Yield blocks that share their surroundings, and by how many lines what stands before them has grown."""
    shift, i = 0, 0
    while i < len(blocks):
        j = i + 1
        while j < len(blocks) and blocks[j][0] - blocks[j - 1][1] <= 2 * CONTEXT:
            j += 1
        yield list(blocks[i:j]), shift
        shift += sum(len(new) - (end - start) for start, end, new in blocks[i:j])
        i = j


def _hunk(lines: Sequence[str], blocks: Sequence[_Block], shift: int) -> str:
    first, last = max(blocks[0][0] - CONTEXT, 0), min(blocks[-1][1] + CONTEXT, len(lines))
    shown, at = [], first
    for start, end, new in blocks:
        shown += [f" {line}" for line in lines[at:start]]
        shown += [f"-{line}" for line in lines[start:end]] + [f"+{line}" for line in new]
        at = end
    shown += [f" {line}" for line in lines[at:last]]
    n_new = last - first + sum(len(new) - (end - start) for start, end, new in blocks)
    head = f"@@ -{first + 1},{last - first} +{first + 1 + shift},{n_new} @@\n"
    return head + "".join(line if line.endswith("\n") else f"{line}\n" for line in shown)
