"""Kept vectors: what a server answered, by content (a score is a vector of one dimension), so that nothing is paid twice and a killed run continues.

Each writer has a pair of files, NAME.keys and NAME.vectors, and NAME.confirmed says how many of them count: those that were followed by
the same sentinel vectors. A writer holds a lock on its keys; of a dead one the rest counts once the same server shows the same vectors again.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from evidense.boundary.disk import disk_errors, write_atomically
from evidense.errors import StoreError
from evidense.store import sealed, unsealed

KEY_BYTES = 16
_SUM_BYTES = 8
_RECORD = KEY_BYTES + _SUM_BYTES


def key_of(text: str) -> bytes:
    """Return the key of a text as it is sent."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


class KeptVectors:
    """The vectors of one model in a folder. Use it from one thread, or under a lock."""

    def __init__(self, folder: Path, n_dims: int, writer: str) -> None:
        self._folder, self._n_dims, self._writer = folder, n_dims, writer
        self._files: tuple[IO[bytes], IO[bytes]] | None = None
        self._name, self.n_put = "", 0
        self.refresh()

    def refresh(self) -> None:
        """Read the index anew."""
        self._vectors: list[np.ndarray] = []
        tables, origins = [], []
        for path in sorted(self._folder.glob("*.confirmed")):
            table, vectors = self._segment(path)
            if len(table):
                rows = np.arange(len(table), dtype=np.int64)
                origins.append(np.stack([np.full(len(table), len(self._vectors)), rows], axis=1))
                tables.append(table)
                self._vectors.append(vectors)
        self._table = np.concatenate(tables) if tables else np.empty((0, _RECORD), np.uint8)
        self._origins = np.concatenate(origins) if origins else np.empty((0, 2), np.int64)
        heads = _heads(self._table[:, :KEY_BYTES])
        self._order = np.argsort(heads, kind="stable")
        self._heads = heads[self._order]

    def _segment(self, confirmed: Path) -> tuple[np.ndarray, np.ndarray]:
        stem = confirmed.with_suffix("")
        try:
            stated = int(str(unsealed(confirmed.read_bytes())["n"]))
            n = min(stated, _whole(stem, self._n_dims))
        except (OSError, StoreError, KeyError, ValueError):
            n = 0
        if not n:
            return np.empty((0, _RECORD), np.uint8), np.empty((0, self._n_dims), np.float32)
        table = np.fromfile(stem.with_suffix(".keys"), np.uint8, n * _RECORD).reshape(n, _RECORD)
        return table, np.memmap(stem.with_suffix(".vectors"), "<f4", "r", shape=(n, self._n_dims))

    def has(self, keys: Sequence[bytes]) -> Bool[np.ndarray, " n"]:
        """Say which keys are kept."""
        return self._rows(keys) >= 0

    def waiting(self) -> set[bytes]:
        """Return the keys that dead writers of this server left and that do not count yet (see `settle`)."""
        keys: set[bytes] = set()
        for path in self._folder.glob(f"{self._writer}-*.keys"):
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    continue  # its writer lives, or this disk has no locks
                stem = path.with_suffix("")
                table = np.fromfile(file, np.uint8, _whole(stem, self._n_dims) * _RECORD).reshape(-1, _RECORD)
                n_counted = len(self._segment(stem.with_suffix(".confirmed"))[0])
                keys.update(row.tobytes() for row in table[n_counted:, :KEY_BYTES])
        return keys

    def get(self, keys: Sequence[bytes]) -> tuple[Float32[np.ndarray, "n e"], Bool[np.ndarray, " n"]]:
        """Return the vectors, and which of them are there and undamaged."""
        out, is_there = np.zeros((len(keys), self._n_dims), np.float32), np.zeros(len(keys), bool)
        for place, row in enumerate(self._rows(keys)):
            if row < 0:
                continue
            segment, line = self._origins[row]
            vector = np.asarray(self._vectors[segment][line], np.float32)
            if _sum(keys[place], vector) == self._table[row, KEY_BYTES:].tobytes():
                out[place], is_there[place] = vector, True
        return out, is_there

    def _rows(self, keys: Sequence[bytes]) -> np.ndarray:
        """Return the newest row of each key, −1 where there is none."""
        asked = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES)
        last = np.searchsorted(self._heads, _heads(asked), side="right") - 1
        if not len(self._table):
            return np.full(len(keys), -1)
        rows = self._order[np.maximum(last, 0)]
        is_same = (last >= 0) & (self._table[rows, :KEY_BYTES] == asked).all(axis=1)
        return np.where(is_same, rows, -1)

    def put(self, keys: Sequence[bytes], vectors: Float32[np.ndarray, "n e"]) -> None:
        """Append vectors; after this call no killed process loses them."""
        with disk_errors(self._folder):
            key_file, vector_file = self._opened()
            rows = [np.asarray(vector, "<f4") for vector in vectors]
            vector_file.write(b"".join(row.tobytes() for row in rows))
            vector_file.flush()
            key_file.write(b"".join(key + _sum(key, row) for key, row in zip(keys, rows, strict=True)))
            key_file.flush()
        self.n_put += len(keys)

    def confirm(self, n: int | None = None) -> None:
        """Let what was put so far count, or its first n."""
        if self._name:
            _confirm(self._folder / self._name, self.n_put if n is None else n)

    def close(self) -> None:
        """End the files of this writer."""
        for file in self._files or ():
            file.close()
        self._files, self._name, self.n_put = None, "", 0

    def settle(self, *, is_same: bool) -> None:
        """Let what dead writers of this server left count, or drop it: whether the server is still as it was."""
        for path in self._folder.glob(f"{self._writer}-*.keys"):
            with path.open("r+b") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue  # its writer lives, or this disk has no locks
                if is_same:
                    _confirm(path.with_suffix(""), _whole(path.with_suffix(""), self._n_dims))
                elif not path.with_suffix(".confirmed").exists():
                    path.with_suffix(".vectors").unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
                else:
                    table, _ = self._segment(path.with_suffix(".confirmed"))
                    file.truncate(len(table) * _RECORD)
        self.refresh()

    def _opened(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._files is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._name = f"{self._writer}-{os.getpid()}-{os.urandom(6).hex()}"
            stem = self._folder / self._name
            key_file = stem.with_suffix(".keys").open("xb")
            with suppress(OSError):  # a disk without locks
                fcntl.flock(key_file, fcntl.LOCK_EX)
            self._files = key_file, stem.with_suffix(".vectors").open("xb")
        return self._files


def _confirm(stem: Path, n: int) -> None:
    write_atomically(stem.with_suffix(".confirmed"), sealed({"n": n}))


def _whole(stem: Path, n_dims: int) -> int:
    """Return how many whole records both files hold; the last may be torn."""
    try:
        sizes = (
            stem.with_suffix(".keys").stat().st_size // _RECORD,
            stem.with_suffix(".vectors").stat().st_size // (4 * n_dims),
        )
    except OSError:
        return 0
    return min(sizes)


def _heads(keys: UInt8[np.ndarray, "n k"]) -> np.ndarray:
    return np.ascontiguousarray(keys[:, :8]).view(">u8").reshape(-1).astype(np.uint64)


def _sum(key: bytes, vector: np.ndarray) -> bytes:
    return hashlib.blake2b(key + vector.tobytes(), digest_size=_SUM_BYTES).digest()
