"""The tower of an image-text encoder: texts, pictures, or both, mixed in one batch."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32, Int, Int64

from evidense.compute.captions import Captions
from evidense.compute.one_modality import CaptionTower, PictureTower
from evidense.compute.pixels import Pixels
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Mixed:
    """Items of any modality in line: which rows have a text, which a picture."""

    captions: Captions | None
    pixels: Pixels | None
    caption_rows: Int64[np.ndarray, " c"]
    """Place of each caption among the items."""
    picture_rows: Int64[np.ndarray, " p"]
    n_items: int

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Tokens of text and picture together."""
        sizes = np.zeros(self.n_items, np.int64)
        for rows, half in ((self.caption_rows, self.captions), (self.picture_rows, self.pixels)):
            if half is not None:
                sizes[rows] += half.sizes
        return sizes

    def take(self, rows: Int[np.ndarray, " n"]) -> "Mixed":
        """Return these items, in this order."""
        captions, caption_rows = _taken(self.captions, self.caption_rows, rows, self.n_items)
        pixels, picture_rows = _taken(self.pixels, self.picture_rows, rows, self.n_items)
        return Mixed(captions, pixels, caption_rows, picture_rows, len(rows))


def _taken(half: Any, its_rows: np.ndarray, rows: np.ndarray, n_items: int) -> tuple[Any, np.ndarray]:
    place = np.full(n_items, -1, np.int64)
    place[its_rows] = np.arange(len(its_rows))
    wanted = place[np.asarray(rows)]
    new_rows = np.flatnonzero(wanted >= 0)
    return (half.take(wanted[new_rows]) if half is not None and len(new_rows) else None), new_rows


@dataclass(frozen=True, eq=False)
class ImageTextTower:
    """One side of an image-text encoder.

    An item with text and picture gets the mean of its two unit vectors, brought to unit length again (late fusion).
    `layers`, `forward`, `pool`, `project` and `modules` need to know which half is meant: use `text` or `image`; here they answer
    for batches of texts.
    """

    fingerprint: str
    text: CaptionTower
    image: PictureTower
    modalities: frozenset[Modality] = frozenset({"text", "image", "image+text"})
    identity: Literal["content"] = "content"
    token_budget: int = 2048

    @property
    def n_dims(self) -> int:
        """Dimensions of a final vector."""
        return self.text.n_dims

    @property
    def n_layers(self) -> int:
        """Blocks of the text half."""
        return self.text.n_layers

    @property
    def n_pooled(self) -> int:
        """Dimensions of a pooled state of the text half."""
        return self.text.n_pooled

    @property
    def flops_per_token(self) -> float:
        """The dearer of the two halves."""
        return max(self.text.flops_per_token, self.image.flops_per_token)

    def prepare(self, items: Sequence[Item]) -> Mixed:
        """Tokenise the texts and queue the pictures.

        Raises:
            InvalidInput: an item with neither.
        """
        for item in items:
            _ = item.modality
        caption_rows = np.array([row for row, item in enumerate(items) if item.text is not None], np.int64)
        picture_rows = np.array([row for row, item in enumerate(items) if item.picture is not None], np.int64)
        captions = self.text.prepare([items[row] for row in caption_rows]) if len(caption_rows) else None
        pixels = self.image.prepare([items[row] for row in picture_rows]) if len(picture_rows) else None
        return Mixed(captions, pixels, caption_rows, picture_rows, len(items))

    def vectors(self, prepared: Mixed) -> Float32[np.ndarray, "b e"]:
        """Encode one batch; an item with text and picture gets the normalised mean of both."""
        out = np.zeros((prepared.n_items, self.n_dims), np.float32)
        if prepared.captions is not None:
            out[prepared.caption_rows] = self.text.vectors(prepared.captions)
        if prepared.pixels is not None:
            seen = self.image.vectors(prepared.pixels)
            fused = np.isin(prepared.picture_rows, prepared.caption_rows)
            out[prepared.picture_rows[~fused]] = seen[~fused]
            rows = prepared.picture_rows[fused]
            out[rows] = _unit(_unit(out[rows]) + _unit(seen[fused]))
        return out

    def layers(self, prepared: Mixed) -> Float32[np.ndarray, "l b e"]:
        """Pool every layer's states of a batch that has only texts or only pictures."""
        half, inputs = self._half(prepared)
        return half.layers(inputs)

    def forward(self, prepared: Mixed) -> "tuple[Tensor, Tensor]":
        """Return (states, mask) of a batch that has only texts or only pictures."""
        half, inputs = self._half(prepared)
        return half.forward(inputs)

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool states of texts (of pictures: `image.pool`)."""
        return self.text.pool(states, mask)

    def project(self, pooled: "Tensor") -> "Tensor":
        """Project pooled states of texts (of pictures: `image.project`)."""
        return self.text.project(pooled)

    def modules(self, pattern: str) -> "Mapping[str, torch.nn.Module]":
        """Return modules of both halves, named `text_model.…` and `vision_model.…`.

        Raises:
            UnknownName: none matches.
        """
        named: dict[str, Any] = {
            f"{half}.{name}": module
            for half, tower in (("text_model", self.text), ("vision_model", self.image))
            for name, module in tower.half.inner.named_modules()
            if name
        }
        found = {name: module for name, module in named.items() if re.fullmatch(pattern, name)}
        if not found:
            raise UnknownName.among("module", pattern, list(named)[:40], "The pattern must match a whole name.")
        return found

    def _half(self, prepared: Mixed) -> tuple[CaptionTower | PictureTower, Any]:
        if prepared.pixels is None and prepared.captions is not None:
            return self.text, prepared.captions
        if prepared.captions is None and prepared.pixels is not None:
            return self.image, prepared.pixels
        raise InvalidInput(
            "the layers of texts and pictures cannot be stacked (they are two transformers); expected a batch of one kind; "
            "ask `text` or `image` of this tower"
        )


def _unit(vectors: Float32[np.ndarray, "b e"]) -> Float32[np.ndarray, "b e"]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
