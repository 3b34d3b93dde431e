"""Icons of Font Awesome Free: pictures ↔ their names and search terms, from an installed package."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.machinery import PathFinder
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput, MissingExtra, UnknownName
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.directions import Pair, direction_of, placed
from evidense.reading.pairing import Pairing
from evidense.reading.splits import only_split, split_of
from evidense.reading.training_pairs import pairs_of
from evidense.values import Collection, Item, Kind, Pairs, Picture, Provenance, build

_SHARES = "icon of Font Awesome"
STYLES = ("solid", "regular", "brands")
_FRAMES = ("square-", "circle-")
"""Prefixes of framed icons: 'square-facebook' is a variant of 'facebook'."""


class Icons:
    """`icons[/solid|regular|brands][:t2i|:i2t][@split]`, `icons:i2i[@split]`: one text per icon, one picture per style.

    The text is the label of the icon with its search terms, as "House: abode, building, home, main, residence" (brands have labels only).
    Icons of one family (house and house-user; facebook and square-facebook) are one group, because such near duplicates would leak across
    a split.

    i2i: the solid drawing of an icon looks for its regular one. Pairs of the kind `views` are these two drawings; pairs of the kind `cheap` are
    solid drawings with the categories in which the package lists them ("Animals; Nature"), which name no icon.
    """

    name = "icons"
    spellings: tuple[str, ...] = ("icons", "icons/solid:i2t", "icons:t2i@test", "icons:i2i")
    kinds: frozenset[Kind] = frozenset({"views", "cheap"})

    def recognises(self, spelling: str) -> bool:
        """Say whether this is `icons`, with or without a style."""
        head = DatasetSpelling.parse(spelling).head
        return head == "icons" or head.startswith("icons/")

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the metadata of the package; the pictures stay in their files.

        Raises:
            UnknownName: the style does not exist.
            InvalidInput: the direction or split does not exist.
            MissingExtra: fontawesomefree is not installed.
        """
        spelled = placed(spelling, "icons")
        if spelled.head and spelled.head not in STYLES:
            raise UnknownName.among("style of icons", spelled.head, STYLES, "Write 'icons' for all, or icons/STYLE.")
        if spelled.direction == "i2i" and not spelled.head:
            return (_between_styles(spelled.split),)
        direction = direction_of(spelled, () if spelled.head else ("i2i",))
        pairing = Pairing(
            "icons" + (f"/{spelled.head}" if spelled.head else "") + f":{direction}", shares=_SHARES, join_groups=False
        )
        for pair in _pairs(_folder(), (spelled.head,) if spelled.head else STYLES):
            pair.enter(pairing, direction)
        return (only_split(build(pairing.draft(pairing.subject, _provenance())), spelled.split),)

    def pairs(self, spelling: str) -> Pairs:
        """Return the solid and the regular drawing of every icon that has both (`views`), or solid drawings with their categories (`cheap`).

        Raises:
            InvalidInput: the spelling names another kind of pairs, or a style.
        """
        spelled = placed(spelling, "icons")
        if spelled.head or spelled.direction not in self.kinds:
            raise InvalidInput(
                f"'{spelling}' names no pairs of icons; expected icons:views[@split] or icons:cheap[@split]; correct it"
            )
        name = f"icons:{spelled.direction}" + (f"@{spelled.split}" if spelled.split else "")
        if spelled.direction == "cheap":
            return _cheap(name, spelled.split)
        return replace(pairs_of(_between_styles(spelled.split), "exact"), name=name, kind="views")


def _between_styles(split: str | None) -> Collection:
    pairing = Pairing("icons:i2i", shares=_SHARES, join_groups=False)
    drawn = {pair.picture.id: pair for pair in _pairs(_folder(), ("solid", "regular"))}
    for pair in [pair for doc_id, pair in drawn.items() if doc_id.startswith("regular/")]:
        solid = drawn.get(pair.picture.id.replace("regular/", "solid/"))
        doc_id = pairing.document(pair.picture, pair.place, group=pair.group)
        if solid is not None:
            pairing.judge(pairing.query(solid.picture, pair.place, group=pair.group), doc_id, 1)
    provenance = _provenance()
    notes = (*provenance.notes, "a solid drawing looks for the regular one of the same icon, among all regular ones")
    return only_split(build(pairing.draft("icons:i2i", replace(provenance, notes=notes))), split)


