"""Markdown reports: headings, lists, tables of claims, footnotes, links to papers, and the references below their heading."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.errors import EvidenseError
from evidense.readers._bibliographies import bibtex_beside
from evidense.readers._files import nothing_in, text_of
from evidense.readers._signs import format_of
from evidense.readers._tables import cells_of, write_table
from evidense.texts.bibliographies.bibtex import read_bibtex
from evidense.texts.canonical import vocabulary
from evidense.texts.cites import cite_numbers, numbers_alone, throughout
from evidense.texts.identifiers import identifiers_of
from evidense.texts.manuscript import BlockKind, Manuscript
from evidense.texts.printed import printed
from evidense.texts.reference_list import BULLET, is_heading, listed
from evidense.texts.tables.grids import captioned
from evidense.values import Hidden, ReadDocument, Reference

WHAT = "a Markdown file"
_FENCE = re.compile(r"[ \t>]*(?P<marks>`{3,}|~{3,})(?P<rest>[^`]*)$")
_ENTRY = re.compile(
    r"\s*@(?:article|book|in\w+|misc|phdthesis|mastersthesis|techreport|online|software|proceedings)\s*\{",
    re.IGNORECASE,
)
_INDENT = ("    ", "\t")
_FRONT = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_NOTE = re.compile(r"^\[\^([^\]\s]{1,40})\]:\s+", re.MULTILINE)
_INLINE = re.compile(
    r"(?P<ticks>(?<!`)`{1,3}(?!`))(?P<code>[^`\n]{1,500})(?P=ticks)(?!`)"
    r"|!\[(?P<alt>[^\]\n]{0,500})\]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,5}[^()\n]{0,300}\)"
    r"|\[(?P<text>(?:[^\[\]\n]|\[[^\[\]\n]{0,200}\]){1,500})\]\((?P<url>[^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,5})[^()\n]{0,300}\)"
    r"|\[\^(?P<note>[^\]\s]{1,40})\]"
    r"|\[(?P<keys>[^\[\]\n]{0,300}?@[^\[\]\n]{1,500})\]"
    r"|(?<![\w@/.\[-])@(?P<bare>[^\W\d](?:[\w:.#$%&+?~/-]{0,200}\w)?)"
    r"|<(?P<auto>https?://[^<>\s]+)>"
    r"|</?[A-Za-z][^<>\n]{0,200}>"
    r"|(?P<mark>\*{1,3}|_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|`+|~~)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
)
_BIB = re.compile(
    r"^bibliography:[ \t]*(?:\[(?P<list>[^\]\n]*)\]|(?P<one>[^\s\[][^\n]*)|(?P<items>(?:\n[ \t]*-[ \t]+[^\n]+)+))",
    re.MULTILINE,
)
"""The files that the head names: one, [a.bib, b.bib], or one a line."""
_STOP = re.compile(r"[.!?][\"”’)]*\s+[(\[]*$")
_NEXT = re.compile(r"[)\]]*[.,;]?(?:\s*$|\s+[A-Z0-9\"“(\[*_])")
"""What stands before and behind a link that cites for the sentence before it: "It rains. [1](https://…) We see"."""
_KEY = re.compile(r"@([\w:.#$%&+?<>~/-]*\w)")


@dataclass
class _MarkdownReading:
    manuscript: Manuscript
    links: dict[str, Reference] = field(default_factory=dict)
    """Address of a paper → the reference that a link to it stands for."""
    notes: frozenset[str] = frozenset()
    entries: Sequence[Reference] = ()
    """What the bibliographies beside the file hold."""

    @cached_property
    def known(self) -> frozenset[str]:
        """Return the keys that the text may cite without brackets."""
        return frozenset(entry.key for entry in self.entries)


@dataclass(frozen=True)
class Markdown:
    """Reads `.md`."""

    name: str = "markdown"
    suffixes: tuple[str, ...] = (".md", ".markdown")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is Markdown, by its name or by its headings and links."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read text and references; comments, which no page shows, are hidden text, and code is left out.

        References are also those of BibTeX in fences, and of the .bib files that its head names; else, where it cites keys, of `references.bib`
        beside it.

        Raises:
            InvalidInput: it is empty, binary, or holds no text.
        """
        text, mistakes = text_of(path, WHAT)
        with foreign(str(path), f"Expected {WHAT}; correct the file."):
            entries = [*_beside(path, text, mistakes), *_fenced(text, mistakes)]
            document = markdown_document(self.name, text, tuple(mistakes), entries)
        if not document.text:
            raise nothing_in(path, "text", mistakes)
        return document


