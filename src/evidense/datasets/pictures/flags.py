"""Flags of 249 countries and territories ↔ their names in 158 languages. `evidense fetch flags` gets them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidense.boundary.documents import parsed
from evidense.datasets.pictures._messages import messages
from evidense.datasets.pictures._pictured import Pictured, Shown, spelled_language
from evidense.values import Package, Picture, Provenance

_FLAGS = "usr/share/iso-flags-svg/"
_FOLDERS = {"4x3": "country-4x3", "squared": "country-squared"}
_COUNTRIES = "usr/share/iso-codes/json/iso_3166-1.json"
_NAMES = "usr/share/locale/*/LC_MESSAGES/iso_3166-1.mo"


class Flags(Pictured):
    """`flags[/4x3|/squared][:LANGUAGE][:t2i|:i2t|:i2i|:mixed][@split]`: the name of a country looks for its flag, or the other way round.

    The name is the common one of ISO 3166-1 where there is one ("Bolivia"), else the official short one. Territories that fly the flag of
    another country are one picture with it, for which all their names are relevant. A family is a country with all whose flags look almost
    the same (Chad and Romania). Flags of regions and organisations, which ISO 3166-1 does not name, are left out.

    i2i: a flag of the shape 4 : 3 looks for the square one, and the other way round.
    """

    name = "flags"
    spellings = ("flags", "flags:fr", "flags/squared:i2t@test", "flags:ar:t2i@test", "flags:i2i", "flags:mixed")
    styles = joined_over = ("4x3", "squared")
    shares = "country (ISO 3166-1)"
    provenance = Provenance(
        licence="pictures: public domain (iso-flags-svg); names: LGPL-2.1+ (iso-codes)",
        contamination="flags with the names of their countries are on countless web pages",
        labels="structural: a flag and the name of its country",
        notes=("an SVG is drawn with its longer side at 256 pixels",),
        is_user_data=False,
    )

    def pictures(self, styles: Sequence[str]) -> Iterator[Shown]:
        """Yield the flag of every country in these shapes."""
        flags, codes = self.files()
        countries: Any = parsed(codes[_COUNTRIES], _COUNTRIES)
        for style in styles:
            for country in countries["3166-1"]:
                code = str(country["alpha_2"]).lower()
                data = flags.get(f"{_FLAGS}{_FOLDERS[style]}/{code}.svg")
                if data is not None:
                    yield Shown(
                        f"{style}/{code}",
                        Picture(data),
                        _name(country),
                        code,
                        code,
                        {"shape": style},
                        tag=_form(country),
                    )

    def languages(self) -> Sequence[str]:
        """Return the languages into which names of countries are translated."""
        return sorted(self._catalogues())

    def captions(self, language: str, shown: Sequence[Shown]) -> Mapping[str, str]:
        """Return the names of the countries that are translated."""
        path = self._catalogues()[language]
        translated = messages(self.files()[1][path], path)
        return {one.id: translated[one.caption] for one in shown if one.caption in translated}

    def _catalogues(self) -> dict[str, str]:
        """Return language → path."""
        return {spelled_language(path.split("/")[3]): path for path in self.files()[1] if path.endswith(".mo")}


def _name(country: Mapping[str, Any]) -> str:
    return str(country.get("common_name") or country["name"])


def _form(country: Mapping[str, Any]) -> str:
    """Return the form of a state: the words of its official name that its name has not.

    >>> _form({"name": "Qatar", "official_name": "State of Qatar"}), _form({"name": "Japan"})
    ('state', '')
    """
    name = _name(country).lower().replace(",", " ").split()
    words = str(country.get("official_name", "")).lower().replace(",", " ").split()
    return " ".join(word for word in words if word not in {*name, "of", "the", "and"})


PART = Flags(
    (
        Package(
            client="apt-get",
            name="iso-flags-svg",
            version="1.0.2-2",
            file="iso-flags-svg_1.0.2-2_all.deb",
            sha256="5169284df44534f3cf49fed7d42ced81d54e64a64bf1e3046c8b07334c0ea56f",
            size_bytes=1_147_492,
            licence="public domain",
            wanted=(f"{_FLAGS}*.svg",),
        ),
        Package(
            client="apt-get",
            name="iso-codes",
            version="4.15.0-1",
            file="iso-codes_4.15.0-1_all.deb",
            sha256="b1beb869303229c38288d4ddacfd582c91f594759b5767c9cecebd87f16ff70e",
            size_bytes=2_906_084,
            licence="LGPL-2.1+",
            wanted=(_COUNTRIES, _NAMES),
        ),
    )
)
