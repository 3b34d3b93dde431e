"""Canary: a file in the store that every node must see, and a lock that it must feel, before work begins."""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.disk import write_atomically
from evidense.store import CANARY, Store

_PATIENCE_S = 10.0
"""Network disks remember for seconds that a file is absent."""
_FILE = "canary"


@dataclass(frozen=True)
class Canary:
    """A word in a file of the store. The process that made it holds a lock beside it as long as it runs; a store in a bucket needs no locks."""

    address: str
    key: str
    word: str

    @property
    def folder(self) -> Path:
        """Return the folder of the file."""
        return Store(self.address).root / "partial" / self.key

    def fault(self, node: str) -> str:
        """Return what is wrong with the store as this process sees it; "" if it shares files and locks with the canary's maker.

        The answer is also written beside the canary, under the name of the node.
        """
        if self._read(_FILE) != self.word:
            return f"the store '{self.address}' is another one there: a file that was just written into it is not in it"
        if not Store(self.address).is_remote and not self._is_locked():
            return f"the store '{self.address}' has no locks between computers (mounted with nolock or localflock?)"
        self.write(node)
        return ""

    def was_answered(self, node: str) -> bool:
        """Say whether the file that a node wrote is here."""
        return self._read(node) == self.word

    def write(self, name: str = _FILE) -> None:
        """Write the word into a file of this name."""
        write_atomically(self.folder / name, self.word.encode())
        Store(self.address).share(self.folder / name)

    def _read(self, name: str) -> str:
        """Return the text of a file that another computer wrote a moment ago; "" if it does not appear."""
        until = time.monotonic() + _PATIENCE_S
        store, path = Store(self.address), self.folder / name
        while True:
            store.fetch_shared([path])
            try:
                return path.read_text()
            except OSError:
                if time.monotonic() > until:
                    return ""
                time.sleep(0.2)

    def _is_locked(self) -> bool:
        try:
            handle = os.open(self.folder.with_suffix(".lock"), os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(handle)
        return False


@contextmanager
def canary_in(address: str) -> Iterator[Canary]:
    """Put a canary into the store for the length of this block."""
    canary = Canary(address, f"{CANARY}{secrets.token_hex(8)}", secrets.token_hex(16))
    store = Store(address)
    with store.partial(canary.key) as folder:
        canary.write()
        try:
            yield canary
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            store.unshare(canary.key)