def _beside(path: Path, text: str, mistakes: list[str]) -> Sequence[Reference]:
    """Return the references of the bibliographies that the head names; of `references.bib` where it names none and keys are cited."""
    front = _FRONT.match(text)
    if front and (named := _BIB.search(front[0])):
        pieces = (
            re.split(r"\n[ \t]*-[ \t]+", named["items"])
            if named["items"]
            else (named["list"] or named["one"] or "").split(",")
        )
        return bibtex_beside(path, filter(None, (piece.strip(" \t'\"") for piece in pieces)), mistakes)
    is_cited = any(match["keys"] or match["bare"] for match in _INLINE.finditer(text))
    return (
        bibtex_beside(path, ["references"], mistakes) if is_cited and path.with_name("references.bib").is_file() else ()
    )


def _fenced(text: str, mistakes: list[str]) -> list[Reference]:
    """Return the references of BibTeX that stands in fences; those of one key once."""
    written = "\n".join(_fences(text.split("\n")))
    if not written:
        return []
    try:
        found = read_bibtex(written)
    except EvidenseError as error:
        mistakes.append(f"BibTeX in a fence: {error}")
        return []
    mistakes += [f"BibTeX in a fence, {mistake}" for mistake in found.mistakes]
    return list({reference.key: replace(reference, line=None) for reference in reversed(found.references)}.values())[
        ::-1
    ]


def _fences(lines: Sequence[str]) -> Iterator[str]:
    """Yield what stands in fences that are called BibTeX, or whose first line begins an entry."""
    inside: list[str] = []
    marks, is_called = "", False
    for line in lines:
        fence = _FENCE.match(line)
        if marks and fence and fence["marks"].startswith(marks) and not fence["rest"].strip():
            first = next((one for one in inside if one.strip()), "")
            if is_called or _ENTRY.match(first):
                yield from inside
            inside, marks = [], ""
        elif marks:
            inside.append(line)
        elif fence:
            marks, is_called = fence["marks"], fence["rest"].strip().lower() in ("bib", "bibtex", "biblatex")


def markdown_document(
    name: str, text: str, mistakes: tuple[str, ...] = (), entries: Sequence[Reference] = ()
) -> ReadDocument:
    """Return Markdown as a document; `entries` are those of the bibliographies beside it."""
    text = _FRONT.sub("", text)
    hidden = [
        Hidden(" ".join(match[1].split())[:400], "comment") for match in _COMMENT.finditer(text) if match[1].strip()
    ]
    text = "\n".join(_without_code(_COMMENT.sub("", text).split("\n")))
    notes = [match[1] for match in _NOTE.finditer(text)]
    reading = _MarkdownReading(Manuscript(vocabulary(text)), notes=frozenset(notes), entries=entries)
    lines = text.split("\n")
    place = next(
        (n for n in range(len(lines) - 1, -1, -1) if is_heading(_HEADING.sub(r"\2", lines[n]).strip("*: "))), len(lines)
    )
    _write_body(reading, lines[:place])
    references = [*_listed(reading, lines[place:]), *_of_notes(reading, lines[:place]), *entries]
    known = {frozenset(reference.identifiers.items()) for reference in references}
    references += [
        one for one in reading.links.values() if not any(set(one.identifiers.items()) & ids for ids in known)
    ]
    manuscript = reading.manuscript
    title = next((block.span.quote for block in manuscript.blocks if block.kind == "title"), "")
    return ReadDocument(
        name, manuscript.text, title, tuple(manuscript.blocks), tuple(references), tuple(manuscript.citations),
        (*hidden, *manuscript.hidden), mistakes, tables=captioned(manuscript),
    )  # fmt: skip


