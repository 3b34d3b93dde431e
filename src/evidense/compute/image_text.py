"""Image-text models of the CLIP and SigLIP kinds: how each family makes states, pools them and projects them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FAMILIES = {"clip": "CLIPModel", "siglip": "SiglipModel", "siglip2": "Siglip2Model"}
"""model_type → class of transformers."""


@dataclass(frozen=True, eq=False)
class TextHalf:
    """The text side of the model.

    CLIP pools the end token (the mask ends there) and projects it; SigLIP pools the last position, padding or not, and maps
    it with its head.
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
        found = {"backbone": self.inner}
        return {**found, "projection": self.model.text_projection} if self.family == "clip" else found

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

    CLIP pools the class token, norms and projects it; SigLIP pools with its attention head (for inner layers too) and has
    no projection.
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
        found = {"backbone": self.inner}
        return {**found, "projection": self.model.visual_projection} if self.family == "clip" else found

    def states(self, inputs: "Mapping[str, Tensor]") -> "Tensor":
        """Return the last layer's states[b, t, e] as transformers does (CLIP: before the last norm; SigLIP: after it)."""
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
    """Reduce the states of layers 0 (what the first block sees) … n_layers (`half.states`) while they pass."""
    kept: list[Tensor] = []
    with ExitStack() as stack:
        for block in half.inner.encoder.layers:
            hook = block.register_forward_pre_hook(lambda _, a, k: kept.append(reduce(a[0] if a else k["hidden_states"])), with_kwargs=True)  # fmt: skip
            stack.callback(hook.remove)
        last = half.states(inputs)
    return [*kept, reduce(last)]


def build_model(source: str, config: Mapping[str, Any]) -> "torch.nn.Module":
    """Make the model of the class that the config names, without weights of anybody.

    Raises:
        InvalidInput: a config that this class cannot be made from, or an image side without a head to read.
    """
    import transformers

    name = FAMILIES[str(config["model_type"])]
    try:
        found = getattr(transformers, name)
        made = found.config_class.from_dict(dict(config))
        model: torch.nn.Module = found(made).eval()
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise InvalidInput(
            f"'{source}' has a config that {name} of transformers {transformers.__version__} cannot be made from "
            f"({str(error)[:200]}); expected its own form; fetch the model again"
        ) from None
    if name != "CLIPModel" and not made.vision_config.vision_use_head:
        raise InvalidInput(
            f"'{source}' has no pooling head for pictures (vision_use_head = false), so no vector of a picture is defined; "
            "expected a model with one; take another checkpoint"
        )
    return model
