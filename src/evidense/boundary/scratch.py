"""Scratch: a temporary folder, removed when its work ends, or by the next process if its own was killed."""

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType

from evidense.boundary.disk import lock_new

PREFIX = ".evidense-scratch-"
"""Prefix of scratch folders. Their maker holds a lock on them; one without a lock was left by a killed process."""


class Scratch:
    """A new empty folder that only its owner can read, in the system's temporary folder or in a given one.

    It is removed by `close`, at the end of a `with` block, or with the object.
    """

    def __init__(self, within: Path | None = None) -> None:
        within = Path(tempfile.gettempdir()) if within is None else within
        sweep(within)
        self.path, handle = _locked_folder(within)
        self._remove = weakref.finalize(self, _remove, self.path, handle)

    def close(self) -> None:
        """Remove the folder, if it is still there."""
        self._remove()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sweep(within: Path) -> None:
    """Remove the scratch folders of this user's killed processes; keep those of running ones."""
    for left in within.glob(f"{PREFIX}*"):
        handle = _open(left)
        if handle is None:
            continue
        try:
            if os.fstat(handle).st_uid == os.getuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue  # somebody works in it, or the disk has no locks
        finally:
            os.close(handle)


def _locked_folder(within: Path) -> tuple[Path, int]:
    """Make a folder, locked before a sweeper can take it for a leftover."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=within))
        handle = _open(path)
        if handle is not None and lock_new(handle):  # else a sweeper was faster
            return path, handle


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None


def _remove(path: Path, handle: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(handle)
