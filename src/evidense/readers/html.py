"""HTML pages: headings, paragraphs, lists and tables as they are shown, and the references below their heading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from evidense.boundary.strangers import foreign
from evidense.readers._files import missing, nothing_in, text_of
from evidense.readers._signs import format_of
from evidense.readers._tables import citing, statement_column
from evidense.texts.cites import cite_numbers, numbers_alone, throughout
from evidense.texts.manuscript import BlockKind, Manuscript
from evidense.texts.nesting import check_nesting
from evidense.texts.printed import printed
from evidense.texts.reference_list import is_heading
from evidense.texts.tables.elements import HtmlTable
from evidense.texts.tables.grids import captioned
from evidense.values import Hidden, ReadDocument, Reference

WHAT = "an HTML page"
MOST_NODES = 1_000_000
_SKIPPED = frozenset("script style noscript template svg math iframe object nav head title select button form".split())
_BLOCKS: dict[str, BlockKind] = {
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading", "h6": "heading", "p": "paragraph", "li": "item",
    "tr": "table", "blockquote": "quote", "figcaption": "caption", "caption": "caption", "dd": "item", "dt": "item", "pre": "paragraph",
}  # fmt: skip
_CODE = frozenset("pre code kbd samp tt var".split())
_BREAKS = frozenset(
    [
        *_BLOCKS,
        *"div section article main body html ul ol dl table tbody thead header footer aside figure address hr center details".split(),
    ]
)
_CELL, _BAR = " \x1f ", " | "
"""What divides the cells of a row while it is read, and then."""
_HIDDEN = (
    ("display:none", re.compile(r"display\s*:\s*none", re.IGNORECASE)),
    ("visibility:hidden", re.compile(r"visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)),
    (
        "transparent",
        re.compile(r"opacity\s*:\s*0?(?:\.0+)?(?:\s*[;!]|\s*$)|(?<![-\w])color\s*:\s*transparent", re.IGNORECASE),
    ),
    (
        "tiny",
        re.compile(r"font-size\s*:\s*(?:0|0?\.\d+|1)(?:\.\d+)?\s*(?:px|pt|em|rem|%)?\s*(?:[;!]|$)", re.IGNORECASE),
    ),
    ("off the page", re.compile(r"(?:text-indent|left|top|margin-left)\s*:\s*-\d{3,}", re.IGNORECASE)),
    (
        "white on white",
        re.compile(r"(?<![-\w])color\s*:\s*(?:white|#fff(?:fff)?\b|rgb\(\s*255\s*,\s*255\s*,\s*255)", re.IGNORECASE),
    ),
)


@dataclass(frozen=True)
class HTML:
    """Reads `.html`; style sheets are not looked at, styles of an element are."""

    name: str = "html"
    suffixes: tuple[str, ...] = (".html", ".htm", ".xhtml")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is HTML."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read what the page shows.

        Raises:
            InvalidInput: it is empty, binary, or shows no text.
            UnsafeInput: its elements are nested too deeply.
            MissingExtra: selectolax is not installed.
        """
        text, mistakes = text_of(path, WHAT)
        check_nesting(path, text)
        try:
            from selectolax.lexbor import LexborHTMLParser
        except ModuleNotFoundError:
            raise missing("HTML", "selectolax") from None
        with foreign(str(path), f"Expected {WHAT}; check the file."):
            page = LexborHTMLParser(text)
            reading = _HtmlReading()
            reading.walk(page.root)
            references = tuple(reading.references())
        if not reading.manuscript.text:
            raise nothing_in(path, "text that is shown", mistakes)
        manuscript = reading.manuscript
        heading = next((block.span.quote for block in manuscript.blocks if block.kind in ("title", "heading")), "")
        title = page.css_first("title")
        return ReadDocument(
            self.name, manuscript.text, heading or (" ".join(title.text().split()) if title else ""), tuple(manuscript.blocks), references,
            tuple(manuscript.citations), (*reading.hidden, *manuscript.hidden), tuple(mistakes),
            tables=captioned(manuscript),
        )  # fmt: skip


