"""SVG pictures: drawn to pixels by resvg, after a search for whatever reaches outside the file or has no bound in time."""

import hashlib
import re

from evidense.boundary.child import Work, in_child
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput

SIDE = 256
"""Longer side of a drawn SVG, in pixels: above the 224 that most encoders take, and three times as fast as 512."""
MAX_BYTES = 4_000_000
MAX_KEPT_BYTES = 32 << 20
"""Drawn pictures that a process keeps, as PNG: 8,000 icons. Those beyond are drawn each time they are asked for."""

_START = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>/]|<svg:svg)", re.IGNORECASE)
_UNSAFE = {
    "refers to a file or embeds one": re.compile(r"""(?:href|src)\s*=\s*["'](?!\s*#).{0,60}""", re.IGNORECASE),
    "refers to an address": re.compile(r"""url\(\s*+["']?+\s*+(?!#).{1,60}""", re.IGNORECASE),
    "refers to a style sheet": re.compile(r"@import.{0,60}|<\?xml-stylesheet", re.IGNORECASE),
    "defines entities": re.compile(r"<!ENTITY", re.IGNORECASE),
    "has a filter, which may take for ever to draw": re.compile(r"<(?:\w+:)?filter[\s>/]", re.IGNORECASE),
}


def is_svg(data: bytes) -> bool:
    """Say by its beginning whether a file is an SVG (UTF-8, not compressed).

    >>> is_svg(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'), is_svg(b"<html>")
    (True, False)
    """
    start = data[:4096].removeprefix(b"\xef\xbb\xbf")
    return _START.match(start) is not None and b"<svg" in start.lower().replace(b"<svg:", b"<")


def drawn(data: bytes, named: str) -> bytes:
    """Draw an SVG so that its longer side has 256 pixels, without fonts (text is left out), to PNG bytes.

    A picture is drawn once, as far as the memory for drawn ones goes: its header, its pixels and its thumbnail are asked for apart.
    It is drawn in a child process, which may take 3 seconds of processor time and 1 GiB, and can open no file.
    `named` is what messages call the picture.

    Raises:
        UnsafeInput: it refers to a file, an address or an entity, embeds a picture (resvg would open local files), or has
            filters (whose time to draw is not bounded).
        InvalidInput: it is no valid SVG, has no size, or takes more than it may.
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
    """PNG of drawn pictures by the sha256 of their SVG, as far as the memory for them goes."""

    def __init__(self) -> None:
        self.made: dict[bytes, bytes] = {}
        self._n_bytes = 0

    def keep(self, key: bytes, png: bytes) -> None:
        if self._n_bytes + len(png) <= MAX_KEPT_BYTES:
            self.made[key] = png
            self._n_bytes += len(png)


_KEPT = _Kept()


def drawing() -> Work:
    """Return what draws, with everything imported that it needs: for a child, which can open no file later.

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
            return bytes(resvg_py.svg_to_bytes(svg_string=text, width=SIDE, height=SIDE, skip_system_fonts=True))
        except ValueError as error:
            raise InvalidInput(f"is no valid SVG ({error})") from None

    draw(b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
    return draw


def _refuse_unsafe(text: str) -> None:
    if len(text) > MAX_BYTES:
        raise UnsafeInput(f"is an SVG of {len(text):,} characters, more than {MAX_BYTES:,}")
    for reason, pattern in _UNSAFE.items():
        if match := pattern.search(text):
            raise UnsafeInput(f"is an SVG that {reason} ({match.group(0)!r})")
