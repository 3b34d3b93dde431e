"""The MLP output matrix of one block of a text encoder: what the edits change."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidense.compute.models.tokens import Tokens
from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.patching.sites import Half, halves, layout_of
from evidense.errors import InvalidInput
from evidense.parts import Encoder

if TYPE_CHECKING:
    from torch import Tensor

TEXT = "text"
"""Name of the half that is edited."""


@dataclass(frozen=True, eq=False)
class OutputMatrix:
    """The MLP output matrix of one block: weight [e, m] maps keys (activations of the m neurons) to what the block writes."""

    half: Half
    layer: int

    @property
    def module(self) -> Any:
        """The torch module."""
        block = self.half.blocks[self.layer - 1]
        return block.get_submodule(layout_of(block).values)

    @property
    def name(self) -> str:
        """Return the name of its weight among the half's tensors."""
        return self.half.values(self.layer)

    def keys(self, tokens: Tokens) -> "tuple[Tensor, Tensor]":
        """Return the keys [b, t, m] of texts, and a mask of the real tokens [b, t]."""
        import torch

        tower: TextTower = self.half.tower
        recorded: list[Tensor] = []
        hook = self.module.register_forward_pre_hook(lambda _, inputs: recorded.append(inputs[0].detach()))
        try:
            ids, mask = tokens.padded(tower.reader.pad)
            with torch.no_grad():
                tower.backbone.states(ids, mask)
        finally:
            hook.remove()
        return recorded[0], torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()


def output_matrix(encoder: Encoder, layer: int) -> OutputMatrix:
    """Return the output matrix of block `layer` (1 … n_layers) of a text encoder.

    Raises:
        InvalidInput: the encoder has no such block, or no text tower that predicts tokens.
    """
    half = halves(encoder).get(TEXT)
    if half is None or not isinstance(half.tower, TextTower):
        raise InvalidInput(
            f"'{encoder.name}' has no text tower that predicts tokens; expected a masked language model; edit another"
        )
    if not 1 <= layer <= len(half.blocks):
        raise InvalidInput(
            f"layer {layer} of '{encoder.name}' does not exist; expected 1 to {len(half.blocks)}; choose one of them"
        )
    return OutputMatrix(half, layer)
