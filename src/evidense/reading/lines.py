"""Lines: reads the numbered lines of a text file in UTF-8 (or UTF-16 with its mark), packed or not, with limits on line length and number."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from evidense.boundary.encodings import as_utf8, is_utf16, not_utf8
from evidense.boundary.files import BOM, MIB, opened
from evidense.errors import MOST_MISTAKES, InvalidInput

LONGEST_LINE = 32 * MIB
"""Longest line, in bytes: an escaped document of a million characters has 12 MB."""
FREE_LINES, LINES_PER_BYTE = 1_000_000, 2
"""Most lines of a file: a fixed number, plus some for each byte on disk. Only a bomb, a packed file, has more."""
_BLOCK = MIB


def decoded(raw: bytes, place: str, path: Path, mistakes: list[str]) -> str:
    """Decode one line; a line that is not UTF-8 becomes a mistake with line, byte, and the command that converts the file."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        mistakes.append(f"{place}, byte {error.start + 1}: {not_utf8(path, raw, error)}")
        return raw.decode("utf-8", errors="replace")


def text_lines(path: Path, mistakes: list[str], what: str = "a text file") -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text with its line end); a byte order mark is dropped.

    Lines end in LF or CR LF, or in CR if the file has no LF (CR is then read as LF).

    Raises:
        InvalidInput: the file cannot be read, is UTF-32, has too long or too many lines, or more than 1,000 mistakes.
    """
    with opened(path, what) as file:
        most = FREE_LINES + LINES_PER_BYTE * path.stat().st_size
        for number, raw in enumerate(raw_lines(as_utf8(file, path), path), 1):
            if number == 1 and is_utf16(raw):
                decoded(raw, "line 1", path, mistakes)
                raise InvalidInput.all_of(str(path), mistakes)
            if number > most:
                raise InvalidInput(
                    f"'{path}' unpacks to more than {most:,} lines, far more than its size promises. Unpack it yourself if it is right."
                )
            yield number, decoded(raw.removeprefix(BOM) if number == 1 else raw, f"line {number}", path, mistakes)
            stop_at_too_many(str(path), mistakes)


def raw_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the lines of an open file as bytes.

    Raises:
        InvalidInput: a line has more than LONGEST_LINE bytes.
    """
    start = cast(Any, file).peek(_BLOCK)
    ended_by_cr = b"\r" in start and b"\n" not in start
    lines = _ended_by_cr(file) if ended_by_cr else iter(partial(file.readline, LONGEST_LINE + 1), b"")
    for number, raw in enumerate(lines, 1):
        if len(raw) > LONGEST_LINE:
            raise InvalidInput(
                f"'{path}' line {number} is longer than {LONGEST_LINE // MIB} MiB. Expected lines of text; check the file."
            )
        yield raw


def gathered_lines(lines: Iterable[bytes], n_bytes: int) -> Iterator[list[bytes]]:
    """Yield lines in lists of about this many bytes.

    >>> list(gathered_lines([b"a", b"bcd", b"e"], 3))
    [[b'a', b'bcd'], [b'e']]
    """
    gathered, left = list[bytes](), n_bytes
    for raw in lines:
        gathered.append(raw)
        left -= len(raw)
        if left <= 0:
            yield gathered
            gathered, left = [], n_bytes
    if gathered:
        yield gathered


def stop_at_too_many(source: str, mistakes: Sequence[str]) -> None:
    """Stop reading a file with too many mistakes: it is a file of another kind.

    Raises:
        InvalidInput: there are more than 1,000 mistakes.
    """
    if len(mistakes) > MOST_MISTAKES:
        raise InvalidInput.all_of(source, mistakes)


def _ended_by_cr(file: BinaryIO) -> Iterator[bytes]:
    unfinished = b""
    while block := file.read(_BLOCK):
        *whole, unfinished = (unfinished + block).split(b"\r")
        yield from (line + b"\n" for line in whole)
        if len(unfinished) > LONGEST_LINE:
            break
    if unfinished:
        yield unfinished
