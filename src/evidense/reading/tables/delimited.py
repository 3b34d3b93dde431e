"""Delimited: CSV and TSV as spreadsheets write them. The first lines tell the separator; columns without a name carry nothing."""

import csv
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines

MOST_COLUMNS = 10_000
_MAX_FIELD = 1 << 24
"""Characters a field may have before the csv module gives up; the limit that users meet is that of `build`."""
_MOST_NAMED = 20
"""Columns that a message names."""
_N_LINES, _N_CHARACTERS = 100, 1 << 20
"""How much of a file is looked at to tell its separator."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SEP_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_UNNAMED = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
"""Names of columns that nobody named: none, and those that pandas gives to an index."""
_csv_limit = threading.Lock()


@dataclass
class Delimited:
    """The records of a file, with what was wrong and what a reader must know."""

    path: Path
    form: str
    """csv or tsv."""
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def header(self) -> tuple[str, ...]:
        """Return the names of the columns, reading as little as possible; those without a name are left out."""
        return tuple(name for _, name in named(next(self._records(), (0, []))[1]))

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (line on which the row begins, cells by column); rows of another width become mistakes."""
        records = self._records()
        _, header = next(records, (0, []))
        columns = named(header)
        self._refuse_twice(name for _, name in columns)
        n_needed = columns[-1][0] + 1 if columns else 0
        unnamed, lost = sorted({*range(len(header))} - {place for place, _ in columns}), set[int]()
        for line, cells in records:
            if len(cells) < n_needed or any(cell.strip() for cell in cells[len(header) :]):
                self.mistakes.append(_wrong_width(line, len(cells), [name for _, name in columns]))
                continue
            lost.update(place for place in unnamed if place < len(cells) and cells[place].strip())
            yield line, {name: cells[place] for place, name in columns}
        if lost:
            told = ", ".join(str(place + 1) for place in sorted(lost)[:_MOST_NAMED])
            self.notes.append(f"columns without a name were left out (column {told})")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line on which the record begins, cells); quoted line breaks belong to their cell, blank records are passed over."""
        separator, n_skipped = self._separator()
        lines = (line for number, line in text_lines(self.path, self.mistakes, "a table") if number > n_skipped)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        while True:
            begin = n_skipped + reader.line_num + 1
            try:
                with _wide_fields():
                    cells = next(reader, None)
            except csv.Error as error:
                self.mistakes.append(
                    f'line {begin}: {error}; expected cells quoted as "one ""two"" three"; correct the quotes '
                    "(nothing after it was read)"
                )
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield begin, cells

    def _separator(self) -> tuple[str, int]:
        """Return the separator, and how many lines stand before the header (Excel's `sep=;`)."""
        usual = "\t" if self.form == "tsv" else ","
        lines = _first_lines(self.path)
        told = _SEP_LINE.fullmatch(lines[0].strip("\r\n")) if lines else None
        separator = told[1] if told else separator_of(lines, usual)
        if separator != usual:
            name = _SEPARATORS.get(separator, f"'{separator}'")
            self.notes.append(f"its cells are separated by {name}, as its first line{'' if told else 's'} told")
        return separator, int(told is not None)

    def _refuse_twice(self, names: Iterable[str]) -> None:
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        self.mistakes += [
            f"line 1: the column '{name}' stands twice; expected distinct names; rename one" for name in twice
        ]


def separator_of(lines: Sequence[str], usual: str) -> str:
    r"""Return what separates the cells: the usual one unless the header has one cell by it and several by another.

    Where the header can be cut by several, the one that cuts every line alike; where these are several, too, the usual one.

    >>> separator_of(["query;document\n", "a, b;c\n"], ","), separator_of(["query,document\n", "a; b,c; d\n"], ",")
    (';', ',')
    """
    widths = {separator: _widths(lines, separator) for separator in dict.fromkeys((usual, *_SEPARATORS))}
    wide = [separator for separator, found in widths.items() if found and found[0] > 1]
    even = [separator for separator in wide if len(widths[separator]) > 1 and len(set(widths[separator])) == 1]
    if usual in wide and (usual in even or len(even) != 1):
        return usual
    found = wide if len(wide) == 1 else even
    return found[0] if len(found) == 1 else usual


def named(header: Sequence[str]) -> list[tuple[int, str]]:
    """Return (place, name) of the columns that have a name.

    Raises:
        InvalidInput: there are more than MOST_COLUMNS.
    """
    refuse_many_columns(len(header))
    stripped = ((place, name.strip()) for place, name in enumerate(header))
    return [(place, name) for place, name in stripped if not is_unnamed(name)]


def is_unnamed(name: str) -> bool:
    """Say whether nobody named this column.

    >>> is_unnamed(""), is_unnamed("Unnamed: 0"), is_unnamed("unnamed")
    (True, True, False)
    """
    return _UNNAMED.fullmatch(name.strip()) is not None


def refuse_many_columns(n_columns: int) -> None:
    """Refuse a table that is wider than any table of queries and documents.

    Raises:
        InvalidInput: it has more than MOST_COLUMNS columns.
    """
    if n_columns > MOST_COLUMNS:
        raise InvalidInput(
            f"the table has {n_columns:,} columns; expected at most {MOST_COLUMNS:,}; check the separator, or remove columns"
        )


def listed(columns: Sequence[str]) -> str:
    """Return the names of columns for a message, the first 20 of them."""
    more = f" … ({len(columns):,} in all)" if len(columns) > _MOST_NAMED else ""
    return ", ".join(columns[:_MOST_NAMED]) + more


def _wrong_width(line: int, n_cells: int, columns: Sequence[str]) -> str:
    return f"line {line}: {n_cells} cells; expected {len(columns)} ({listed(columns)}); quote cells that contain the separator"


def _first_lines(path: Path) -> list[str]:
    lines: list[str] = []
    n_characters = 0
    for number, line in text_lines(path, [], "a table"):
        lines.append(line)
        n_characters += len(line)
        if number == _N_LINES or n_characters > _N_CHARACTERS:
            break
    return lines


def _widths(lines: Sequence[str], separator: str) -> list[int]:
    """Return the number of cells of each record that can be read; the last one may be cut."""
    widths: list[int] = []
    try:
        with _wide_fields():
            for cells in csv.reader(lines, delimiter=separator, strict=True):
                if any(cell.strip() for cell in cells):
                    widths.append(len(cells))
    except csv.Error:
        pass
    return widths


@contextmanager
def _wide_fields() -> Iterator[None]:
    with _csv_limit:
        before = csv.field_size_limit(_MAX_FIELD)
        try:
            yield
        finally:
            csv.field_size_limit(before)
