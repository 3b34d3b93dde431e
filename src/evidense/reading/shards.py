"""Shards: finds the files of one side of a BEIR folder, a single file or many, and reads byte ranges of them with few files open."""

import io
import json
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from evidense.boundary.files import opened
from evidense.errors import InvalidInput
from evidense.reading.lines import stop_at_too_many
from evidense.reading.tables import arrow, parquet, webdataset
from evidense.reading.tables.delimited import listed

MOST_OPEN = 64
"""Most shards that are open at once."""
_ENDINGS = (".jsonl", ".jsonl.gz", ".parquet", ".arrow", ".feather", ".tar", ".tar.gz")
_FORMS = tuple(f"{{0}}{between}*{ending}" for ending in _ENDINGS for between in ("/", "-"))
_NUMBERED = re.compile(r"-([0-9]{1,9})-of-([0-9]{1,9})\.")
_WHAT = "a file of JSON lines"


def files_of(folder: Path, side: str) -> tuple[Path, ...]:
    """Return the files of a side ("corpus"), in the order of their names and numbers: SIDE.jsonl, or its shards; () if there are none.

    Shards are SIDE/NAME.jsonl or SIDE-NAME.jsonl, each also packed (.gz), .parquet or .arrow as the Hugging Face hub and `datasets` write
    them, or .tar as WebDataset does.

    Raises:
        InvalidInput: the side is there in several forms, or a shard is missing of shards that state their number.
    """
    whole = [path for path in (folder / f"{side}.jsonl", folder / f"{side}.jsonl.gz") if path.is_file()][:1]
    by_form = {form: sorted(filter(Path.is_file, folder.glob(form)), key=_natural) for form in (form.format(side) for form in _FORMS)}  # fmt: skip
    forms = [*([whole] if whole else []), *(paths for paths in by_form.values() if paths)]
    if len(forms) > 1:
        names = listed([str(paths[0].relative_to(folder)) for paths in forms])
        raise InvalidInput(
            f"{folder} holds the {side} in {len(forms)} forms ({names}); expected one; move the others away"
        )
    paths = tuple(forms[0]) if forms else ()
    _refuse_gaps(folder, paths)
    return paths


