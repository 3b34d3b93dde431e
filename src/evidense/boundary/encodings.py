"""Encodings: reads UTF-16, which Excel and PowerShell write; guesses the encoding of another file that is not UTF-8, and gives the command that converts it."""

import codecs
import io
import shlex
from pathlib import Path
from typing import Any, BinaryIO, cast

from evidense.errors import InvalidInput

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
"""Byte order marks, the longer ones first."""
_WINDOWS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþŒœŠšŽžŸ€„“”‘’‚«»‹›–—…•°§´·¿¡²³µ£©®½¼\xa0"
)
"""Non-ASCII characters of Western European texts written by Windows."""
_BLOCK = 1 << 18
_UNPACK = {".gz": "gzip -dc", ".bz2": "bzip2 -dc", ".xz": "xz -dc", ".zst": "zstd -dc", ".zip": "unzip -p"}


def as_utf8(file: BinaryIO, path: Path) -> BinaryIO:
    """Return an open file as UTF-8: the file itself, or what a file with a byte order mark of UTF-16 holds, without the mark."""
    start = cast(Any, file).peek(4)[:4]
    if encoding_of(start, b"") != "utf-16":
        return file
    return cast(BinaryIO, io.BufferedReader(_FromUtf16(file, path), _BLOCK))


class _FromUtf16(io.RawIOBase):
    """A UTF-16 stream as UTF-8."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file, self.path, self.decoder, self.pending = file, path, codecs.getincrementaldecoder("utf-16")(), b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer and return the number of bytes; 0 at the end."""
        data = b"more"
        while data and not self.pending:
            data = self.file.read(_BLOCK)
            try:
                self.pending = self.decoder.decode(data, final=not data).encode()
            except UnicodeDecodeError as error:
                raise InvalidInput(
                    f"'{self.path}' is damaged UTF-16 ({error.reason}); expected text; save it again, as UTF-8"
                ) from None
        n = min(len(buffer), len(self.pending))
        buffer[:n], self.pending = self.pending[:n], self.pending[n:]
        return n


def is_utf16(start: bytes) -> bool:
    """Say whether a file begins with a byte order mark of UTF-16 or UTF-32."""
    return any(start.startswith(mark) for mark, _ in _MARKS)


def not_utf8(path: Path, raw: bytes, error: UnicodeDecodeError, start: bytes = b"") -> str:
    """Name the wrong byte, the likely encoding and the command to convert the file; `start` holds its first bytes.

    >>> wrong = b"K\\xf6ln"
    >>> try: wrong.decode()
    ... except UnicodeDecodeError as error: print(not_utf8(Path("a b.csv"), wrong, error))
    0xF6 is not UTF-8 (it looks like cp1252, as Windows and Excel write); expected UTF-8 text; convert it: iconv -f cp1252 -t utf-8 'a b.csv' > 'a b.utf8.csv'
    """
    guess = encoding_of(start or raw, raw)
    looks = {"": "", "cp1252": " (it looks like cp1252, as Windows and Excel write)"}.get(
        guess, f" (it looks like {guess.upper()})"
    )
    return f"0x{raw[error.start]:02X} is not UTF-8{looks}; expected UTF-8 text; convert it: {conversion(path, guess)}"


def encoding_of(start: bytes, raw: bytes) -> str:
    """Guess an encoding from the first bytes of a file and one of its lines; "" if none is likely.

    >>> encoding_of(b"", "naïve".encode("cp1252")), encoding_of("a".encode("utf-16"), b""), encoding_of(b"", b"caf\\xff")
    ('cp1252', 'utf-16', '')
    """
    if marked := next((name for mark, name in _MARKS if start.startswith(mark)), ""):
        return marked
    try:
        beyond = {character for character in raw.decode("cp1252") if not character.isascii()}
    except UnicodeDecodeError:
        return ""
    return "cp1252" if beyond <= _WINDOWS else ""


def conversion(path: Path, encoding: str) -> str:
    """Return the command that converts a file to UTF-8 beside itself; ITS-ENCODING stands for an unknown encoding.

    >>> conversion(Path("p.csv.gz"), "utf-16")
    'gzip -dc p.csv.gz | iconv -f utf-16 -t utf-8 > p.utf8.csv'
    """
    unpack, name = _UNPACK.get(path.suffix.lower(), ""), str(path)
    plain = path.with_suffix("") if unpack else path
    to = shlex.quote(str(plain.with_name(f"{plain.stem}.utf8{plain.suffix}")))
    convert = f"iconv -f {encoding or 'ITS-ENCODING'} -t utf-8"
    return f"{unpack} {shlex.quote(name)} | {convert} > {to}" if unpack else f"{convert} {shlex.quote(name)} > {to}"
