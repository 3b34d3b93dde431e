"""Pooled states of every layer: several poolings in one forward pass, reused from the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Float32

from evidense.compute import pooling
from evidense.compute.half import unpacked
from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.compute.progress import Progress
from evidense.compute.search.encode import Encoded, encode
from evidense.compute.texts.text_tower import TextTower
from evidense.errors import InvalidInput
from evidense.parts import Tower
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Item

OWN_POOLING = "own"
"""Name of the pooling that the encoder itself uses."""

LayerStates = Mapping[str, Float32[np.ndarray, "l n e"]]
"""Pooling → states of every layer. Layer 0 is the embeddings, the last layer is the one that the tower pools."""


PRECISIONS = ("float32", "float16")
"""How states are kept: exactly, or rounded to half the disk."""


@dataclass(frozen=True)
class Keeping:
    """Where states are kept, and how."""

    store: Store
    precision: str = "float32"
    """One of PRECISIONS."""
    progress: Progress | None = None

    def states(self, tower: Tower, items: Sequence[Item]) -> Float32[np.ndarray, "l n e"]:
        """Return the states of every layer, one row per item. If they are exact and all items are distinct, this is a memory map (no copy)."""
        is_half = self.precision == "float16"
        encoded = encode(tower, items, self.store, progress=self.progress, layers="float16" if is_half else True)
        if is_half:
            encoded = replace(encoded, vectors=unpacked(cast(Any, encoded.vectors)))
        return _rows(encoded)


def layer_states(
    tower: Tower, items: Sequence[Item], keeping: Keeping, poolings: Sequence[str] = (OWN_POOLING,)
) -> LayerStates:
    """Return the pooled states of every layer, one row per item.

    Raises:
        InvalidInput: the tower has no layers, texts and pictures are mixed, or the tower cannot pool like this.
        UnknownName: the pooling does not exist.
    """
    half = half_of(tower, items)
    if not isinstance(half, TextTower):
        if wrong := [name for name in poolings if name != OWN_POOLING]:
            raise InvalidInput(
                f"the pooling '{wrong[0]}' is not one of this tower; expected '{OWN_POOLING}', the only pooling of towers for pictures and of "
                "image-text families; leave the others out"
            )
        return dict.fromkeys(poolings, keeping.states(half, items))
    modes = {name: _modes(half, name) for name in poolings}
    all_modes = tuple(dict.fromkeys(mode for pooling_modes in modes.values() for mode in pooling_modes))
    pooled = keeping.states(cast(Tower, _view(half, all_modes)), items)
    width = half.backbone.n_hidden
    return {
        name: _columns(pooled, [all_modes.index(mode) for mode in pooling_modes], width)
        for name, pooling_modes in modes.items()
    }


def half_of(tower: Any, items: Sequence[Item]) -> Any:
    """Return the tower that encodes these items; of an image-text tower, its text half or its picture half.

    Raises:
        InvalidInput: texts and pictures are mixed; their layers belong to two transformers.
    """
    if not isinstance(tower, ImageTextTower):
        return tower
    kinds = {item.modality for item in items}
    if kinds == {"text"}:
        return tower.text
    if kinds == {"image"}:
        return tower.image
    raise InvalidInput(
        f"items of {', '.join(sorted(kinds))} in one list; expected only texts or only pictures, because their layers belong to two "
        "transformers; ask for each alone"
    )


def _modes(tower: TextTower, name: str) -> tuple[str, ...]:
    return (tower.modes or ("cls",)) if name == OWN_POOLING else pooling.canonical(name)


def _view(tower: TextTower, modes: tuple[str, ...]) -> TextTower:
    """Return the tower with its layers pooled in all of these modes, side by side."""
    if modes == (tower.modes or ("cls",)):
        return tower
    return replace(tower, modes=modes, after=(), fingerprint=sha256_of(["poolings", tower.fingerprint, list(modes)]))


def _rows(encoded: Encoded) -> Float32[np.ndarray, "l n e"]:
    """Return one row per item. If all items are distinct, this is the array itself (no copy)."""
    if np.array_equal(encoded.rows, np.arange(encoded.vectors.shape[-2])):
        return encoded.vectors
    return encoded.all()


def _columns(pooled: Float32[np.ndarray, "l n e"], places: list[int], width: int) -> Float32[np.ndarray, "l n c"]:
    first = places[0]
    if places == list(range(first, first + len(places))):
        return pooled[..., first * width : (first + len(places)) * width]
    return np.concatenate([pooled[..., place * width : (place + 1) * width] for place in places], axis=-1)
