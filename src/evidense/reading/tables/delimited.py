"""Delimited: reads CSV and TSV as spreadsheets write them. The first lines determine the separator; unnamed columns are left out."""

import csv
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evidense.boundary.encodings import conversion
from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines

MOST_COLUMNS = 10_000
_MAX_FIELD = 1 << 24
"""Longest field for the csv module, in characters; `build` has the lower limit that users meet."""
_MOST_NAMED = 20
"""How many columns a message names."""
_N_LINES, _N_CHARACTERS = 100, 1 << 20
"""How many lines and characters are read to determine the separator."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SEP_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_UNNAMED = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
"""Names of unnamed columns: empty, or those that pandas gives to an index."""
_csv_limit = threading.Lock()


@dataclass
class Delimited:
    """The records of a file, with mistakes, and notes for the page."""

    path: Path
    form: str
    """Form of the file: csv or tsv."""
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def header(self) -> tuple[str, ...]:
        """Return the names of the named columns, reading as little as possible."""
        return tuple(name for _, name in named(next(self._records(), (0, []))[1]))

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (first line of the row, cells by column); rows of another width become mistakes."""
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
            column_numbers = ", ".join(str(place + 1) for place in sorted(lost)[:_MOST_NAMED])
            self.notes.append(f"columns without a name were left out (column {column_numbers})")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (first line of the record, cells); quoted line breaks belong to their cell, blank records are skipped."""
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
        """Return the separator, and the number of lines before the header (Excel's `sep=;`)."""
        usual = "\t" if self.form == "tsv" else ","
        lines = _first_lines(self.path)
        if lines and "\0" in lines[0]:
            raise InvalidInput(_without_mark(self.path, lines[0]))
        declared = _SEP_LINE.fullmatch(lines[0].strip("\r\n")) if lines else None
        separator = declared[1] if declared else separator_of(lines, usual)
        if separator != usual:
            name = _SEPARATORS.get(separator, f"'{separator}'")
            self.notes.append(f"its cells are separated by {name}, as its first line{'' if declared else 's'} told")
        return separator, int(declared is not None)

    def _refuse_twice(self, names: Iterable[str]) -> None:
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        self.mistakes += [
            f"line 1: the column '{name}' stands twice; expected distinct names; rename one" for name in twice
        ]


def separator_of(lines: Sequence[str], usual: str) -> str:
    r"""Return the separator of the cells: the usual one, unless it gives the header one cell and another gives several.

    If several separators cut the header, the one that gives all lines the same number of cells; if several do, the one that gives most; else the usual one.

    >>> separator_of(["query;document\n", "a, b;c\n"], ","), separator_of(["query,document\n", "a; b,c; d\n"], ",")
    (';', ',')
    >>> separator_of(["no.;query;title, long\n", '1;drill;"a drill, green"\n'], ",")
    ';'
    """
    widths = {separator: _widths(lines, separator) for separator in dict.fromkeys((usual, *_SEPARATORS))}
    wide = [separator for separator, cell_counts in widths.items() if cell_counts and cell_counts[0] > 1]
    even = [separator for separator in wide if len(widths[separator]) > 1 and len(set(widths[separator])) == 1]
    most = max((widths[separator][0] for separator in even), default=0)
    even = [separator for separator in even if widths[separator][0] == most]
    if usual in wide and (usual in even or len(even) != 1):
        return usual
    cell_counts = wide if len(wide) == 1 else even
    return cell_counts[0] if len(cell_counts) == 1 else usual


def named(header: Sequence[str]) -> list[tuple[int, str]]:
    """Return (index, name) of the named columns.

    Raises:
        InvalidInput: there are more than MOST_COLUMNS.
    """
    refuse_many_columns(len(header))
    stripped = ((place, name.strip()) for place, name in enumerate(header))
    return [(place, name) for place, name in stripped if not is_unnamed(name)]


def is_unnamed(name: str) -> bool:
    """Say whether a column has no name of its own.

    >>> is_unnamed(""), is_unnamed("Unnamed: 0"), is_unnamed("unnamed")
    (True, True, False)
    """
    return _UNNAMED.fullmatch(name.strip()) is not None


def refuse_many_columns(n_columns: int) -> None:
    """Refuse a table with too many columns for queries and documents.

    Raises:
        InvalidInput: it has more than MOST_COLUMNS columns.
    """
    if n_columns > MOST_COLUMNS:
        raise InvalidInput(
            f"the table has {n_columns:,} columns; expected at most {MOST_COLUMNS:,}; check the separator, or remove columns"
        )


def listed(columns: Sequence[str]) -> str:
    """Return the names of the first 20 columns, for a message."""
    more = f" … ({len(columns):,} in all)" if len(columns) > _MOST_NAMED else ""
    return ", ".join(columns[:_MOST_NAMED]) + more


def _wrong_width(line: int, n_cells: int, columns: Sequence[str]) -> str:
    return f"line {line}: {n_cells} cells; expected {len(columns)} ({listed(columns)}); quote cells that contain the separator"


def _without_mark(path: Path, line: str) -> str:
    encoding = "utf-16be" if line.startswith("\0") else "utf-16le"
    return (
        f"{path}: line 1 holds NUL characters (it looks like UTF-16 without its mark); expected UTF-8 text; "
        f"convert it: {conversion(path, encoding)}"
    )


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
    """Return the number of cells of each readable record; the last record may be incomplete."""
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
