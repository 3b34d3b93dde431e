"""Maps of KGeography: 4,000 regions on their maps, their shapes and flags ↔ their names in 68 languages. `evidense fetch maps` gets them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from evidense.datasets.pictures._map_drawing import LEAST_PIXELS, Colour, Land, RegionMap
from evidense.datasets.pictures._messages import messages
from evidense.datasets.pictures._pictured import Pictured, Shown, spelled_language
from evidense.errors import InvalidInput, UnsafeInput
from evidense.fetching.packages.kept import Files
from evidense.values import Package, Picture, Provenance

_MAPS = "usr/share/kgeography/"
_LOCALES = "usr/share/locale/*/LC_MESSAGES/kgeography.mo"
_WORLD = "world"
_CONTINENTS = {
    "africa",
    "asia",
    "caribbean",
    "europe",
    "ncamerica",
    "oceania",
    "southamerica",
    "waters_world-class",
    "world",
    "world_continents",
}
"""Maps that show one another's countries: one family."""
_PARTS_OF = {
    "andhrapradesh": "india", "arunachalpradesh": "india", "assam": "india", "bihar": "india", "chhattisgarh": "india", "goa": "india",
    "gujarat": "india", "haryana": "india", "himachal": "india", "jharkhand": "india", "manipur": "india", "sikkim": "india",
    "tamilnadu": "india", "tripura": "india", "westbengal": "india", "catalonia": "spain", "virginia": "usa", "puertorico": "usa",
    "italyprovince": "italy", "republic": "ireland", "burma": "burma",
}  # fmt: skip
"""First word of a map's name → the country that it is a part of, or another map of the same country."""
_WHOLE_FIRST_WORDS = {"el", "north", "san", "saudi", "south", "costa", "dominican"}


class Maps(Pictured):
    """`maps[/located|/shape|/flag|/capital][:LANGUAGE][:t2i|:i2t|:i2i|:mixed][@split]`: the name of a region looks for its picture, or the other way round.

    The text names region and map: "Bavaria, Germany". `located` (taken where no style is named) is the map in grey with the region in
    black, `shape` the region alone, `flag` its flag; 128 × 128 pixels but for flags. `capital` has the pictures of `located` with the names of
    their capitals: "Munich, Germany". Regions of fewer than 12 pixels on their map are left out, and flags of countries, which `flags` has.
    All maps of one country are a family, as are the world and its continents, which show the same countries.

    i2i: the pictures of a region look for each other: map, shape and flag.
    """

    name = "maps"
    spellings = (
        "maps",
        "maps:de",
        "maps/shape:i2t@test",
        "maps/flag:es:t2i",
        "maps/capital:fr",
        "maps:i2i@test",
        "maps:mixed@test",
    )
    styles = ("located", "shape", "flag")
    asides = ("capital",)
    shares = "country of a map"
    provenance = Provenance(
        licence="GPL-2+ (KGeography, Albert Astals Cid and others)",
        contamination="the maps are on the public web; drawn in this way they are not known to be in any training set",
        labels="structural: a region and its own name",
        notes=(
            f"regions of fewer than {LEAST_PIXELS} pixels on their map are left out, and flags of countries, which `flags` has",
        ),
        is_user_data=False,
    )

    def pictures(self, styles: Sequence[str]) -> Iterator[Shown]:
        """Yield the pictures of every region in these styles."""
        (files,) = self.files()
        for atlas in _atlases(files):
            if set(styles) & {"located", "shape", "capital"}:
                yield from _drawn(atlas, files, styles)
            if "flag" in styles and atlas.family != _WORLD:
                for region in atlas.regions:
                    data = files.get(f"{_MAPS}flags/{region.flag}")
                    if data is not None:
                        yield _shown(atlas, region, "flag", data)

    def languages(self) -> Sequence[str]:
        """Return the languages into which the names are translated."""
        return sorted(self._catalogues())

    def captions(self, language: str, shown: Sequence[Shown]) -> Mapping[str, str]:
        """Return the captions whose two names are both translated."""
        (files,) = self.files()
        path = self._catalogues()[language]
        translated, captions = messages(files[path], path), {}
        named = {atlas.stem: atlas.name for atlas in _atlases(files)}
        for one in shown:
            stem = one.columns["map"]
            context, place = f"{stem}.kgm\x04", one.caption.removesuffix(f", {named[stem]}")
            names = [translated.get(context + name) for name in (place, named[stem])]
            if all(names):
                captions[one.id] = ", ".join(map(str, names))
        return captions

    def _catalogues(self) -> dict[str, str]:
        (files,) = self.files()
        return {spelled_language(path.split("/")[3]): path for path in files if path.endswith(".mo")}


