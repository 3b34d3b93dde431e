"""Grids: the cells of a table in their rows and columns, written so that each keeps its place in the text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidense.texts.manuscript import Manuscript, Written
from evidense.values import Block, DocumentTable, Span, TableCell

MOST_COLUMNS, MOST_ROWS = 40, 1_000
"""What one cell may cover at most; a file may say anything."""
MOST_WIDTH = 200
"""Columns of a table; cells further right are left out of it."""
BETWEEN = " | "
_NUMBERED = re.compile(r"(?:Supplementary )?Table [A-Z]{0,2}\.?\d*[\w.]*", re.IGNORECASE)


@dataclass(frozen=True)
class RawCell:
    """One cell as a file has it."""

    text: str
    n_rows: int = 1
    n_columns: int = 1
    is_header: bool = False


@dataclass(frozen=True)
class PlacedCell:
    """One cell in its row and column."""

    raw: RawCell
    row: int
    column: int

    def at(self, span: Span) -> TableCell:
        """Return it with its place in the text."""
        return TableCell(span, self.row, self.column, self.raw.n_rows, self.raw.n_columns, self.raw.is_header)


def spanned(value: str | None, most: int) -> int:
    """Return how many rows or columns a cell covers, by what its file says.

    >>> spanned("3", 100), spanned("0", 100), spanned("many", 100), spanned("999999", 100)
    (3, 1, 1, 100)
    """
    digits = (value or "").strip()
    return min(max(int(digits[:9]), 1), most) if digits.isascii() and digits.isdigit() else 1


def placed(rows: Iterable[Sequence[RawCell]]) -> Iterator[list[PlacedCell]]:
    """Yield the rows with every cell in its column: cells that reach down from above push others to the right."""
    free_from: dict[int, int] = {}
    for row, cells in enumerate(rows):
        column, line = 0, []
        for cell in cells:
            column = free_column(free_from, column, row)
            if column >= MOST_WIDTH:
                break
            line.append(PlacedCell(cell, row, column))
            free_from |= dict.fromkeys(range(column, column + cell.n_columns), row + cell.n_rows)
            column += cell.n_columns
        yield line


def free_column(free_from: dict[int, int], column: int, row: int) -> int:
    """Return the first column from here on that no cell above reaches into."""
    while free_from.get(column, 0) > row and column < MOST_WIDTH:
        column += 1
    return column


def write_rows(manuscript: Manuscript, rows: Iterable[Sequence[RawCell]], caption: Span | None = None) -> None:
    """Write a table, one block a row with bars between its cells, and note where each cell stands."""
    cells: list[TableCell] = []
    lines = list(rows)
    for raw, line in zip(lines, placed(lines), strict=True):
        shown = [cell for cell in raw if cell.text.strip()]
        written = manuscript.add("table", BETWEEN.join(cell.text for cell in shown))
        if written is not None:
            cells += _located(written, [cell for cell in line if cell.raw.text.strip()])
    note(manuscript, cells, caption)


def _located(written: Written, shown: Sequence[PlacedCell]) -> Iterator[TableCell]:
    start = 0
    for cell in shown:
        end = start + len(cell.raw.text)
        if (span := trimmed(written.raw_span(start, end))).quote:
            yield cell.at(span)
        start = end + len(BETWEEN)


def trimmed(span: Span) -> Span:
    """Return a span without the spaces around it."""
    inner = span.quote.strip()
    start = span.start + len(span.quote) - len(span.quote.lstrip())
    return Span(start, start + len(inner), inner, span.page)


def note(manuscript: Manuscript, cells: Sequence[TableCell], caption: Span | None = None) -> None:
    """Note a table of at least two rows and two columns."""
    if len({cell.row for cell in cells}) > 1 and len({cell.column for cell in cells}) > 1:
        manuscript.tables.append(DocumentTable(tuple(cells), caption))


def captioned(manuscript: Manuscript) -> tuple[DocumentTable, ...]:
    """Return all tables; one without a caption takes the block right before or behind it that is one, or that begins "Table 2"."""
    blocks = manuscript.blocks
    taken = {table.caption.start for table in manuscript.tables if table.caption}
    found = []
    for table in manuscript.tables:
        if table.caption is None and (caption := _beside(table, blocks, taken)) is not None:
            taken.add(caption.start)
            table = replace(table, caption=caption)
        found.append(table)
    return tuple(found)


def _beside(table: DocumentTable, blocks: Sequence[Block], taken: set[int]) -> Span | None:
    first, last = table.cells[0].span.start, table.cells[-1].span.end
    before = next((block for block in reversed(blocks) if block.span.end < first), None)
    behind = next((block for block in blocks if block.span.start > last), None)
    for block in (before, behind):
        is_caption = block is not None and (block.kind == "caption" or _NUMBERED.match(block.span.quote))
        if block is not None and is_caption and block.kind != "table" and block.span.start not in taken:
            return block.span
    return None