def _refuse_gaps(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse shards 'NAME-00000-of-00005' of which some are missing, or that state different numbers."""
    stated = [match for path in paths if (match := _NUMBERED.search(path.name))]
    totals = sorted({int(match[2]) for match in stated})
    if not stated or (len(totals) == 1 and {int(match[1]) for match in stated} == set(range(totals[0]))):
        return
    raise InvalidInput(
        f"{folder} has {len(stated):,} shards that state to be of {' and '.join(f'{n:,}' for n in totals)} ({listed([path.name for path in paths])}); "
        "expected each of them; fetch the missing ones, or remove those of another version"
    )


def unit_of(path: Path) -> str:
    """Return what a file holds: 'line', 'row' or 'sample'."""
    if path.name.endswith((".tar", ".tar.gz")):
        return "sample"
    return "row" if path.suffix in (".parquet", ".arrow", ".feather") else "line"


def _rows(path: Path, mistakes: list[str]) -> Iterator[dict[str, Any] | None]:
    if unit_of(path) == "sample":
        return webdataset.rows(path, mistakes)
    return parquet.rows(path) if path.suffix == ".parquet" else arrow.rows(path)


def _natural(path: Path) -> list[str | int]:
    """Return a sort key that puts shard 9 before shard 10."""
    return [int(piece) if number % 2 else piece for number, piece in enumerate(re.split(r"([0-9]{1,18})", path.name))]


class Shards:
    """Files of lines, of which byte ranges are read; safe for many threads.

    Packed files, tables and archives are unpacked, one after the other, into one unnamed temporary file, which is removed with this object.
    """

    def __init__(self, paths: Sequence[Path], rows: Iterable[dict[str, Any]] | None = None) -> None:
        """Open nothing yet; each file is to be read once by `whole`, in order. `rows` stand in for the rows of the only file."""
        self.paths = tuple(paths)
        self._given = rows
        self._open: OrderedDict[int, int] = OrderedDict()
        self._states: dict[int, tuple[int, ...]] = {}
        self._spool: int | None = None
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._open)

    @contextmanager
    def whole(self, number: int, mistakes: list[str]) -> Iterator[tuple[BinaryIO, int]]:
        """Open one file for reading all of it as JSON lines; yield it with the place of its first byte for `read`.

        Rows with mistakes are blank lines.

        Raises:
            InvalidInput, UnsafeInput: it cannot be read.
            MissingExtra: it is Parquet or Arrow, and pyarrow is not installed.
        """
        path = self.paths[number]
        if self._given is not None or unit_of(path) != "line":
            with self._spooled() as (spool, start):
                for cells in self._given or _rows(path, mistakes):
                    spool.write(b"\n" if cells is None else json.dumps(cells, default=_as_json).encode() + b"\n")
                    stop_at_too_many(str(path), mistakes)
                spool.seek(start)
                yield spool, start
            return
        with opened(path, _WHAT) as file:
            if self._keep(number, file):
                yield file, 0
                return
            with self._spooled() as (spool, start):
                shutil.copyfileobj(file, spool, 1 << 20)
                spool.seek(start)
                yield spool, start

    def read(self, number: int, start: int, size: int) -> bytes:
        """Return a byte range of one file.

        Raises:
            InvalidInput: the file is no longer there, or has changed since it was read.
        """
        with self._lock:
            if self._spool is not None and number not in self._states:
                return os.pread(self._spool, size, start)
            file = self._handle(number)
            raw, state = os.pread(file, size, start), _state(file)
        if state != self._states[number]:
            self.refuse_change(
                number, "it was removed" if not state[-1] else "its size or the time of its last change is another"
            )
        return raw

    def refuse_change(self, number: int, reason: str) -> None:
        """Say that a file has changed since it was read.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput(
            f"{self.paths[number]} changed while it was being read ({reason}); expected the same file; start again"
        )

    def _keep(self, number: int, file: BinaryIO) -> bool:
        """Keep a file open that is not packed, and say whether it is one."""
        try:
            handle = os.dup(file.fileno())
        except io.UnsupportedOperation:
            return False
        with self._lock:
            self._states[number] = _state(handle)
            self._add(number, handle)
        return True

    def _handle(self, number: int) -> int:
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        try:
            with opened(self.paths[number], _WHAT) as file:
                handle = os.dup(file.fileno())
        except InvalidInput as error:
            self.refuse_change(number, str(error))
        self._add(number, handle)
        return handle

    def _add(self, number: int, handle: int) -> None:
        self._open[number] = handle
        if len(self._open) > MOST_OPEN:
            os.close(self._open.popitem(last=False)[1])

    @contextmanager
    def _spooled(self) -> Iterator[tuple[BinaryIO, int]]:
        """Open the temporary file at its end."""
        if self._spool is None:
            with tempfile.TemporaryFile() as file:
                self._spool = os.dup(file.fileno())
            weakref.finalize(self, os.close, self._spool)
        with os.fdopen(os.dup(self._spool), "r+b") as spool:
            yield spool, spool.seek(0, os.SEEK_END)


def _close(handles: OrderedDict[int, int]) -> None:
    for handle in handles.values():
        os.close(handle)


def _state(file: int) -> tuple[int, ...]:
    """Return size, time of the last change, device, number, and whether an open file still has a name."""
    status = os.fstat(file)
    return status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino, int(status.st_nlink > 0)


def _as_json(value: Any) -> Any:
    """Return a decimal as text, and an object, which no cell may hold, for anything else."""
    return str(value) if isinstance(value, Decimal) else {"": type(value).__name__}
