"""Checkpoints of the store, named by their id or its beginning: text encoders and pairs of towers."""

from dataclasses import dataclass, replace
from typing import Any

from evidense.compute.images import two_towers
from evidense.compute.models.folder import is_static
from evidense.compute.models.stored_checkpoint import PREFIX, checkpoint_folder
from evidense.compute.texts import open_text
from evidense.compute.texts.open_static import open_static
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.values import Spelling


@dataclass(frozen=True)
class CheckpointPart:
    """Opens `checkpoint:ID` from the store ($EVIDENSE_STORE, else the cache folder); a unique beginning of the id is enough."""

    name: str = "checkpoint"
    spellings: tuple[str, ...] = ("checkpoint:4f2a90c1", "checkpoint:4f2a90c1@query_prompt=query: ")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `checkpoint:`."""
        return spelling.head.startswith(PREFIX)

    def open(self, spelling: Spelling) -> Any:
        """Find the folder and load it under the loading guard.

        Raises:
            UnknownName: no checkpoint of the store has this id.
            AmbiguousName: several ids begin like this.
            IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra: as for an encoder of that kind.
        """
        folder = checkpoint_folder(spelling.head)
        inside = Spelling(str(folder), spelling.options)
        if two_towers.is_two_towers(folder):
            refuse_unknown_options(spelling, two_towers.OPTIONS)
            return two_towers.open_two_towers(folder, spelling)
        if is_static(folder):
            return replace(open_static(inside), name=str(spelling))
        refuse_unknown_options(spelling, open_text.OPTIONS)
        return replace(open_text.open_text_encoder(inside), name=str(spelling))


PART = CheckpointPart()
