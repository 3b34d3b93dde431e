"""Read the header of a GGUF file: its settings, and where each tensor lies. Reads no tensor data and needs no torch.

The readers of the gguf package and of transformers take half a minute for a vocabulary of 262,144 tokens; this reader skips it.

Source: the GGUF specification, versions 2 and 3 (ggml-org/ggml, docs/gguf.md).
"""

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, MissingExtra

_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _ARRAY, _U32, _U64 = 8, 9, 4, 10
_ALIGNMENT, _MOST_ALIGNMENT = 32, 1 << 20
_LEAST_TENSOR, _LEAST_FIELD = 24, 13
"""Bytes of the shortest entry of each table."""
_MOST_DIMENSIONS = 8
MOST_VALUES = 1 << 20
"""Most values of one list; the largest vocabulary in use has 262,144 tokens."""
MOST_ENTRIES = 1 << 17
"""Most tensors, and most settings."""


class _Wrong(ValueError):
    """The message says what is wrong with the file, in half a sentence."""


@dataclass(frozen=True)
class StoredTensor:
    """Where and how one tensor is stored in the file."""

    name: str
    shape: tuple[int, ...]
    """In torch's order: the last dimension is contiguous."""
    kind: int
    """ggml's number of the quantisation (0 = float32)."""
    start: int
    """Bytes from the start of the file."""
    row_bytes: int
    """Bytes of one row along the last dimension."""

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.row_bytes * math.prod(self.shape[:-1])


@dataclass(frozen=True)
class GgufHeader:
    """The header of a GGUF file."""

    fields: Mapping[str, Any]
    """Settings by name; for an array, only its length."""
    tensors: tuple[StoredTensor, ...]

    @property
    def architecture(self) -> str:
        """`general.architecture`, as 'gemma3'."""
        return str(self.fields.get("general.architecture", ""))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the quantisations, the one with the most values first."""
        from gguf import GGMLQuantizationType

        sizes: dict[str, int] = {}
        for tensor in self.tensors:
            name = GGMLQuantizationType(tensor.kind).name
            sizes[name] = sizes.get(name, 0) + math.prod(tensor.shape)
        return tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))


def read_header(file: Path) -> GgufHeader:
    """Read settings and tensor table, and check that the file is long enough for them.

    Raises:
        InvalidInput: the file is absent, no GGUF, truncated, or of an unknown version or quantisation.
        MissingExtra: the package gguf is not installed.
    """
    require_gguf(str(file))
    if not file.is_file():
        raise InvalidInput(f"there is no file '{file}'; expected a GGUF file or the name of a packaged one (gguf:gemma3-270m); correct the path")  # fmt: skip
    size = f"{file.stat().st_size:,} bytes are here"
    with (
        foreign(
            f"{file}: no readable GGUF file", f"Expected a whole file of GGUF version 2 or 3 ({size}); fetch it again."
        ),
        file.open("rb") as handle,
        mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return _header(_Cursor(data))


def require_gguf(head: str) -> None:
    """Raise MissingExtra if the package gguf is not installed."""
    from importlib.util import find_spec

    if find_spec("gguf") is None:
        raise MissingExtra.named("gemma", f"reading '{head}'", "gguf")


class _Cursor:
    """Reads values from the bytes, one after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.position = data, 0

    def count(self, kind: int, least: int, what: str) -> int:
        """Read how many entries follow, each of at least `least` bytes; refuse more than the file has room for."""
        count = int(self.number(kind))
        if count * least > len(self.data) - self.position:
            raise _Wrong(f"it announces {count:,} {what}, more than it has room for")
        return count

    def number(self, kind: int) -> Any:
        if kind not in _FORMATS:
            raise _Wrong(f"it holds a value of the kind {kind}")
        layout = _FORMATS[kind]
        (value,) = struct.unpack_from(layout, self.data, self.position)
        self.position += struct.calcsize(layout)
        return value

    def text(self) -> str:
        size = self.skipped_text()
        return self.data[self.position - size : self.position].decode("utf-8")

    def skipped_text(self) -> int:
        size = self.count(_U64, 1, "bytes of a text")
        self.position += size
        return size

    def value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self.text()
        if kind != _ARRAY:
            return self.number(kind)
        inner = int(self.number(_U32))
        if inner != _TEXT and inner not in _FORMATS:
            raise _Wrong(f"it holds a list of the kind {inner}")
        least = 8 if inner == _TEXT else struct.calcsize(_FORMATS[inner])
        if (count := self.count(_U64, least, "values of a list")) > MOST_VALUES:
            raise _Wrong(f"it holds a list of {count:,} values, more than {MOST_VALUES:,}")
        if inner != _TEXT:
            self.position += count * least
            return count
        for _ in range(count):
            self.skipped_text()
        return count


