"""Tables in plain text: rows of cells divided by tabs or bars; a column of statements becomes items."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from evidense.texts.manuscript import BlockKind, Manuscript

_CELLS = re.compile(r"\t+|\s*\|\s*")
_RULE = re.compile(r"^[\s|:+=_-]+$")
_STATEMENT = re.compile(r"claim|statement|finding|assertion|sentence", re.IGNORECASE)


def cells_of(line: str) -> list[str]:
    """Return the cells of a row; the line itself where it is none."""
    is_row = "\t" in line.strip() or line.count("|") >= 2
    return [cell for cell in (cell.strip() for cell in _CELLS.split(line)) if cell] if is_row else [line]


def write_table(rows: Sequence[str], manuscript: Manuscript, write: Callable[[BlockKind, str], Any]) -> None:
    """Write a table: where a column holds statements, each of them is an item, and the rest of its row stands behind it."""
    rows = [row for row in rows if not _RULE.match(row)]
    header = cells_of(rows[0]) if rows else []
    column = next((n for n, cell in enumerate(header) if _STATEMENT.search(cell) and len(cell) < 40), None)
    for number, row in enumerate(rows):
        cells = cells_of(row)
        if column is not None and number > 0 and column < len(cells):
            write("item", cells.pop(column))
        manuscript.add("table", " | ".join(cells))
