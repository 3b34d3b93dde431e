"""SVG pictures: drawn to pixels by resvg, after a search for whatever reaches outside the file or has no bound in time."""

import re

from evidense.errors import InvalidInput, MissingExtra, UnsafeInput

SIDE = 256
"""Longer side of a drawn SVG, in pixels: above the 224 that most encoders take, and three times as fast as 512."""
MAX_BYTES = 4_000_000

_START = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>/]|<svg:svg)", re.IGNORECASE)
_UNSAFE = {
    "refers to a file or embeds one": re.compile(r"""(?:href|src)\s*=\s*["'](?!\s*#).{0,60}""", re.IGNORECASE),
    "refers to an address": re.compile(r"""url\(\s*["']?\s*(?!["']?\s*#).{1,60}""", re.IGNORECASE),
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

    `named` is what messages call the picture.

    Raises:
        UnsafeInput: it refers to a file, an address or an entity, embeds a picture (resvg would open local files), or has
            filters (whose time to draw is not bounded).
        InvalidInput: it is no valid SVG, or has no size.
        MissingExtra: resvg-py is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingExtra.named("pictures", "drawing an SVG picture", "resvg-py") from None
    text = data.decode("utf-8-sig", errors="replace")
    _refuse_unsafe(text, named)
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, width=SIDE, height=SIDE, skip_system_fonts=True))
    except ValueError as error:
        raise InvalidInput(
            f"{named} is no valid SVG ({error}); expected shapes with a size; replace it or convert it to PNG"
        ) from None


def _refuse_unsafe(text: str, named: str) -> None:
    if len(text) > MAX_BYTES:
        raise UnsafeInput(
            f"{named} is an SVG of {len(text):,} characters; expected at most {MAX_BYTES:,}; convert it to PNG"
        )
    for reason, pattern in _UNSAFE.items():
        if found := pattern.search(text):
            raise UnsafeInput(
                f"{named} is an SVG that {reason} ({found.group(0)!r}); expected plain shapes; convert it to PNG"
            )
