"""The tower of an image-text encoder: texts, pictures, or both, mixed in one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32, Int, Int64

from evidense.compute.images import frozen
from evidense.compute.images.locked import LockedHalf
from evidense.compute.models.modules import matching_modules
from evidense.compute.part_of_batch import only
from evidense.compute.progress import Progress
from evidense.compute.similarity import divided_by_length
from evidense.compute.tensor_similarity import as_scored
from evidense.compute.texts.text_tower import TextTower
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Mixed:
    """A batch of items of any modality: the prepared texts and pictures, and the rows that have each."""

    captions: Any
    """Texts prepared by the text tower; None without texts."""
    pixels: Any
    """Pictures prepared by the image tower; None without pictures."""
    caption_rows: Int64[np.ndarray, " c"]
    """Row of each caption among the items."""
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

    @property
    def n_tokens(self) -> int:
        """Tokens of the texts."""
        return 0 if self.captions is None else int(np.sum(self.captions.sizes))

    @property
    def n_pixels(self) -> int:
        """Pixels that the model sees; 0 if the image tower does not say."""
        return int(getattr(self.pixels, "n_pixels", 0))

    def take(self, rows: Int[np.ndarray, " n"]) -> "Mixed":
        """Return these items, in this order."""
        captions, caption_rows = _taken(self.captions, self.caption_rows, rows, self.n_items)
        pixels, picture_rows = _taken(self.pixels, self.picture_rows, rows, self.n_items)
        return Mixed(captions, pixels, caption_rows, picture_rows, len(rows))


def _taken(prepared: Any, half_rows: np.ndarray, rows: np.ndarray, n_items: int) -> tuple[Any, np.ndarray]:
    place_of_row = np.full(n_items, -1, np.int64)
    place_of_row[half_rows] = np.arange(len(half_rows))
    places_in_half = place_of_row[np.asarray(rows)]
    new_rows = np.flatnonzero(places_in_half >= 0)
    return (prepared.take(places_in_half[new_rows]) if prepared is not None and len(new_rows) else None), new_rows


@dataclass(frozen=True, eq=False)
class ImageTextTower:
    """One side of an image-text encoder.

    An item with text and picture gets the mean of its two unit vectors, brought to unit length again (late fusion).
    `layers` and `forward` take batches of one modality; `pool` and `project` are those of texts. For pictures use `image`.
    """

    fingerprint: str
    text: Any
    """Tower of texts. It is trainable, and shows layers if the encoder says so."""
    image: Any
    """Tower of pictures."""
    modalities: frozenset[Modality] = frozenset({"text", "image", "image+text"})
    identity: Literal["content"] = "content"
    token_budget: int = 2048
    prefixes: tuple[str, str] = ("text_model", "vision_model")
    """Prefixes of module names: of the text half, of the image half."""
    locked: tuple[LockedHalf | None, LockedHalf | None] = (None, None)
    """The text half and the image half, if its backbone has the weights it was built with: its states can be kept."""

    @property
    def n_dims(self) -> int:
        """Dimensions of a final vector."""
        return int(self.text.n_dims)

    @property
    def n_layers(self) -> int:
        """Blocks of the text half."""
        return int(self.text.n_layers)

    @property
    def n_pooled(self) -> int:
        """Dimensions of a pooled state of the text half."""
        return int(self.text.n_pooled)

    @property
    def flops_per_token(self) -> float:
        """The greater of the two halves."""
        return float(max(getattr(tower, "flops_per_token", 0.0) for tower in (self.text, self.image)))

    @property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The modules of both halves, named `text.…` and `image.…`; a shared projection appears in both."""
        return {
            f"{half}.{name}": module
            for half, tower in (("text", self.text), ("image", self.image))
            for name, module in tower.weights.items()
        }

    def prepare(self, items: Sequence[Item]) -> Mixed:
        """Tokenise the texts and queue the pictures.

        Raises:
            InvalidInput: an item has neither text nor picture.
        """
        for item in items:
            _ = item.modality
        caption_rows = np.array([row for row, item in enumerate(items) if item.text is not None], np.int64)
        picture_rows = np.array([row for row, item in enumerate(items) if item.picture is not None], np.int64)
        texts = [Item(items[row].id, text=items[row].text) for row in caption_rows]
        pictures = [Item(items[row].id, picture=items[row].picture) for row in picture_rows]
        captions = self.text.prepare(texts) if texts else None
        pixels = self.image.prepare(pictures) if pictures else None
        return Mixed(captions, pixels, caption_rows, picture_rows, len(items))

    def vectors(self, prepared: Mixed) -> Float32[np.ndarray, "b e"]:
        """Encode one batch; an item with text and picture gets the normalised mean of both."""
        out = np.zeros((prepared.n_items, self.n_dims), np.float32)
        if prepared.captions is not None:
            out[prepared.caption_rows] = self._vectors(0, prepared.captions)
        if prepared.pixels is not None:
            pictures = self._vectors(1, prepared.pixels)
            fused = np.isin(prepared.picture_rows, prepared.caption_rows)
            out[prepared.picture_rows[~fused]] = pictures[~fused]
            rows = prepared.picture_rows[fused]
            out[rows] = divided_by_length(divided_by_length(out[rows]) + divided_by_length(pictures[fused]))
        return out

    def represent(self, prepared: Mixed) -> "Tensor":
        """Encode one batch to a tensor [b, e] as `vectors` does, with gradients if they are enabled."""
        import torch

        halves = [
            (torch.from_numpy(rows), self._represent(number, half, rows))
            for number, half, rows in (
                (0, prepared.captions, prepared.caption_rows),
                (1, prepared.pixels, prepared.picture_rows),
            )
            if half is not None
        ]
        if len(halves) == 1 and len(halves[0][0]) == prepared.n_items:
            return halves[0][1]
        n_halves = torch.zeros(prepared.n_items, dtype=torch.int64)
        n_halves = sum((n_halves.index_add(0, rows, torch.ones_like(rows)) for rows, _ in halves), n_halves)
        fused = (n_halves > 1)[:, None]
        total: Any = 0
        for rows, vectors in halves:
            unit = torch.nn.functional.normalize(vectors, dim=-1)
            summand = torch.where(fused[rows].to(vectors.device), unit, vectors)
            total = total + summand.new_zeros(prepared.n_items, summand.shape[1]).index_add(
                0, rows.to(summand.device), summand
            )
        return torch.where(fused.to(total.device), torch.nn.functional.normalize(total, dim=-1), total)

    def keep_states(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Have the pooled states of these items in the store and at hand, for each half whose backbone is locked and not trained now.

        Raises:
            InvalidInput, UnsafeInput, StoreError: as `LockedHalf.fill`.
        """
        texts = [Item(item.id, text=item.text) for item in items if item.text is not None]
        pictures = [Item(item.id, picture=item.picture) for item in items if item.picture is not None]
        for number, half_items in enumerate((texts, pictures)):
            half = self._locked(number)
            if half is not None and half_items and frozen.is_frozen(half.tower.body):
                half.fill(half_items, store, progress)

    def _locked(self, number: int) -> LockedHalf | None:
        half = self.locked[number]
        return half if half is not None and half.is_locked else None

    def _vectors(self, number: int, prepared: Any) -> Float32[np.ndarray, "b e"]:
        import torch

        tower, half = (self.text, self.image)[number], self._locked(number)
        if half is None:
            vectors: Float32[np.ndarray, "b e"] = tower.vectors(prepared)
            return vectors
        with torch.no_grad():
            projected: Float32[np.ndarray, "b e"] = tower.project(half.states(prepared)).cpu().numpy()
        return projected

    def _represent(self, number: int, prepared: Any, rows: Int64[np.ndarray, " n"]) -> "Tensor":
        tower, half = (self.text, self.image)[number], self._locked(number)
        with only(rows, number):
            if half is not None and frozen.is_frozen(tower.body):
                return as_scored(tower.project(half.states(prepared)), tower.by_angle)
            if isinstance(tower, TextTower) and tower.modes and frozen.is_frozen(tower.body):
                pooled = frozen.features(tower.body, prepared, tower.pooled)
                return as_scored(tower.project(pooled), tower.by_angle)
            vectors: Tensor = tower.represent(prepared)
            return vectors

    def layers(self, prepared: Mixed) -> Float32[np.ndarray, "l b e"]:
        """Pool the states of every layer for a batch of texts only or pictures only."""
        half, inputs = self._half(prepared)
        states: Float32[np.ndarray, "l b e"] = half.layers(inputs)
        return states

    def forward(self, prepared: Mixed) -> "tuple[Tensor, Tensor]":
        """Return (states, mask) of a batch of texts only or pictures only."""
        half, inputs = self._half(prepared)
        states_and_mask: tuple[Tensor, Tensor] = half.forward(inputs)
        return states_and_mask

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool states of texts (for pictures: `image.pool`)."""
        pooled: Tensor = self.text.pool(states, mask)
        return pooled

    def project(self, pooled: "Tensor") -> "Tensor":
        """Project pooled states of texts (for pictures: `image.project`)."""
        projected: Tensor = self.text.project(pooled)
        return projected

    def modules(self, pattern: str) -> "Mapping[str, torch.nn.Module]":
        """Return modules of both halves, named `text_model.…` and `vision_model.…` (or as `prefixes` says).

        Raises:
            UnknownName: none matches.
        """
        prefixed: dict[str, Any] = {
            f"{prefix}.{name}": module
            for prefix, tower in zip(self.prefixes, (self.text, self.image), strict=True)
            for name, module in tower.modules(r".+").items()
        }
        return matching_modules(prefixed, pattern)

    def _half(self, prepared: Mixed) -> tuple[Any, Any]:
        if prepared.pixels is None and prepared.captions is not None:
            return self.text, prepared.captions
        if prepared.captions is None and prepared.pixels is not None:
            return self.image, prepared.pixels
        raise InvalidInput(
            "the layers of texts and pictures belong to two transformers and cannot be stacked; expected a batch of one modality; "
            "ask `text` or `image` of this tower"
        )
