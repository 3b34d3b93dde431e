"""Tables: reads CSV, TSV, JSONL and Parquet as rows that know their place in the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pydantic_core

from evidense.boundary.documents import MOST_CONTAINERS, parsed
from evidense.boundary.files import plain_name
from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines
from evidense.reading.tables import parquet
from evidense.reading.tables.delimited import Delimited, is_unnamed, listed, refuse_many_columns
from evidense.reading.tables.typed import as_gain, as_id, as_ids, as_slice, as_text, as_texts

T = TypeVar("T")
SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row: its place ('line 3'), and its cells by column."""

    place: str
    cells: Mapping[str, Any]

    def text(self, column: str | None) -> str:
        """Return a cell as text without outer white space; '' if it is empty.

        Raises:
            InvalidInput: the cell holds something else; the message has its place.
        """
        return self._read(column, as_text, "")

    def id(self, column: str | None) -> str:
        """Return a cell as an id; '' if it is empty.

        Raises:
            InvalidInput: as `text`.
        """
        return self._read(column, as_id, "")

    def texts(self, column: str | None) -> list[str]:
        """Return the texts of a cell that may hold a list.

        Raises:
            InvalidInput: as `text`.
        """
        return self._read(column, as_texts, [])

    def ids(self, column: str | None) -> list[str]:
        """Return the ids of a cell that may hold a list; nulls are skipped.

        Raises:
            InvalidInput: as `text`.
        """
        return self._read(column, as_ids, [])

    def gain(self, column: str | None) -> int:
        """Return a cell as a judgement; 1 if there is no such column.

        Raises:
            InvalidInput: it is not a whole number; the message has its place.
        """
        return 1 if column is None else self._read(column, as_gain, 1)

    def slice(self, column: str) -> str:
        """Return a cell as a value to slice by; '' if there is none."""
        return as_slice(self.cells.get(column))

    def _read(self, column: str | None, read: Callable[[Any, str], T], nothing: T) -> T:
        if column is None:
            return nothing
        try:
            return read(self.cells.get(column), f" in the column '{column}'")
        except InvalidInput as error:
            raise InvalidInput(f"{self.place}: {error}") from None


@dataclass(frozen=True)
class DataTable:
    """The named columns of a file in order, and its rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[DataRow, ...]
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    """Sentences for the page on how the file was read, if that is not obvious."""
    mistakes: tuple[str, ...] = ()
    """Mistakes of encoding, quotes, number of cells or JSON; unreadable rows are not among the rows."""


def table_format(path: Path) -> str | None:
    """Return the format of a table by its file name; None if the name is not that of a table.

    >>> table_format(Path("pairs.tsv.gz")), table_format(Path("notes.txt"))
    ('tsv', None)
    """
    return SUFFIXES.get(plain_name(path).suffix.lower())


def read_columns(path: Path) -> tuple[str, ...]:
    """Return the column names, reading as little as possible; () if they cannot be read."""
    try:
        match table_format(path):
            case "parquet":
                return tuple(name for name in parquet.column_names(path) if not is_unnamed(name))
            case "jsonl":
                return _first_keys(path)
            case form:
                return Delimited(path, form or "csv").header()
    except (InvalidInput, OSError, ValueError):
        return ()


def read_table(path: Path) -> DataTable:
    """Read every row and collect mistakes; blank rows are skipped.

    Raises:
        InvalidInput: the file cannot be read at all, or is empty.
        MissingExtra: the file is Parquet, and pyarrow is not installed.
    """
    mistakes: list[str] = []
    notes: list[str] = []
    form = table_format(path)
    if form == "parquet":
        rows = tuple(DataRow(f"row {number}", cells) for number, cells in enumerate(parquet.rows(path), 1))
        columns = parquet.column_names(path)
    elif form == "jsonl":
        columns, rows = _jsonl_rows(path, mistakes)
    else:
        file = Delimited(path, form or "csv", mistakes, notes)
        rows = tuple(DataRow(f"line {line}", cells) for line, cells in file.rows())
        columns = tuple(rows[0].cells) if rows else file.header()
    if mistakes and (not columns or mistakes[0].startswith("line 1,")):  # a header that cannot be read
        raise InvalidInput.all_of(str(path), mistakes)
    if not columns:
        raise InvalidInput(f"{path}: the file is empty; expected a first line with the names of the columns; fill it")
    if not rows and not mistakes:
        raise InvalidInput(
            f"{path}: there is no row under the columns {listed(tuple(columns))}; expected at least one; fill it"
        )
    known = tuple(name for name in columns if not is_unnamed(name))
    return DataTable(path, known, rows, tuple(mistakes), notes=tuple(dict.fromkeys(notes)))


def json_object(line: str, place: str, mistakes: list[str]) -> dict[str, Any] | None:
    """Parse one line as a JSON object; otherwise add a mistake and return None."""
    try:
        value = parsed(line, place)
    except InvalidInput as error:
        mistakes.append(str(error))
        return None
    if isinstance(value, dict):
        return value
    mistakes.append(f"{place}: a JSON {type(value).__name__}; expected an object {{…}}; correct the line")
    return None


def plain_object(raw: bytes) -> dict[str, Any] | None:
    """Return the object of a line of JSON; None if `json_object` must look at it, which says what is wrong."""
    if len(raw) > MOST_CONTAINERS:
        return None
    try:
        value = pydantic_core.from_json(raw, cache_strings="keys")
    except ValueError:
        return None
    return value if type(value) is dict else None


def plain_objects(lines: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """Return the objects of some lines of JSON; None if `plain_object` returns None for one of them."""
    if max(map(len, lines)) > MOST_CONTAINERS:
        return None
    try:
        values = [pydantic_core.from_json(raw, cache_strings="keys") for raw in lines]
    except ValueError:
        return None
    return values if {*map(type, values)} == {dict} else None


def _jsonl_rows(path: Path, mistakes: list[str]) -> tuple[tuple[str, ...], tuple[DataRow, ...]]:
    rows = []
    columns: dict[str, None] = {}
    for number, line in text_lines(path, mistakes, "a table"):
        cells = json_object(line, f"line {number}", mistakes) if line.strip() else None
        if cells is not None:
            columns.update(dict.fromkeys(cells))
            refuse_many_columns(len(columns))
            rows.append(DataRow(f"line {number}", cells))
    return tuple(columns), tuple(rows)


def _first_keys(path: Path) -> tuple[str, ...]:
    first = next((line for _, line in text_lines(path, [], "a table") if line.strip()), "")
    keys = tuple(json_object(first, "line 1", []) or ())
    refuse_many_columns(len(keys))
    return tuple(name for name in keys if not is_unnamed(name))
