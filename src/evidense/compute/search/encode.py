"""Encode items to vectors. Equal items are encoded once, finished work is reused, and a killed run continues to the same bytes."""

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, cast, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int64

from evidense.boundary.disk import disk_errors, write_atomically
from evidense.compute.batches import chunks, plan, tokens_a_batch
from evidense.compute.half import packed
from evidense.compute.mapped import release, reserve
from evidense.compute.progress import Clock, Progress, estimate
from evidense.compute.search.parts import Parts
from evidense.compute.search.ready import make_ready
from evidense.compute.search.row_hashes import row_hashes
from evidense.errors import InvalidInput, StoreError, UnsafeInput
from evidense.parts import LayeredTower, Prepared, Tower
from evidense.records import sha256_of
from evidense.store import Store, sealed, unsealed
from evidense.values import Item
from evidense.values.build import Chosen
from evidense.values.contents import KEY_BYTES, contents_of, ids_of, items_at

Layers = bool | Literal["float16"]
_PLAN_VERSION = 2
_CHUNK = 4096
"""Distinct items that are tokenised and sorted together; this bounds memory."""
_SAVE_EVERY_S = 2.0
_MODULUS = 1 << 64


@runtime_checkable
class HoldsVectors(Protocol):
    """A Tower whose vectors are an array already; nothing is encoded or copied."""

    def held(self, ids: Sequence[str]) -> "tuple[Float32[np.ndarray, 'n e'], Int64[np.ndarray, ' items']] | None":
        """Return the array and the row of each item; None if its numbers must be changed first (another type, another length)."""
        ...


@dataclass(frozen=True)
class Encoded:
    """Vectors of the distinct items, and the row of each item."""

    vectors: Float32[np.ndarray, "*l n e"]
    """Read-only memory map: [n, e], or [l, n, e] with layers."""
    rows: Int64[np.ndarray, " items"]
    blob: str
    """Name in the store; "" if the tower holds the vectors itself."""
    was_cached: bool = False

    def all(self) -> Float32[np.ndarray, "*l items e"]:
        """Return one vector per item, in order (a copy; vectors of equal items repeat)."""
        return np.take(self.vectors, self.rows, axis=-2)


@dataclass(frozen=True)
class _Distinct:
    rows: Int64[np.ndarray, " items"]
    firsts: Int64[np.ndarray, " n"]
    """Index of the first item of each row."""
    sha256: str


def encode(
    tower: Tower, items: Sequence[Item], store: Store, *, progress: Progress | None = None, layers: Layers = False
) -> Encoded:
    """Return the vectors of items: from the store if they are there, else encoded now.

    `layers` asks for the states of every layer, kept as they are (True), or as float16 (`compute.half`).

    Raises:
        InvalidInput: this tower cannot encode an item, or a vector is not finite (the message names the item).
        StoreError: the disk is full; the next call continues.
    """
    if (encoded := _held(tower, items, layers)) is not None:
        return encoded
    distinct = _distinct(tower.identity, items)
    key = _key(tower, distinct, layers)
    if (encoded := _recalled(store, key)) is not None:
        return replace(encoded, rows=distinct.rows)
    with store.partial(key) as folder:
        encoded = _recalled(store, key)  # another process may have finished while we waited
        if encoded is None:
            if not layers:
                make_ready(tower, Chosen(items, distinct.firsts), store, progress)
            _finish(EncodingRun(tower, items, distinct.firsts, layers, folder), progress)
            blob = store.adopt_file(folder / "vectors.npy")
            store.note("vectors", key, {"blob": blob})
            encoded = Encoded(store.array(blob), distinct.rows, blob)
        shutil.rmtree(folder, ignore_errors=True)
    return replace(encoded, rows=distinct.rows)


def _held(tower: Tower, items: Sequence[Item], layers: Layers) -> Encoded | None:
    held = tower.held(ids_of(items)) if isinstance(tower, HoldsVectors) and not layers else None
    return None if held is None else Encoded(*held, blob="", was_cached=True)


