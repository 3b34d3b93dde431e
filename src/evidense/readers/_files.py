"""Files: the text of a file from outside, whatever its encoding; what had to be guessed is said."""

from collections.abc import Iterable
from pathlib import Path

from evidense.boundary.encodings import encoding_of, is_utf16
from evidense.boundary.files import BOM, read_bytes
from evidense.errors import InvalidInput, MissingExtra


def text_of(path: Path, what: str) -> tuple[str, list[str]]:
    """Return the text of a file with `\\n` at the ends of lines, and a sentence for an encoding that had to be guessed.

    Raises:
        InvalidInput: no such file, or it is empty or holds bytes that are no text.
    """
    data = read_bytes(path, what)
    if not data.strip():
        raise InvalidInput(f"'{path}' is empty. Expected {what}; check the path.")
    text, mistakes = _decoded(path, data, what)
    return text.replace("\r\n", "\n").replace("\r", "\n"), mistakes


def _decoded(path: Path, data: bytes, what: str) -> tuple[str, list[str]]:
    if is_utf16(data[:4]):
        encoding = encoding_of(data[:4], b"")
        return data.decode(encoding, "replace"), []
    if b"\0" in data[:4096]:
        raise InvalidInput(f"'{path}' holds binary data. Expected {what}; check the path.")
    try:
        return data.removeprefix(BOM).decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        try:
            text, name = data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            text, name = data.decode("latin-1"), "Latin-1"
        return text, [
            f"line {line}: byte 0x{data[error.start]:02X} is not UTF-8; expected UTF-8; the file was read as {name}"
        ]


def nothing_in(path: Path, what: str, mistakes: Iterable[str]) -> InvalidInput:
    """Return the error for a file in which nothing was found, with what was wrong in it."""
    listed = list(mistakes)
    if not listed:
        return InvalidInput(f"'{path}' holds no {what}. Expected at least one; check the file.")
    return InvalidInput.all_of(f"'{path}' holds no {what} that can be read", listed)


def missing(part: str, library: str) -> MissingExtra:
    """Return the error for a library that a reader needs."""
    return MissingExtra.named("literature", f"reading {part}", library)
