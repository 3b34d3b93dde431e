"""Imported vectors: `.npy` arrays with the ids of their rows. All mistakes are reported at once."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float32, Int, Int64
from pydantic import FailFast

from evidense.boundary.documents import Form, checked, parsed
from evidense.boundary.files import opened, read_text
from evidense.boundary.shown import shown_line
from evidense.boundary.strangers import foreign
from evidense.compute.batches import chunks
from evidense.compute.mapped import release
from evidense.compute.models.checkpoint import sha256_of_files
from evidense.compute.similarity import divided_by_length
from evidense.errors import InvalidInput
from evidense.records import sha256_of
from evidense.values import Item, Modality
from evidense.values.contents import ids_of

_CELLS_AT_ONCE = 1 << 22
_MOST_DIMS = 1 << 20
_MOST_ROWS = 20
"""Rows with NaN or infinity that the message names at most."""
_MOST_UNNAMED = 1 << 20
"""Rows without an id that are read at most; a damaged header may promise any number."""


@dataclass(frozen=True)
class Rows:
    """Rows of an imported array, one per item."""

    places: Int64[np.ndarray, " b"]

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """One per row: every look-up costs the same."""
        return np.ones(len(self.places), np.int64)

    def take(self, rows: Int[np.ndarray, " n"]) -> "Rows":
        """Return these rows, in this order."""
        return Rows(self.places[rows])


@dataclass(frozen=True, eq=False)
class ImportedTower:
    """Looks up the vector of an item by its id."""

    fingerprint: str
    source: str
    array: Float32[np.ndarray, "n e"]
    numbers: dict[str, int]
    """Id → row."""
    normalised: bool = False
    modalities: frozenset[Modality] = frozenset({"text", "image", "image+text"})
    identity: Literal["id"] = "id"
    n_layers: int = 0
    token_budget: int = 1 << 14

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        return int(self.array.shape[1])

    def prepare(self, items: Sequence[Item]) -> Rows:
        """Find the row of every item.

        Raises:
            InvalidInput: ids without a vector (all of them).
        """
        return Rows(self._places(ids_of(items)))

    def held(self, ids: Sequence[str]) -> tuple[Float32[np.ndarray, "n e"], Int64[np.ndarray, " items"]] | None:
        """Return the array itself and the row of each id; None if numbers must be converted or brought to unit length.

        Raises:
            InvalidInput: as `prepare`.
        """
        if self.normalised or self.array.dtype != np.float32 or not self.array.flags.c_contiguous:
            return None
        return self.array, self._places(ids)

    def _places(self, ids: Sequence[str]) -> Int64[np.ndarray, " items"]:
        missing = [name for name in ids if name not in self.numbers]
        if missing:
            raise InvalidInput.all_of(
                f"{self.source}: no vector for {len(missing)} of {len(ids)} ids; expected one for each; add them",
                [f"'{name}'" for name in missing],
            )
        return np.fromiter(map(self.numbers.__getitem__, ids), np.int64, len(ids))

    def vectors(self, prepared: Rows) -> Float32[np.ndarray, "b e"]:
        """Return the rows, at unit length if the user asked for that."""
        vectors = np.asarray(self.array[prepared.places], np.float32)
        return divided_by_length(vectors) if self.normalised else vectors


@dataclass(frozen=True)
class ImportedArray:
    """One array file with the ids of its rows."""

    path: Path
    array: np.ndarray
    ids: tuple[str, ...]

    def tower(self, normalised: bool) -> ImportedTower:
        """Return a tower that looks these vectors up."""
        ids = hashlib.sha256("\0".join(self.ids).encode()).hexdigest()
        fingerprint = sha256_of(["given", sha256_of_files([self.path]), ids, normalised])
        return ImportedTower(
            fingerprint, str(self.path), self.array, {name: row for row, name in enumerate(self.ids)}, normalised
        )

    def has_unit_length(self) -> bool:
        """Say whether every vector has length 1 (to 1e-3)."""
        return all(np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3) for _, rows in _read_by_rows(self.array))


def _read_by_rows(array: np.ndarray) -> Iterator[tuple[int, Float32[np.ndarray, "n e"]]]:
    """Yield the first row of each piece of an array and the piece as float32; what was read does not stay resident."""
    for start, stop in chunks(len(array), max(1, _CELLS_AT_ONCE // array.shape[1])):
        with np.errstate(over="ignore"):
            yield start, np.asarray(array[start:stop], np.float32)
        release(array)


def read_imported(*paths: Path) -> list[ImportedArray]:
    """Read arrays and their ids.

    Raises:
        InvalidInput: every mistake of all files at once.
    """
    mistakes: list[str] = []
    read = [_given(path, mistakes) for path in paths]
    arrays = [imported for imported in read if imported is not None]
    if len({imported.array.shape[1] for imported in arrays}) > 1:
        mistakes.append(
            "; ".join(f"'{imported.path.name}' has {imported.array.shape[1]} dimensions" for imported in arrays)
            + "; expected equal numbers"
        )
    if mistakes:
        raise InvalidInput.all_of(
            f"{', '.join(dict.fromkeys(str(path) for path in paths))}: vectors that cannot be used", mistakes
        )
    return arrays


def ids_file(path: Path) -> Path | None:
    """Return the file with the ids of an array's rows: NAME.ids.txt, NAME.ids.json or NAME.ids beside NAME.npy."""
    candidates = [path.with_name(path.stem + ending) for ending in (".ids.txt", ".ids.json", ".ids")]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _given(path: Path, mistakes: list[str]) -> ImportedArray | None:
    array = _array(path, mistakes)
    ids = _ids(path, mistakes)
    if array is None or ids is None:
        return None
    if len(ids) != len(array):
        mistakes.append(f"'{path.name}' has {len(array)} rows and {len(ids)} ids; expected one id a row")
    twice = [] if len(set(ids)) == len(ids) else [name for name, n in Counter(ids).items() if n > 1]
    if twice:
        mistakes.append(
            f"'{path.name}': {len(ids) - len(set(ids))} ids are repeated (as '{shown_line(twice[0])}'); expected distinct ids"
        )
    if len(array) <= max(len(ids), _MOST_UNNAMED):
        mistakes += _not_finite(path.name, array, ids)
    return ImportedArray(path, array, tuple(ids))


