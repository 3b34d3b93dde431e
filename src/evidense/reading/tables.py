"""Tables: CSV, TSV, JSONL and Parquet as rows that know where they stand."""

import csv
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput, MissingExtra
from evidense.reading.lines import text_lines

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_MAX_FIELD = 1 << 24
"""Characters a field may have before the csv module gives up; the limit that users meet is that of `build`."""
_csv_limit = threading.Lock()


@dataclass(frozen=True)
class Row:
    """One row: where it stands ('line 3'), and its cells by column."""

    place: str
    cells: Mapping[str, Any]

    def text(self, column: str | None) -> str:
        """Return a cell as text without outer white space; '' where there is none."""
        value = self.cells.get(column) if column else None
        return "" if value is None else str(value).strip()


@dataclass(frozen=True)
class Table:
    """Columns in order, and rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    mistakes: tuple[str, ...] = ()
    """Wrong encoding, quotes, number of cells, JSON: rows that could not be read are not among the rows."""


def table_format(path: Path) -> str | None:
    """Say how a table is written, by its name; None if it is no table.

    >>> table_format(Path("pairs.tsv.gz")), table_format(Path("notes.txt"))
    ('tsv', None)
    """
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return SUFFIXES.get(name.suffix.lower())


def read_columns(path: Path) -> tuple[str, ...]:
    """Return the column names, reading as little as possible; () where they cannot be read."""
    try:
        match table_format(path):
            case "parquet":
                return tuple(_parquet().read_schema(path).names)
            case "jsonl":
                return _first_keys(path)
            case "csv" | "tsv" as form:
                header = next(_delimited(path, form, []), None)
                return tuple(header[1]) if header else ()
    except (InvalidInput, OSError, ValueError):
        return ()
    return ()


def read_table(path: Path) -> Table:
    """Read every row, and note what is wrong; rows that are blank are passed over.

    Raises:
        InvalidInput: the file cannot be read at all, or is empty.
        MissingExtra: a Parquet file without pyarrow.
    """
    mistakes: list[str] = []
    form = table_format(path)
    if form == "parquet":
        columns, rows = _parquet_rows(path)
    elif form == "jsonl":
        columns, rows = _jsonl_rows(path, mistakes)
    else:
        columns, rows = _delimited_rows(path, form or "csv", mistakes)
    if mistakes and (not columns or mistakes[0].startswith("line 1,")):  # a header that cannot be read
        raise InvalidInput.all_of(str(path), mistakes)
    if not columns:
        raise InvalidInput(f"{path}: the file is empty; expected a first line with the names of the columns; fill it")
    if not rows and not mistakes:
        raise InvalidInput(
            f"{path}: there is no row under the columns {', '.join(columns)}; expected at least one; fill it"
        )
    return Table(path, columns, rows, tuple(mistakes))


def _delimited(path: Path, form: str, mistakes: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line on which the record begins, cells); quoted line breaks belong to their cell."""
    reader = csv.reader(
        (line for _, line in text_lines(path, mistakes)), delimiter="\t" if form == "tsv" else ",", strict=True
    )
    while True:
        begin = reader.line_num + 1
        try:
            with _wide_fields():
                cells = next(reader, None)
        except csv.Error as error:
            mistakes.append(
                f'line {begin}: {error}; expected cells quoted as "one ""two"" three"; correct the quotes '
                "(nothing after it was read)"
            )
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield begin, cells


@contextmanager
def _wide_fields() -> Iterator[None]:
    with _csv_limit:
        before = csv.field_size_limit(_MAX_FIELD)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _delimited_rows(path: Path, form: str, mistakes: list[str]) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    records = _delimited(path, form, mistakes)
    _, header = next(records, (0, []))
    columns = tuple(name.strip() for name in header)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    mistakes += [f"line 1: the column '{name}' stands twice; expected distinct names; rename one" for name in twice]
    rows = []
    for line, cells in records:
        if len(cells) != len(columns):
            mistakes.append(
                f"line {line}: {len(cells)} cells; expected {len(columns)} ({', '.join(columns)}); quote cells that "
                "contain the separator"
            )
            continue
        rows.append(Row(f"line {line}", dict(zip(columns, cells, strict=False))))
    return columns, tuple(rows)


def json_object(line: str, place: str, mistakes: list[str]) -> dict[str, Any] | None:
    """Parse one line as a JSON object; None, and a mistake, if it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        mistakes.append(f"{place}: not JSON ({error}); expected one object a line; correct the line")
        return None
    if isinstance(value, dict):
        return value
    mistakes.append(f"{place}: a JSON {type(value).__name__}; expected an object {{…}}; correct the line")
    return None


def _jsonl_rows(path: Path, mistakes: list[str]) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    rows = []
    for number, line in text_lines(path, mistakes):
        cells = json_object(line, f"line {number}", mistakes) if line.strip() else None
        if cells is not None:
            rows.append(Row(f"line {number}", cells))
    return tuple(dict.fromkeys(name for row in rows for name in row.cells)), tuple(rows)


def _first_keys(path: Path) -> tuple[str, ...]:
    first = next((line for _, line in text_lines(path, []) if line.strip()), "")
    return tuple(json_object(first, "", []) or ())


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra.named("parquet", "reading a Parquet file", "pyarrow") from None
    return pyarrow.parquet


def _parquet_rows(path: Path) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    parquet = _parquet()
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"{path}: not a Parquet file ({error}); expected what its name says; write it again"
        ) from None
    rows = tuple(Row(f"row {number}", cells) for number, cells in enumerate(table.to_pylist(), 1))
    return tuple(table.column_names), rows
