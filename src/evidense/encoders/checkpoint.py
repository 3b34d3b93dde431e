"""Checkpoints of the store, by their id or the beginning of it: text encoders and pairs of towers."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evidense.compute import open_text, two_towers
from evidense.compute.model_folder import is_static
from evidense.compute.open_text import refuse_unknown_options
from evidense.errors import AmbiguousName, UnknownName
from evidense.store import Store
from evidense.values import Spelling

_PREFIX = "checkpoint:"
_SHOWN = 12
"""Letters of an id that are shown."""


@dataclass(frozen=True)
class CheckpointPart:
    """Opens `checkpoint:ID` from the store ($EVIDENSE_STORE, else the cache folder); a beginning that is unique will do."""

    name: str = "checkpoint"
    spellings: tuple[str, ...] = ("checkpoint:4f2a90c1", "checkpoint:4f2a90c1@query_prompt=query: ")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether it begins with `checkpoint:`."""
        return spelling.head.startswith(_PREFIX)

    def open(self, spelling: Spelling) -> Any:
        """Find the folder and load it under the guard.

        Raises:
            UnknownName: no checkpoint of the store has this id.
            AmbiguousName: several begin so.
            IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra: as the encoder's own kind.
        """
        folder = _folder(spelling.head.removeprefix(_PREFIX), Store().root / "folders")
        inside = Spelling(str(folder), spelling.options)
        if two_towers.is_two_towers(folder):
            refuse_unknown_options(spelling, two_towers.OPTIONS)
            return two_towers.open_two_towers(folder, spelling)
        if is_static(folder):
            return replace(two_towers.open_static_text(inside), name=str(spelling))
        refuse_unknown_options(spelling, open_text.OPTIONS)
        return replace(open_text.open_text_encoder(inside), name=str(spelling))


def _folder(beginning: str, root: Path) -> Path:
    known = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = [name for name in known if beginning and name.startswith(beginning)]
    if len(found) == 1:
        return root / found[0]
    if found:
        shown = ", ".join(f"'{_PREFIX}{name[:_SHOWN]}'" for name in found[:5])
        raise AmbiguousName(
            f"'{_PREFIX}{beginning}' could mean {len(found)} checkpoints; expected one; write more of it: {shown}"
        )
    raise UnknownName.among(
        "checkpoint",
        beginning,
        [name[:_SHOWN] for name in known[:50]],
        f"The store is '{root.parent}'; train one first.",
    )


PART = CheckpointPart()
