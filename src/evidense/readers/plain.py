"""Plain reports: title, sections, tables of claims, lists, and the references below their heading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.readers._files import nothing_in, text_of
from evidense.readers._signs import format_of
from evidense.readers._tables import cells_of, write_table
from evidense.texts.canonical import vocabulary
from evidense.texts.cites import cite_numbers, numbers_alone, throughout
from evidense.texts.manuscript import Manuscript
from evidense.texts.printed import printed
from evidense.texts.reference_list import BULLET, is_heading, listed
from evidense.texts.tables.grids import captioned
from evidense.values import ReadDocument, Reference

WHAT = "a report in plain text"
_NUMBERED = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]{1,5}\.|[A-Z]\.)\s+[A-Z][^.!?:;]{1,90}$")
_UNNUMBERED = re.compile(r"^[A-Z][^.!?:;]{1,90}$")
_KNOWN_HEADING = re.compile(
    r"^(?:abstract|summary|introduction|background|methods?|methodology|results|discussion|limitations|conclusions?|appendix.*|acknowledge?ments?)\s*:?$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?:[.!][\"'”’)]*|\[\d[\d,;\s–-]*\][.!]?)\s*$")
"""A full stop, an exclamation mark, or a citation; titles may ask."""


@dataclass(frozen=True)
class Plain:
    """Reads text without markup."""

    name: str = "plain"
    suffixes: tuple[str, ...] = (".txt", ".text")
    is_last_resort: bool = True
    """It gives way to any other reader that recognises the file."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is text without the signs of another format."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read title, sections, tables, lists and references.

        Raises:
            InvalidInput: it is empty or binary.
        """
        text, mistakes = text_of(path, WHAT)
        with foreign(str(path), "Expected text; check the file."):
            document = plain_document(self.name, text, tuple(mistakes))
        if not document.text:
            raise nothing_in(path, "text", mistakes)
        return document


def plain_document(name: str, text: str, mistakes: tuple[str, ...]) -> ReadDocument:
    """Return a text without markup as a document."""
    manuscript = Manuscript(vocabulary(text))
    body, bibliography = _divided(text.split("\n"))
    _write_body(manuscript, body, bool(bibliography))
    references = tuple(_references(manuscript, bibliography))
    title = next((block.span.quote for block in manuscript.blocks if block.kind == "title"), "")
    return ReadDocument(
        name, manuscript.text, title, tuple(manuscript.blocks), references, tuple(manuscript.citations), tuple(manuscript.hidden), mistakes,
        tables=captioned(manuscript),
    )  # fmt: skip


def _divided(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Divide the lines at the last heading of a list of references, which belongs to the list."""
    place = next((n for n in range(len(lines) - 1, -1, -1) if is_heading(lines[n])), len(lines))
    return lines[:place], lines[place:]


def _write_body(manuscript: Manuscript, lines: Sequence[str], has_list: bool) -> None:
    is_numbered = any(_NUMBERED.match(line.strip()) for line in lines)
    blocks = list(_blocks(lines))
    for number, block in enumerate(blocks):
        if len(cells_of(block[0])) > 1:
            write_table(block, manuscript, lambda text, others: _write_statement(manuscript, text, others))
        elif number == 0 and _is_title(block, is_alone=len(blocks) == 1 and not has_list):
            manuscript.add("title", block[0])
        elif BULLET.match(block[0]) and not _is_heading(block, is_numbered):
            _write_list(manuscript, block)
        elif _is_heading(block, is_numbered) and (len(blocks) > 1 or has_list):
            manuscript.add("heading", block[0])
        else:
            cite_numbers(manuscript, manuscript.add("paragraph", "\n".join(block)))


def _write_statement(manuscript: Manuscript, text: str, others: Sequence[str]) -> None:
    """Write the statement of a table's row, which the citations in cells of their own are for."""
    written = manuscript.add("item", text)
    keys = [number for cell in others for number in numbers_alone(cell)]
    cite_numbers(manuscript, written, others=throughout(written, keys))


def _is_title(block: Sequence[str], is_alone: bool) -> bool:
    """Say whether the first block is a title: one line that neither ends as a sentence nor is all there is."""
    return len(block) == 1 and len(block[0]) <= 300 and not is_alone and not _SENTENCE_END.search(block[0])


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of lines without a blank one; the lines of a table make a block of their own."""
    block: list[str] = []
    for line in lines:
        is_table = len(cells_of(line)) > 1
        if block and (not line.strip() or is_table != (len(cells_of(block[-1])) > 1)):
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def _is_heading(block: Sequence[str], is_numbered: bool) -> bool:
    """Say whether a block is a heading; a report that numbers its headings has no others but the usual ones, as "Abstract"."""
    line = block[0].strip()
    if len(block) > 1 or len(line.split()) > 12 or _SENTENCE_END.search(line):
        return False
    if _NUMBERED.match(line) or _KNOWN_HEADING.match(line):
        return True
    return not is_numbered and _UNNUMBERED.match(line) is not None


def _write_list(manuscript: Manuscript, block: Sequence[str]) -> None:
    for item in listed(block):
        cite_numbers(manuscript, manuscript.add("item", BULLET.sub("", item, count=1)))


def _references(manuscript: Manuscript, lines: Sequence[str]) -> Iterator[Reference]:
    if not lines:
        return
    manuscript.add("heading", lines[0])
    for number, raw in enumerate(listed(lines[1:]), 1):
        if written := manuscript.add(None, re.sub(r"^\s*[-*•–·]\s+", "", raw)):
            text = written.canonical.text
            yield printed(text, str(number), written.span(0, len(text)))


PART = Plain()