def _not_finite(source: str, array: np.ndarray, ids: list[str]) -> list[str]:
    """Return a sentence for each row with NaN or infinity, up to 20 rows."""
    mistakes: list[str] = []
    for start, rows in _read_by_rows(array):
        for row in np.flatnonzero(~np.isfinite(rows).all(axis=1)) + start:
            name = f" (id {ids[row]!r})" if row < len(ids) else ""
            mistakes.append(
                f"'{source}' row {row}{name}: not finite (NaN or infinity, as 32-bit floats); expected numbers"
            )
            if len(mistakes) == _MOST_ROWS:
                return mistakes
    return mistakes


def _array(path: Path, mistakes: list[str]) -> np.ndarray | None:
    """Map an array without reading it. Arrays of Python objects are refused, because reading them would unpickle."""
    expected = "an array (items, dimensions) that numpy.save wrote, without pickled objects"
    try:
        with opened(path, expected), foreign(str(path), f"Expected {expected}."), np.errstate(over="ignore"):
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except InvalidInput as error:
        mistakes.append(str(error))
        return None
    if (
        not isinstance(array, np.ndarray)
        or array.ndim != 2
        or not np.issubdtype(array.dtype, np.floating)
        or 0 in array.shape
        or array.shape[1] > _MOST_DIMS
    ):
        shape, dtype = getattr(array, "shape", "?"), getattr(array, "dtype", "?")
        mistakes.append(
            f"'{path.name}' has shape {shape} and type {dtype}; expected (items, dimensions) of floating point numbers, "
            f"at most {_MOST_DIMS:,} dimensions"
        )
        return None
    return array


class _Ids(Form):
    """Ids of rows as JSON."""

    ids: Annotated[list[str | int], FailFast()]


def _ids(path: Path, mistakes: list[str]) -> list[str] | None:
    file = ids_file(path)
    if file is None:
        mistakes.append(f"'{path.name}' has no ids; expected {path.stem}.ids.txt (one a line) or {path.stem}.ids.json (a list) beside it")  # fmt: skip
        return None
    try:
        text = read_text(file, "ids of rows, one a line or a JSON list")
        if file.suffix == ".json":
            return [str(name) for name in checked(_Ids, {"ids": parsed(text, file.name)}, file.name).ids]
    except InvalidInput as error:
        mistakes.append(str(error))
        return None
    lines = text.removesuffix("\n").split("\n") if text else []
    return [line.removesuffix("\r") for line in lines]
