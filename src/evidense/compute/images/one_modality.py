"""Towers of one modality inside an image-text model: one for texts, one for pictures, in one space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from jaxtyping import Bool, Float32

from evidense.compute.images.captions import CaptionReader, Captions
from evidense.compute.images.frozen import features, is_frozen
from evidense.compute.images.image_text import Half, ImageHalf, TextHalf, each_layer
from evidense.compute.images.vision import VisionHalf
from evidense.compute.models.modules import device_of, evaluating, linear_flops, matching_modules
from evidense.compute.pictures.pixels import PictureReader, Pixels
from evidense.compute.tensor_similarity import as_scored
from evidense.errors import InvalidInput
from evidense.values import Item, Modality

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class OneModality:
    """The common base of the text tower and the image tower."""

    fingerprint: str
    half: TextHalf | ImageHalf | VisionHalf
    normalised: bool
    by_angle: bool = False
    """Whether only the angle of vectors counts though they are not of unit length; `represent` then returns unit vectors."""
    identity: Literal["content"] = "content"
    token_budget: int = 2048

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return len(self.half.inner.encoder.layers)

    @property
    def n_pooled(self) -> int:
        """Dimensions after pooling, before the projection."""
        return int(self.half.inner.config.hidden_size)

    @cached_property
    def n_dims(self) -> int:
        """Dimensions of a final vector."""
        import torch

        with torch.inference_mode():
            zeros = torch.zeros(1, self.n_pooled, device=device_of(self.half.inner))
            return int(self.project(zeros).shape[-1])

    @cached_property
    def flops_per_token(self) -> float:
        """Floating-point operations per token; the first estimate of the encoding time rests on them."""
        return linear_flops(self.half.inner)

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool states[b, t, e] to [b, e] as the family does."""
        return self.half.pool(states.to(self._dtype), mask).float()

    def project(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to the common space, and to unit length if `normalised`."""
        import torch

        mapped = self.half.project(pooled.to(self._dtype)).float()
        return torch.nn.functional.normalize(mapped, dim=-1) if self.normalised else mapped

    @property
    def _dtype(self) -> "torch.dtype":
        return next(iter(self.half.inner.parameters())).dtype

    @property
    def body(self) -> "torch.nn.Module":
        """The transformer or convolutional network, without the projection."""
        inner: torch.nn.Module = self.half.inner
        return inner

    @property
    def weights(self) -> "Mapping[str, torch.nn.Module]":
        """The transformer and the projection."""
        return self.half.parts

    def vectors(self, prepared: Any) -> Float32[np.ndarray, "b e"]:
        """Encode one batch to final vectors, in evaluation mode even during training."""
        import torch

        with torch.inference_mode(), evaluating(self.half.inner):
            return self.project(self.pooled(prepared)).cpu().numpy()  # type: ignore[no-any-return]

    def represent(self, prepared: Any) -> "Tensor":
        """Encode one batch to vectors[b, e] as they are scored, with gradients if they are enabled.

        Features of a frozen transformer are computed once per item, without dropout (see `images.frozen`).
        """
        inner = self.half.inner
        pooled = features(inner, prepared, self.pooled) if is_frozen(inner) else self.pooled(prepared)
        return as_scored(self.project(pooled), self.by_angle)

    def pooled(self, prepared: Any) -> "Tensor":
        """Encode one batch up to pooling, [b, e]."""
        inputs, mask = self._placed(prepared)
        return self.pool(self.half.states(inputs), mask)

    def layers(self, prepared: Any) -> Float32[np.ndarray, "l b e"]:
        """Pool the states of every layer in one forward pass."""
        import torch

        with torch.inference_mode(), evaluating(self.half.inner):
            inputs, mask = self._placed(prepared)
            return torch.stack(self._each_layer(inputs, lambda states: self.pool(states, mask))).cpu().numpy()  # type: ignore[no-any-return]

    def forward(self, prepared: Any) -> "tuple[Tensor, Tensor]":
        """Return (states[l, b, t, e], mask[b, t]), with gradients if they are enabled."""
        import torch

        inputs, mask = self._placed(prepared)
        return torch.stack(self._each_layer(inputs, lambda states: states)), mask

    def _each_layer(self, inputs: "Mapping[str, Tensor]", reduce: "Callable[[Tensor], Tensor]") -> "list[Tensor]":
        return each_layer(cast(Half, self.half), inputs, reduce)

    def modules(self, pattern: str) -> "Mapping[str, torch.nn.Module]":
        """Return the modules of this side whose names match the regular expression.

        Raises:
            UnknownName: none matches.
        """
        return matching_modules(dict(self.half.inner.named_modules()), pattern)

    def _placed(self, prepared: Any) -> "tuple[dict[str, Tensor], Tensor]":
        """Return the inputs of the model and the mask, on the device of the weights."""
        device = device_of(self.half.inner)
        inputs, mask = self._inputs(prepared)
        return {name: tensor.to(device) for name, tensor in inputs.items()}, mask.to(device)

    def _inputs(self, prepared: Any) -> "tuple[dict[str, Tensor], Tensor]":
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class CaptionTower(OneModality):
    """Encodes texts."""

    half: TextHalf
    reader: CaptionReader
    prompt: str = ""
    """Prefix of each text, or a template with {} for the text."""
    modalities: frozenset[Modality] = frozenset({"text"})

    @property
    def max_length(self) -> int:
        """Tokens that are read of a text; prompt and special tokens count."""
        return self.reader.max_length

    def is_cut(self, items: Sequence[Item]) -> Bool[np.ndarray, " n"]:
        """Say which items have a text longer than `max_length`."""
        return self.reader.is_cut([self._prompted(item.text or "") for item in items])

    def prepare(self, items: Sequence[Item]) -> Captions:
        """Put each text into the prompt and tokenise.

        Raises:
            InvalidInput: an item has no text.
        """
        if wrong := [item.id for item in items if item.text is None]:
            raise InvalidInput(
                f"{len(wrong)} items have no text (as '{wrong[0]}'); expected text for this tower; use the tower of pictures"
            )
        return self.reader.read([self._prompted(item.text or "") for item in items])

    def _prompted(self, text: str) -> str:
        return self.prompt.replace("{}", text) if "{}" in self.prompt else self.prompt + text

    def _inputs(self, prepared: Captions) -> "tuple[dict[str, Tensor], Tensor]":
        return prepared.inputs()


@dataclass(frozen=True, eq=False, kw_only=True)
class PictureTower(OneModality):
    """Encodes pictures."""

    half: ImageHalf
    reader: PictureReader
    modalities: frozenset[Modality] = frozenset({"image"})

    def prepare(self, items: Sequence[Item]) -> Pixels:
        """Queue the pictures; they are decoded when their batch comes.

        Raises:
            InvalidInput: an item has no picture.
        """
        pictures = [(item.id, item.picture) for item in items if item.picture is not None]
        if len(pictures) != len(items):
            wrong = next(item.id for item in items if item.picture is None)
            raise InvalidInput(
                f"{len(items) - len(pictures)} items have no picture (as '{wrong}'); expected pictures for this tower; use the tower of texts"
            )
        return Pixels(tuple(pictures), self.reader)

    def _inputs(self, prepared: Pixels) -> "tuple[dict[str, Tensor], Tensor]":
        import torch

        arrays = prepared.arrays()
        arrays["pixel_values"] = arrays["pixel_values"].to(self._dtype)
        mask = arrays.get("pixel_attention_mask")
        return arrays, torch.ones(
            len(prepared.pictures), self.reader.n_tokens, dtype=torch.int64
        ) if mask is None else mask
