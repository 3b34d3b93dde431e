"""Tables in plain text: rows of cells divided by tabs or bars; a column of statements becomes items."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from evidense.texts.manuscript import Manuscript
from evidense.texts.tables.grids import RawCell, write_rows

_CELLS = re.compile(r"\t+|\s*(?<!\\)\|\s*")
_BAR = re.compile(r"(?<!\\)\|")
"""Of Markdown: an escaped one is a letter of its cell."""
_EDGE = re.compile(r"\t|(?<!\\)\|")
_RULE = re.compile(r"^[\s|:+=_-]+$")
_STATEMENT = re.compile(r"claim|statement|finding|assertion|sentence", re.IGNORECASE)

_INTERVAL = re.compile(r"\b(?:CI|intervals?|ranges?|bounds?)\b", re.IGNORECASE)


def cells_of(line: str) -> list[str]:
    """Return the cells of a row; the line itself where it is none."""
    is_row = "\t" in line.strip() or len(_BAR.findall(line)) >= 2
    return [cell for cell in (cell.strip() for cell in _CELLS.split(line)) if cell] if is_row else [line]


def statement_column(header: Sequence[str]) -> int | None:
    """Return the column of a table that holds statements, by its header; None where none does."""
    return next((n for n, cell in enumerate(header) if _STATEMENT.search(cell) and len(cell) < 40), None)


def citing(header: Sequence[str], column: int, others: Sequence[str]) -> Sequence[str]:
    """Return the other cells of a row that may cite for its statement, without intervals, which look the same.

    Where a cell of the row is empty, its columns are not known: none then, if the header names intervals.

    >>> citing(["claim", "95% CI", "source"], 0, ["[1, 3]", "[2]"]), citing(["claim", "95% CI", "source"], 0, ["[1, 3]"])
    (['[2]'], [])
    """
    are_intervals = [bool(_INTERVAL.search(name)) for n, name in enumerate(header) if n != column]
    if len(are_intervals) != len(others):
        return [] if any(are_intervals) else others
    return [cell for cell, is_interval in zip(others, are_intervals, strict=True) if not is_interval]


def write_table(
    rows: Sequence[str],
    manuscript: Manuscript,
    write: Callable[[str, Sequence[str]], Any],
    shown: Callable[[str], str] = str,
) -> None:
    """Write a table: where a column holds statements, each of them is an item, and the rest of its row stands behind it.

    `write` writes a statement, given with the cells of its row that may cite for it, as its format marks it; `shown` takes the marks out of
    any other cell.
    """
    n_above = next((n for n, row in enumerate(rows) if _RULE.match(row)), 1)
    rows = [row for row in rows if not _RULE.match(row)]
    header = cells_of(rows[0]) if rows else []
    column = statement_column(header)
    if column is None:
        write_rows(manuscript, [_raw_cells(row, number < n_above, shown) for number, row in enumerate(rows)])
        return
    for number, row in enumerate(rows):
        cells = cells_of(row)
        if number > 0 and column < len(cells):
            write(cells.pop(column), citing(header, column, cells))
        manuscript.add("table", " | ".join(map(shown, cells)))


def _raw_cells(row: str, is_header: bool, shown: Callable[[str], str]) -> list[RawCell]:
    """Return all cells of a row, empty ones too, without the bars at its ends."""
    cells = _EDGE.split(row.strip(" ").removeprefix("|"))
    cells = cells[:-1] if len(cells) > 1 and not cells[-1].strip() and row.rstrip().endswith("|") else cells
    return [RawCell(shown(cell.strip()), is_header=is_header) for cell in cells]
