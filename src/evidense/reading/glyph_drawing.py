"""Drawings of characters in matplotlib's fonts: one picture each, a second view of it, and which characters look alike."""

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
"""Pixels an em: 24, and the next smaller where a glyph would leave the picture."""
_SHIFTS = (-2, -1, 1, 2)
"""Pixels by which a second view is moved, in each direction."""
_HEADER = b"P5 %d %d 255\n" % (SIDE, SIDE)
_INVERTED = bytes(range(255, -1, -1))


@dataclass(frozen=True)
class Drawing:
    """All characters of a style that leave ink."""

    pictures: tuple[tuple[str, bytes], ...]
    """(character, picture as PGM: its bytes do not depend on a compression library)."""
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
    """Draw all named characters of a style (half a second, once a process).

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
    """Return group → key by which splits are made: groups that are drawn pixel for pixel alike in any style share one.

    The key is the least group among them, so it is the same in all four styles (two seconds, once a process).
    """
    keys: dict[str, str] = {}

    def key_of(group: str) -> str:
        while (above := keys.setdefault(group, group)) != group:
            group = above
        return group

    for style in FONTS:
        first: dict[bytes, str] = {}
        for character, pixels in drawing(style).pictures:
            one, other = key_of(group_of(character)), key_of(first.setdefault(pixels, group_of(character)))
            keys[max(one, other)] = min(one, other)
    return {group: key_of(group) for group in keys}


@cache
def second_views(style: str) -> Mapping[str, bytes]:
    """Return character → the same glyph in the same font, one size smaller and moved by one or two pixels each way.

    The shift is drawn from the character's own hash. A glyph that cannot be moved without leaving the picture is moved less; one without
    another view is not there.
    """
    fonts = _sizes(_fonts() / f"{FONTS[style]}.ttf")
    views = {}
    for character, pixels in drawing(style).pictures:
        first = next(row for row, font in enumerate(fonts) if _ink(character, font) is not None)
        at = hashlib.sha256(character.encode()).digest()
        shift = (_SHIFTS[at[0] % 4], _SHIFTS[at[1] % 4])
        tried = [(font, s) for font in (*fonts[first + 1 :], fonts[first]) for s in (shift, (shift[0], 0), (0, 0))]
        found = (_HEADER + ink.translate(_INVERTED) for font, s in tried if (ink := _ink(character, font, s)))
        if (view := next(found, pixels)) != pixels:
            views[character] = view
    return views


def _drawn(path: Path, characters: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each character with its picture; b"" where there is no ink."""
    fonts = _sizes(path)
    for character in characters:
        ink = next((ink for font in fonts if (ink := _ink(character, font)) is not None), None)
        yield character, _HEADER + ink.translate(_INVERTED) if ink else b""


def _sizes(path: Path) -> list[Any]:
    from PIL import ImageFont

    return [ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC) for size in SIZES]


def _ink(character: str, font: Any, shift: tuple[int, int] = (0, 0)) -> bytes | None:
    """Return how much ink lies on each pixel; b"" where there is none, None where the glyph would leave the picture."""
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
