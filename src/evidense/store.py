"""Store: records and blobs under their own hashes, written atomically, shared by any number of processes.

records/ab/abcd….json      one record
blobs/ab/abcd…             bytes: arrays (.npy format), JSON lists, run files
steps/ab/abcd….json        key of a step (verb and inputs) → ids of the records that it made
partial/KEY/               a step in progress: what a killed process left, for the next one to continue; KEY.lock beside it
"""

import errno
import fcntl
import hashlib
import io
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from evidense.errors import InvalidInput, StoreError
from evidense.records import Record, canonical_json, from_json

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
LEFTOVER_AGE_S = 3600.0
"""A temporary file older than this was left by a killed process: no single write takes an hour."""


def default_root() -> Path:
    """Return `$EVIDENSE_STORE`, else the user's cache folder."""
    if chosen := os.environ.get("EVIDENSE_STORE"):
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "evidense"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a missing permission or a file in the way into an error that says what to do.

    Raises:
        StoreError: any of these.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StoreError(
                f"the disk is full while writing '{path}' ({error.strerror}); free some space, or set EVIDENSE_STORE to "
                "another disk, and run the same command again: it continues where it stopped"
            ) from None
        if error.errno in FORBIDDEN:
            raise StoreError(
                f"'{path}' cannot be written ({error.strerror}); set EVIDENSE_STORE to a folder that can"
            ) from None
        raise


def write_atomically(path: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file, given whole or in pieces, so that others see all of it or nothing.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{path.name[:16]}."
        _sweep(path.parent, prefix)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix)
        try:
            os.fchmod(handle, _file_mode())
            with os.fdopen(handle, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@cache
def _file_mode() -> int:
    """Return the mode that the user's umask gives a new file; a temporary file is private otherwise."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


class Store:
    """A folder of records and blobs. What is read is checked against its name, once an instance."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()
        self._checked: set[str] = set()

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
            StoreError: it is not there, or what is there was altered.
        """
        try:
            record = from_json(json.loads(self._read("records", record_id, ".json")))
        except (InvalidInput, ValueError) as error:
            raise StoreError(f"record {record_id[:12]} in the store '{self.root}' is damaged: {error}") from None
        if record.id != record_id:
            raise StoreError(
                f"the store '{self.root}' holds record {record.id[:12]} under the name {record_id[:12]}; expected the same; "
                "delete that file and run again"
            )
        return record

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
        name = _sha256_of_file(path)
        target = self._path("blobs", name)
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        return name

    def blob(self, name: str) -> bytes:
        """Return the bytes stored under a sha256.

        Raises:
            StoreError: they are not there, or have another sha256.
        """
        self._check_blob(name)
        return self._read("blobs", name)

    def json(self, name: str) -> Any:
        """Return a JSON blob."""
        return json.loads(self.blob(name))

    def array(self, name: str) -> np.ndarray:
        """Return an array blob as a read-only memory map.

        Raises:
            StoreError: it is not there, or has another sha256.
        """
        self._check_blob(name)
        return cast(np.ndarray, np.load(self._path("blobs", name), mmap_mode="r", allow_pickle=False))

    # --- steps

    def remember(self, key: str, record_ids: Sequence[str]) -> None:
        """Note that the step of this key made these records."""
        write_atomically(self._path("steps", key, ".json"), canonical_json(list(record_ids)).encode())

    def recall(self, key: str) -> list[str] | None:
        """Return the records that a step of this key made, if it was done and all of them, with their blobs, are still there."""
        try:
            ids = cast(list[str], json.loads(self._path("steps", key, ".json").read_bytes()))
            whole = all(self._is_whole(self.get(record_id)) for record_id in ids)
        except (OSError, ValueError, StoreError):
            return None
        return ids if whole else None

    def adopt_folder(self, record_id: str, folder: Path) -> Path:
        """Move a finished folder of this disk to where this record's files lie, and return that place."""
        target = self.folder(record_id)
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.rename(folder, target)
        return target

    def folder(self, record_id: str) -> Path:
        """Return where the files of a record lie (a checkpoint's weights), whether or not they are there."""
        return self.root / "folders" / record_id

    @contextmanager
    def partial(self, key: str) -> Iterator[Path]:
        """Hold the folder of a step in progress; a second process waits until the first is done.

        The folder stays when the block raises or the process dies, so that the next run continues; the block itself
        removes what it has finished (the folder too, if it likes; an empty one goes by itself).
        """
        folder = self.root / "partial" / key
        with disk_errors(folder):
            lock = _locked(self.root / "partial" / f"{key}.lock")
        with lock:
            with disk_errors(folder):
                folder.mkdir(exist_ok=True)
            try:
                yield folder
            finally:
                _tidy(folder, self.root / "partial" / f"{key}.lock")

    # --- inside

    def _path(self, room: str, name: str, ending: str = "") -> Path:
        return self.root / room / name[:2] / f"{name}{ending}"

    def _read(self, room: str, name: str, ending: str = "") -> bytes:
        try:
            return self._path(room, name, ending).read_bytes()
        except OSError as error:
            raise self._unreadable(room, name, error) from None

    def _unreadable(self, room: str, name: str, error: OSError) -> StoreError:
        if error.errno == errno.ENOENT:
            return StoreError(
                f"{room.removesuffix('s')} {name[:12]} is not in the store '{self.root}'; expected one made there; "
                "run the study again with this store"
            )
        return StoreError(
            f"the store '{self.root}' cannot be read ({error}); mend its permissions, or set EVIDENSE_STORE"
        )

    def _check_blob(self, name: str) -> None:
        if name in self._checked:
            return
        try:
            found = _sha256_of_file(self._path("blobs", name))
        except OSError as error:
            raise self._unreadable("blobs", name, error) from None
        if found != name:
            raise StoreError(
                f"blob {name[:12]} in the store '{self.root}' has the sha256 {found[:12]}; expected its own name: it was "
                "altered or cut; delete it and run again"
            )
        self._checked.add(name)

    def _is_whole(self, record: Record) -> bool:
        return all(self._path("blobs", getattr(record, field)).exists() for field in record.blob_fields)


def _sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path, prefix: str) -> None:
    """Remove what killed processes left beside a file of this name."""
    for leftover in folder.glob(f"{prefix}*"):
        try:
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE_S:
                leftover.unlink()
        except FileNotFoundError:
            continue


def _locked(path: Path) -> IO[bytes]:
    """Open and lock a file, and make sure that the file which is locked is still the one at this path."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = path.open("wb")
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        except FileNotFoundError:
            pass
        lock.close()


def _tidy(folder: Path, lock: Path) -> None:
    """Remove an empty step and its lock; the caller holds the lock, and who waits for it will see that it is gone."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return
    lock.unlink(missing_ok=True)
