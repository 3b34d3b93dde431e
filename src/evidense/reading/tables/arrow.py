"""Arrow: reads IPC files and streams (.arrow, .feather) a record batch at a time, after checking the sizes that each batch states."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from evidense.boundary.files import MIB, Budget, regular
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, MissingExtra
from evidense.reading.tables.parquet import LEAST, ROWS, cells_of, too_much

_WHAT = "an Arrow file"
_MAGIC = b"ARROW1\0\0"
_LONGEST_METADATA = 64 * MIB
_DICTIONARY, _BATCH = 2, 3
_NOT_PACKED = -1
"""States in place of its length that a buffer of a packed batch is not packed."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows as Python values, with the hub's ClassLabel numbers as class names.

    Raises:
        InvalidInput: the file is no Arrow IPC file or stream, is damaged, or unpacks to more than its size allows.
        MissingExtra: pyarrow is not installed.
    """
    try:
        from pyarrow import ipc
    except ImportError:
        raise MissingExtra.named("parquet", "reading an Arrow file", "pyarrow") from None
    with regular(path, _WHAT) as raw, foreign(str(path), "Expected an Arrow IPC file or stream; write it again."):
        start = len(_MAGIC) if raw.read(len(_MAGIC)) == _MAGIC else 0
        _refuse_promises(path, raw, start)
        raw.seek(start)
        with ipc.open_stream(raw) as stream:  # a file is a stream between its marks
            yield from cells_of(path, stream.schema, _pieces(stream))


def _pieces(stream: Any) -> Iterator[Any]:
    """Yield the record batches in slices, each checked: offsets out of range would crash the library."""
    for batch in stream:
        batch.validate(full=True)
        for start in range(0, batch.num_rows, ROWS):
            yield batch.slice(start, ROWS)


def _refuse_promises(path: Path, raw: BinaryIO, start: int) -> None:
    """Refuse a file whose batches state too many bytes or rows, before any of them is unpacked."""
    size = path.stat().st_size
    budget, spent, place, is_ended = Budget().of(size), 0, start, False
    while not is_ended and place < size:
        raw.seek(place)
        mark, length = struct.unpack("<iI", raw.read(8))
        if mark != -1:
            raise InvalidInput(f"'{path}' is no Arrow IPC file or stream of Arrow 0.15 or newer. Write it again.")
        is_ended = length == 0
        if length > _LONGEST_METADATA:
            raise InvalidInput(too_much(path, budget))
        if not is_ended:
            message = _FlatTable.first(raw.read(length))
            body = place + 8 + length
            spent += _promised(message, raw, body)
            place = body + message.number(3, "<q")
            if spent > budget:
                raise InvalidInput(too_much(path, budget))
            if place < body or place > size:
                raise InvalidInput(f"'{path}' ends too early. Fetch or write it again.")
    if not is_ended:
        raise InvalidInput(f"'{path}' ends too early (no mark of its end). Fetch or write it again.")


def _promised(message: "_FlatTable", raw: BinaryIO, body: int) -> int:
    """Return the bytes that a message unpacks to, at least 8 a row."""
    kind = message.number(1, "<B")
    if kind not in (_DICTIONARY, _BATCH):
        return 0
    batch = message.table(2) if kind == _BATCH else message.table(2).table(1)
    lengths = 0
    for offset, length in batch.pairs(2):
        stated = length
        if batch.place(3) and length >= 8:
            raw.seek(body + offset)
            (stated,) = struct.unpack("<q", raw.read(8))
        lengths += max(length, stated) if stated >= _NOT_PACKED else 1 << 62
    return max(lengths, LEAST * batch.number(0, "<q"))


class _FlatTable:
    """A table of FlatBuffers, the form of Arrow's metadata.

    Source: Arrow columnar format, Message.fbs; FlatBuffers internals.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - struct.unpack_from("<i", data, at)[0]

    @classmethod
    def first(cls, data: bytes) -> "_FlatTable":
        """Return the table that the bytes begin with."""
        return cls(data, struct.unpack_from("<I", data)[0])

    def place(self, field: int) -> int:
        """Return where a field's value lies; 0 if it is left out."""
        (size,) = struct.unpack_from("<H", self._data, self._fields)
        slot = 4 + 2 * field
        offset = struct.unpack_from("<H", self._data, self._fields + slot)[0] if slot < size else 0
        return self._at + offset if offset else 0

    def number(self, field: int, form: str) -> int:
        """Return a number; 0 if it is left out."""
        place = self.place(field)
        return int(struct.unpack_from(form, self._data, place)[0]) if place else 0

    def table(self, field: int) -> "_FlatTable":
        """Return an inner table."""
        place = self.place(field)
        return _FlatTable(self._data, place + struct.unpack_from("<I", self._data, place)[0])

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """Yield the pairs of numbers of a vector."""
        if place := self.place(field):
            start = place + struct.unpack_from("<I", self._data, place)[0]
            (count,) = struct.unpack_from("<I", self._data, start)
            piece = self._data[start + 4 : start + 4 + 16 * count]
            yield from struct.iter_unpack("<qq", piece[: len(piece) // 16 * 16])
