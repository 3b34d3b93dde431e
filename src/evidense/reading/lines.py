"""Lines of a text file with their numbers: UTF-8 only, gzip if the name says so, no mistake passed over."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from evidense.errors import InvalidInput

BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; a name that ends in .gz is unpacked on the way.

    Raises:
        InvalidInput: it cannot be read, or is no whole gzip file.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except gzip.BadGzipFile as error:
        raise InvalidInput(
            f"{path}: not a gzip file ({error}); expected what its name says; rename or pack it again"
        ) from None
    except EOFError:
        raise InvalidInput(f"{path}: the gzip file ends too early; expected a whole file; copy it again") from None
    except OSError as error:
        raise InvalidInput(
            f"{path}: cannot be read ({error.strerror}); expected a readable file; check path and rights"
        ) from None


def decoded(raw: bytes, place: str, mistakes: list[str]) -> str:
    """Decode one line; what is not UTF-8 becomes a mistake that names line and byte.

    >>> wrong = []
    >>> decoded(b"caf\\xe9", "line 3", wrong), wrong
    ('caf\ufffd', ['line 3, byte 4: 0xE9 is not UTF-8; expected UTF-8 text; convert the file (as with iconv -t utf-8)'])
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        guess = " (it looks like UTF-16)" if raw[:2] in _UTF16 else ""
        mistakes.append(
            f"{place}, byte {error.start + 1}: 0x{raw[error.start]:02X} is not UTF-8{guess}; expected UTF-8 text; "
            "convert the file (as with iconv -t utf-8)"
        )
        return raw.decode("utf-8", errors="replace")


def text_lines(path: Path, mistakes: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text with its line end); a byte order mark is dropped.

    Raises:
        InvalidInput: the file cannot be read.
    """
    with opened(path) as file:
        for number, raw in enumerate(file, 1):
            yield number, decoded(raw.removeprefix(BOM) if number == 1 else raw, f"line {number}", mistakes)
