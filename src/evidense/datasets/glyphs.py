"""Glyphs: pictures of characters in matplotlib's fonts ↔ their Unicode names, one collection per style."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from evidense.errors import InvalidInput, UnknownName
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.directions import Pair, direction_of, placed
from evidense.reading.glyph_drawing import FONTS, SIZES, Drawing, drawing, group_of, look_alikes, second_views
from evidense.reading.pairing import Pairing
from evidense.reading.splits import only_split
from evidense.reading.training_pairs import pairs_of
from evidense.values import Collection, Item, Kind, Pairs, Picture, Provenance, build

_HOME = "sans"
_SHARES = "unicode character"
_NAMES = "names"
"""Stands in place of a style; nothing is drawn."""
_DEJAVU = "Bitstream Vera licence (free to use and to redistribute); changes of DejaVu are in the public domain"
_LICENCES = {"sans": _DEJAVU, "serif": _DEJAVU, "mono": _DEJAVU, "stix": "STIX Font License of 24 May 2010"}
_CATEGORIES = {
    "Lu": "letter uppercase", "Ll": "letter lowercase", "Lt": "letter titlecase", "Lm": "letter modifier", "Lo": "letter other",
    "Mn": "mark nonspacing", "Mc": "mark spacing", "Me": "mark enclosing", "Nd": "number digit", "Nl": "number letter",
    "No": "number other", "Pc": "punctuation connector", "Pd": "punctuation dash", "Ps": "punctuation open", "Pe": "punctuation close",
    "Pi": "punctuation initial", "Pf": "punctuation final", "Po": "punctuation other", "Sm": "symbol math", "Sc": "symbol currency",
    "Sk": "symbol modifier", "So": "symbol other", "Zs": "separator space", "Cf": "format", "Co": "private",
}  # fmt: skip


class Glyphs:
    """`glyphs[/sans|serif|mono|stix][:t2i|:i2t|:i2i|:mixed][@split]`: black on white, 32 × 32 pixels, baseline and side bearing kept.

    The text is the Unicode name in lower case, as "greek small letter alpha". Glyphs without ink are left out. Characters with identical
    pixels (A, Α, А) are one picture, for which all their names are relevant. A character and its compatibility forms (A, Ａ, 𝐀) are one
    group. Groups that look alike in any style are on the same side of a split, in all styles.

    i2i: the picture of a character in this style looks for its picture in sans (from sans: in serif). mixed: a name looks for its picture
    among all pictures and the names of all other characters. The column `block` is the Unicode block. Training pairs of the kind `cheap`
    join the picture with a few words that do not name the character (start of its name, block, category); `views` joins the picture
    with a second one in the same font, smaller and moved. `glyphs/names:views` has no pictures: it joins those few words with the name.
    """

    name = "glyphs"
    spellings: tuple[str, ...] = (
        "glyphs",
        "glyphs/serif:t2i@test",
        "glyphs/stix:i2t",
        "glyphs/mono:i2i@test",
        "glyphs/sans:mixed@test",
    )
    kinds: frozenset[Kind] = frozenset({"cheap", "views"})

    def recognises(self, spelling: str) -> bool:
        """Say whether this is `glyphs`, with or without a style."""
        head = DatasetSpelling.parse(spelling).head
        return head == "glyphs" or head.startswith("glyphs/")

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Draw every named character of a font. Without a style, return one collection per style.

        Raises:
            UnknownName: the style does not exist.
            InvalidInput: the direction or split does not exist.
            MissingExtra: matplotlib or Pillow is not installed.
        """
        spelled = _placed(spelling)
        return tuple(_collection(style, spelled) for style in ((spelled.head,) if spelled.head else FONTS))

    def pairs(self, spelling: str) -> Pairs:
        """Return the cheap pairs or the views of a split of one style.

        Raises:
            InvalidInput: the spelling names no style, or another kind of pairs.
        """
        spelled = placed(spelling, "glyphs")
        in_words = spelled.head == _NAMES and spelled.direction == "views"
        spelled = replace(spelled, head=_HOME) if in_words else _placed(spelling)
        if not spelled.head or spelled.direction not in self.kinds:
            raise InvalidInput(
                f"'{spelling}' names no pairs of glyphs; expected glyphs/STYLE:cheap, glyphs/STYLE:views or glyphs/{_NAMES}:views; correct it"
            )
        exact = pairs_of(_collection(spelled.head, replace(spelled, direction="t2i")), "exact")
        name = f"glyphs/{_NAMES if in_words else spelled.head}:{spelled.direction}" + (
            f"@{spelled.split}" if spelled.split else ""
        )
        characters = [chr(int(item.id.removeprefix("U+"), 16)) for item in exact.left]
        texts = tuple(Item(item.id, cheap_text(c)) for item, c in zip(exact.left, characters, strict=True))
        if in_words:
            others = tuple(replace(item, id=f"{item.id}~") for item in texts)
            return replace(exact, name=name, kind="views", left=others, right=exact.left)
        if spelled.direction == "cheap":
            return replace(exact, name=name, kind="cheap", left=texts)
        return _views(replace(exact, name=name, kind="views"), spelled.head, characters)


