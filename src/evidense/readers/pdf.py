"""PDF papers: text in reading order by pages, citing sentences and references; what nobody can see is left out and listed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from evidense.boundary.child import ChildLimits, in_child
from evidense.boundary.files import Budget, read_bytes
from evidense.errors import InvalidInput, UnsafeInput
from evidense.readers import _pages
from evidense.readers._pages import Line
from evidense.readers._signs import format_of
from evidense.texts.canonical import vocabulary
from evidense.texts.cites import cite_names, cite_numbers
from evidense.texts.manuscript import BlockKind, Manuscript, Written
from evidense.texts.printed import is_numbered, printed
from evidense.values import Hidden, ReadDocument, Reference

WHAT = "a PDF"
LIMITS = ChildLimits(cpu_s=40.0, wall_s=120.0, memory_bytes=1 << 30)
_BUDGET = Budget(free_bytes=200 << 20, ratio=4)


@dataclass(frozen=True)
class PDF:
    """Reads `.pdf`, in a process of its own."""

    name: str = "pdf"
    suffixes: tuple[str, ...] = (".pdf",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is a PDF, or is named so."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read what can be seen.

        Raises:
            InvalidInput: no PDF, damaged, encrypted, a scan without text, or over the limits of time or memory.
            MissingExtra: pypdfium2 is not installed.
        """
        data = read_bytes(path, WHAT, _BUDGET)
        _refuse_others(path, data)
        try:
            answer = in_child("evidense.readers._pdfium:reading", data, LIMITS)
        except (InvalidInput, UnsafeInput) as error:
            raise InvalidInput(f"'{path}' {error}. Expected a PDF that opens in a reader.") from None
        return _document(self.name, path, json.loads(answer))


def _refuse_others(path: Path, data: bytes) -> None:
    if not data.strip():
        raise InvalidInput(f"'{path}' is empty. Expected {WHAT}; check the path.")
    if b"%PDF-" in data[:1024]:
        return
    if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<", data[:512]):
        raise InvalidInput(
            f"'{path}' is HTML or XML, not PDF: perhaps the page of a publisher that asks to log in. Expected a PDF; download it again."
        )
    raise InvalidInput(f"'{path}' does not begin like a PDF ('%PDF-'). Expected a PDF; check the file.")


def _document(name: str, path: Path, answer: Mapping[str, Any]) -> ReadDocument:
    pages, mistakes = answer["pages"], list(_mistakes(answer))
    hidden = [
        Hidden(text, reason, number) for number, page in enumerate(pages, 1) for text, reason in page.get("hidden", ())
    ]
    may_have_columns = _pages.has_columns(pages)
    read = [
        _pages.lines_of(page, number, may_have_columns) if "lines" in page else ([], True)
        for number, page in enumerate(pages, 1)
    ]
    mistakes += [
        f"page {number}: the order of its columns is not sure; sentences may be torn apart"
        for number, (_, is_sure) in enumerate(read, 1)
        if not is_sure
    ]
    heights = [float(page["size"][1]) if "size" in page else 1.0 for page in pages]
    lines = list(chain.from_iterable(_pages.without_furniture([lines for lines, _ in read], heights)))
    if not lines:
        raise _without_text(path, pages, hidden, mistakes)
    manuscript = Manuscript(vocabulary("\n".join(line.text for line in lines)))
    references = _written(manuscript, lines, answer["title"])
    title = next((block.span.quote for block in manuscript.blocks if block.kind == "title"), "")
    return ReadDocument(
        name, manuscript.text, title, tuple(manuscript.blocks), references, tuple(manuscript.citations),
        (*hidden, *manuscript.hidden), tuple(mistakes), is_order_sure=all(is_sure for _, is_sure in read),
    )  # fmt: skip


