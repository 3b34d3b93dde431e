"""Read the header of a GGUF file: what it says of itself, and where each tensor lies; no tensor data, no torch.

The readers of the gguf package and of transformers take half a minute for a vocabulary of 262,144 tokens; this one walks past it.

Source: the GGUF specification, versions 2 and 3 (ggml-org/ggml, docs/gguf.md).
"""

import math
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput, MissingExtra

_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _ARRAY, _U32, _U64 = 8, 9, 4, 10
_ALIGNMENT = 32


@dataclass(frozen=True)
class Stored:
    """One tensor as it lies in the file."""

    name: str
    shape: tuple[int, ...]
    """In torch's order: the last dimension is contiguous."""
    kind: int
    """ggml's number of how the values are packed (0 = float32)."""
    start: int
    """Bytes from the start of the file."""
    row_bytes: int
    """Bytes of one row along the last dimension."""

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.row_bytes * math.prod(self.shape[:-1])


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself."""

    fields: Mapping[str, Any]
    """Settings by name; of an array its length only."""
    tensors: tuple[Stored, ...]

    @property
    def architecture(self) -> str:
        """`general.architecture`, as 'gemma3'."""
        return str(self.fields.get("general.architecture", ""))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the packings, the one with most values first."""
        from gguf import GGMLQuantizationType

        sizes: dict[str, int] = {}
        for one in self.tensors:
            name = GGMLQuantizationType(one.kind).name
            sizes[name] = sizes.get(name, 0) + math.prod(one.shape)
        return tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))


def read_header(file: Path) -> Header:
    """Read settings and tensor table, and see that the file is as long as they say.

    Raises:
        InvalidInput: no file, no GGUF, a version or packing that is not known, or a cut file.
        MissingExtra: the package gguf is not installed.
    """
    require_gguf(str(file))
    if not file.is_file():
        raise InvalidInput(f"there is no file '{file}'; expected a GGUF file or the name of a packaged one (gguf:gemma3-270m); correct the path")  # fmt: skip
    try:
        with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _header(_Cursor(data))
    except (struct.error, InvalidInput, ValueError, KeyError, OverflowError, OSError) as error:
        raise InvalidInput(
            f"'{file}' is no readable GGUF file ({error}); expected a whole file of GGUF version 2 or 3"
            f" ({file.stat().st_size:,} bytes are here); fetch it again"
        ) from None


def require_gguf(head: str) -> None:
    """Raise MissingExtra where the package gguf is not installed."""
    from importlib.util import find_spec

    if find_spec("gguf") is None:
        raise MissingExtra.named("gemma", f"reading '{head}'", "gguf")


class _Cursor:
    """A place in the bytes that moves on as values are read."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def number(self, kind: int) -> Any:
        layout = _FORMATS[kind]
        (value,) = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return value

    def text(self) -> str:
        size = self.skipped_text()
        return self.data[self.at - size : self.at].decode("utf-8")

    def skipped_text(self) -> int:
        size = int(self.number(_U64))
        self.at += size
        if self.at > len(self.data):
            raise InvalidInput(f"a text of {size:,} bytes runs past its end")
        return size

    def value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self.text()
        if kind != _ARRAY:
            return self.number(kind)
        inner, count = int(self.number(_U32)), int(self.number(_U64))
        if inner != _TEXT:
            self.at += count * struct.calcsize(_FORMATS[inner])
            return count
        for _ in range(count):
            self.skipped_text()
        return count


def _header(cursor: _Cursor) -> Header:
    if cursor.data[:4] != b"GGUF":
        raise InvalidInput(f"it begins with {bytes(cursor.data[:4])!r}")
    cursor.at = 4
    if (version := cursor.number(_U32)) not in {2, 3}:
        raise InvalidInput(f"its version is {version}")
    n_tensors, n_fields = int(cursor.number(_U64)), int(cursor.number(_U64))
    fields = {}
    for _ in range(n_fields):
        name = cursor.text()
        fields[name] = cursor.value(int(cursor.number(_U32)))
    table = [_entry(cursor) for _ in range(n_tensors)]
    unit = int(fields.get("general.alignment", _ALIGNMENT))
    start = -(-cursor.at // unit) * unit
    tensors = tuple(_stored(*entry, start) for entry in table)
    if tensors and (end := max(one.start + one.n_bytes for one in tensors)) > len(cursor.data):
        raise InvalidInput(f"its tensors end at byte {end:,}")
    return Header(fields, tensors)


def _entry(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    name, n_dimensions = cursor.text(), int(cursor.number(_U32))
    shape = [int(cursor.number(_U64)) for _ in range(n_dimensions)]
    return name, tuple(reversed(shape)), int(cursor.number(_U32)), int(cursor.number(_U64))


def _stored(name: str, shape: tuple[int, ...], kind: int, offset: int, start: int) -> Stored:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    n_values, n_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    if not shape or shape[-1] % n_values:
        raise InvalidInput(f"the tensor {name} of shape {shape} does not fill blocks of {n_values}")
    return Stored(name, shape, kind, start + offset, shape[-1] // n_values * n_bytes)