def cheap_text(character: str) -> str:
    """Return words that do not name a character: up to two words (less than half) of its name, its block, its category.

    >>> cheap_text("α"), cheap_text("#")
    ('greek coptic letter lowercase', 'basic latin punctuation other')
    """
    name = unicodedata.name(character).lower().split()
    block = [word for word in _block(character).lower().split() if word != "and"]
    words = [*name[: min(2, (len(name) - 1) // 2)], *block, *_CATEGORIES[unicodedata.category(character)].split()]
    return " ".join(dict.fromkeys(words))


def _placed(spelling: str) -> DatasetSpelling:
    spelled = placed(spelling, "glyphs")
    if spelled.head and spelled.head not in FONTS:
        raise UnknownName.among("style of glyphs", spelled.head, FONTS, "Write 'glyphs' for all four, or glyphs/STYLE.")
    return spelled


def _views(exact: Pairs, style: str, characters: list[str]) -> Pairs:
    """Return each picture once, with its second view."""
    views, paired, rows, second = second_views(style), set[str](), [], []
    for row, (item, character) in enumerate(zip(exact.right, characters, strict=True)):
        if item.id not in paired and character in views:
            paired.add(item.id)
            rows.append(row)
            second.append(Item(f"{item.id}~", picture=Picture(views[character])))
    once = exact.take(np.array(rows, np.int64))
    return replace(once, left=once.right, right=tuple(second))


@dataclass(frozen=True)
class _Glyph:
    character: str
    name: Item
    picture: Item
    columns: Mapping[str, str]

    def pair(self, spelled: DatasetSpelling) -> Pair:
        group = group_of(self.character)
        key = look_alikes()[group] if spelled.split else group  # drawing all four fonts is slow, so only for splits
        return Pair(self.name, self.picture, self.name.id, group, self.columns, self.columns, key)


def _glyphs(style: str, drawn: Drawing) -> Iterator[_Glyph]:
    first: dict[bytes, str] = {}
    for character, pixels in drawn.pictures:
        code, name = f"U+{ord(character):04X}", unicodedata.name(character).lower()
        picture = Item(first.setdefault(pixels, f"{style}/{code}"), picture=Picture(pixels))
        columns = {
            "script": name.partition(" ")[0],
            "category": unicodedata.category(character),
            "block": _block(character),
        }
        yield _Glyph(character, Item(code, name), picture, columns)


def _collection(style: str, spelled: DatasetSpelling) -> Collection:
    drawn = drawing(style)
    if spelled.direction == "i2i":
        return _between_styles(style, spelled)
    mixed = spelled.direction == "mixed"
    direction = "t2i" if mixed else direction_of(spelled, ("i2i", "mixed"))
    pairing = Pairing(f"glyphs/{style}:{'mixed' if mixed else direction}", shares=_SHARES, join_groups=False)
    for glyph in _glyphs(style, drawn):
        pair = glyph.pair(spelled)
        pair.enter(pairing, direction)
        if mixed:
            pairing.document(glyph.name, pair.place, group=pair.document_group)
    n_alike = len(drawn.pictures) - len({pixels for _, pixels in drawn.pictures})
    notes = (
        f"{drawn.n_named:,} named characters; {drawn.n_blank:,} without ink were left out",
        f"{n_alike:,} characters are drawn pixel for pixel like another: one picture, for which all their names are relevant",
        *(["the corpus holds all pictures and all names; a query's own name is taken out of its ranking, only its picture is relevant"] if mixed else []),
    )  # fmt: skip
    draft = pairing.draft(pairing.subject, _provenance(style, notes), drop_self_matches=mixed)
    return only_split(build(draft), spelled.split)


def _between_styles(style: str, spelled: DatasetSpelling) -> Collection:
    """Return the pictures of a style as queries, and all pictures of the other style as corpus."""
    other = "serif" if style == "sans" else "sans"
    pairing = Pairing(f"glyphs/{style}:i2i", shares=_SHARES, join_groups=False)
    glyph_of_character = {query_glyph.character: query_glyph for query_glyph in _glyphs(style, drawing(style))}
    for other_glyph in _glyphs(other, drawing(other)):
        pair = other_glyph.pair(spelled)
        doc_id = pairing.document(other_glyph.picture, pair.place, group=pair.document_group)
        if (query_glyph := glyph_of_character.get(other_glyph.character)) is not None:
            query_id = pairing.query(query_glyph.picture, pair.place, group=pair.group, columns=query_glyph.columns)
            pairing.judge(query_id, doc_id, 1)
    notes = (f"a picture in {FONTS[style]} looks for the same character among all pictures in {FONTS[other]}",)
    return only_split(build(pairing.draft(pairing.subject, _provenance(style, notes))), spelled.split)


def _block(character: str) -> str:
    from fontTools import unicodedata as blocks

    return str(blocks.block(character))


def _provenance(style: str, notes: tuple[str, ...]) -> Provenance:
    drawn_by = f"drawn by Pillow {version('pillow')} (basic layout, {SIZES[0]} pixels an em)"
    return Provenance(
        licence=_LICENCES[style],
        source=f"{FONTS[style]}.ttf of matplotlib {version('matplotlib')}, {drawn_by}; names of Unicode {unicodedata.unidata_version}",
        contamination="the Unicode charts are on the public web; these drawings at this size are not known to be in any training set",
        labels="structural: a character and its own name",
        notes=notes,
        is_user_data=False,
    )


PART = Glyphs()
