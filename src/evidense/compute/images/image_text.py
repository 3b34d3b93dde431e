"""Image-text models of the CLIP and SigLIP families: how each computes, pools and projects states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.compute.models.architecture import config_of, drawn, filled
from evidense.compute.models.modules import reduced_layers
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FAMILIES = {"clip": "CLIPModel", "siglip": "SiglipModel", "siglip2": "Siglip2Model"}
"""model_type → class in transformers."""
_UNREAD = ("logit_scale", "logit_bias")
"""Weights of the training loss; vectors do not depend on them."""


@dataclass(frozen=True, eq=False)
class TextHalf:
    """The text side of the model.

    CLIP pools the end token (the last one in the mask) and projects it. SigLIP pools the last position, padding or not, and applies
    its head.
    """

    model: "torch.nn.Module"
    family: str

    @property
    def inner(self) -> Any:
        """The transformer inside."""
        return self.model.text_model

    @property
    def parts(self) -> "Mapping[str, torch.nn.Module]":
        """The modules that make a vector."""
        modules = {"backbone": self.inner}
        return {**modules, "projection": self.model.text_projection} if self.family == "clip" else modules

    def states(self, inputs: "Mapping[str, Tensor]") -> "Tensor":
        """Return the last layer's states[b, t, e], after the final norm."""
        return self.inner(**inputs).last_hidden_state

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool states[b, t, e] to [b, e]."""
        if self.family != "clip":
            return states[:, -1]
        return states[range(len(states)), mask.sum(dim=1) - 1]

    def project(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to the common space (not yet normalised)."""
        head: Callable[[Any], Any] = self.model.text_projection if self.family == "clip" else self.inner.head
        return head(pooled)


@dataclass(frozen=True, eq=False)
class ImageHalf:
    """The image side of the model.

    CLIP pools the class token, normalises and projects it. SigLIP pools with its attention head (for inner layers too) and has no
    projection.
    """

    model: "torch.nn.Module"
    family: str

    @property
    def inner(self) -> Any:
        """The transformer inside."""
        return self.model.vision_model

    @property
    def parts(self) -> "Mapping[str, torch.nn.Module]":
        """The modules that make a vector."""
        modules = {"backbone": self.inner}
        return {**modules, "projection": self.model.visual_projection} if self.family == "clip" else modules

    def states(self, inputs: "Mapping[str, Tensor]") -> "Tensor":
        """Return the last layer's states[b, t, e] as in transformers (CLIP: before the last norm; SigLIP: after it)."""
        return self.inner(**inputs).last_hidden_state

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool states[b, t, e] to [b, e]."""
        if self.family == "clip":
            return states[:, 0]
        return self.inner.head(states, mask) if self.family == "siglip2" else self.inner.head(states)

    def project(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to the common space (not yet normalised)."""
        if self.family != "clip":
            return pooled
        return self.model.visual_projection(self.inner.post_layernorm(pooled))


Half = TextHalf | ImageHalf


def each_layer(half: Half, inputs: "Mapping[str, Tensor]", reduce: "Callable[[Tensor], Tensor]") -> "list[Tensor]":
    """Reduce the states of layers 0 (the input of the first block) … n_layers (`half.states`) during one forward pass."""
    return reduced_layers(half.inner.encoder.layers, lambda: half.states(inputs), reduce)


def build_model(
    config_file: Path, config: Mapping[str, Any], tensors: "Mapping[str, torch.Tensor] | None"
) -> "torch.nn.Module":
    """Build the model that the config names, without loading weights.

    With tensors, the model is built only if they fill it. Without tensors (None), it keeps its random weights.

    Raises:
        IncompleteWeights, InvalidInput: the tensors do not fill the model, its class does not accept the config, or the image side has
            no pooling head.
    """
    import transformers

    name = FAMILIES[str(config["model_type"])]
    model_config = config_of(config_file, config, None if tensors is None else len(tensors))
    make = partial(_blank, getattr(transformers, name), model_config, set(tensors or _UNREAD))
    model = (
        drawn(make, _itself, str(config_file))
        if tensors is None
        else filled(make, _itself, tensors, str(config_file.parent))
    )
    if name != "CLIPModel" and not model_config.vision_config.vision_use_head:
        raise InvalidInput(
            f"'{config_file.parent}' has no pooling head for pictures (vision_use_head = false), so pictures have no vectors; "
            "expected a model with one; take another checkpoint"
        )
    return model


def _itself(model: "torch.nn.Module") -> "torch.nn.Module":
    return model


def _blank(model_class: Any, config: Any, weight_names: set[str]) -> "torch.nn.Module":
    model: torch.nn.Module = model_class(config).eval()
    for name in _UNREAD:
        if name not in weight_names and hasattr(model, name):
            delattr(model, name)
    return model