def _header(cursor: _Cursor) -> GgufHeader:
    if cursor.data[:4] != b"GGUF":
        raise _Wrong(f"it begins with {bytes(cursor.data[:4])!r}")
    cursor.position = 4
    if (version := cursor.number(_U32)) not in {2, 3}:
        raise _Wrong(f"its version is {version}")
    n_tensors, n_fields = cursor.count(_U64, _LEAST_TENSOR, "tensors"), cursor.count(_U64, _LEAST_FIELD, "settings")
    if max(n_tensors, n_fields) > MOST_ENTRIES:
        raise _Wrong(f"it announces {n_tensors:,} tensors and {n_fields:,} settings, more than {MOST_ENTRIES:,}")
    fields = {}
    for _ in range(n_fields):
        name = cursor.text()
        fields[name] = cursor.value(int(cursor.number(_U32)))
    table = [_entry(cursor) for _ in range(n_tensors)]
    tensors = _placed(table, fields.get("general.alignment", _ALIGNMENT), cursor)
    return GgufHeader(fields, tensors)


def _placed(table: "list[_Entry]", alignment: Any, cursor: _Cursor) -> tuple[StoredTensor, ...]:
    """Return where each tensor lies: the data begin after the header, at the next multiple of the alignment."""
    if not isinstance(alignment, int) or isinstance(alignment, bool) or not 1 <= alignment <= _MOST_ALIGNMENT:
        raise _Wrong(f"its alignment is {alignment!r:.40}")
    start = -(-cursor.position // alignment) * alignment
    tensors = tuple(_stored(entry, start) for entry in table)
    if tensors and (end := max(tensor.start + tensor.n_bytes for tensor in tensors)) > len(cursor.data):
        raise _Wrong(f"its tensors end at byte {end:,}")
    if (total := sum(tensor.n_bytes for tensor in tensors)) > len(cursor.data):
        raise _Wrong(f"its tensors have {total:,} bytes together")
    return tensors


class _Entry(NamedTuple):
    """One row of the tensor table."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int
    """Bytes from the start of the tensor data."""


def _entry(cursor: _Cursor) -> _Entry:
    name, n_dimensions = cursor.text(), cursor.count(_U32, 8, "dimensions")
    if n_dimensions > _MOST_DIMENSIONS:
        raise _Wrong(f"the tensor {name!r:.60} has {n_dimensions:,} dimensions")
    shape = [int(cursor.number(_U64)) for _ in range(n_dimensions)]
    return _Entry(name, tuple(reversed(shape)), int(cursor.number(_U32)), int(cursor.number(_U64)))


def _stored(entry: _Entry, start: int) -> StoredTensor:
    """Return where the tensor of an entry lies; `start` is the first byte of the tensor data."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    n_values, n_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(entry.kind)]
    shape = entry.shape
    if not shape or 0 in shape or shape[-1] % n_values:
        raise _Wrong(f"the tensor {entry.name} of shape {shape} does not fill blocks of {n_values}")
    return StoredTensor(entry.name, shape, entry.kind, start + entry.offset, shape[-1] // n_values * n_bytes)