def _without_code(lines: Sequence[str]) -> list[str]:
    """Leave out blocks of code, fenced or indented."""
    kept: list[str] = []
    opened_at, marks = 0, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if marks:
            if fence and fence["marks"].startswith(marks) and not fence["rest"].strip():
                marks = ""
        elif fence:
            opened_at, marks = number, fence["marks"]
        else:
            kept.append(line)
    if marks:  # never closed: a slip, and the text goes on
        kept += lines[opened_at + 1 :]
    return list(_without_indented(kept))


def _without_indented(lines: Sequence[str]) -> Iterator[str]:
    """Leave out lines that are indented by four spaces behind a blank one, unless an item of a list or a note goes on."""
    may_begin, is_code, was_blank = True, False, True
    for line in lines:
        is_blank, is_indented = not line.strip(), line.startswith(_INDENT)
        is_code = is_indented and may_begin and (is_code or was_blank) if not is_blank else is_code
        if not is_blank and not is_indented:
            may_begin = not (BULLET.match(line) or _NOTE.match(line) or line.startswith((" ", "+ ")))
        was_blank = is_blank
        if not is_code or is_blank:
            yield line


def _write_body(reading: _MarkdownReading, lines: Sequence[str]) -> None:
    for block in _blocks(lines):
        first = block[0]
        if heading := _HEADING.match(first):
            has_title = any(one.kind == "title" for one in reading.manuscript.blocks)
            _write(reading, "heading" if has_title or len(heading[1]) > 1 else "title", heading[2])
        elif _NOTE.match(first):
            continue
        elif len(cells_of(first)) > 1:
            write_table(
                block,
                reading.manuscript,
                lambda text, others: _write(reading, "item", text, _keys_alone(reading, others)),
                _shown,
            )
        elif BULLET.match(first) or re.match(r"^\s*[+*-] ", first):
            for item in listed([re.sub(r"^(\s*)[+] ", r"\1- ", line) for line in block]):
                _write(reading, "item", BULLET.sub("", item, count=1))
        elif first.startswith(">"):
            _write(reading, "quote", "\n".join(line.lstrip("> ") for line in block))
        elif not re.fullmatch(r"[\s=*_-]+", first):
            _write(reading, "paragraph", "\n".join(block))


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of lines of one kind: a heading alone, a table, a list, a quotation, a paragraph."""
    block: list[str] = []
    for line in lines:
        kind = _kind(line)
        if block and (
            not line.strip()
            or kind == "heading"
            or _kind(block[0]) == "heading"
            or (kind != "text" and kind != _kind(block[0]))
        ):
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def _kind(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    if len(cells_of(line)) > 1:
        return "table"
    if BULLET.match(line):
        return "list"
    return "quote" if line.startswith(">") else "text"


def _shown(text: str) -> str:
    """Return a cell of a table without the marks of Markdown."""
    return _INLINE.sub(
        lambda match: (
            match["text"] or match["alt"] or match["auto"] or match["escaped"] or match["code"] or _as_cited(match)
        ),
        text,
    )


def _keys_alone(reading: _MarkdownReading, cells: Sequence[str]) -> Iterator[str]:
    """Yield what is cited in cells that hold nothing but citations."""
    for cell in cells:
        rest = _INLINE.sub(lambda match: "" if _keys(reading, match) else match["text"] or match[0], cell)
        if not rest.strip(" ,;") or numbers_alone(rest):
            yield from (key for match in _INLINE.finditer(cell) for key in _keys(reading, match))
            yield from numbers_alone(rest)


def _write(reading: _MarkdownReading, kind: BlockKind, source: str, cited: Iterable[str] = ()) -> None:
    """Write a block without the marks of Markdown, and note what it cites; `cited` are keys that all of it does."""
    raw, places, begin = "", [], 0
    code: list[tuple[int, int]] = []
    for match in _INLINE.finditer(source):
        raw += source[begin : match.start()]
        begin = match.end()
        if match["code"]:
            code.append((len(raw), len(raw) + len(match["code"])))
        keys = _keys(reading, match)
        is_behind = bool(keys and match["url"] and _STOP.search(raw) and _NEXT.match(source[begin : begin + 100]))
        if keys:
            places.append((max(len(raw.rstrip(" \n([")) - 1, 0) if match["note"] or is_behind else len(raw), keys))
        raw += (
            ("" if is_behind and (match["text"] or "").strip("[]").isdigit() else match["text"])
            or match["alt"]
            or match["auto"]
            or match["escaped"]
            or match["code"]
            or (f"[{match[0]}]" if match["bare"] in reading.known else _as_cited(match))
        )
    written = reading.manuscript.add(kind, raw + source[begin:])
    cite_numbers(reading.manuscript, written, others=[*places, *throughout(written, cited)], code=code)


def _keys(reading: _MarkdownReading, match: re.Match[str]) -> tuple[str, ...]:
    if match["keys"]:
        return tuple(_KEY.findall(match["keys"]))
    if match["bare"]:
        return (match["bare"],) if match["bare"] in reading.known else ()
    if match["note"]:
        return (match["note"],) if match["note"] in reading.notes else ()
    url = match["url"] or match["auto"] or ""
    identifiers = identifiers_of({"url": url}) if url.startswith("http") else {}
    if not identifiers.keys() & {"doi", "arxiv", "acl", "pmid", "pmcid"}:
        return ()
    if url not in reading.links:
        reading.links[url] = Reference(url, "misc", identifiers=identifiers, raw=match[0])
    return (url,)


def _listed(reading: _MarkdownReading, lines: Sequence[str]) -> Iterator[Reference]:
    if not lines:
        return
    reading.manuscript.add("heading", _HEADING.sub(r"\2", lines[0]).strip("*: "))
    for number, source in enumerate(listed([line for line in lines[1:] if not _HEADING.match(line)]), 1):
        yield from _reference(reading, re.sub(r"^\s*(?:[-*+•]|(?=\[\^)\[\^[^\]]*\]:)\s+", "", source), str(number))


def _of_notes(reading: _MarkdownReading, lines: Sequence[str]) -> Iterator[Reference]:
    """Yield the footnotes of the text that look like references: they have an identifier, an address or a year."""
    for block in re.split(r"\n(?=\[\^)|\n\s*\n", "\n".join(lines)):
        if (match := _NOTE.match(block)) and re.search(r"https?://|10\.\d{4}|\b(?:19|20)\d\d\b", block):
            yield from _reference(reading, block[match.end() :], match[1])


def _reference(reading: _MarkdownReading, source: str, key: str) -> Iterator[Reference]:
    text = _INLINE.sub(_with_address, source)
    if written := reading.manuscript.add(None, text):
        text = written.canonical.text
        yield printed(text, key, written.span(0, len(text)))


def _with_address(match: re.Match[str]) -> str:
    if match["url"] and match["url"].startswith("http"):
        return match["text"] if match["text"] == match["url"] else f"{match['text']} {match['url']}"
    return match["text"] or match["auto"] or match["escaped"] or match["code"] or _as_cited(match)


def _as_cited(match: re.Match[str]) -> str:
    """Return keys as they stand in the text, with their brackets if any."""
    return match[0] if match["keys"] or match["bare"] else ""


PART = Markdown()
