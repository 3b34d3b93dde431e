"""Image towers: pictures → states of a vision model → pooled → projected into the space of a text tower."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from evidense.compute.images.one_modality import OneModality
from evidense.compute.images.vision import VisionHalf, pooling_of
from evidense.compute.models.modules import evaluating
from evidense.compute.pictures.arrays import ArrayReader, Arrays, Processed, Scaling
from evidense.errors import InvalidInput
from evidense.values import Item, Modality, Picture

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageTower(OneModality):
    """Encodes pictures with any vision model that `images.vision` opens."""

    half: VisionHalf
    reader: ArrayReader
    modalities: frozenset[Modality] = frozenset({"image"})

    @cached_property
    def n_layers(self) -> int:
        """Number of blocks (transformers) or stages (convolutional networks)."""
        return len(self._blank_layers) - 1

    @cached_property
    def n_pooled(self) -> int:
        """Dimensions after pooling, before the projection."""
        return int(self._blank_layers[-1][1])

    @property
    def how_pooled(self) -> list[Any]:
        """What changes a pooled vector, beside the weights and the picture: pooling and scaling."""
        return [pooling_of(self.half.model), self.reader.scaling.to_json()]

    @cached_property
    def _blank_layers(self) -> list[tuple[int, int]]:
        """Tokens and dimensions of each layer."""
        import torch

        with torch.inference_mode():
            layers = self.half.hidden({"pixel_values": self._blank()})
        return [(int(states.shape[1]), int(states.shape[2])) for states in layers]

    @cached_property
    def flops_per_token(self) -> float:
        """FLOPs of one picture, as counted by torch, divided by its tokens."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        counter = FlopCounterMode(display=False)
        with torch.inference_mode(False), torch.no_grad(), counter:
            self.half.states({"pixel_values": self._blank()})
        return float(counter.get_total_flops()) / self.reader.n_tokens

    def _blank(self) -> "Tensor":
        return blank(self.reader.scaling).to(next(iter(self.half.inner.parameters())))

    def prepare(self, items: Sequence[Item]) -> Arrays:
        """Queue the pictures; each is decoded when its batch first needs it.

        Raises:
            InvalidInput: an item has no picture, or has a text too.
        """
        pictures = [(item.id, item.picture) for item in items if item.picture is not None and item.text is None]
        if len(pictures) != len(items):
            wrong = next(item.id for item in items if item.picture is None or item.text is not None)
            raise InvalidInput(
                f"{len(items) - len(pictures)} items are not pictures without text (as '{wrong}'); expected pictures for this tower; "
                "use one that takes texts"
            )
        return Arrays(tuple(pictures), self.reader)

    def layers(self, prepared: Arrays) -> Float32[np.ndarray, "l b e"]:
        """Pool the states of every layer in one forward pass; narrower stages are padded with zeros, which changes no angle."""
        import torch
        from torch.nn.functional import pad

        with torch.inference_mode(), evaluating(self.half.inner):
            inputs, mask = self._placed(prepared)
            *inner, last = self.half.hidden(inputs)
            pooled = [*(self.half.pool_inside(states) for states in inner), self.pool(last, mask)]
            width = max(p.shape[1] for p in pooled)
            return torch.stack([pad(p, (0, width - p.shape[1])) for p in pooled]).cpu().numpy()  # type: ignore[no-any-return]

    def forward(self, prepared: Arrays) -> "tuple[Tensor, Tensor]":
        """Return (states[l, b, t, e], mask[b, t]); only the last stage (l = 1) if the stages differ in shape."""
        import torch

        inputs, mask = self._placed(prepared)
        states = self.half.hidden(inputs)
        alike = all(s.shape == states[-1].shape for s in states)
        return torch.stack(states if alike else states[-1:]), mask

    def _inputs(self, prepared: Arrays) -> "tuple[dict[str, Tensor], Tensor]":
        import torch

        pixels = prepared.tensor().to(self._dtype)
        return {"pixel_values": pixels}, torch.ones(len(pixels), self.reader.n_tokens, dtype=torch.int64)


def blank(scaling: Scaling | Processed) -> "Tensor":
    """Return the pixel values [1, c, h, w] of a white picture."""
    import torch

    side = scaling.side if isinstance(scaling, Scaling) else 8
    picture = Picture(b"P5 %d %d 255\n" % (side, side) + b"\xff" * side**2)
    return torch.from_numpy(scaling.values(np.stack([scaling.square(picture)])))


def n_tokens(model: "torch.nn.Module", scaling: Scaling | Processed) -> int:
    """Return the number of last states that a model has for one picture."""
    import torch

    encoder: Any = model
    with torch.inference_mode():
        states = encoder(pixel_values=blank(scaling)).last_hidden_state
    return int(states.shape[2] * states.shape[3] if states.dim() == 4 else states.shape[1])
