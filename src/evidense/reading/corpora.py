"""Corpora: JSONL, Parquet, Arrow and WebDataset files as a lazy sequence of Items; memory holds byte offsets, never the texts."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
from jaxtyping import Int64

from evidense.boundary.files import BOM
from evidense.reading.lines import decoded, raw_lines, stop_at_too_many
from evidense.reading.shards import Shards, unit_of
from evidense.reading.tables.rows import json_object, plain_object
from evidense.reading.tables.webdataset import PICTURE
from evidense.values import Item, Picture
from evidense.values.contents import Collected
from evidense.values.item import ArchiveMember

AT_ONCE = 1 << 20
"""Bytes of lines that are read at once, if they follow each other."""
ToItem = Callable[[dict[str, Any], str, list[str]], Item | None]
"""(JSON object, its place, list of mistakes) → Item, or None after adding a mistake."""


class JsonlItems(Sequence[Item]):
    """Items of JSONL files, or of tables and archives with the same columns, read from the file on each access; safe for many threads.

    Opening them reads each file once. From then on memory holds ids, content keys and 65 bytes more a line, but no text.
    """

    def __init__(self, paths: Path | Sequence[Path], to_item: ToItem) -> None:
        """Index the files and check every line; lines with mistakes are left out and listed in `mistakes`.

        Raises:
            InvalidInput, UnsafeInput: a file cannot be read.
            MissingExtra: a file is Parquet or Arrow, and pyarrow is not installed.
        """
        self.mistakes: list[str] = []
        self._to_item = to_item
        self._shards = Shards([paths] if isinstance(paths, Path) else paths)
        self._names = _names(self._shards.paths)
        self._starts, self._sizes, self._lines, self._files = array("q"), array("q"), array("q"), array("i")
        collected: Collected | None = Collected()
        for number in range(len(self._shards.paths)):
            collected = self._index(number, collected)
        self.contents = None if collected is None else collected.done()
        """None if there are pictures, whose files are read when they are needed."""

    def _index(self, shard: int, collected: Collected | None) -> Collected | None:
        path = self._shards.paths[shard]
        with self._shards.whole(shard, self.mistakes) as (file, start):
            for number, raw in enumerate(raw_lines(file, path), 1):
                body = raw.removeprefix(BOM) if number == 1 else raw
                if not body.isspace() and (item := self._parsed(body, shard, number, self.mistakes)) is not None:
                    self._starts.append(start + len(raw) - len(body))
                    self._sizes.append(len(body))
                    self._lines.append(number)
                    self._files.append(shard)
                    if item.picture is not None:
                        collected = None
                    if collected is not None:
                        collected.add(item)
                start += len(raw)
                if self.mistakes:
                    stop_at_too_many(str(path), self.mistakes)
        return collected

    def _parsed(self, raw: bytes, shard: int, number: int, mistakes: list[str]) -> Item | None:
        place = f"{self._names[shard]} {number}"
        value = plain_object(raw)
        if value is None:
            before = len(mistakes)
            text = decoded(raw, place, self._shards.paths[shard], mistakes)
            value = json_object(text, place, mistakes) if len(mistakes) == before else None
        if value is None:
            return None
        item, archive = self._to_item(value, place, mistakes), self._shards.paths[shard]
        if item is None or PICTURE not in value or unit_of(archive) != "sample":
            return item
        return Item(item.id, item.text or None, Picture(ArchiveMember(archive, *value[PICTURE])))

    def place(self, row: int) -> str:
        """Return the file and line of an item, for messages."""
        return f"{self._names[self._files[row]]} {self._lines[row]}"

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        """Read one item, or a list for a slice.

        Raises:
            InvalidInput: a file is no longer there, or has changed since it was indexed.
        """
        if isinstance(row, slice):
            return list(self.at(np.arange(*row.indices(len(self)))))
        row = range(len(self))[row]
        return self._read(row, row)[0]

    def __iter__(self) -> Iterator[Item]:
        return self.at(np.arange(len(self)))

    def at(self, rows: Int64[np.ndarray, " n"]) -> Iterator[Item]:
        """Yield the items of some rows. Lines that follow each other in a file are read together, about AT_ONCE bytes at a time.

        Raises:
            InvalidInput: as for one item.
        """
        starts, files = np.frombuffer(self._starts, np.int64)[rows], np.frombuffer(self._files, np.int32)[rows]
        follows = (np.diff(rows) == 1) & (np.diff(files) == 0) & (np.diff(starts // AT_ONCE) == 0)
        ends = np.flatnonzero(np.append(~follows, True)) if len(rows) else rows
        firsts = np.concatenate([rows[:1], rows[ends[:-1] + 1]])
        for first, last in zip(firsts.tolist(), rows[ends].tolist(), strict=True):
            yield from self._read(first, last)

    def _read(self, first: int, last: int) -> list[Item]:
        """Read the items of rows that follow each other in a file."""
        shard, start, mistakes = self._files[first], self._starts[first], list[str]()
        raw = self._shards.read(shard, start, self._starts[last] + self._sizes[last] - start)
        items = []
        for row in range(first, last + 1):
            begin = self._starts[row] - start
            item = self._parsed(raw[begin : begin + self._sizes[row]], shard, self._lines[row], mistakes)
            if mistakes:
                self._shards.refuse_change(shard, mistakes[0])
            items.append(cast(Item, item))
        return items


def _names(paths: Sequence[Path]) -> list[str]:
    """Return how messages name each file, up to the number of a line."""
    return [f"{path.name} {unit_of(path)}" for path in paths]


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
