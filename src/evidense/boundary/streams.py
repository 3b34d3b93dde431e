"""Streams: all output of this process passes here; control characters become visible, and letters that the encoding lacks are replaced."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from evidense.boundary.shown import shown
from evidense.errors import StoreError

_PLAIN = {
    "−": "-", "–": "-", "—": "-", "‑": "-", "±": "+/-", "×": "x", "·": "*", "…": "...", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~",
    "≡": "==", "✔": "+", "✖": "x", "⚠": "!", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2009": " ", "\u202f": " ", "␡": "^?",
    **{chr(0x2400 + code): "^" + chr(0x40 + code) for code in range(0x20)},
}  # fmt: skip
"""Signs that Evidense prints → their replacement in encodings that lack them."""


def in_letters_of(encoding: str, text: str) -> str:
    """Return text that this encoding can hold: known signs in plain form, other letters as Python escapes.

    >>> in_letters_of("ascii", "✖ −.043 ± é"), in_letters_of("latin-1", "→ é"), in_letters_of("utf-8", "−")
    ('x -.043 +/- \\\\xe9', '-> é', '−')
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_encodable(encoding, character) for character in text)
    return text


def _encodable(encoding: str, character: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return _PLAIN.get(character) or character.encode("ascii", "backslashreplace").decode()
    return character


class Visible(io.TextIOBase):
    """Wraps a text stream: control characters become symbols. If the reader is gone, output stops and work goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_heard = True
        self._shows_line = False
        """Whether the last line is one that the next output replaces."""

    def write(self, text: str) -> int:
        """Write text; a leading carriage return passes, since progress bars of libraries use it.

        Raises:
            StoreError: as `steer`.
        """
        if self._shows_line:
            self.show_line("")
        line = text.lstrip("\r")
        self.steer(("\r" if line != text else "") + in_letters_of(self.encoding, shown(line)))
        return len(text)

    def show_line(self, text: str) -> None:
        """Show text on a line that the next output replaces; "" empties it.

        Raises:
            StoreError: as `steer`.
        """
        self._shows_line = False
        self.steer("\r\033[K")
        self.write(text)
        self._shows_line = bool(text)
        self.flush()

    def steer(self, text: str) -> None:
        """Write our own control characters unchanged.

        Raises:
            StoreError: the output goes to a full disk or a failing device.
        """
        self._if_heard(lambda: self._stream.write(text))

    def flush(self) -> None:
        """Flush the stream.

        Raises:
            StoreError: as `steer`.
        """
        self._if_heard(self._stream.flush)

    def _if_heard(self, speak: Callable[[], object]) -> None:
        if not self._is_heard:
            return
        try:
            speak()
        except BrokenPipeError:
            self._hang_up()
        except OSError as error:
            self._hang_up()
            raise StoreError(f"what is printed cannot be written ({error.strerror}); send it elsewhere") from None

    def _hang_up(self) -> None:
        """Stop writing; the rest of the stream's buffer is discarded when the process ends."""
        self._is_heard = False
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the wrapped stream; ASCII where LC_ALL=C asks for it, since Python writes UTF-8 there."""
        return "ascii" if _is_locale_c() else self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Error handler: strict, since unencodable letters were replaced before."""
        return "strict"

    def fileno(self) -> int:
        """Return the file descriptor of the wrapped stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Say whether the wrapped stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True


def _is_locale_c() -> bool:
    """Say whether the locale is C or POSIX, and no variable of Python asks for an encoding."""
    variables = os.environ
    if variables.get("PYTHONIOENCODING") or variables.get("PYTHONUTF8") == "1":
        return False
    locale = next(filter(None, map(variables.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    return locale in ("C", "POSIX")


def replace_line(text: str) -> None:
    """Show text on a line of stderr that the next call, or other output to stderr, replaces."""
    if isinstance(sys.stderr, Visible):
        sys.stderr.show_line(text)
        return
    sys.stderr.write(f"\r\033[K{text}")
    sys.stderr.flush()


@contextmanager
def visible_streams() -> Iterator[None]:
    """Pass everything that is printed in this block, by any library, through `Visible`.

    Raises:
        StoreError: the output cannot be written.
    """
    before = sys.stdout, sys.stderr
    make_visible()
    try:
        yield
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed before the process began
                stream.flush()
    finally:
        sys.stdout, sys.stderr = before


def make_visible() -> None:
    """Pass everything that this process prints from now on through `Visible`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Visible):
            setattr(sys, name, cast(TextIO, Visible(stream)))