def _mistakes(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["n_pages"] > len(answer["pages"]):
        yield f"it has {answer['n_pages']:,} pages; expected at most {len(answer['pages']):,}; the others were not read"
    for number, page in enumerate(answer["pages"], 1):
        if "failed" in page:
            yield f"page {number}: what can be seen on it cannot be told ({page['failed']}); the page was not read"
        elif page["is_scan"] and page["hidden"] and not page["lines"]:
            yield f"page {number}: a picture with unseen text behind it; whether they agree cannot be told; the page was not read"


def _without_text(
    path: Path, pages: Sequence[Mapping[str, Any]], hidden: Sequence[Hidden], mistakes: Sequence[str]
) -> InvalidInput:
    if hidden or any("failed" in page for page in pages):
        return InvalidInput.all_of(
            f"'{path}' holds no text that can be seen", mistakes or [f"{len(hidden)} hidden texts were left out"]
        )
    if any(page.get("is_scan") for page in pages):
        return InvalidInput(
            f"'{path}' is a scan: pictures of {len(pages)} pages without text. Expected a PDF with text; run OCR on it first."
        )
    return InvalidInput(
        f"'{path}' holds no text. Expected a PDF with text; run OCR on it if it shows pictures of text."
    )


def _written(manuscript: Manuscript, lines: Sequence[Line], metadata_title: str) -> tuple[Reference, ...]:
    """Write all lines, and return the references."""
    body = _pages.body_size(lines)
    begin, end = _pages.bibliography(lines, body)
    blocks = _write(manuscript, lines[:begin], body, _title(lines, body, metadata_title))
    references = tuple(_references(manuscript, lines[begin:end]))
    blocks += _write(manuscript, lines[end:], body, frozenset())
    _cite(manuscript, blocks, references)
    return references


def _cite(manuscript: Manuscript, blocks: Sequence[Written], references: Sequence[Reference]) -> None:
    """Note what cites: by the printed numbers of the references, else by names; by their order where neither is found."""
    for known in (
        frozenset(reference.key for reference in references if is_numbered(reference.raw)),
        frozenset(reference.key for reference in references),
    ):
        for written in blocks:
            cite_numbers(manuscript, written, known)
        if not manuscript.citations:
            cite_names(manuscript, blocks, references)
        if manuscript.citations:
            return


def _title(lines: Sequence[Line], body: float, metadata_title: str) -> frozenset[int]:
    """Return the places of the title's lines: the largest on the first page that has words; else that of the metadata."""
    first = [(place, line) for place, line in enumerate(lines) if line.page == lines[0].page]
    named = "".join(metadata_title.lower().split())
    if len(named) > 8:
        of_title = [
            place for place, line in first[:12] if "".join(line.text.lower().split()) in named and len(line.text) > 5
        ]
        if of_title:
            return frozenset(of_title)
    candidates = [
        (line.size, place)
        for place, line in first
        if len(line.text.split()) > 1 and re.search(r"[^\W\d_]{3}", line.text)
    ]
    largest = max((size for size, _ in candidates), default=0.0)
    if largest < body + 0.9:
        capitals = (place for _, place in candidates if sum(map(str.isupper, lines[place].text)) > 15)
        return frozenset([next(capitals, candidates[0][1] if candidates else first[0][0])])
    begin = next(place for size, place in candidates if size == largest)
    end = begin
    while (
        end < len(lines)
        and abs(lines[end].size - largest) < 0.3
        and lines[end].page == lines[begin].page
        and end - begin < 6
    ):
        end += 1
    return frozenset(range(begin, end))


def _write(manuscript: Manuscript, lines: Sequence[Line], body: float, title: frozenset[int]) -> list[Written]:
    """Write the blocks of lines, and return those that may cite."""
    of_title = [lines[place] for place in sorted(title) if place < len(lines)]
    if of_title:
        manuscript.add("title", "\n".join(line.text for line in of_title), of_title[0].page)
    blocks: list[Written] = []
    for block in _pages.blocks_of([line for place, line in enumerate(lines) if place not in title], body):
        kind = _kind(block, body)
        written = manuscript.add(kind, "\n".join(line.text for line in block), block[0].page)
        if written is not None and kind != "heading":
            blocks.append(written)
    return blocks


def _kind(block: Sequence[Line], body: float) -> BlockKind:
    if len(block) <= 3 and all(_pages.is_head(line, body) for line in block):
        return "heading"
    return "caption" if _pages.CAPTION.match(block[0].text) else "paragraph"


def _references(manuscript: Manuscript, lines: Sequence[Line]) -> Iterator[Reference]:
    for number, entry in enumerate(_pages.entries(lines), 1):
        if written := manuscript.add(None, "\n".join(line.text for line in entry), entry[0].page):
            text = written.canonical.text
            yield printed(text, str(number), written.span(0, len(text)))


PART = PDF()
