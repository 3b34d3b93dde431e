"""Copies: a folder on this computer that mirrors part of a remote store. Without a remote store, the folder is the store, and nothing here does anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.disk import sha256_of_file
from evidense.boundary.manifest import NAME, Manifest
from evidense.errors import StoreError
from evidense.store.remote import Remote, Sent
from evidense.store.sealing import unsealed

BLOBS, FOLDERS = "blobs", "folders"
SHARED = frozenset({"records", BLOBS, "steps", "vectors", "indexes", "states", "looks", "appearances", "traps", "leaks", "refusals"})  # fmt: skip
"""Rooms that a remote store has too. The others are of one computer: what servers and registries answered, and steps in progress."""


@dataclass(frozen=True)
class Copy:
    """The folder `root`, and the remote store that it is a copy of; None: it is the store itself."""

    root: Path
    remote: Remote | None = None

    def fetch(self, paths: Iterable[Path]) -> None:
        """Download the files of shared rooms that are not here, several at a time. What is missing there, or damaged, stays missing.

        Raises:
            StoreUnreachable: the remote store does not answer.
            StoreError: the disk is full.
        """
        if self.remote is not None:
            wanted = [p for p in dict.fromkeys(paths) if self._room(p) in SHARED and not p.exists()]
            self.remote.fetch([(self._name(path), path) for path in wanted], _is_whole)

    def send(self, paths: Iterable[Path]) -> None:
        """Publish files, several at a time.

        Raises:
            StoreUnreachable: the remote store does not answer, or forbids it.
        """
        if self.remote is not None:
            self.remote.send(Sent(self._name(path), path) for path in dict.fromkeys(paths))

    def write(self, path: Path, data: bytes) -> None:
        """Publish the bytes that a file of a shared room is to have, before it has them here: what is here is there too.

        Raises:
            StoreUnreachable: the remote store does not answer, or forbids it.
        """
        if self.remote is not None and self._room(path) in SHARED:
            self.remote.write(self._name(path), data)

    def size(self, path: Path) -> int | None:
        """Return the size of a file that is only in the remote store, in bytes; None if it is here, or nowhere."""
        return None if self.remote is None or path.exists() else self.remote.size(self._name(path))

    def paths(self, folder: Path) -> list[Path]:
        """Return the paths that the files of a folder of the remote store have here, whether they are here or not."""
        return [] if self.remote is None else [self.root / name for name in self.remote.names(self._name(folder))]

    def fetch_steps(self, paths: Iterable[Path]) -> None:
        """Download files of a step in progress that other computers shared. They carry their own hashes."""
        if self.remote is not None:
            self.remote.fetch([(self._name(path), path) for path in paths if not path.exists()], lambda _, __: True)

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove files from the remote store."""
        if self.remote is not None:
            self.remote.remove(map(self._name, paths))

    def send_folder(self, folder: Path) -> None:
        """Publish the sealed folder of a record: each file as a blob, so that equal weights lie there once; then the manifest."""
        manifest = Manifest.read(folder)
        if self.remote is not None and manifest is not None:
            self.remote.send(Sent(_blob_name(sha256), folder / name) for name, sha256 in manifest.files.items())
            self.remote.send([Sent(self._name(folder / NAME), folder / NAME)])

    def fetch_folder(self, record_id: str, target: Path) -> bool:
        """Download the folder of a record; False if it is not there, or a file of it is missing or damaged."""
        if self.remote is None:
            return False
        name = f"{FOLDERS}/{record_id}/{NAME}"
        self.remote.fetch([(name, target / NAME)], lambda _, __: True)
        manifest = Manifest.read(target)
        if manifest is None or dict(manifest.of) != {"record": record_id}:
            self.remote.remove([name])
            return False
        files = {target / file: sha256 for file, sha256 in manifest.files.items()}
        self.remote.fetch([(_blob_name(sha256), path) for path, sha256 in files.items()], _is_whole)
        return all(path.exists() for path in files)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _room(self, path: Path) -> str:
        return path.relative_to(self.root).parts[0]


def _blob_name(sha256: str) -> str:
    return f"{BLOBS}/{sha256[:2]}/{sha256}"


def _is_whole(name: str, path: Path) -> bool:
    """Say whether a file that was fetched is what its name says."""
    if name.startswith(f"{BLOBS}/"):
        return sha256_of_file(path) == name.rpartition("/")[2]
    try:
        unsealed(path.read_bytes())
    except StoreError:
        return False
    return True
