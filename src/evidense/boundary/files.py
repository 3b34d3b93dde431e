"""Files: reads somebody's file as bytes. Only regular files are opened; packed ones are unpacked within a budget."""

import bz2
import gzip
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from evidense.boundary.encodings import not_utf8
from evidense.errors import InvalidInput

MIB = 1 << 20
BOM = b"\xef\xbb\xbf"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_ENDINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip", ".zst": "zstd"}
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError)


def exists(path: str | Path) -> bool:
    """Say whether a path exists; a name that no file system allows does not."""
    try:
        return Path(path).exists()
    except (OSError, ValueError, RuntimeError):
        return False


@dataclass(frozen=True)
class Budget:
    """Size limit of an unpacked file: `free_bytes`, plus `ratio` bytes for each packed byte.

    Retrieval texts compress 3 to 12 times, a bomb a thousand times.
    """

    free_bytes: int = 64 * MIB
    ratio: int = 50

    def of(self, packed_bytes: int) -> int:
        """Return the most bytes that a packed file of this size may unpack to."""
        return self.free_bytes + self.ratio * packed_bytes


def plain_name(path: Path) -> Path:
    """Return a path without the ending of a packed format.

    >>> plain_name(Path("a/pairs.csv.gz")).name, plain_name(Path("pairs.csv")).name
    ('pairs.csv', 'pairs.csv')
    """
    return path.with_suffix("") if path.suffix.lower() in _ENDINGS else path


@contextmanager
def opened(path: Path, what: str = "a readable file", budget: Budget = Budget()) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; unpack gzip, bzip2, xz, zip (of one file) and zstd, recognised by their first bytes.

    `what` names the expected file in messages, as "a run file". A file that is not packed has a `fileno()` of its own.

    Raises:
        InvalidInput: no such file, no right to read it, a folder, pipe, device or socket, a damaged archive, or one that
            unpacks to more than the budget. Damage and size are noticed while the file is read.
    """
    with regular(path, what) as raw:
        packing = _packing(path, raw)
        try:
            if packing is None:
                yield raw
            else:
                with _unpacker(packing, raw, path) as unpacked:
                    most = budget.of(os.fstat(raw.fileno()).st_size)
                    yield cast(BinaryIO, io.BufferedReader(_Metered(unpacked, path, most), MIB // 4))
        except _DAMAGED as error:
            raise InvalidInput(f"'{path}' is a damaged {packing} file ({error}). Copy or pack it again.") from None
        except OSError as error:
            if packing is None or error.errno is not None:
                raise
            raise InvalidInput(f"'{path}' is a damaged {packing} file ({error}). Copy or pack it again.") from None


def read_bytes(path: Path, what: str = "a readable file", budget: Budget = Budget()) -> bytes:
    """Return the unpacked bytes of a file.

    Raises:
        InvalidInput: as `opened`.
    """
    with opened(path, what, budget) as file:
        return file.read()


def read_text(path: Path, what: str = "a text file", budget: Budget = Budget()) -> str:
    """Return the text of a UTF-8 file; a byte order mark is dropped.

    Raises:
        InvalidInput: as `opened`; or the file is not UTF-8, with line and byte.
    """
    data = read_bytes(path, what, budget).removeprefix(BOM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidInput(f"'{path}' line {line}: byte {not_utf8(path, data, error)}") from None


@contextmanager
def regular(path: Path, what: str = "a readable file") -> Iterator[BinaryIO]:
    """Open a file for reading its bytes, without unpacking.

    Raises:
        InvalidInput: no such file, no right to read it, a folder, pipe, device or socket.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(f"'{path}' cannot be read ({reason}). Expected {what}; check the path.") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "no regular file")
        raise InvalidInput(f"'{path}' is {kind}. Expected {what}; name a regular file.")
    os.set_blocking(handle, True)
    with os.fdopen(handle, "rb") as file:
        yield file


def _packing(path: Path, raw: BinaryIO) -> str | None:
    start = raw.read(8)
    raw.seek(0)
    packing = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    ending_says = _ENDINGS.get(path.suffix.lower())
    if ending_says and packing is None and start:
        raise InvalidInput(f"'{path}' is not a {ending_says} file, though its name says so. Rename or pack it again.")
    return packing


@contextmanager
def _unpacker(packing: str, raw: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    if packing == "zstd":
        with _zstd(raw, path) as file:
            yield file
    elif packing == "zip":
        with zipfile.ZipFile(raw) as archive, _only_member(archive, path) as member:
            yield member
    else:
        library: Any = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}[packing]
        with library(raw, "rb") as file:
            yield cast(BinaryIO, file)


def _only_member(archive: zipfile.ZipFile, path: Path) -> BinaryIO:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise InvalidInput(
            f"'{path}' is a zip archive of {len(members)} files. Expected one; unpack it and name the file."
        )
    try:
        return cast(BinaryIO, archive.open(members[0]))
    except RuntimeError as error:  # encrypted
        raise InvalidInput(f"'{path}' cannot be unpacked ({error}). Unpack it and name the file.") from None


def _zstd(raw: BinaryIO, path: Path) -> Any:
    try:
        import zstandard
    except ImportError:
        raise InvalidInput(
            f"'{path}' is packed with zstd. Unpack it first (zstd -d), or pip install zstandard."
        ) from None
    return zstandard.ZstdDecompressor().stream_reader(raw)


class _Metered(io.RawIOBase):
    """An unpacked stream that raises once more than `most` bytes were read."""

    def __init__(self, unpacked: BinaryIO, path: Path, most: int) -> None:
        self.unpacked, self.path, self.most, self.n_read = unpacked, path, most, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer and return the number of bytes; 0 at the end."""
        data = self.unpacked.read(len(buffer))
        self.n_read += len(data)
        if self.n_read > self.most:
            raise InvalidInput(
                f"'{self.path}' unpacks to more than {self.most // MIB:,} MiB, far more than its size promises. "
                "If it is right, unpack it yourself and name the unpacked file."
            )
        buffer[: len(data)] = data
        return len(data)
