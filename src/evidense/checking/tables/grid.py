"""Grid: which headings, labels and caption each value of a table stands under."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidense.values import DocumentTable, Span, TableCell

_NUMBER = r"[-−–+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[.·]\d+)"
VALUE = re.compile(
    rf"^[\s*†‡§¶~↑↓≈]*(?P<value>{_NUMBER})\s?(?P<percent>%)?"
    rf"(?:\s?(?:±|\+/[-−])\s?[\d.·]+\s?(?P<after>%)?|\s?\([^()]{{1,40}}\)|\s?\[[^\[\]]{{1,40}}\])?[\s*†‡§¶#^↑↓]{{0,4}}(?:[a-e](?:,\s?[a-e]){{0,3}})?$"
)
"""A cell that holds one value: with its ±, or an interval in brackets, and marks of notes."""
MOST_CELLS = 5_000
"""Cells of a table that are looked at."""


@dataclass(frozen=True)
class GridValue:
    """One value with everything that it stands under."""

    cell: TableCell
    labels: tuple[str, ...]
    """Of its row, left to right."""
    section: str
    """The line across the table that its row stands below; "" where there is none."""
    headings: tuple[str, ...]
    """Of its column, top down."""


def values_of(table: DocumentTable) -> Iterator[GridValue]:
    """Yield each cell that holds one value; a table whose columns have no headings has none."""
    rows = _rows(table.cells[:MOST_CELLS])
    n_heads = _n_heads(list(rows.values()))
    head, section = [cell for line in list(rows.values())[:n_heads] for cell in line], ""
    above: list[TableCell] = []
    for line in list(rows.values())[n_heads:]:
        if len(line) == 1 and not VALUE.match(line[0].span.quote):
            section = _shown(line[0].span)
            continue
        row = line[0].row
        above = [cell for cell in above if cell.row + cell.n_rows > row]
        first_value = min((cell.column for cell in line if VALUE.match(cell.span.quote)), default=None)
        above += [cell for cell in line if first_value is None or cell.column < first_value]
        labels = tuple(_shown(cell.span) for cell in sorted(above, key=lambda cell: cell.column))
        for cell in line:
            headings = _headings(head, cell)
            if labels and headings and VALUE.match(cell.span.quote):
                yield GridValue(cell, labels, section, headings)


def _rows(cells: Sequence[TableCell]) -> dict[int, list[TableCell]]:
    rows: dict[int, list[TableCell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return rows


def _n_heads(rows: Sequence[Sequence[TableCell]]) -> int:
    """Return how many rows head the columns: those that the file marks so, and those below without any value that are no line across."""
    n = 0
    for line in rows:
        is_marked = all(cell.is_header for cell in line) and (n == 0 or len(line) > 1 or line[0].column > 0)
        is_wordy = not any(VALUE.match(cell.span.quote) for cell in line) and sum(cell.column > 0 for cell in line) > 1
        if not (is_marked or is_wordy):
            break
        n += 1
    return n if n < len(rows) else 0


def _headings(head: Sequence[TableCell], cell: TableCell) -> tuple[str, ...]:
    over = [one for one in head if one.column <= cell.column < one.column + one.n_columns]
    return tuple(dict.fromkeys(_shown(one.span) for one in over))


def _shown(span: Span) -> str:
    return " ".join(span.quote.split())
