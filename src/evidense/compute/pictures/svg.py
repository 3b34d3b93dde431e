"""Draw SVG pictures with resvg; refuse those that refer to anything outside the file or may take unbounded time."""

import hashlib
import re

from evidense.boundary.child import Work, in_child
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput

SIDE = 256
"""Longer side of a drawn SVG, in pixels: more than the 224 of most encoders, and three times as fast to draw as 512."""
MAX_BYTES = 4_000_000
MAX_KEPT_BYTES = 32 << 20
"""Bytes of drawn pictures that a process keeps, as PNG: about 8,000 icons. Others are drawn whenever they are needed."""

_START = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>/]|<svg:svg)", re.IGNORECASE)
_ROOT = re.compile(r"<(?:svg:)?svg\b[^>]*>", re.IGNORECASE)
_LENGTH = re.compile(
    r"""(?P<name>\b(?:width|height)\s*=\s*["']\s*)(?P<number>[0-9.]{1,12})\s*(?P<unit>pt|pc|mm|cm|in)(?=\s*["'])"""
)
_PIXELS = {"pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
"""Pixels in a unit, as CSS has them; the drawer knows pixels alone."""
_UNSAFE = {
    "refers to a file or embeds one": re.compile(r"""(?:href|src)\s*=\s*["'](?!\s*#).{0,60}""", re.IGNORECASE),
    "refers to an address": re.compile(r"""url\(\s*+["']?+\s*+(?!#).{1,60}""", re.IGNORECASE),
    "refers to a style sheet": re.compile(r"@import.{0,60}|<\?xml-stylesheet", re.IGNORECASE),
    "defines entities": re.compile(r"<!ENTITY", re.IGNORECASE),
    "has a filter, which may take for ever to draw": re.compile(r"<(?:\w+:)?filter[\s>/]", re.IGNORECASE),
}


def is_svg(data: bytes) -> bool:
    """Say whether the data begin like an SVG (UTF-8, not compressed).

    >>> is_svg(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'), is_svg(b"<html>")
    (True, False)
    """
    start = data[:4096].removeprefix(b"\xef\xbb\xbf")
    return _START.match(start) is not None and b"<svg" in start.lower().replace(b"<svg:", b"<")


def drawn(data: bytes, named: str) -> bytes:
    """Draw an SVG so that its longer side has 256 pixels, without fonts (text is left out), to PNG bytes.

    The result is kept within a memory limit, because header, pixels and thumbnail are read separately. A child process draws; it may
    use 3 seconds of processor time and 1 GiB, and cannot open any file. `named` is the name of the picture in messages.

    Raises:
        UnsafeInput: the SVG refers to a file, an address or an entity, embeds a picture (resvg would open local files), or has
            filters (their drawing time is unbounded).
        InvalidInput: the SVG is invalid, has no size, or exceeds its limits of time or memory.
        MissingExtra: resvg-py is not installed.
    """
    key = hashlib.sha256(data).digest()
    if (png := _KEPT.made.get(key)) is not None:
        return png
    try:
        png = in_child("evidense.compute.pictures.svg:drawing", data)
    except (InvalidInput, UnsafeInput) as error:
        advice = "expected plain shapes with a size; simplify it or convert it to PNG"
        raise type(error)(f"{named} {error}; {advice}") from None
    _KEPT.keep(key, png)
    return png


class _Kept:
    """Drawn pictures as PNG, by the sha256 of their SVG, within the memory limit."""

    def __init__(self) -> None:
        self.made: dict[bytes, bytes] = {}
        self._n_bytes = 0

    def keep(self, key: bytes, png: bytes) -> None:
        if self._n_bytes + len(png) <= MAX_KEPT_BYTES:
            self.made[key] = png
            self._n_bytes += len(png)


_KEPT = _Kept()


def drawing() -> Work:
    """Return the function that draws. All its imports are done, because the child process cannot open files afterwards.

    Raises:
        MissingExtra: resvg-py is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingExtra.named("pictures", "drawing an SVG picture", "resvg-py") from None

    def draw(data: bytes) -> bytes:
        text = data.decode("utf-8-sig", errors="replace")
        _refuse_unsafe(text)
        try:
            return bytes(
                resvg_py.svg_to_bytes(svg_string=_in_pixels(text), width=SIDE, height=SIDE, skip_system_fonts=True)
            )
        except ValueError as error:
            raise InvalidInput(f"is no valid SVG ({error})") from None

    draw(b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
    return draw


def _in_pixels(text: str) -> str:
    """Return an SVG whose size is in pixels.

    >>> _in_pixels('<svg width="72pt" height="1in"><rect width="2cm"/></svg>')
    '<svg width="96px" height="96px"><rect width="2cm"/></svg>'
    """
    root = _ROOT.search(text)
    if root is None:
        return text
    sized = _LENGTH.sub(lambda m: f"{m['name']}{_pixels(m['number'], m['unit'])}px", root[0])
    return text[: root.start()] + sized + text[root.end() :]


def _pixels(number: str, unit: str) -> str:
    try:
        return f"{float(number) * _PIXELS[unit]:.6g}"
    except ValueError:
        return number


def _refuse_unsafe(text: str) -> None:
    if len(text) > MAX_BYTES:
        raise UnsafeInput(f"is an SVG of {len(text):,} characters, more than {MAX_BYTES:,}")
    for reason, pattern in _UNSAFE.items():
        if match := pattern.search(text):
            raise UnsafeInput(f"is an SVG that {reason} ({match.group(0)!r})")
