"""Elements: a table of HTML while its page is walked: which cell begins where in the block that is being read."""

from dataclasses import dataclass, field
from typing import Any

from evidense.texts.manuscript import Manuscript, Written
from evidense.texts.tables.grids import (
    BETWEEN,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_WIDTH,
    PlacedCell,
    RawCell,
    free_column,
    note,
    spanned,
    trimmed,
)
from evidense.values import TableCell


@dataclass
class HtmlTable:
    """The outermost table that is open; what stands in a table within it belongs to the cell around it."""

    depth: int = 0
    row: int = -1
    column: int = 0
    free_from: dict[int, int] = field(default_factory=dict)
    """Column → the first row in which it is free."""
    starts: list[tuple[int, PlacedCell]] = field(default_factory=list)
    """Where in the raw text of the block each of its cells begins."""
    cells: list[TableCell] = field(default_factory=list)

    def begin(self) -> None:
        """Open a table."""
        if not self.depth:
            self.row, self.free_from, self.starts, self.cells = -1, {}, [], []
        self.depth += 1

    def close(self, manuscript: Manuscript) -> None:
        """Close a table; the outermost one is noted."""
        self.depth = max(self.depth - 1, 0)
        if not self.depth and self.cells:
            note(manuscript, self.cells)
            self.cells, self.starts = [], []

    def open_row(self) -> None:
        """Begin a row."""
        if self.depth == 1:
            self.row, self.column, self.starts = self.row + 1, 0, []

    def open_cell(self, node: Any, start: int) -> None:
        """Begin a cell at a place of the block's raw text."""
        if self.depth != 1 or self.row < 0:
            return
        above = node.parent.parent if node.parent is not None else None
        is_header = node.tag == "th" or (above is not None and above.tag == "thead")
        n_rows, n_columns = (
            spanned(node.attributes.get(name), most)
            for name, most in (("rowspan", MOST_ROWS), ("colspan", MOST_COLUMNS))
        )
        self.column = free_column(self.free_from, self.column, self.row)
        if self.column >= MOST_WIDTH:
            return
        self.starts.append((start, PlacedCell(RawCell("", n_rows, n_columns, is_header), self.row, self.column)))
        self.free_from |= dict.fromkeys(range(self.column, self.column + n_columns), self.row + n_rows)
        self.column += n_columns

    def carry(self) -> None:
        """Let cells that have no text yet go on in the next block."""
        self.starts = [(0, cell) for _, cell in self.starts]

    def locate(self, written: Written, raw: str) -> None:
        """Note the cells of a block that was written."""
        ends = [*(start for start, _ in self.starts[1:]), len(raw)]
        for (start, cell), end in zip(self.starts, ends, strict=False):
            end -= len(BETWEEN) if raw[start:end].endswith(BETWEEN) and end < len(raw) else 0
            if start < end and (span := trimmed(written.raw_span(start, end))).quote:
                self.cells.append(cell.at(span))
        self.starts = []
