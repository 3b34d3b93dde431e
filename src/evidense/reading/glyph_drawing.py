"""Glyph drawing: draws characters in matplotlib's fonts, with second views, and finds characters that look alike."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from evidense.errors import MissingExtra

FONTS = {"sans": "DejaVuSans", "serif": "DejaVuSerif", "mono": "DejaVuSansMono", "stix": "STIXGeneral"}
SIDE = 32
"""Width and height of a picture, in pixels."""
SIZES = (24, 20, 16, 12, 8, 6)
"""Font sizes in pixels: 24, or the next smaller size at which the glyph fits the picture."""
_SHIFTS = (-2, -1, 1, 2)
"""Shifts of a second view in pixels, for each direction."""
_HEADER = b"P5 %d %d 255\n" % (SIDE, SIDE)
_INVERTED = bytes(range(255, -1, -1))


@dataclass(frozen=True)
class Drawing:
    """The pictures of all characters of a style that are not blank."""

    pictures: tuple[tuple[str, bytes], ...]
    """(character, picture as PGM). PGM bytes do not depend on a compression library."""
    n_named: int
    n_blank: int


def group_of(character: str) -> str:
    """Return the code points of the compatibility composition: equal for a character and its compatibility forms.

    >>> group_of("A"), group_of("𝐀"), group_of("ﬁ")
    ('U+0041', 'U+0041', 'U+0066 U+0069')
    """
    return " ".join(f"U+{ord(c):04X}" for c in unicodedata.normalize("NFKC", character))


@cache
def drawing(style: str) -> Drawing:
    """Draw all named characters of a style (half a second, once per process).

    Raises:
        MissingExtra: matplotlib or Pillow is not installed.
    """
    path = _fonts() / f"{FONTS[style]}.ttf"
    try:
        from fontTools.ttLib import TTFont

        pictures = list(
            _drawn(path, [chr(code) for code in sorted(TTFont(path).getBestCmap()) if unicodedata.name(chr(code), "")])
        )
    except ImportError as error:
        raise MissingExtra.named("pictures", "drawing the collection 'glyphs'", str(error.name or "pillow")) from None
    inked = tuple((character, pixels) for character, pixels in pictures if pixels)
    return Drawing(inked, len(pictures), len(pictures) - len(inked))


@cache
def look_alikes() -> Mapping[str, str]:
    """Return group → split key; groups with a pixel-identical drawing in any style share a key.

    The key is the smallest of these groups, so it is the same in all four styles (two seconds, once per process).
    """
    keys: dict[str, str] = {}

    def key_of(group: str) -> str:
        while (above := keys.setdefault(group, group)) != group:
            group = above
        return group

    for style in FONTS:
        first: dict[bytes, str] = {}
        for character, pixels in drawing(style).pictures:
            key, twin_key = key_of(group_of(character)), key_of(first.setdefault(pixels, group_of(character)))
            keys[max(key, twin_key)] = min(key, twin_key)
    return {group: key_of(group) for group in keys}


@cache
def second_views(style: str) -> Mapping[str, bytes]:
    """Return character → the same glyph in the same font, one size smaller and moved by one or two pixels in each direction.

    The shift follows from the character's hash. A glyph that would leave the picture is moved less; a glyph without a different view is
    left out.
    """
    fonts = _sizes(_fonts() / f"{FONTS[style]}.ttf")
    views = {}
    for character, pixels in drawing(style).pictures:
        first = next(row for row, font in enumerate(fonts) if _ink(character, font) is not None)
        digest = hashlib.sha256(character.encode()).digest()
        shift = (_SHIFTS[digest[0] % 4], _SHIFTS[digest[1] % 4])
        attempts = [(font, s) for font in (*fonts[first + 1 :], fonts[first]) for s in (shift, (shift[0], 0), (0, 0))]
        candidates = (_HEADER + ink.translate(_INVERTED) for font, s in attempts if (ink := _ink(character, font, s)))
        if (view := next(candidates, pixels)) != pixels:
            views[character] = view
    return views


def _drawn(path: Path, characters: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each character with its picture; b"" if it is blank."""
    fonts = _sizes(path)
    for character in characters:
        ink = next((ink for font in fonts if (ink := _ink(character, font)) is not None), None)
        yield character, _HEADER + ink.translate(_INVERTED) if ink else b""


def _sizes(path: Path) -> list[Any]:
    from PIL import ImageFont

    return [ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC) for size in SIZES]


def _ink(character: str, font: Any, shift: tuple[int, int] = (0, 0)) -> bytes | None:
    """Return the ink of each pixel; b"" if there is none, None if the glyph would leave the picture."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (3 * SIDE, 3 * SIDE))
    middle = (3 * SIDE // 2 + shift[0], 3 * SIDE // 2 + shift[1])
    ImageDraw.Draw(image).text(middle, character, font=font, fill=255, anchor="mm")
    box = image.getbbox()
    if box is None:
        return b""
    if min(box[:2]) < SIDE or max(box[2:]) > 2 * SIDE:
        return None
    return bytes(image.crop((SIDE, SIDE, 2 * SIDE, 2 * SIDE)).tobytes())


def _fonts() -> Path:
    spec = PathFinder.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise MissingExtra.named("pictures", "the collection 'glyphs'", "matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