def _cheap(name: str, split: str | None) -> Pairs:
    """Return the solid drawings with the categories in which the package lists them."""
    folder = _folder()
    categories = _categories((folder / "metadata" / "categories.yml").read_text(encoding="utf-8"))
    drawn = [(pair, pair.picture.id.removeprefix("solid/")) for pair in _pairs(folder, ("solid",))]
    kept = [(pair, icon) for pair, icon in drawn if icon in categories and split in (None, split_of(pair.group))]
    provenance = replace(_provenance(), labels="none: an icon and the categories that list it")
    return Pairs(
        name,
        "cheap",
        tuple(Item(f"tag:{icon}", "; ".join(categories[icon])) for _, icon in kept),
        tuple(pair.picture for pair, _ in kept),
        tuple(pair.group for pair, _ in kept),
        provenance=provenance,
    )


def _categories(text: str) -> dict[str, list[str]]:
    """Return icon → the labels of its categories, from the package's categories.yml: a key, its icons as a list, its label.

    >>> _categories("animals:\\n  icons:\\n    - cat\\n    - dog\\n  label: Animals\\n")
    {'cat': ['Animals'], 'dog': ['Animals']}
    """
    found: dict[str, list[str]] = {}
    icons: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("- "):
            icons.append(line[2:].strip("'\" "))
        elif line.startswith("label:"):
            for icon in icons:
                found.setdefault(icon, []).append(line.removeprefix("label:").strip("'\" "))
            icons = []
    return found


def _folder() -> Path:
    spec = PathFinder.find_spec("fontawesomefree")
    if spec is None or spec.origin is None:
        raise MissingExtra.named("pictures", "the collection 'icons'", "fontawesomefree")
    return Path(spec.origin).parent / "static" / "fontawesomefree"


def _pairs(folder: Path, styles: Iterable[str]) -> Iterator[Pair]:
    icons: dict[str, Any] = json.loads((folder / "metadata" / "icons.json").read_bytes())
    families = _families(icons)
    first: dict[str, str] = {}
    for name, icon in icons.items():
        terms = _terms(icon)
        text = f"{icon['label']}: {', '.join(terms)}" if terms else icon["label"]
        text_id = first.setdefault(text, name)
        for style in styles:
            if style in icon["free"]:
                picture = Picture(folder / "svgs" / style / f"{name}.svg")
                columns = {"has_search_terms": "yes" if icon["search"]["terms"] else "no"}
                yield Pair(Item(text_id, text), Item(f"{style}/{name}", picture=picture), f"icon '{name}'", families[name], columns,
                           {"style": style, **columns}, families[name])  # fmt: skip


def _terms(icon: Mapping[str, Any]) -> list[str]:
    """Return the search terms without the label, in order."""
    label = str(icon["label"]).casefold()
    return list(dict.fromkeys(term for term in map(str, icon["search"]["terms"]) if term.casefold() != label))


def _families(names: Iterable[str]) -> dict[str, str]:
    """Return icon → family: its first word without a frame; plural and singular are one family.

    >>> _families(["house", "house-user", "square-facebook", "users", "user"])
    {'house': 'house', 'house-user': 'house', 'square-facebook': 'facebook', 'users': 'user', 'user': 'user'}
    """
    words = {name: _first_word(name) for name in names}
    known = set(words.values())
    return {name: word[:-1] if word.endswith("s") and word[:-1] in known else word for name, word in words.items()}


def _first_word(name: str) -> str:
    bare = next((name.removeprefix(frame) for frame in _FRAMES if name.startswith(frame)), name)
    return bare.partition("-")[0]


def _provenance() -> Provenance:
    return Provenance(
        licence="CC BY 4.0 (Font Awesome Free icons, Fonticons, Inc.); brand icons are trademarks of their owners",
        source=f"fontawesomefree {version('fontawesomefree')}: metadata/icons.json and svgs/",
        contamination="these icons with their names are on very many web pages: image-text models trained on web data have probably seen them",
        labels="structural: an icon and its own label and search terms",
        notes=("an SVG is drawn in black on white, its longer side at 256 pixels",),
        is_user_data=False,
    )


PART = Icons()
