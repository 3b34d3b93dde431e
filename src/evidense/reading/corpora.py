"""Corpora: JSONL, Parquet, Arrow and WebDataset files as a lazy sequence of Items; memory holds byte offsets, never the texts."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, repeat
from pathlib import Path
from typing import Any, cast, overload

import numpy as np
from jaxtyping import Int64

from evidense.boundary.files import BOM
from evidense.reading.lines import decoded, gathered_lines, raw_lines, stop_at_too_many
from evidense.reading.shards import Shards, unit_of
from evidense.reading.tables.rows import json_object, plain_object, plain_objects
from evidense.reading.tables.webdataset import PICTURE
from evidense.values import Item, Picture
from evidense.values.contents import Collected
from evidense.values.item import ArchiveMember

AT_ONCE = 1 << 16
"""Bytes of lines that are read at once, if they follow each other: few enough that what is made of them stays in the L2 cache."""
ToItem = Callable[[dict[str, Any], str, list[str]], Item | None]
"""(JSON object, its place, list of mistakes) → Item, or None after adding a mistake."""
ToText = Callable[[dict[str, Any]], tuple[str, str] | None]
"""JSON object → id and text of its item if its cells are texts, as nearly all are; None if ToItem must look at it."""


class JsonlItems(Sequence[Item]):
    """Items of JSONL files, or of tables and archives with the same columns, read from the file on each access; safe for many threads.

    Opening them reads each file once. From then on memory holds ids, content keys and 65 bytes more a line, but no text.
    """

    def __init__(
        self,
        paths: Path | Sequence[Path],
        to_item: ToItem,
        to_text: ToText | None = None,
        rows: Iterable[dict[str, Any]] | None = None,
    ) -> None:
        """Index the files and check every line; lines with mistakes are left out and listed in `mistakes`.

        `to_text` changes nothing but the time: many lines are read at once if it knows each of them.
        `rows` come from elsewhere, in place of a file: they are read once and kept in an unnamed temporary file, and `paths` is their name.

        Raises:
            InvalidInput, UnsafeInput: a file cannot be read.
            MissingExtra: a file is Parquet or Arrow, and pyarrow is not installed.
        """
        self.mistakes: list[str] = []
        self._to_item, self._to_text = to_item, to_text
        self._shards = Shards([paths] if isinstance(paths, Path) else paths, rows)
        self._names = [f"{path.name} {'row' if rows is not None else unit_of(path)}" for path in self._shards.paths]
        self._starts, self._sizes, self._lines, self._files = array("q"), array("q"), array("q"), array("i")
        collected: Collected | None = Collected()
        for number in range(len(self._shards.paths)):
            collected = self._index(number, collected)
        self.contents = None if collected is None else collected.done()
        """None if there are pictures, whose files are read when they are needed."""

    def _index(self, shard: int, collected: Collected | None) -> Collected | None:
        path, number = self._shards.paths[shard], 1
        with self._shards.whole(shard, self.mistakes) as (file, start):
            for lines in gathered_lines(raw_lines(file, path), AT_ONCE):
                if collected is None or (texts := self._texts(shard, lines)) is None:
                    collected = self._index_each(shard, number, start, lines, collected)
                else:
                    self._note_lines(shard, number, start, [len(raw) for raw in lines])
                    collected.add_texts(*zip(*texts, strict=True))
                number, start = number + len(lines), start + sum(map(len, lines))
        return collected

    def _index_each(
        self, shard: int, first: int, start: int, lines: Sequence[bytes], collected: Collected | None
    ) -> Collected | None:
        """Index one line after the other, with all mistakes; `first` is the number of the first line, `start` its first byte."""
        for number, raw in enumerate(lines, first):
            body = raw.removeprefix(BOM) if number == 1 else raw
            if not body.isspace() and (item := self._parsed(body, shard, number, self.mistakes)) is not None:
                self._note_lines(shard, number, start + len(raw) - len(body), [len(body)])
                if item.picture is not None:
                    collected = None
                if collected is not None:
                    collected.add(item)
            start += len(raw)
            if self.mistakes:
                stop_at_too_many(str(self._shards.paths[shard]), self.mistakes)
        return collected

    def _note_lines(self, shard: int, first: int, start: int, sizes: Sequence[int]) -> None:
        """Note where lines are that follow each other."""
        self._starts.extend(accumulate(sizes[:-1], initial=start))
        self._sizes.extend(sizes)
        self._lines.extend(range(first, first + len(sizes)))
        self._files.extend(repeat(shard, len(sizes)))

    def _texts(self, shard: int, lines: Sequence[bytes]) -> list[tuple[str, str]] | None:
        """Return id and text of each line; None unless `to_text` knows all of them. Samples of archives may have pictures."""
        if (
            self._to_text is None
            or unit_of(self._shards.paths[shard]) == "sample"
            or (objects := plain_objects(lines)) is None
        ):
            return None
        texts = [self._to_text(cells) for cells in objects]
        return None if None in texts else cast(list[tuple[str, str]], texts)

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
        rows = range(first, last + 1)
        places = zip(self._starts[first : last + 1], self._sizes[first : last + 1], strict=True)
        lines = [raw[place - start : place - start + size] for place, size in places]
        if (texts := self._texts(shard, lines)) is not None:
            return [Item(name, text) for name, text in texts]
        items = []
        for row, line in zip(rows, lines, strict=True):
            item = self._parsed(line, shard, self._lines[row], mistakes)
            if mistakes:
                self._shards.refuse_change(shard, mistakes[0])
            items.append(cast(Item, item))
        return items


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
