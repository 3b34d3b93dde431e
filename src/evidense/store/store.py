"""Store: records and blobs, named by their hashes, written atomically, shared by any number of processes.

records/ab/abcd….json      one record
blobs/ab/abcd…             bytes: arrays (.npy format), JSON lists, run files
looks/ab/abcd….json        checksum of a collection and the comparisons on it → time and allowed error
steps/ab/abcd….json        key of a step (verb and inputs) → ids of its records
vectors/ab/abcd….json      key of an encoding → blob of its vectors
indexes/ab/abcd….json      key of vectors and of how an approximate index is built → blob of the index
states/ab/abcd….json       key of a locked backbone and of some items → blob of their pooled states
answers/ab/abcd….json      key of a question to an index → its answer, with the blob of the body
servers/ab/abcd….json      models that servers showed by ten sentinels, and which was last at an address
served/ab/abcd…/           vectors and scores that a model behind a server gave, by content (fetching/servers/kept_vectors.py)
packages/ab/abcd….json     a package of a public registry → blob of the files that are read from it
appearances/ab/abcd….json  key of many pictures → how each looks
refusals/ab/abcd….json     key of a step whose analysis refused its case → the reason
leaks/ab/abcd….json        key of training pairs and a collection → how many items they share
kinds/re/records.json      kind of a record → ids of those that were seen
limits/HOST.json           how fast an index may be asked, shared by all processes
computed/HOST.jsonl        what was computed, a line each, in the order in which a computer finished it: key, time, process
pages/HOST.jsonl           pages that were written, a line each: when, where, which study, its verdicts
folders/ID/                files of a record: a checkpoint's weights, with a manifest of their hashes; large ones are links to blobs
partial/KEY/               a step in progress; if its process is killed, the next one continues it; KEY.lock beside it

Every file is named by its content or carries a hash of it. Damaged files are never used: a step that meets one runs again, and
its result replaces the damaged file.
"""

import errno
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from evidense.boundary import disk
from evidense.boundary.disk import disk_errors, sha256_of_file, write_atomically
from evidense.boundary.manifest import damaged, seal
from evidense.errors import InvalidInput, StoreError
from evidense.records import Json, Record, canonical_json, from_json
from evidense.store.computed import LOGGED, Computed, add_line, logged
from evidense.store.sealing import sealed, unsealed

_KINDS = "records"
_LARGE = 1 << 20
_SWEPT = (
    "records blobs looks steps vectors indexes states answers servers packages appearances leaks refusals kinds".split()
)
CANARY = "canary-"
"""Beginning of the keys under which a run finds out whether other computers see this store."""
_AGAIN = "run what made it again (the study, or the training of a checkpoint): it is then made anew"


def default_root() -> Path:
    """Return `$EVIDENSE_STORE`, or else a folder in the user's cache folder."""
    if chosen := os.environ.get("EVIDENSE_STORE"):
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "evidense"


