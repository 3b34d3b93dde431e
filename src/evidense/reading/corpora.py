"""Corpora: a JSONL file as a lazy sequence of Items; memory holds byte offsets, never the texts."""

import io
import os
import shutil
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast, overload

from evidense.boundary.files import BOM, opened
from evidense.errors import InvalidInput
from evidense.reading.lines import decoded, raw_lines, stop_at_too_many
from evidense.reading.tables.rows import json_object, plain_object
from evidense.values import Item
from evidense.values.contents import Collected, ItemContents

ToItem = Callable[[dict[str, Any], str, list[str]], Item | None]
"""(JSON object, its place, list of mistakes) → Item, or None after adding a mistake."""


class JsonlItems(Sequence[Item]):
    """Items of a JSONL file, read from the file on each access; safe for many threads.

    Opening it reads the file once. From then on memory holds ids, content keys and 60 bytes more a line, but no text. A packed file is
    unpacked into an unnamed temporary file, which is removed with this object.
    """

    def __init__(self, path: Path, to_item: ToItem) -> None:
        """Index the file and check every line; lines with mistakes are left out and listed in `mistakes`.

        Raises:
            InvalidInput: the file cannot be read.
        """
        self.path, self._name = path, path.name
        self.mistakes: list[str] = []
        self._to_item = to_item
        self._file = _unpacked(path)
        weakref.finalize(self, os.close, self._file)
        self._starts, self._lines = array("q"), array("q")
        self._sizes = array("q")
        self._state = _state(self._file)
        self.contents = self._index()
        """None if there are pictures, whose files are read when they are needed."""

    def _index(self) -> ItemContents | None:
        start, collected, has_pictures = 0, Collected(), False
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            for number, raw in enumerate(raw_lines(file, self.path), 1):
                body = raw.removeprefix(BOM) if number == 1 else raw
                if not body.isspace() and (item := self._parsed(body, number, self.mistakes)) is not None:
                    self._starts.append(start + len(raw) - len(body))
                    self._sizes.append(len(body))
                    self._lines.append(number)
                    has_pictures = has_pictures or item.picture is not None
                    if not has_pictures:
                        collected.add(item)
                start += len(raw)
                stop_at_too_many(str(self.path), self.mistakes)
        return None if has_pictures else collected.done()

    def _parsed(self, raw: bytes, number: int, mistakes: list[str]) -> Item | None:
        place = f"{self._name} line {number}"
        value = plain_object(raw)
        if value is None:
            before = len(mistakes)
            text = decoded(raw, place, self.path, mistakes)
            value = json_object(text, place, mistakes) if len(mistakes) == before else None
        return self._to_item(value, place, mistakes) if value is not None else None

    def place(self, row: int) -> str:
        """Return the file and line of an item, for messages."""
        return f"{self._name} line {self._lines[row]}"

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        """Read one item, or a list for a slice.

        Raises:
            InvalidInput: the file has changed since it was indexed.
        """
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        row = range(len(self))[row]
        mistakes: list[str] = []
        item = self._parsed(os.pread(self._file, self._sizes[row], self._starts[row]), self._lines[row], mistakes)
        if mistakes or _state(self._file) != self._state:
            reason = mistakes[0] if mistakes else "its size or the time of its last change is another"
            raise InvalidInput(
                f"{self.path} changed while it was being read ({reason}); expected the same file; start again"
            )
        return cast(Item, item)

    def __iter__(self) -> Iterator[Item]:
        return (self[row] for row in range(len(self)))


def _state(file: int) -> tuple[int, int]:
    """Return size and time of the last change of an open file."""
    status = os.fstat(file)
    return status.st_size, status.st_mtime_ns


class Mapped(Sequence[Item]):
    """Rows of any sequence (such as a memory-mapped table) as Items, made on access.

    >>> list(Mapped([("a", "x")], lambda row: Item(*row)))
    [Item(id='a', text='x', picture=None)]
    """

    def __init__(self, rows: Any, to_item: Callable[[Any], Item]) -> None:
        self._rows, self._to_item = rows, to_item

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        """Make one item, or a list for a slice."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        return self._to_item(self._rows[range(len(self))[row]])

    def __iter__(self) -> Iterator[Item]:
        return (self._to_item(row) for row in self._rows)


def _unpacked(path: Path) -> int:
    """Return a file descriptor of the unpacked bytes; the caller closes it."""
    with opened(path, "a file of JSON lines") as file:
        try:
            return os.dup(file.fileno())
        except io.UnsupportedOperation:  # it is packed
            pass
        with tempfile.TemporaryFile() as plain:
            shutil.copyfileobj(file, plain, 1 << 20)
            plain.flush()
            return os.dup(plain.fileno())