@dataclass(frozen=True)
class _Region:
    name: str
    colour: Colour
    flag: str
    capital: str
    """Its name; "" if it has none."""


@dataclass(frozen=True)
class _Atlas:
    """One map with its regions."""

    stem: str
    """Name of its file."""
    name: str
    picture: str
    regions: tuple[_Region, ...]

    @property
    def family(self) -> str:
        """Return the country, or the world."""
        if self.stem in _CONTINENTS:
            return _WORLD
        words = re.split(r"[-_]", self.stem)
        first = "_".join(words[:2]) if words[0] in _WHOLE_FIRST_WORDS else words[0]
        return _PARTS_OF.get(first, first.rstrip("0123456789"))


def _atlases(files: Files) -> Iterator[_Atlas]:
    for path in sorted(files):
        if path.endswith(".kgm"):
            yield _atlas(files[path], path)


def _atlas(data: bytes, path: str) -> _Atlas:
    if b"<!ENTITY" in data:
        raise UnsafeInput(f"'{path}' defines entities; expected the plain XML of a map; fetch the data again")
    try:
        root = ElementTree.fromstring(data)
        regions = [
            _Region(
                (one.findtext("name") or "").strip(),
                (_number(one, "red"), _number(one, "green"), _number(one, "blue")),
                (one.findtext("flag") or "").strip(),
                (one.findtext("capital") or "").strip(),
            )
            for one in root.iterfind("division")
            if (one.findtext("ignore") or "").strip() != "yes"
        ]
    except (ElementTree.ParseError, ValueError) as error:
        raise InvalidInput(
            f"'{path}' is no map ({error}); expected the XML of KGeography; fetch the data again"
        ) from None
    stem = path.removeprefix(_MAPS).removesuffix(".kgm")
    name, picture = ((root.findtext(key) or "").strip() for key in ("name", "mapFile"))
    return _Atlas(stem, name, picture, tuple(region for region in regions if region.name))


def _number(division: ElementTree.Element, colour: str) -> int:
    return int(division.findtext(f"color/{colour}") or "")


def _drawn(atlas: _Atlas, files: Files, styles: Sequence[str]) -> Iterator[Shown]:
    numbers = {region.colour: number for number, region in enumerate(atlas.regions, 1)}
    path = _MAPS + atlas.picture
    whole = RegionMap.read(files.get(path, b""), numbers, path)
    sizes, land = whole.sizes(), Land.of(whole)
    for region in atlas.regions:
        number = numbers[region.colour]
        if number >= len(sizes) or sizes[number] < LEAST_PIXELS:
            continue
        if "located" in styles:
            yield _shown(atlas, region, "located", whole.located(number, land))
        if "capital" in styles and region.capital:
            yield _shown(atlas, region, "capital", whole.located(number, land))
        if "shape" in styles:
            yield _shown(atlas, region, "shape", whole.alone(number))


def _shown(atlas: _Atlas, region: _Region, style: str, data: bytes) -> Shown:
    thing = f"{atlas.stem}/{region.name}"
    columns, place = {"style": style, "map": atlas.stem}, region.name
    if style == "capital":
        place = region.capital
        columns["same_as_region"] = "yes" if place.casefold() == region.name.casefold() else "no"
    caption = f"{place}, {atlas.name}"
    return Shown(
        f"{style}/{thing}",
        Picture(data),
        caption,
        atlas.family,
        thing,
        columns,
        tag=atlas.name,
    )


PART = Maps(
    (
        Package(
            client="apt-get",
            name="kgeography-data",
            version="4:22.12.3-1",
            file="kgeography-data_4%3a22.12.3-1_all.deb",
            sha256="1cdaf45dea7cbf1682a05109b4e9299934f0a60ca8866fa957cf4d9dcfe3982a",
            size_bytes=10_865_148,
            licence="GPL-2+",
            wanted=(f"{_MAPS}*.kgm", f"{_MAPS}*.png", _LOCALES),
        ),
    )
)
