"""Parquet: reads a file in small pieces within a budget, after checking the sizes that it states."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.files import MIB, Budget, opened
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, MissingExtra
from evidense.reading.tables.delimited import refuse_many_columns

ROWS = 256
"""How many rows are decoded at once."""
LEAST = 8
"""Least bytes of a value: a file of a thousand bytes may claim a billion nulls."""
_MOST_PARTS = 20_000
"""Most columns, row groups and other parts of a file's metadata (deep nesting crashes the library)."""
_SPREAD = "write it again without that much repetition, or as JSONL"


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of the columns.

    Raises:
        InvalidInput: the file is not Parquet.
        MissingExtra: pyarrow is not installed.
    """
    with _file(path) as file:
        return tuple(file.schema_arrow.names)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows as Python values, with the hub's ClassLabel numbers as class names.

    Raises:
        InvalidInput: the file is not Parquet, is damaged, or unpacks to more than its size allows.
        MissingExtra: pyarrow is not installed.
    """
    with _file(path) as file, foreign(str(path), "Expected a Parquet file; write it again."):
        budget = Budget().of(path.stat().st_size)
        _refuse_promises(path, file.metadata, budget)
        yield from cells_of(path, file.schema_arrow, file.iter_batches(batch_size=ROWS, use_threads=False))


def cells_of(path: Path, schema: Any, batches: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of Arrow's record batches as Python values, with the hub's ClassLabel numbers as class names.

    Raises:
        InvalidInput: there are too many columns, or the values take more than the file's size allows.
    """
    refuse_many_columns(len(schema.names))
    budget, classes, spent = Budget().of(path.stat().st_size), _classes(schema), 0
    for batch in batches:
        spent += sum(_cost(column) for column in batch.columns)
        if spent > budget:
            raise InvalidInput(too_much(path, budget))
        columns = [_values(name, column, classes) for name, column in zip(schema.names, batch.columns, strict=True)]
        for cells in zip(*columns, strict=True):
            yield dict(zip(schema.names, cells, strict=True))


@contextmanager
def _file(path: Path) -> Iterator[Any]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtra.named("parquet", "reading a Parquet file", "pyarrow") from None
    with opened(path, "a Parquet file") as raw:
        source = raw if raw.seekable() else io.BytesIO(raw.read())
        with foreign(str(path), "Expected a Parquet file; write it again."):
            limits: dict[str, Any] = {"thrift_container_size_limit": _MOST_PARTS, "thrift_string_size_limit": 64 * MIB}
            schema = parquet.ParquetFile(source, **limits).schema
            leaves = [schema.column(number) for number in range(len(schema.names))]
            # A text that a million rows repeat is stored once.
            repeated_texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
            source.seek(0)
            file = parquet.ParquetFile(source, read_dictionary=repeated_texts, pre_buffer=False, **limits)
        yield file


def _refuse_promises(path: Path, metadata: Any, budget: int) -> None:
    """Refuse a file whose metadata claim too many values, before anything is decoded."""
    chunks = [
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    promised = sum(max(chunk.total_uncompressed_size, LEAST * chunk.num_values) for chunk in chunks)
    if promised > budget or metadata.num_rows * LEAST > budget:
        raise InvalidInput(too_much(path, budget))


def too_much(path: Path, budget: int) -> str:
    """Return the message about a file that unpacks to more than its budget, in bytes."""
    return f"'{path}' unpacks to more than {budget // MIB:,} MiB, far more than its size promises; {_SPREAD}"


def _cost(column: Any) -> int:
    """Return the bytes of an Arrow array's values as separate Python values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, least = column.type, LEAST * len(column)
    if pa.types.is_dictionary(kind):
        words = column.dictionary
        if not _is_bytes(words.type) or not len(words):
            return least
        lengths = pc.binary_length(words).cast(pa.int64())
        return max(least, int(pc.sum(lengths.take(column.indices)).as_py() or 0))
    if pa.types.is_struct(kind):
        return least + sum(_cost(column.field(number)) for number in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return least + _cost(column.flatten())
    return max(least, int(column.nbytes))


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def _values(name: str, column: Any, classes: dict[str, list[str]]) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):  # Python's own dates end at microseconds
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    if name not in classes:
        return values
    names = classes[name]
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else value for value in values]


def _classes(schema: Any) -> dict[str, list[str]]:
    """Return column → names of its classes, if the `datasets` library stored them."""
    try:
        metadata = parsed((schema.metadata or {}).get(b"huggingface", b"{}"), "metadata")
        features = metadata["info"]["features"]
        return {
            name: [str(label) for label in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError):
        return {}
