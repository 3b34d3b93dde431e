"""Glyphs: pictures of characters in matplotlib's fonts ↔ their Unicode names, one style a collection."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evidense.errors import MissingExtra, UnknownName
from evidense.parts import Dataset
from evidense.reading.directions import Pair, direction_of, placed
from evidense.reading.pairing import Pairing
from evidense.reading.place import Place
from evidense.reading.splits import only_split
from evidense.values import Collection, Item, Picture, Provenance, build

FONTS = {"sans": "DejaVuSans", "serif": "DejaVuSerif", "mono": "DejaVuSansMono", "stix": "STIXGeneral"}
SIDE = 32
"""Width and height of a picture, in pixels."""
_SIZES = (24, 20, 16, 12, 8, 6)
"""Pixels an em: 24, and the next smaller where a glyph would leave the picture."""
_INVERTED = bytes(range(255, -1, -1))
_DEJAVU = "Bitstream Vera licence (free to use and to redistribute); changes of DejaVu are in the public domain"
_LICENCES = {"sans": _DEJAVU, "serif": _DEJAVU, "mono": _DEJAVU, "stix": "STIX Font License of 24 May 2010"}


class Glyphs:
    """`glyphs[/sans|serif|mono|stix][:t2i|:i2t][@split]`: black on white, 32 × 32 pixels, baseline and side bearing kept.

    The text is the Unicode name in lower case, as "greek small letter alpha". Glyphs without ink are left out. Characters
    that are drawn pixel for pixel alike (A, Α, А) are one picture, for which all their names are relevant. A character and
    its compatibility forms (A, Ａ, 𝐀) are one group.
    """

    name = "glyphs"
    spellings: tuple[str, ...] = ("glyphs", "glyphs/serif:t2i@test", "glyphs/stix:i2t")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is `glyphs`, with or without a style."""
        head = Place.parse(spelling).head
        return head == "glyphs" or head.startswith("glyphs/")

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Draw every named character of a font; without a style, one collection for each.

        Raises:
            UnknownName: a style that there is not.
            InvalidInput: a direction or split that there is not.
            MissingExtra: matplotlib or Pillow is not installed.
        """
        place = placed(spelling, "glyphs")
        if place.head and place.head not in FONTS:
            raise UnknownName.among(
                "style of glyphs", place.head, FONTS, "Write 'glyphs' for all four, or glyphs/STYLE."
            )
        return tuple(_collection(style, place) for style in ((place.head,) if place.head else FONTS))


def _collection(style: str, place: Place) -> Collection:
    direction = direction_of(place)
    pairing = Pairing(f"glyphs/{style}:{direction}", join_groups=False)
    drawing = _drawing(style)
    first: dict[bytes, str] = {}
    for character, pixels in drawing.pictures:
        code = f"U+{ord(character):04X}"
        picture = Item(first.setdefault(pixels, f"{style}/{code}"), picture=Picture(pixels))
        name = unicodedata.name(character).lower()
        columns = {"script": name.partition(" ")[0], "category": unicodedata.category(character)}
        Pair(Item(code, name), picture, code, _group(character), columns, columns).enter(pairing, direction)
    n_alike = len(drawing.pictures) - len(first)
    notes = (
        f"{drawing.n_named:,} named characters; {drawing.n_blank:,} without ink were left out",
        f"{n_alike:,} characters are drawn pixel for pixel like another: one picture, for which all their names are relevant",
    )
    return only_split(build(pairing.draft(pairing.subject, _provenance(style, notes))), place.split)


def _group(character: str) -> str:
    """Return the code points of the compatibility composition: equal for a character and its compatibility forms.

    >>> _group("A"), _group("𝐀"), _group("ﬁ")
    ('U+0041', 'U+0041', 'U+0066 U+0069')
    """
    return " ".join(f"U+{ord(c):04X}" for c in unicodedata.normalize("NFKC", character))


@dataclass(frozen=True)
class _Drawing:
    pictures: tuple[tuple[str, bytes], ...]
    """(character, picture as PGM: its bytes do not depend on a compression library)."""
    n_named: int
    n_blank: int


@cache
def _drawing(style: str) -> _Drawing:
    """Draw all named characters of a style (half a second, once a process)."""
    path = _fonts() / f"{FONTS[style]}.ttf"
    try:
        from fontTools.ttLib import TTFont

        pictures = list(
            _drawn(path, [chr(code) for code in sorted(TTFont(path).getBestCmap()) if unicodedata.name(chr(code), "")])
        )
    except ImportError as error:
        raise MissingExtra.named("pictures", "drawing the collection 'glyphs'", str(error.name or "pillow")) from None
    inked = tuple((character, pixels) for character, pixels in pictures if pixels)
    return _Drawing(inked, len(pictures), len(pictures) - len(inked))


def _drawn(path: Path, characters: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each character with its picture; b"" where there is no ink."""
    from PIL import ImageFont

    fonts = [ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC) for size in _SIZES]
    header = b"P5 %d %d 255\n" % (SIDE, SIDE)
    for character in characters:
        ink = next((ink for font in fonts if (ink := _ink(character, font)) is not None), None)
        yield character, header + ink.translate(_INVERTED) if ink else b""


def _ink(character: str, font: Any) -> bytes | None:
    """Return how much ink lies on each pixel; b"" where there is none, None where the glyph would leave the picture."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (3 * SIDE, 3 * SIDE))
    ImageDraw.Draw(image).text((3 * SIDE // 2, 3 * SIDE // 2), character, font=font, fill=255, anchor="mm")
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


def _provenance(style: str, notes: tuple[str, ...]) -> Provenance:
    drawn_by = f"drawn by Pillow {version('pillow')} (basic layout, {_SIZES[0]} pixels an em)"
    return Provenance(
        licence=_LICENCES[style],
        source=f"{FONTS[style]}.ttf of matplotlib {version('matplotlib')}, {drawn_by}; names of Unicode {unicodedata.unidata_version}",
        contamination="the Unicode charts are on the public web; these drawings at this size are not known to be in any training set",
        labels="structural: a character and its own name",
        notes=notes,
        is_user_data=False,
    )


PART: Dataset = Glyphs()