class Store:
    """A folder of records and blobs. Every file that is read is checked against its name, once per instance."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()
        self._checked: set[str] = set()

    # --- records

    def put(self, record: Record) -> str:
        """Store a record and return its id. An undamaged record that is there already stays as it is."""
        try:
            self.get(record.id)
        except StoreError:
            write_atomically(self._path("records", record.id, ".json"), sealed(record.to_json()))
        return record.id

    def get(self, record_id: str) -> Record:
        """Return a record.

        Raises:
            StoreError: the record is missing or was altered.
        """
        data = self._read("records", record_id, ".json")
        try:
            record = from_json(unsealed(data))
        except (InvalidInput, StoreError) as error:
            raise StoreError(
                f"record {record_id[:12]} in the store '{self.root}' is damaged: {error}; expected what was written; {_AGAIN}"
            ) from None
        if record.id != record_id:
            raise StoreError(
                f"the store '{self.root}' holds record {record.id[:12]} under the name {record_id[:12]}; expected the same; "
                f"{_AGAIN}"
            )
        return record

    def of_kinds(self, *kinds: str) -> Iterator[Record]:
        """Yield the records of some kinds in order of their ids. Damaged ones are skipped."""
        for record_id, kind in sorted(self._kinds().items()):
            if kind in kinds:
                with suppress(StoreError):
                    yield self.get(record_id)

    def _kinds(self) -> dict[str, str]:
        """Return the kind of each undamaged record by its id.

        A record never changes its kind, so what was seen is noted: each file is read for its kind once, whoever wrote it.
        """
        there = {path.stem: path for folder in self._entries("records") for path in folder.glob("*.json")}
        try:
            noted = self.noted("kinds", _KINDS)
        except StoreError:
            noted = {}
        known = {record_id: kind for kind, ids in noted.items() for record_id in str(ids).split()}
        seen = dict(known)
        for record_id in there.keys() - known.keys():
            with suppress(OSError, StoreError):
                value = unsealed(there[record_id].read_bytes())
                if value.get("id") == record_id:
                    seen[record_id] = str(value["kind"])
        if seen != known:
            by_kind = {kind: " ".join(i for i in seen if seen[i] == kind) for kind in sorted(set(seen.values()))}
            with suppress(OSError, StoreError):
                self.note("kinds", _KINDS, by_kind)
        return {record_id: kind for record_id, kind in seen.items() if record_id in there}

    # --- blobs

    def put_blob(self, data: bytes) -> str:
        """Store bytes and return their sha256."""
        name = hashlib.sha256(data).hexdigest()
        try:
            self._check_blob(name)
        except StoreError:
            write_atomically(self._path("blobs", name), data)
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
        """Move a finished file into the blobs and return its sha256. The file must be on the disk of the store."""
        name = sha256_of_file(path)
        target = self._path("blobs", name)
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        return name

    def blob(self, name: str) -> bytes:
        """Return the bytes stored under a sha256.

        Raises:
            StoreError: the blob is missing, or has another sha256.
        """
        self._check_blob(name)
        return self._read("blobs", name)

    def json(self, name: str) -> Any:
        """Return a JSON blob."""
        return json.loads(self.blob(name))

    def array(self, name: str) -> np.ndarray:
        """Return an array blob as a read-only memory map.

        Raises:
            StoreError: the blob is missing, or has another sha256.
        """
        self._check_blob(name)
        return cast(np.ndarray, np.load(self._path("blobs", name), mmap_mode="r", allow_pickle=False))

    # --- steps

    def remember(self, key: str, record_ids: Sequence[str]) -> None:
        """Remember that the step of this key made these records."""
        self.note("steps", key, {"records": list(record_ids)})

    def recall(self, key: str) -> list[str] | None:
        """Return the ids of a step's records if the step is done and all records and blobs are there and undamaged; else None."""
        try:
            ids = cast(list[str], self.noted("steps", key)["records"])
            for record_id in ids:
                record = self.get(record_id)
                for blob in record.blob_fields:
                    self._check_blob(getattr(record, blob))
        except (KeyError, StoreError):
            return None
        return ids

    def note(self, room: str, key: str, value: Mapping[str, Json]) -> None:
        """Write a small value under a key. The file also holds the key, so that swapped files are noticed."""
        write_atomically(self._path(room, key, ".json"), sealed({"key": key, **value}))
        if room in LOGGED:
            self.log(room, key)

    def log(self, room: str, key: str) -> None:
        """Note in the log that this process computed what is now in the store under a key."""
        add_line(self.root, room, key)

    def computed(self) -> Iterator[Computed]:
        """Yield what was computed in this store, from its log."""
        yield from logged(self.root)

    def noted(self, room: str, key: str) -> dict[str, Json]:
        """Return the value noted under a key.

        Raises:
            StoreError: the note is missing or damaged.
        """
        try:
            value = unsealed(self._path(room, key, ".json").read_bytes())
        except OSError as error:
            raise self._unreadable(room, key, error) from None
        if value.pop("key", None) != key:
            raise StoreError(f"the note under {key[:12]} is of another key")
        return value

    def has_note(self, room: str, key: str) -> bool:
        """Say whether there is an undamaged note under a key."""
        try:
            self.noted(room, key)
        except StoreError:
            return False
        return True

    def notes(self, room: str, beginning: str) -> Iterator[dict[str, Json]]:
        """Yield the notes of all keys with this beginning (at least two letters), in order of the keys. Damaged notes are skipped."""
        for path in sorted((self.root / room / beginning[:2]).glob(f"{beginning}*.json")):
            with suppress(StoreError):
                yield self.noted(room, path.stem)

    # --- folders

    def adopt_folder(self, record_id: str, folder: Path) -> Path:
        """Move a finished folder to the folder of a record and return its path. A damaged folder there is replaced."""
        target = self.folder(record_id)
        with disk_errors(target):
            if self.has_folder(record_id):
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
                    self._check_blob(sha256)
                except StoreError:
                    disk.link(folder / name, self._path("blobs", sha256))
                else:
                    disk.link(self._path("blobs", sha256), folder / name)

    def has_folder(self, record_id: str) -> bool:
        """Say whether all files of a record are there and undamaged. They are hashed once per instance."""
        return not self.damaged_in_folder(record_id)

    def damaged_in_folder(self, record_id: str) -> list[str]:
        """Return the damaged and missing files of a record's folder. If the folder is missing, that is its manifest."""
        if record_id in self._checked:
            return []
        if damaged_files := damaged(self.folder(record_id), {"record": record_id}):
            return damaged_files
        self._checked.add(record_id)
        return []

    def folder(self, record_id: str) -> Path:
        """Return the path of a record's folder (a checkpoint's weights). The folder need not exist."""
        return self.root / "folders" / record_id

    @contextmanager
    def partial(self, key: str) -> Iterator[Path]:
        """Lock the folder of a step in progress and yield its path. A second process waits until the first is done.

        The folder stays if the block raises or the process dies, so that the next run can continue. The block removes the files that
        it no longer needs, and may remove the folder. An empty folder is removed at the end.
        """
        folder = self.root / "partial" / key
        with disk_errors(folder):
            lock = disk.locked(self.root / "partial" / f"{key}.lock")
        with lock:
            with disk_errors(folder):
                folder.mkdir(exist_ok=True)
            try:
                yield folder
            finally:
                disk.tidy(folder, self.root / "partial" / f"{key}.lock")

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

    def _entries(self, room: str) -> list[Path]:
        try:
            return sorted((self.root / room).iterdir())
        except OSError:
            return []

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
            sha256 = sha256_of_file(self._path("blobs", name))
        except OSError as error:
            raise self._unreadable("blobs", name, error) from None
        if sha256 != name:
            raise StoreError(
                f"blob {name[:12]} in the store '{self.root}' has the sha256 {sha256[:12]}; expected its own name: it was "
                f"altered or cut; {_AGAIN}"
            )
        self._checked.add(name)
