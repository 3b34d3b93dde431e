"""Game icons: one-colour drawings ↔ their names, 'Crossed swords'. `evidense fetch game_icons` gets them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidense.boundary.documents import parsed
from evidense.datasets.pictures._pictured import Pictured, Shown
from evidense.values import Package, Picture, Provenance

_ICONS = "package/icons.json"
_SAFE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class GameIcons(Pictured):
    """`game_icons[:t2i|:i2t|:i2i|:mixed][@split]`: the name of an icon, "Crossed swords", looks for its drawing, or the other way round.

    Icons whose names end in one word (long-sword, crossed-swords) are of one thing, as are those of a series (abstract-001, abstract-002).
    A family is all that: icons of one last word, of a series, or whose drawings look almost the same. i2i: a drawing looks for the other
    drawings of the same thing. The names are English.
    """

    name = "game_icons"
    spellings = ("game_icons", "game_icons:i2t@test", "game_icons:i2i", "game_icons:mixed@test")
    shares = "last word of a game icon's name"
    provenance = Provenance(
        licence="CC BY 3.0 (game-icons.net: Lorc, Delapouite and others)",
        contamination="these icons with their names are on public web pages: image-text models trained on web data may have seen them",
        labels="structural: an icon and its own name",
        notes=(
            "drawn in black on white, 256 × 256 pixels",
            "a name with a number (abstract-001) says nothing of the drawing: these icons are left out",
        ),
        is_user_data=False,
    )

    def pictures(self, styles: Sequence[str]) -> Iterator[Shown]:
        """Yield every icon whose name says what it is."""
        (files,) = self.files()
        book: Any = parsed(files[_ICONS], _ICONS)
        icons = {
            name: icon for name, icon in book["icons"].items() if _SAFE_NAME.fullmatch(name) and not icon.get("hidden")
        }
        numbered = Counter(_bare(name) for name in icons if _bare(name) != name)
        known = {word for name in icons for word in name.split("-")}
        for name, icon in icons.items():
            if numbered[_bare(name)] > 1 and _bare(name) != name:
                continue
            thing = _singular(_bare(name).split("-")[-1], known)
            tag = thing.capitalize() if "-" in name else ""
            yield Shown(name, _drawn(icon, book), name.replace("-", " ").capitalize(), thing, thing, tag=tag)

    def languages(self) -> Sequence[str]:
        """Return none: the names are English."""
        return ()

    def captions(self, language: str, shown: Sequence[Shown]) -> Mapping[str, str]:
        """Return none."""
        return {}


def _bare(name: str) -> str:
    """Return a name without a number at its end.

    >>> _bare("rank-3"), _bare("3d-glasses")
    ('rank', '3d-glasses')
    """
    return re.sub(r"(?:-\d+)+$", "", name)


def _singular(word: str, known: set[str]) -> str:
    """Return a word without the s of the plural, where the singular stands in another name.

    >>> _singular("swords", {"sword"}), _singular("cross", {"sword"})
    ('sword', 'cross')
    """
    return word[:-1] if word.endswith("s") and word[:-1] in known else word


def _drawn(icon: Mapping[str, Any], book: Mapping[str, Any]) -> Picture:
    width, height = (int(icon.get(side, book.get(side, 512))) for side in ("width", "height"))
    body = str(icon.get("body", ""))
    return Picture(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>'.encode())


PART = GameIcons(
    (
        Package(
            client="npm",
            name="@iconify-json/game-icons",
            version="1.2.4",
            file="iconify-json-game-icons-1.2.4.tgz",
            sha256="f5758efb34d91c4f50b941f355f16ee73938625e5996fabc25171288404460a4",
            size_bytes=2_739_244,
            licence="CC BY 3.0",
            wanted=(_ICONS,),
        ),
    )
)
