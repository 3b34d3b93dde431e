"""Torch modules of any model: their device and size, the modules inside them by name, and the states of their layers."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from evidense.errors import UnknownName

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_SUGGESTED = 40
"""Names of modules among which a near one is sought for the error message."""


def device_of(module: "torch.nn.Module") -> "torch.device":
    """Return the device of a module's first parameter."""
    return next(iter(module.parameters())).device


def linear_flops(module: "torch.nn.Module") -> float:
    """Return the floating-point operations per token of the linear layers: multiply-adds × 2."""
    import torch

    return float(2 * sum(m.weight.numel() for m in module.modules() if isinstance(m, torch.nn.Linear)))


def matching_modules(named: "Mapping[str, torch.nn.Module]", pattern: str) -> "dict[str, torch.nn.Module]":
    """Return the named modules whose whole name matches the regular expression; the root, named "", never matches.

    Raises:
        UnknownName: none matches.
    """
    inner = {name: module for name, module in named.items() if name}
    matching = {name: module for name, module in inner.items() if re.fullmatch(pattern, name)}
    if not matching:
        raise UnknownName.among("module", pattern, list(inner)[:_SUGGESTED], "The pattern must match a whole name.")
    return matching


@contextmanager
def evaluating(module: "torch.nn.Module") -> Iterator[None]:
    """Put a module in evaluation mode within this context, and afterwards each module inside it back in its previous mode."""
    changed = [inside for inside in module.modules() if inside.training] if module.training else []
    if changed:
        module.eval()
    try:
        yield
    finally:
        for inside in changed:
            inside.training = True


def reduced_layers(
    blocks: "Iterable[torch.nn.Module]", last_states: "Callable[[], Tensor]", reduce: "Callable[[Tensor], Tensor]"
) -> "list[Tensor]":
    """Run a model once by `last_states` and reduce the input of each block, then the last states; no layer's full states are kept."""
    reduced: list[Tensor] = []

    def before_block(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        reduced.append(reduce(args[0] if args else kwargs["hidden_states"]))

    with ExitStack() as stack:
        for block in blocks:
            stack.callback(block.register_forward_pre_hook(before_block, with_kwargs=True).remove)
        last = last_states()
    return [*reduced, reduce(last)]
