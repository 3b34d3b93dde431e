"""Two towers that Evidense has trained: a text encoder and a vision model with vectors in one space."""

from dataclasses import dataclass, replace
from pathlib import Path

from evidense.compute.images.two_towers import OPTIONS, SETTINGS, TwoTowers, is_two_towers, open_two_towers
from evidense.compute.models.locate import folder_of, peek
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.errors import InvalidInput
from evidense.values import Spelling

_PREFIX = "two-towers:"


@dataclass(frozen=True)
class TwoTowersPart:
    """Opens a folder that holds two_towers.json, text/ and image/."""

    name: str = "two_towers"
    spellings: tuple[str, ...] = ("./my-towers (two_towers.json, text/, image/)", "two-towers:./my-towers")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is such a folder or begins with `two-towers:`."""
        return spelling.head.startswith(_PREFIX) or is_two_towers(peek(spelling.head))

    def open(self, spelling: Spelling) -> TwoTowers:
        """Load both towers under the loading guard.

        Raises:
            IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
        """
        refuse_unknown_options(spelling, OPTIONS)
        place = spelling.head.removeprefix(_PREFIX)
        folder: Path = folder_of(place)
        if not is_two_towers(folder):
            raise InvalidInput(
                f"'{folder}' holds no {SETTINGS}; expected a folder of two towers, as training writes it; correct the path"
            )
        return replace(open_two_towers(folder, spelling), name=str(spelling))


PART = TwoTowersPart()
