"""Garbage: what a store may forget, since it can be computed again: old vectors, rankings, checkpoints, unfinished steps."""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary import disk
from evidense.errors import InvalidInput
from evidense.store.store import Store

ROOMS = {"blobs": "vectors, rankings, scores", "folders": "checkpoints", "partial": "unfinished steps"}
"""Room → what is in it. Records, counts of looks, and what was asked of indexes and servers stay: they are small, or were paid for."""
_GIVEN = ("packages", "answers", "served")
"""Rooms whose blobs came from elsewhere and cannot be computed."""
_SHA256 = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class Heap:
    """What one room may forget: paths of files and of whole folders, and the bytes that they take."""

    room: str
    paths: tuple[Path, ...]
    size_bytes: int


def garbage(store: Store, before: float, pages: Collection[Path]) -> list[Heap]:
    """Return what was last written before a time (seconds since 1970) and that none of these pages rests on.

    Args:
        pages: files whose texts name what is kept, by its sha256: a page.json names its records and their blobs.

    Raises:
        InvalidInput: the store is a bucket.
    """
    if store.is_remote:
        raise InvalidInput(
            f"the store '{store.address}' is a bucket; expected a folder; let the bucket's own rules delete old objects"
        )
    given = (path for room in _GIVEN for path in (store.root / room).rglob("*.json"))
    kept = {name.decode() for path in (*pages, *given) for name in _SHA256.findall(path.read_bytes())}
    return [_heap(room, list(_old(store.root / room, before, kept))) for room in ROOMS]


def forget(heaps: Collection[Heap]) -> None:
    """Delete. A step whose results are gone counts as not done, and is run again when a study asks for it."""
    for heap in heaps:
        for path in heap.paths:
            disk.remove(path)


def _old(room: Path, before: float, kept: Collection[str]) -> Iterator[Path]:
    """Yield the entries of a room, whole folders but in `blobs`, all of whose files were written before a time."""
    if not room.is_dir():
        return
    entries = (path for path in (room.glob("*/*") if room.name == "blobs" else room.iterdir()))
    yield from (path for path in sorted(entries) if path.stem not in kept and _written(path) < before)


def _written(path: Path) -> float:
    return max(file.lstat().st_mtime for file in [path, *_files(path)])


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if not file.is_dir()] if path.is_dir() else []


def _heap(room: str, paths: list[Path]) -> Heap:
    """Count bytes; a file that has a second name elsewhere in the store counts once, in the first of its rooms."""
    files = [file for path in paths for file in (_files(path) or [path])]
    sizes = {(status.st_dev, status.st_ino): _taken(status, room) for status in (file.lstat() for file in files)}
    return Heap(room, tuple(paths), sum(sizes.values()))


def _taken(status: os.stat_result, room: str) -> int:
    return 0 if room == "folders" and status.st_nlink > 1 else status.st_size