def _finish(run: "EncodingRun", progress: Progress | None) -> None:
    try:
        run.finish(progress)
    except (InvalidInput, UnsafeInput):
        shutil.rmtree(run.folder, ignore_errors=True)  # this work can never be finished, so nothing of it stays
        raise


def is_cached(tower: Tower, items: Sequence[Item], store: Store, *, layers: Layers = False) -> bool:
    """Say whether the store holds everything that `encode` would return, or nothing need be encoded."""
    if isinstance(tower, HoldsVectors) and not layers and tower.held(()) is not None:
        return True
    return _has_vectors(store, _key(tower, _distinct(tower.identity, items), layers))


def run_of(tower: Tower, items: Sequence[Item], store: Store) -> "tuple[str, EncodingRun] | None":
    """Return the key of an encoding and its run, for processes that share it; None if the store holds its vectors."""
    if isinstance(tower, HoldsVectors) and tower.held(()) is not None:
        return None
    distinct = _distinct(tower.identity, items)
    key = _key(tower, distinct, layers=False)
    if _has_vectors(store, key):
        return None
    return key, EncodingRun(tower, items, distinct.firsts, False, store.root / "partial" / key)


def _key(tower: Tower, distinct: _Distinct, layers: Layers) -> str:
    return sha256_of(["encode", tower.fingerprint, layers, distinct.sha256])


def _has_vectors(store: Store, key: str) -> bool:
    """Say whether the store has the vectors; those of a remote store are not fetched for this in a plan."""
    try:
        return store.has_blob(str(store.noted("vectors", key)["blob"]))
    except (KeyError, StoreError):
        return False


def _recalled(store: Store, key: str) -> Encoded | None:
    try:
        blob = str(store.noted("vectors", key)["blob"])
        return Encoded(store.array(blob), np.empty(0, np.int64), blob, was_cached=True)
    except (ValueError, KeyError, StoreError):
        return None  # never encoded, or its blob was removed or damaged: encode again


def _distinct(identity: Literal["content", "id"], items: Sequence[Item]) -> _Distinct:
    """Number the distinct items in order of first appearance."""
    if identity == "id":
        return _distinct_ids(ids_of(items))
    contents = contents_of(items)
    firsts = np.flatnonzero(contents.firsts == np.arange(len(contents.firsts)))
    keys = np.empty((len(firsts), 4 + KEY_BYTES), np.uint8)
    keys[:, :4] = np.frombuffer(KEY_BYTES.to_bytes(4, "big"), np.uint8)
    keys[:, 4:] = contents.keys[firsts]
    return _Distinct(np.searchsorted(firsts, contents.firsts), firsts, hashlib.sha256(keys.tobytes()).hexdigest())


def _distinct_ids(ids: Sequence[str]) -> _Distinct:
    numbers: dict[str, int] = {}
    rows = np.empty(len(ids), np.int64)
    firsts: list[int] = []
    digest = hashlib.sha256()
    for index, name in enumerate(ids):
        rows[index] = number = numbers.setdefault(name, len(numbers))
        if number == len(firsts):
            firsts.append(index)
            key = name.encode()
            digest.update(len(key).to_bytes(4, "big") + key)
    return _Distinct(rows, np.array(firsts, np.int64), digest.hexdigest())


@dataclass(frozen=True, order=True)
class _Position:
    """A batch in the plan."""

    chunk: int = 0
    batch: int = 0
    """Number of the batch within its chunk."""

    def next(self) -> "_Position":
        """Return the position after this batch."""
        return _Position(self.chunk, self.batch + 1)


@dataclass(frozen=True)
class _ResumePoint:
    """Where an earlier run stopped; without one, the beginning."""

    settings: dict[str, int]
    position: _Position = _Position()
    """The first batch that is not done."""
    n_done: int = 0
    """Items whose vectors are written."""
    checksum: int = 0
    """Of the vectors that are written."""
    out: np.ndarray | None = None
    """The file with the vectors; None if there is none yet."""


class _PlannedBatch(NamedTuple):
    """One batch of the plan, tokenised."""

    position: _Position
    rows: np.ndarray
    prepared: Prepared | None
    vectors: np.ndarray | None = None
    """Vectors that another process has made; `prepared` is None then."""


