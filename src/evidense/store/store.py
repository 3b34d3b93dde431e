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

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from evidense.boundary.disk import disk_errors, sha256_of_file, write_atomically
from evidense.errors import InvalidInput, StoreError
from evidense.records import Json, Record, canonical_json, from_json
from evidense.store.computed import LOGGED, Computed, add_line, logged
from evidense.store.copies import BLOBS, SHARED
from evidense.store.files import AGAIN
from evidense.store.folders import Folders
from evidense.store.sealing import sealed, unsealed

_KINDS = "records"
_SHA256 = 64
"""Letters of a blob's name."""


class Store(Folders):
    """A folder of records and blobs. Every file that is read is checked against its name, once per instance."""

    def put(self, record: Record) -> str:
        """Store a record and return its id. An undamaged record that is there already stays as it is."""
        path = self._path("records", record.id, ".json")
        try:
            self._record(record.id, path.read_bytes())
        except (OSError, StoreError):
            write_atomically(path, sealed(record.to_json()))
        return record.id

    def get(self, record_id: str) -> Record:
        """Return a record.

        Raises:
            StoreError: the record is missing or was altered.
        """
        return self._record(record_id, self._read("records", record_id, ".json"))

    def _record(self, record_id: str, data: bytes) -> Record:
        try:
            record = from_json(unsealed(data))
        except (InvalidInput, StoreError) as error:
            raise StoreError(
                f"record {record_id[:12]} in the store '{self.address}' is damaged: {error}; expected what was written; {AGAIN}"
            ) from None
        if record.id != record_id:
            raise StoreError(
                f"the store '{self.address}' holds record {record.id[:12]} under the name {record_id[:12]}; expected the same; "
                f"{AGAIN}"
            )
        return record

    def of_kinds(self, *kinds: str) -> Iterator[Record]:
        """Yield the records of some kinds in order of their ids: those that this computer has written or read. Damaged ones are skipped."""
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

    def put_blob(self, data: bytes) -> str:
        """Store bytes and return their sha256."""
        name = hashlib.sha256(data).hexdigest()
        try:
            self._check_file(name)
        except StoreError:
            write_atomically(self._path("blobs", name), data)
            self._checked.add(name)
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
        self._checked.add(name)
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

    def has_blob(self, name: str) -> bool:
        """Say whether a blob is there and undamaged."""
        try:
            self._check_blob(name)
        except StoreError:
            return False
        return True

    def remember(self, key: str, record_ids: Sequence[str]) -> None:
        """Remember that the step of this key made these records."""
        self.publish(record_ids)
        self.note("steps", key, {"records": list(record_ids)})

    def publish(self, record_ids: Iterable[str]) -> None:
        """Send records to the remote store, if there is one: first their blobs and files, then the records.

        Raises:
            StoreUnreachable: it does not answer, or forbids it; what was not sent is sent by the next run.
        """
        if not self.is_remote:
            return
        records = [self.get(record_id) for record_id in record_ids]
        self.copy.send(path for path in self._blobs_of(records) if path.exists())
        for record in records:
            self.copy.send_folder(self.folder(record.id))
        self.copy.send(self._path("records", record.id, ".json") for record in records)

    def _blobs_of(self, records: Iterable[Record]) -> list[Path]:
        return [self._path(BLOBS, name) for r in records for field in r.blob_fields if (name := getattr(r, field))]

    def recall(self, key: str) -> list[str] | None:
        """Return the ids of a step's records if the step is done and all records and blobs are there and undamaged; else None."""
        try:
            ids = cast(list[str], self.noted("steps", key)["records"])
            self._fetch_records(ids)
            for record_id in ids:
                record = self.get(record_id)
                for blob in record.blob_fields:
                    self._check_blob(getattr(record, blob))
        except (KeyError, StoreError):
            return None
        return ids

    def note(self, room: str, key: str, value: Mapping[str, Json]) -> None:
        """Write a small value under a key. The file also holds the key, so that swapped files are noticed."""
        path, data = self._path(room, key, ".json"), sealed({"key": key, **value})
        if self.is_remote and room in SHARED:
            blobs = [self._path(BLOBS, name) for name in map(str, value.values()) if len(name) == _SHA256]
            self.copy.send(blob for blob in blobs if blob.exists())
            self.copy.write(path, data)
        write_atomically(path, data)
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
            value = unsealed(self._read(room, key, ".json"))
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
        keys = {path.stem for path in (self.root / room / beginning[:2]).glob(f"{beginning}*.json")}
        if room in SHARED:
            keys |= {path.stem for path in self.copy.paths(self.root / room / beginning[:2])}
        for key in sorted(key for key in keys if key.startswith(beginning)):
            with suppress(StoreError):
                yield self.noted(room, key)

    def _fetch_records(self, record_ids: Sequence[str]) -> None:
        """Fetch the records of a step, then their blobs, each several at a time."""
        if self.is_remote:
            self.copy.fetch(self._path("records", record_id, ".json") for record_id in record_ids)
            if self._to_fetch is None:
                self.copy.fetch(self._blobs_of([self.get(record_id) for record_id in record_ids]))
