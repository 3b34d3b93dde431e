"""Store: records and blobs under their own hashes, written atomically, shared by any number of processes.

    records/ab/abcd….json      one record
    blobs/ab/abcd…             bytes: arrays (.npy format), JSON lists, run files
    steps/ab/abcd….json        key of a step (verb and inputs) → ids of the records that it made
    partial/KEY/               a step in progress: what a killed process left, for the next one to continue
"""

import errno
import fcntl
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from evidense.errors import StoreError
from evidense.records import Record, canonical_json, from_json


def default_root() -> Path:
    """Return `$EVIDENSE_STORE`, else the user's cache folder."""
    if chosen := os.environ.get("EVIDENSE_STORE"):
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "evidense"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"the disk is full while writing '{path}'; free some space, or set EVIDENSE_STORE to another disk, and run the same command again: it continues where it stopped") from None  # fmt: skip
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StoreError(f"'{path}' cannot be written ({error.strerror}); set EVIDENSE_STORE to a folder that can") from None
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that others see all of it or nothing.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:16]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


class Store:
    """A folder of records and blobs."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    # --- records

    def put(self, record: Record) -> str:
        """Store a record and return its id; a record that is there already is left as it is."""
        path = self._path("records", record.id, ".json")
        if not path.exists():
            write_atomically(path, canonical_json(record.to_json()).encode())
        return record.id

    def get(self, record_id: str) -> Record:
        """Return a record.

        Raises:
            StoreError: it is not there.
        """
        return from_json(json.loads(self._read("records", record_id, ".json")))

    # --- blobs

    def put_blob(self, data: bytes) -> str:
        """Store bytes and return their sha256."""
        name = hashlib.sha256(data).hexdigest()
        path = self._path("blobs", name)
        if not path.exists():
            write_atomically(path, data)
        return name

    def put_json(self, value: Any) -> str:
        """Store a JSON value as a blob."""
        return self.put_blob(canonical_json(value).encode())

    def put_array(self, array: np.ndarray) -> str:
        """Store an array in numpy's own format (no pickle)."""
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        return self.put_blob(buffer.getvalue())

    def adopt_file(self, path: Path) -> str:
        """Move a finished file of this disk into the blobs and return its sha256."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
        target = self._path("blobs", digest.hexdigest())
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        return digest.hexdigest()

    def blob(self, name: str) -> bytes:
        """Return the bytes stored under a sha256."""
        return self._read("blobs", name)

    def json(self, name: str) -> Any:
        """Return a JSON blob."""
        return json.loads(self.blob(name))

    def array(self, name: str) -> np.ndarray:
        """Return an array blob as a read-only memory map."""
        self._require("blobs", name)
        return cast(np.ndarray, np.load(self._path("blobs", name), mmap_mode="r", allow_pickle=False))

    # --- steps

    def remember(self, key: str, record_ids: Sequence[str]) -> None:
        """Note that the step of this key made these records."""
        write_atomically(self._path("steps", key, ".json"), canonical_json(list(record_ids)).encode())

    def recall(self, key: str) -> list[str] | None:
        """Return the records that a step of this key made, if it was done and all are still there."""
        path = self._path("steps", key, ".json")
        if not path.exists():
            return None
        ids = cast(list[str], json.loads(path.read_text()))
        return ids

    @contextmanager
    def partial(self, key: str) -> Iterator[Path]:
        """Hold the folder of a step in progress; a second process waits until the first is done.

        The folder stays when the block raises or the process dies, so that the next run continues; the block itself
        removes what it has finished.
        """
        folder = self.root / "partial" / key
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    # --- inside

    def _path(self, room: str, name: str, ending: str = "") -> Path:
        return self.root / room / name[:2] / f"{name}{ending}"

    def _require(self, room: str, name: str, ending: str = "") -> None:
        if not self._path(room, name, ending).exists():
            raise StoreError(f"{room.removesuffix('s')} {name[:12]} is not in the store '{self.root}'; expected one made there; run the study again with this store")  # fmt: skip

    def _read(self, room: str, name: str, ending: str = "") -> bytes:
        self._require(room, name, ending)
        return self._path(room, name, ending).read_bytes()