@dataclass
class EncodingRun:
    """One pass over the distinct items, into `vectors.npy` of a partial folder."""

    tower: Tower
    items: Sequence[Item]
    firsts: Int64[np.ndarray, " n"]
    layers: Layers
    folder: Path

    def finish(self, progress: Progress | None) -> None:
        """Encode the rest of the plan."""
        self.folder.mkdir(parents=True, exist_ok=True)
        resume_point = self._resume_point()
        with disk_errors(self.folder):
            out = (
                resume_point.out
                if resume_point.out is not None
                else _allocated(self.folder / "vectors.npy", self._shape(), self._form)
            )
        estimated_s = estimate(self.tower, Chosen(self.items, self.firsts)).seconds if progress else 0.0
        clock = Clock(len(self.firsts), estimated_s, progress)
        clock.start(resume_point.n_done)
        last_saved_s, checksum = time.monotonic(), resume_point.checksum
        for batch in self._batches(resume_point.settings, resume_point.position):
            out[..., batch.rows, :] = vectors = self._vectors(batch)
            checksum = (checksum + row_hashes(vectors, batch.rows)) % _MODULUS
            clock.advance(len(batch.rows))
            if time.monotonic() - last_saved_s >= _SAVE_EVERY_S:
                self._save(out, _ResumePoint(resume_point.settings, batch.position.next(), clock.done, checksum))
                last_saved_s = time.monotonic()
        _flush(out)

    @property
    def fresh_settings(self) -> dict[str, int]:
        """Return what fixes the batches of an encoding that begins now."""
        chunk = max(1, len(self.firsts)) if self.tower.identity == "id" else _CHUNK
        return {"version": _PLAN_VERSION, "chunk": chunk, "budget": tokens_a_batch(self.tower)}

    def parts(self, settings: dict[str, int]) -> Parts:
        """Return the parts of this encoding that other processes may have made."""
        return Parts(
            self.folder, "-".join(str(settings[key]) for key in ("version", "chunk", "budget")), self.tower.n_dims
        )

    def _resume_point(self) -> _ResumePoint:
        """Return where an earlier run stopped; the beginning if there was none, or if its vectors have changed since."""
        fresh_settings = self.fresh_settings
        try:
            saved = unsealed((self.folder / "plan.json").read_bytes())
            out = np.load(self.folder / "vectors.npy", mmap_mode="r+", allow_pickle=False)
            settings, position = saved["settings"], _Position(int(saved["chunk"]), int(saved["batch"]))
            is_same = settings["version"] == _PLAN_VERSION and out.shape == self._shape() and out.dtype == self._form
        except (OSError, ValueError, KeyError, TypeError, EOFError, StoreError):
            return _ResumePoint(fresh_settings)
        checksum = sum(row_hashes(out[..., rows, :], rows) for rows in self._done(settings, position)) if is_same else 0
        if not is_same or checksum % _MODULUS != int(saved["checksum"], 16):
            return _ResumePoint(fresh_settings)
        return _ResumePoint(settings, position, saved["n_done"], checksum, cast(np.ndarray, out))

    def _done(self, settings: dict[str, int], position: _Position) -> Iterator[np.ndarray]:
        """Yield the rows of every batch before this position, or of several."""
        for chunk, (start, stop) in enumerate(chunks(len(self.firsts), settings["chunk"])):
            if chunk < position.chunk:
                yield np.arange(start, stop)
            elif chunk == position.chunk and position.batch:
                for rows in plan(self.prepared(start, stop).sizes, settings["budget"])[: position.batch]:
                    yield rows + start

    def _save(self, out: np.ndarray, resume_point: _ResumePoint) -> None:
        """Write everything up to this batch to the disk, note that, and free its memory."""
        _flush(out)
        note = {
            "settings": resume_point.settings,
            "chunk": resume_point.position.chunk,
            "batch": resume_point.position.batch,
            "n_done": resume_point.n_done,
        }
        write_atomically(self.folder / "plan.json", sealed({**note, "checksum": f"{resume_point.checksum:x}"}))

    def _batches(self, settings: dict[str, int], begin: _Position) -> Iterator[_PlannedBatch]:
        """Yield the batches of the plan from this position on."""
        for chunk, (start, stop) in enumerate(chunks(len(self.firsts), settings["chunk"])):
            if chunk < begin.chunk:
                continue
            if (
                begin <= _Position(chunk)
                and not self.layers
                and (made := self.parts(settings).chunk(chunk)) is not None
            ):
                yield _PlannedBatch(_Position(chunk + 1, -1), made[0], None, made[1])
                continue
            prepared = self.prepared(start, stop)
            for batch, rows in enumerate(plan(prepared.sizes, settings["budget"])):
                if (position := _Position(chunk, batch)) >= begin:
                    yield _PlannedBatch(position, rows + start, prepared.take(rows))

    def prepared(self, start: int, stop: int) -> Prepared:
        """Tokenise the distinct items of one chunk."""
        return self.tower.prepare(list(items_at(self.items, self.firsts[start:stop])))

    def _vectors(self, batch: _PlannedBatch) -> np.ndarray:
        vectors = batch.vectors if batch.prepared is None else self.encoded(batch.prepared)
        shape = self._shape(self.n_dims)
        checked = self.checked(cast(np.ndarray, vectors), batch.rows, (*shape[:-2], len(batch.rows), shape[-1]))
        return packed(checked) if self.layers == "float16" else checked

    def checked(self, vectors: np.ndarray, rows: np.ndarray, expected: tuple[int, ...]) -> np.ndarray:
        """Return the vectors.

        Raises:
            InvalidInput: their shape is another, or one is not finite; the message names the items.
        """
        if vectors.shape != expected:
            raise InvalidInput(
                f"the encoder returned an array of shape {vectors.shape}; expected {expected} (items, dimensions);"
                " return one row per item"
            )
        if not (good := np.isfinite(vectors).all(axis=-1).reshape(-1, len(rows)).all(axis=0)).all():
            bad = [self.items[int(self.firsts[row])].id for row in rows[~good]]
            raise InvalidInput.all_of(
                "vectors that are not finite (NaN or infinity); expected finite numbers; look at these items, or at the"
                " encoder",
                [f"item '{name}'" for name in bad],
            )
        return vectors

    def encoded(self, prepared: Prepared) -> np.ndarray:
        """Encode one batch."""
        if not self.layers:
            return np.asarray(self.tower.vectors(prepared), np.float32)
        return np.asarray(cast(LayeredTower, self.tower).layers(prepared), np.float32)

    @property
    def n_dims(self) -> int:
        """Return the numbers of a vector, or of a state."""
        return int(getattr(self.tower, "n_pooled", self.tower.n_dims)) if self.layers else self.tower.n_dims

    @property
    def _form(self) -> str:
        return "<f2" if self.layers == "float16" else "<f4"

    def _shape(self, width: int | None = None) -> tuple[int, ...]:
        """Return the shape of the file, or of something else with vectors of this width."""
        if width is None:
            width = self.n_dims + (self.layers == "float16")
        if not self.layers:
            return len(self.firsts), width
        if not isinstance(self.tower, LayeredTower):
            raise InvalidInput(
                "this encoder does not show its layers; expected a transformer; ask for its vectors only"
            )
        return self.tower.n_layers + 1, len(self.firsts), width


def _allocated(path: Path, shape: tuple[int, ...], form: str) -> np.ndarray:
    """Create an array file with all its disk blocks reserved and map it; a full disk is then an error here, not a crash later."""
    if 0 in shape:
        np.save(path, np.empty(shape, form))
        return np.empty(shape, form)
    try:
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": form, "fortran_order": False, "shape": shape})
            reserve(file, np.dtype(form).itemsize * int(np.prod(shape)))
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return cast(np.ndarray, np.load(path, mmap_mode="r+", allow_pickle=False))


def _flush(array: np.ndarray) -> None:
    """Write a memory map to its file and release its pages, so that resident memory stays small."""
    if isinstance(array, np.memmap):
        array.flush()
        release(array)
