"""What sentence-transformers puts after pooling: a dense layer, a layer norm, unit length."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput, UnsafeInput

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Step:
    """One step after pooling: weights (None where it has none) and what it does with pooled[b, e]."""

    weights: "nn.Module | None"
    adds_input: bool = False

    def __call__(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to [b, e_out]; without weights: divide each vector by its length (a zero vector stays zero)."""
        from torch.nn import functional

        if self.weights is None:
            return functional.normalize(pooled, dim=-1)
        named = dict(self.weights.named_children())
        mapped = pooled
        for name in ("linear", "norm", "activation"):
            mapped = named[name](mapped) if name in named else mapped
        if not self.adds_input:
            return mapped
        return mapped + (named["residual"](pooled) if "residual" in named else pooled)


def unit_length() -> Step:
    """Return the step that divides each vector by its length."""
    return Step(None)


def projection(linear: "nn.Module") -> Step:
    """Return a plain linear map as a step."""
    from torch import nn

    return Step(nn.ModuleDict({"linear": linear}))


def layer_norm(config: Mapping[str, Any]) -> Step:
    """Return the `LayerNorm` module of sentence-transformers."""
    from torch import nn

    return Step(nn.ModuleDict({"norm": nn.LayerNorm(int(config["dimension"]))}))


def dense(config: Mapping[str, Any], path: Path) -> Step:
    """Return the `Dense` module of sentence-transformers.

    Raises:
        UnsafeInput: an activation that is not torch's own.
        InvalidInput: a config that describes no dense layer.
    """
    from torch import nn

    name = str(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
    found = getattr(nn, name.rpartition(".")[2], None)
    if not name.startswith("torch.nn.modules.") or not (inspect.isclass(found) and issubclass(found, nn.Module)):
        raise UnsafeInput(
            f"'{path / 'config.json'}' names the activation '{name}', which would be imported; "
            "expected one of torch.nn.modules; do not use it"
        )
    try:
        n_in, n_out = int(config["in_features"]), int(config["out_features"])
        parts = {"linear": nn.Linear(n_in, n_out, bias=bool(config.get("bias", True))), "activation": found()}
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"'{path / 'config.json'}' describes no dense layer ({error!r}); expected in_features, out_features, bias; "
            "fetch the model again"
        ) from None
    adds = bool(config.get("use_residual", False))
    if adds and n_in != n_out:
        parts["residual"] = nn.Linear(n_in, n_out, bias=False)
    return Step(nn.ModuleDict(parts), adds)
