"""Disk: writes a file whole or not at all, reports a full or forbidden disk in words, and sweeps what killed processes left."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from evidense.errors import InvalidInput, StoreError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {
    errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR,
    errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.ENODEV, errno.EBUSY,
}  # fmt: skip
HALF = ".evidense-half-"
"""Prefix of temporary files. Their writer holds a lock on them; one without a lock was left by a killed process."""
_one_asks = threading.Lock()
_IN_STORE = "set EVIDENSE_STORE to a folder that can"


@contextmanager
def disk_errors(path: Path, advice: str = _IN_STORE) -> Iterator[None]:
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
            raise StoreError(f"'{path}' cannot be written ({error.strerror}); {advice}") from None
        raise


def write_atomically(path: Path, data: bytes | Iterable[bytes | memoryview], advice: str = _IN_STORE) -> None:
    """Write a file, given whole or in pieces; other processes see all of it or nothing.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    with disk_errors(path, advice):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = _temporary(path.parent)
        try:
            os.fchmod(handle, _file_mode())
            with os.fdopen(handle, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, path)  # while the lock is held
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_named(path: Path, data: bytes) -> None:
    """Write a file that the user named on the command line; refuse to replace a link, a folder or a device.

    Raises:
        InvalidInput: there is something other than a file.
        StoreError: the disk is full or the folder cannot be written.
    """
    check_plain(path)
    write_atomically(path, data, "name another file")


def check_plain(path: Path) -> None:
    """Refuse to write over a link, a folder or a device.

    Raises:
        InvalidInput: there is one.
    """
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise InvalidInput(f"'{path}' is not a plain file; expected a file or a free name; name another")


def sweep(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder; keep those of running ones."""
    for left in folder.glob(f"{HALF}*"):
        try:
            handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink(missing_ok=True)
        except OSError:
            continue  # somebody is writing it
        finally:
            os.close(handle)


def remove(path: Path) -> None:
    """Remove a folder, a file or a link (not its target), if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """Make `target` another name of the file `source`, in one step. On a disk without hard links nothing changes."""
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{HALF}{os.urandom(8).hex()}")
        os.link(source, temporary)
        os.replace(temporary, target)
        temporary.unlink(missing_ok=True)  # still there if both were names of one file already


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(path: Path) -> None:
    """Flush the names in a folder to the disk, if the system can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """Yield a new temporary file, which no sweeper takes while this block runs; it is removed at the end if it is still there.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    with disk_errors(folder):
        handle, name = _temporary(folder)
    try:
        os.fchmod(handle, _file_mode())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(handle)


def _temporary(folder: Path) -> tuple[int, str]:
    """Open a new temporary file, locked before a sweeper can take it for a leftover."""
    sweep(folder)
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=HALF)
        if lock_new(handle):
            return handle, name


def lock_new(handle: int) -> bool:
    """Lock a temporary file or folder that was just made; close it and return False if a sweeper was faster and removes it.

    On a disk without locks return True: nobody sweeps there either.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_nlink:
            return True
    except BlockingIOError:
        pass
    except OSError:
        return True
    os.close(handle)
    return False


@cache
def _file_mode() -> int:
    """Return the mode that the user's umask gives a new file; mkstemp makes private files."""
    with _one_asks:  # the umask is changed for a moment, for all threads
        mask = os.umask(0o077)
        os.umask(mask)
    return 0o666 & ~mask


def locked(path: Path) -> IO[bytes]:
    """Open and lock the file at a path; wait for a process that holds it."""
    while True:
        lock = lock_if_free(path, fcntl.LOCK_EX)
        if lock is not None:
            return lock


def lock_if_free(path: Path, how: int = fcntl.LOCK_EX | fcntl.LOCK_NB) -> IO[bytes] | None:
    """Open and lock the file at a path; return None if another process holds it.

    The holder may have removed the file in the meantime, so the locked file is compared with the one at the path.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = path.open("wb")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, how)
        except BlockingIOError:
            lock.close()
            return None
        try:
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        except FileNotFoundError:
            pass
        lock.close()


def tidy(folder: Path, lock: Path) -> None:
    """Remove the folder of a step, if it is empty, and its lock. The caller holds the lock; waiting processes notice that it is gone."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return
    lock.unlink(missing_ok=True)
