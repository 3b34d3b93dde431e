"""The steps after pooling in sentence-transformers: dense layer, layer norm, truncation, unit length."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from evidense.boundary.strangers import foreign
from evidense.compute.models.files import read_form
from evidense.compute.models.forms import DenseSettings, LayerNormSettings
from evidense.errors import UnsafeInput

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class PostPoolingStep:
    """One step after pooling: it maps pooled[b, e] to [b, e_out]."""

    weights: "nn.Module | None"
    adds_input: bool = False
    truncate_dim: int | None = None
    """Number of first dimensions that a step without weights keeps; None: it brings vectors to unit length."""

    def __call__(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to [b, e_out]; a step without weights truncates or normalises (a zero vector stays zero)."""
        from torch.nn import functional

        if self.truncate_dim is not None:
            return pooled[..., : self.truncate_dim]
        if self.weights is None:
            return functional.normalize(pooled, dim=-1)
        layers = dict(self.weights.named_children())
        mapped = pooled
        for name in ("linear", "norm", "activation"):
            mapped = layers[name](mapped) if name in layers else mapped
        if not self.adds_input:
            return mapped
        return mapped + (layers["residual"](pooled) if "residual" in layers else pooled)


def unit_length() -> PostPoolingStep:
    """Return the step that brings each vector to unit length."""
    return PostPoolingStep(None)


def first_dimensions(n_dims: int) -> PostPoolingStep:
    """Return the step that keeps the first dimensions, as `truncate_dim` of sentence-transformers does after all modules."""
    return PostPoolingStep(None, truncate_dim=n_dims)


def projection(linear: "nn.Module") -> PostPoolingStep:
    """Return a linear layer as a step."""
    from torch import nn

    return PostPoolingStep(nn.ModuleDict({"linear": linear}))


def layer_norm(path: Path) -> PostPoolingStep:
    """Build the `LayerNorm` module of sentence-transformers that a folder describes.

    Raises:
        InvalidInput: config.json does not describe a layer norm.
    """
    from torch import nn

    return PostPoolingStep(
        nn.ModuleDict({"norm": nn.LayerNorm(read_form(LayerNormSettings, path / "config.json").dimension)})
    )


def dense(path: Path) -> PostPoolingStep:
    """Build the `Dense` module of sentence-transformers that a folder describes.

    Raises:
        UnsafeInput: the activation is not one of torch.
        InvalidInput: config.json does not describe a dense layer.
    """
    from torch import nn

    config_file = path / "config.json"
    settings = read_form(DenseSettings, config_file)
    parts = {"linear": nn.Linear(settings.in_features, settings.out_features, bias=settings.bias)}
    parts["activation"] = _activation(settings.activation_function, config_file)
    if settings.use_residual and settings.in_features != settings.out_features:
        parts["residual"] = nn.Linear(settings.in_features, settings.out_features, bias=False)
    return PostPoolingStep(nn.ModuleDict(parts), settings.use_residual)


def _activation(name: str, source: Path) -> "nn.Module":
    from torch import nn

    activation = getattr(nn, name.rpartition(".")[2], None)
    if not name.startswith("torch.nn.") or not (inspect.isclass(activation) and issubclass(activation, nn.Module)):
        raise UnsafeInput(
            f"'{source}' names the activation '{name:.100}', which would be imported; "
            "expected one of torch.nn.modules; do not use it"
        )
    with foreign(str(source), "Expected an activation of torch that takes no arguments; fetch the model again."):
        return cast("nn.Module", activation())
