"""Disk: a file appears whole or not at all; a full or forbidden disk is said in words; what killed processes left is swept."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from evidense.errors import InvalidInput, StoreError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {
    errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.EISDIR,
    errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.ENODEV, errno.EBUSY,
}  # fmt: skip
HALF = ".evidense-half-"
"""How the names of temporary files begin. Their writer holds a lock on them, so one that nobody holds was left by a killed process."""
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
    """Write a file, given whole or in pieces, so that others see all of it or nothing.

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
    """Write a file that the user named on the command line; a link, a folder or a device in its place is refused.

    Raises:
        InvalidInput: something else than a file stands there.
        StoreError: the disk is full or the folder cannot be written.
    """
    check_plain(path)
    write_atomically(path, data, "name another file")


def check_plain(path: Path) -> None:
    """Refuse a link, a folder or a device in the place of a file that is to be written.

    Raises:
        InvalidInput: one of these stands there.
    """
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise InvalidInput(f"'{path}' is no plain file; expected a file or a free name; name another")


def sweep(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder; those of living ones stay."""
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
    """Remove a folder, a file or a link (not what it points to); nothing there is well."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(path: Path) -> None:
    """Let the names in a folder reach the disk, where the system can."""
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


def _temporary(folder: Path) -> tuple[int, str]:
    """Open a new temporary file that is locked before a sweeper can take it for a leftover."""
    sweep(folder)
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=HALF)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                return handle, name
        except BlockingIOError:
            pass  # a sweeper was faster and removes it
        except OSError:
            return handle, name  # a disk without locks: nobody sweeps there either
        os.close(handle)


@cache
def _file_mode() -> int:
    """Return the mode that the user's umask gives a new file; a temporary file is private otherwise."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
