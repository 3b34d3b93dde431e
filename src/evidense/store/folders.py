"""Folders of a store: those of records (the weights of a checkpoint), and those of steps in progress."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evidense.boundary import disk
from evidense.boundary.disk import disk_errors
from evidense.boundary.manifest import NAME, damaged, seal
from evidense.errors import StoreError
from evidense.store.copies import FOLDERS
from evidense.store.files import Files

CANARY = "canary-"
"""Beginning of the keys under which a run finds out whether other computers see this store."""
_LARGE = 1 << 20
_SWEPT = "records blobs looks steps vectors indexes states answers servers packages appearances leaks refusals traps kinds".split()


class Folders(Files):
    """The folders of a store."""

    def adopt_folder(self, record_id: str, folder: Path) -> Path:
        """Move a finished folder to the folder of a record and return its path. A damaged folder there is replaced."""
        target = self.folder(record_id)
        with disk_errors(target):
            if not self._damaged_here(record_id):
                return target
            self._share_large(folder, seal(folder, {"record": record_id}).files)
            target.parent.mkdir(parents=True, exist_ok=True)
            old = self.root / "partial" / f"{record_id}.damaged"
            if os.path.lexists(target):
                old.parent.mkdir(parents=True, exist_ok=True)
                disk.remove(old)
                os.rename(target, old)
            os.rename(folder, target)
            disk.remove(old)
            disk.sync_folder(target.parent)
        return target

    def _share_large(self, folder: Path, files: Mapping[str, str]) -> None:
        """Make large files of equal bytes one file on the disk: every training with a locked tower writes the same weights."""
        for name, sha256 in files.items():
            if (folder / name).stat().st_size >= _LARGE:
                try:
                    self._check_file(sha256)
                except StoreError:
                    disk.link(folder / name, self._path("blobs", sha256))
                else:
                    disk.link(self._path("blobs", sha256), folder / name)

    def has_folder(self, record_id: str) -> bool:
        """Say whether all files of a record are there and undamaged. They are hashed once per instance."""
        return not self.damaged_in_folder(record_id)

    def damaged_in_folder(self, record_id: str) -> list[str]:
        """Return the damaged and missing files of a record's folder. If the folder is missing, that is its manifest.

        A folder that only the remote store has is checked when it is fetched.
        """
        is_elsewhere = self.copy.size(self.folder(record_id) / NAME) is not None
        return [] if is_elsewhere else self._damaged_here(record_id)

    def _damaged_here(self, record_id: str) -> list[str]:
        if record_id in self._checked:
            return []
        if damaged_files := damaged(self.folder(record_id), {"record": record_id}):
            return damaged_files
        self._checked.add(record_id)
        return []

    def folder(self, record_id: str) -> Path:
        """Return the path of a record's folder (a checkpoint's weights). The folder need not exist."""
        return self.root / "folders" / record_id

    def fetched_folder(self, record_id: str) -> Path:
        """Return the path of a record's folder; if only the remote store has it, fetch it first.

        Raises:
            StoreUnreachable: it does not answer.
            StoreError: the disk is full.
        """
        target = self.folder(record_id)
        if self.is_remote and not (target / NAME).exists():
            with self.partial(f"fetch-{record_id}") as folder:
                if not target.exists() and self.copy.fetch_folder(record_id, folder / record_id):
                    with disk_errors(target):
                        target.parent.mkdir(parents=True, exist_ok=True)
                        os.rename(folder / record_id, target)
                disk.remove(folder)
        return target

    def folder_ids(self, beginning: str) -> list[str]:
        """Return the ids of the records with this beginning that have a folder, sorted."""
        here = {path.name for path in self._entries(FOLDERS) if path.is_dir()}
        there = {path.parts[-2] for path in self.copy.paths(self.root / FOLDERS) if path.name == NAME}
        return sorted(record_id for record_id in here | there if record_id.startswith(beginning))

    @contextmanager
    def partial(self, key: str) -> Iterator[Path]:
        """Lock the folder of a step in progress and yield its path. A second process waits until the first is done.

        The folder stays if the block raises or the process dies, so that the next run can continue. The block removes the files that
        it no longer needs, and may remove the folder. An empty folder is removed at the end. What other computers shared of this step
        (`share`) is fetched first, and removed with the folder.
        """
        folder = self.root / "partial" / key
        with disk_errors(folder):
            lock = disk.locked(self.root / "partial" / f"{key}.lock")
        with lock:
            with disk_errors(folder):
                folder.mkdir(exist_ok=True)
            shared = self.shared(key)
            self.fetch_shared(shared)
            try:
                yield folder
            finally:
                disk.tidy(folder, self.root / "partial" / f"{key}.lock")
                if not folder.exists():
                    self.copy.remove(shared)

    def share(self, path: Path) -> None:
        """Show a file of a step in progress to other computers, if the store is remote. It must carry its own hash."""
        self.copy.send([path])

    def fetch_shared(self, paths: Iterable[Path]) -> None:
        """Fetch files of a step in progress that other computers share and that are not here."""
        self.copy.fetch_steps(paths)

    def unshare(self, key: str) -> None:
        """Remove what computers show each other of a step."""
        self.copy.remove(self.shared(key))

    def shared(self, key: str) -> list[Path]:
        """Return the files of a step in progress that computers show each other; none in a folder that all of them see."""
        return self.copy.paths(self.root / "partial" / key)

    def sweep(self) -> None:
        """Remove the remains of killed processes that no run will continue: temporary files, and folders of finished steps."""
        for room in _SWEPT:
            for shard in self._entries(room):
                disk.sweep(shard)
        for left in self._entries("partial"):
            key, ending = left.stem, left.suffix
            if ending == ".damaged":
                disk.remove(left)
            elif ending == ".lock" or not ending:
                self._sweep_step(key)

    def _sweep_step(self, key: str) -> None:
        folder, lock = self.root / "partial" / key, self.root / "partial" / f"{key}.lock"
        held = disk.lock_if_free(lock)
        if held is None:
            return
        with held:
            disk.sweep(folder)
            if key.startswith(CANARY) or any(
                self._path(room, key, ".json").exists() for room in ("steps", "vectors", "indexes")
            ):
                disk.remove(folder)
            disk.tidy(folder, lock)
