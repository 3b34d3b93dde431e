"""Contents: what one pass over some items learns of each: id, hash of the content, kind, length. Whoever needs these reads no text again."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, overload

import numpy as np
from jaxtyping import Int32, Int64, UInt8

from evidense.values.item import Item, text_digest

T = TypeVar("T")
KEY_BYTES = 32
"""Bytes of a content key: a sha256."""
IDS, TEXT, IMAGE, BOTH, EMPTY = range(5)
"""Kinds of an item: with an id only, with text, a picture, both, or with an empty text and no picture."""
MODALITY_OF_KIND = np.array(["ids", "text", "image", "image+text", "text"])


@dataclass(frozen=True, eq=False)
class ItemContents:
    """What is known of some items, one row an item."""

    ids: tuple[str, ...]
    keys: UInt8[np.ndarray, "n 32"]
    """The bytes of `Item.content_key`."""
    kinds: UInt8[np.ndarray, " n"]
    lengths: Int32[np.ndarray, " n"]
    """Characters of the text; 0 if there is none."""

    def take(self, rows: Int64[np.ndarray, " m"]) -> "ItemContents":
        """Return the same of these rows, in this order."""
        return ItemContents(tuple(self.ids[row] for row in rows.tolist()), self.keys[rows], self.kinds[rows], self.lengths[rows])  # fmt: skip

    @cached_property
    def firsts(self) -> Int64[np.ndarray, " n"]:
        """Row → the first row with an equal content key."""
        return first_rows(self.keys)

    @property
    def modalities(self) -> set[str]:
        """The modalities that occur; 'ids' for items with an id only."""
        return set(MODALITY_OF_KIND[np.unique(self.kinds)].tolist())


class Collected:
    """Contents that grow item by item."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._keys, self._kinds = bytearray(), bytearray()
        self._lengths = array("i")

    def add(self, item: Item, key: bytes | None = None) -> None:
        """Add an item; `key` stands in for the hash of its content.

        Raises:
            InvalidInput: the picture cannot be read.
            UnicodeEncodeError: the text holds half of a surrogate pair.
        """
        text = item.text
        self._keys += item.digest() if key is None else key
        self._ids.append(item.id)
        self._kinds.append((EMPTY if item.is_empty else TEXT if text is not None else IDS) if item.picture is None else IMAGE + (text is not None))  # fmt: skip
        self._lengths.append(0 if text is None else len(text))

    def add_texts(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Add items that have a text and no picture, as `add` does one after the other."""
        self._keys += b"".join(map(text_digest, texts))
        self._ids += ids
        self._kinds += bytes([TEXT if text and not text.isspace() else EMPTY for text in texts])
        self._lengths.extend(map(len, texts))

    def done(self) -> ItemContents:
        """Return what was collected."""
        keys = np.frombuffer(bytes(self._keys), np.uint8).reshape(-1, KEY_BYTES)
        kinds = np.frombuffer(bytes(self._kinds), np.uint8)
        return ItemContents(tuple(self._ids), keys, kinds, np.array(self._lengths, np.int32))


class Known(Sequence[Item]):
    """Items whose contents are known already."""

    def __init__(self, items: Sequence[Item], contents: ItemContents) -> None:
        self.items, self.contents = items, contents

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        """Return one item, or a sequence for a slice."""
        return self.items[row]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def at(self, rows: Int64[np.ndarray, " n"]) -> Iterator[Item]:
        """Yield the items of some rows."""
        return items_at(self.items, rows)


def known_contents(items: Sequence[Any]) -> ItemContents | None:
    """Return what a sequence of items knows of them; None if that takes a pass over them."""
    contents = getattr(items, "contents", None)
    return contents if isinstance(contents, ItemContents) else None


def contents_of(items: Sequence[Item]) -> ItemContents:
    """Return the contents of some items, read in one pass unless they are known.

    Raises:
        InvalidInput: a picture cannot be read.
    """
    if (known := known_contents(items)) is not None:
        return known
    collected = Collected()
    for item in items:
        collected.add(item)
    return collected.done()


def ids_of(items: Sequence[Item]) -> tuple[str, ...]:
    """Return the ids of some items, read in one pass unless they are known."""
    known = known_contents(items)
    return tuple(item.id for item in items) if known is None else known.ids


def items_at(items: Sequence[T], rows: Int64[np.ndarray, " n"]) -> Iterator[T]:
    """Yield the items of these rows, in this order; a sequence that has a method `at` reads many at once."""
    at = getattr(items, "at", None)
    return (items[row] for row in rows.tolist()) if at is None else at(rows)


def first_rows(keys: UInt8[np.ndarray, "n 32"]) -> Int64[np.ndarray, " n"]:
    """Return for each row the first row with equal bytes.

    >>> first_rows(np.array([[1] * 32, [2] * 32, [1] * 32], np.uint8)).tolist()
    [0, 1, 0]
    """
    words = np.ascontiguousarray(keys).view(np.uint64).reshape(len(keys), KEY_BYTES // 8)
    order = np.argsort(words[:, 0], kind="stable")
    is_same = words[order[1:], 0] == words[order[:-1], 0]
    if not is_same.any():
        return np.arange(len(keys), dtype=np.int64)
    if not (words[order[1:][is_same]] == words[order[:-1][is_same]]).all():  # different keys with one beginning
        order = np.lexsort(words.T[::-1])
        is_same = (words[order[1:]] == words[order[:-1]]).all(axis=1)
    starts = np.flatnonzero(np.concatenate([[True], ~is_same]))
    firsts = np.empty(len(keys), np.int64)
    firsts[order] = np.repeat(order[starts], np.diff([*starts.tolist(), len(keys)]))
    return firsts
