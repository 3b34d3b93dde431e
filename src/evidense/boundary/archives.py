"""Archives: reads the files inside somebody's package (.deb, .tgz) within limits, without writing any."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from evidense.boundary.files import MIB, Budget, opened, regular
from evidense.errors import InvalidInput, UnsafeInput

MOST_MEMBERS = 100_000
MOST_MEMBER_BYTES = 64 * MIB
MOST_DECODER_BYTES = 128 * MIB
"""Memory that unpacking xz may take; a header can ask for 4 GiB."""
BUDGET = Budget(64 * MIB, 12)
"""Pictures hardly compress; drawings as text compress nine times."""
_AR = b"!<arch>\n"
_HEAD = 60
_DATA = {"data.tar.xz": "xz", "data.tar": "none"}
_DAMAGED = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, ValueError, UnicodeError, OverflowError)


def members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every wanted regular file inside a .deb or a .tgz, in the order of the archive.

    Links, devices and folders are passed over, so that nothing is read or written through them.

    Raises:
        UnsafeInput: a path leaves the archive or stands twice; or the archive unpacks to far more than its size promises.
        InvalidInput: it cannot be read, is damaged, or is packed in another way.
    """
    with _tar(path) as stream, _damage_named(path), tarfile.open(fileobj=stream, mode="r|") as archive:
        seen: set[str] = set()
        for number, member in enumerate(archive, 1):
            if number > MOST_MEMBERS:
                raise UnsafeInput(f"'{path}' holds more than {MOST_MEMBERS:,} files; expected fewer; fetch it again")
            name = member.name.removeprefix("./")
            if not member.isreg() or not wanted(name):
                continue
            _check(path, member, name, seen)
            yield name, cast(IO[bytes], archive.extractfile(member)).read()


def _check(path: Path, member: tarfile.TarInfo, name: str, seen: set[str]) -> None:
    pieces = PurePosixPath(name)
    if pieces.is_absolute() or ".." in pieces.parts or "\0" in name or "\\" in name or not pieces.parts:
        raise UnsafeInput(f"'{path}' holds the path {name!r}; expected paths inside the archive; fetch it again")
    if name in seen:
        raise UnsafeInput(f"'{path}' holds the path {name!r} twice; expected it once; fetch it again")
    if member.size > MOST_MEMBER_BYTES:
        raise UnsafeInput(
            f"'{path}': {name!r} has {member.size:,} bytes; expected at most {MOST_MEMBER_BYTES:,}; fetch it again"
        )
    seen.add(name)


@contextmanager
def _tar(path: Path) -> Iterator[BinaryIO]:
    """Open the tar inside the file, metered."""
    with regular(path, "a package") as raw:
        is_ar = raw.read(len(_AR)) == _AR
    if not is_ar:
        with opened(path, "a package", BUDGET) as unpacked:
            yield unpacked
        return
    with regular(path, "a package") as raw:
        packing, size = _data_of(path, raw)
        piece = _Section(raw, size)
        most = BUDGET.of(size)
        yield cast(BinaryIO, _Unpacked(piece, path, most) if packing == "xz" else io.BufferedReader(piece))


def _data_of(path: Path, raw: BinaryIO) -> tuple[str, int]:
    """Move to the data of a .deb, and return how it is packed and how long it is."""
    raw.seek(len(_AR))
    while len(head := raw.read(_HEAD)) == _HEAD:
        name, digits = head[:16].decode("latin-1").strip().rstrip("/"), head[48:58].strip()
        if head[58:] != b"`\n" or not digits.isdigit():
            break
        if name in _DATA:
            return _DATA[name], int(digits)
        if name.startswith("data.tar"):
            raise InvalidInput(f"'{path}' holds {name}; expected data.tar.xz; take the package of Debian")
        raw.seek(int(digits) + int(digits) % 2, io.SEEK_CUR)
    raise InvalidInput(f"'{path}' is a damaged package (no data inside); expected a .deb; fetch it again")


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (InvalidInput, UnsafeInput):
        raise
    except MemoryError:
        raise UnsafeInput(f"'{path}' takes too much memory to unpack; expected a package; fetch it again") from None
    except _DAMAGED as error:
        raise InvalidInput(f"'{path}' is a damaged package ({error}); expected a whole one; fetch it again") from None


class _Section(io.RawIOBase):
    """The next bytes of a file, as a file of their own."""

    def __init__(self, raw: BinaryIO, size: int) -> None:
        self._raw, self._left = raw, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._raw.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class _Unpacked(io.RawIOBase):
    """An xz stream, unpacked within limits of memory and size."""

    def __init__(self, packed: _Section, path: Path, most: int) -> None:
        self._packed, self._path, self._most, self._n_read = packed, path, most, 0
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_DECODER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = b""
        while not data and not self._decoder.eof:
            packed = self._packed.read(MIB // 4) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                raise lzma.LZMAError("it ends too early")
            data = self._decoder.decompress(packed or b"", len(buffer))
        self._n_read += len(data)
        if self._n_read > self._most:
            raise UnsafeInput(
                f"'{self._path}' unpacks to more than {self._most // MIB:,} MiB, far more than its size promises; "
                "expected a package; fetch it again"
            )
        buffer[: len(data)] = data
        return len(data)