@dataclass
class _HtmlReading:
    manuscript: Manuscript = field(default_factory=Manuscript)
    hidden: list[Hidden] = field(default_factory=list)
    kind: BlockKind = "paragraph"
    pieces: list[str] = field(default_factory=list)
    code_pieces: list[int] = field(default_factory=list)
    """Which pieces of the block are set as code."""
    code_depth: int = 0
    listed: list[tuple[str, str]] = field(default_factory=list)
    """(text, address) of what stands below the heading of the references."""
    is_listing: bool = False
    address: str = ""
    column: int | None = None
    """Which column of the table holds statements, by its first row; None where none does, or no row was read."""
    header: list[str] = field(default_factory=list)
    is_first_row: bool = True
    table: HtmlTable = field(default_factory=HtmlTable)

    def walk(self, root: Any) -> None:
        """Write everything that is shown, in the order of the page, without recursion."""
        stack: list[tuple[Any, bool]] = [(root, False)]
        n_nodes = 0
        while stack and n_nodes < MOST_NODES:
            node, is_end = stack.pop()
            n_nodes += 1
            tag = (node.tag or "").lower()
            if is_end:
                self._leave(tag)
                continue
            if tag == "-text":
                if self.code_depth:
                    self.code_pieces.append(len(self.pieces))
                self.pieces.append(node.text_content or "")
            elif tag == "-comment" or tag in _SKIPPED:
                continue
            elif (reason := _reason(node)) and (text := " ".join(node.text().split())):
                self.hidden.append(Hidden(text[:400], reason))
            else:
                self._enter(node, tag, stack)
        self.flush()

    def _enter(self, node: Any, tag: str, stack: list[tuple[Any, bool]]) -> None:
        if tag in _BREAKS:
            self.flush()
            stack.append((node, True))
            self._open(tag)
            self.kind = _BLOCKS.get(
                tag, self.kind if tag in ("div", "section") and self.kind == "item" else "paragraph"
            )
        if tag == "table":
            self.column, self.is_first_row = None, True
        if tag in _CODE:
            self.code_depth += 1
            if tag not in _BREAKS:
                stack.append((node, True))
        elif tag in ("br", "td", "th"):
            self.pieces.append(_CELL if tag != "br" and "".join(self.pieces).strip() else "\n")
            if tag != "br":
                self.table.open_cell(node, sum(map(len, self.pieces)))
        elif tag == "a" and (node.attributes.get("href") or "").startswith("http"):
            self.address = self.address or node.attributes["href"]
        children = []
        child = node.child
        while child is not None:
            children.append((child, False))
            child = child.next
        stack += reversed(children)

    def _leave(self, tag: str) -> None:
        if tag in _CODE:
            self.code_depth -= 1
        if tag in _BREAKS:
            self.flush()
        if tag == "table":
            self.table.close(self.manuscript)

    def _open(self, tag: str) -> None:
        """Begin a table, or a row of it."""
        if tag == "table":
            self.table.begin()
        elif tag == "tr":
            self.table.open_row()

    def flush(self) -> None:
        """Write the block that was read."""
        text, kind, address = "".join(self.pieces), self.kind, self.address
        ends = [0, *accumulate(map(len, self.pieces))]
        code = [(ends[piece], ends[piece + 1]) for piece in self.code_pieces]
        self.pieces, self.code_pieces, self.kind, self.address = [], [], "paragraph", ""
        if not text.strip():
            self.table.carry()
            return
        if kind == "heading":
            self.is_listing = is_heading(" ".join(text.split()))
        if self.is_listing and kind != "heading":
            self.listed.append((text, address))
            return
        rest = ""
        if kind == "table" and _CELL in text:
            rest = self._without_statement([cell.strip() for cell in text.split(_CELL)])
            self.table.starts = [] if rest else self.table.starts
            text = rest or text.replace(_CELL, _BAR)
        written = self.manuscript.add(kind, text)
        if written is not None:
            if not rest:  # what stands beside a statement cites for it alone
                cite_numbers(self.manuscript, written, code=code)
            self.table.locate(written, text)

    def _without_statement(self, cells: list[str]) -> str:
        """Write the statement of a row as an item, and return the rest; "" where the table has no column of statements."""
        if self.is_first_row:
            self.header, self.column, self.is_first_row = cells, statement_column(cells), False
            return ""
        if self.column is None or self.column >= len(cells):
            return ""
        written = self.manuscript.add("item", cells.pop(self.column))
        keys = [number for cell in citing(self.header, self.column, cells) for number in numbers_alone(cell)]
        cite_numbers(self.manuscript, written, others=throughout(written, keys))
        return _BAR.join(cells)

    def references(self) -> Iterator[Reference]:
        """Yield what stands below the heading of the references."""
        for number, (text, address) in enumerate(self.listed, 1):
            whole = f"{text} {address}" if address and address not in text else text
            if written := self.manuscript.add(None, whole):
                quote = written.canonical.text
                yield printed(quote, str(number), written.span(0, len(quote)))


def _reason(node: Any) -> str:
    """Return why an element is not shown; "" where it is."""
    attributes = node.attributes
    if "hidden" in attributes:
        return "hidden"
    style = attributes.get("style") or ""
    return next((reason for reason, pattern in _HIDDEN if style and pattern.search(style)), "")


PART = HTML()
