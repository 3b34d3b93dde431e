"""FLOPs of a forward pass, counted from shapes: 2 × multiply-adds of linear maps, convolutions and the two products of attention.

Embeddings, norms, activations and softmax are free. An item counts by its own tokens: padding is not counted (the trainer puts items of like
length together, so that little is padded); attention under a mask, causal or not, counts as the full product, since it is computed so.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from evidense.compute.models.tokens import Tokens
from evidense.parts import Prepared, Tower

if TYPE_CHECKING:
    from torch import nn

_PROBED = (2, 3, 4)
"""Lengths of the texts whose FLOPs determine a + b·t + c·t² exactly."""
_KNOWN: "WeakKeyDictionary[Any, dict[tuple[int, int], int]]" = WeakKeyDictionary()
"""Tower → (number of its modules, which adapters change; length) → FLOPs of one item."""


def forward_flops(tower: Tower, prepared: Prepared) -> float:
    """Return the FLOPs of one forward pass over these items, without padding; counts are cached by tower and length.

    Texts of 2, 3 and 4 tokens are sent through the tower, which determines the polynomial for all lengths; of other inputs, one item of
    each size. The caller's random number generator does not move.
    """
    return float(sum(_of_items(half, inputs) for half, inputs in _halves(tower, prepared)))


def training_flops(tower: Tower, prepared: Prepared) -> float:
    """Return the FLOPs of one forward and backward pass: 3 × forward if all weights are trained, less if some are frozen.

    The gradient of the weights costs a forward pass of the trained layers; the gradient of the states costs one of all layers from the first
    trained weight on. Shares are those of the weights of linear maps and convolutions. A chunked step adds `forward_flops` of the items that
    are encoded twice.

    Source: Kaplan et al. 2020, §2.1 (backward = 2 × forward).
    """
    return float(sum(passes(half.weights) * _of_items(half, inputs) for half, inputs in _halves(tower, prepared)))


def passes(modules: "Mapping[str, nn.Module]") -> float:
    """Return the cost of forward and backward together, in forward passes: from 1 (all frozen) to 3 (all trained)."""
    sizes, trained = [], []
    for module in modules.values():
        for weight in _matrices(module):
            sizes.append(weight.numel())
            trained.append(bool(weight.requires_grad))
    if not any(trained):
        return 1.0
    n_trained = sum(size for size, is_trained in zip(sizes, trained, strict=True) if is_trained)
    return float(1.0 + (n_trained + sum(sizes[trained.index(True) :])) / sum(sizes))


def _matrices(module: "nn.Module") -> Iterator[Any]:
    from torch import nn

    for inside in module.modules():
        if isinstance(inside, nn.Linear | nn.Conv2d):
            yield inside.weight


def _halves(tower: Any, prepared: Any) -> list[tuple[Any, Any]]:
    """Return each tower of one modality with its inputs."""
    if not hasattr(prepared, "captions"):
        return [(tower, prepared)]
    both = ((tower.text, prepared.captions), (tower.image, prepared.pixels))
    return [(half, inputs) for half, inputs in both if inputs is not None]


def _of_items(tower: Any, prepared: Any) -> int:
    sizes, rows, counts = np.unique(np.asarray(prepared.sizes), return_index=True, return_counts=True)
    known = _KNOWN.setdefault(tower, {})
    n_modules = sum(1 for module in tower.weights.values() for _ in module.modules())

    def of(size: int, item: Callable[[], Any]) -> int:
        if (n_modules, size) not in known:
            known[n_modules, size] = _counted(tower, item())
        return known[n_modules, size]

    if isinstance(prepared, Tokens):
        token = int(prepared.flat[0]) if len(prepared.flat) else 0
        two, three, four = (of(t, partial(Tokens.of, [[token] * t])) for t in _PROBED)
        square = (four - 2 * three + two) // 2
        linear = three - two - 5 * square
        fixed = two - 2 * linear - 4 * square
        flops_of_size = [fixed + linear * int(t) + square * int(t) ** 2 for t in sizes]
    else:
        flops_of_size = [
            of(int(t), partial(prepared.take, np.array([row]))) for t, row in zip(sizes, rows, strict=True)
        ]
    return sum(int(n) * flops_of_item for n, flops_of_item in zip(counts, flops_of_size, strict=True))


def _counted(tower: Any, item: Any) -> int:
    """Send one item through a tower and count its FLOPs; the cache of a frozen backbone is not used."""
    import torch

    counter = _counter_class()()
    with torch.random.fork_rng(devices=[]), torch.no_grad(), counter:
        if hasattr(tower, "pooled"):
            tower.project(tower.pooled(item))
        else:
            tower.represent(item)
    return int(counter.flops)


@lru_cache(maxsize=1)
def _counter_class() -> Any:
    from torch.overrides import TorchFunctionMode

    rules = _rules()

    class Counter(TorchFunctionMode):  # type: ignore[misc]
        """Adds up the FLOPs of each torch call, from the shapes of its arguments and its result."""

        def __init__(self) -> None:
            super().__init__()
            self.flops = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            rule = rules.get(func)
            if rule is not None:
                self.flops += 2 * rule(result, list(args) + list((kwargs or {}).values()))
            return result

    return Counter


def _rules() -> dict[Any, Callable[[Any, list[Any]], int]]:
    """Return for each counted torch function how its multiply-adds follow from its result and its arguments."""
    import torch
    from torch.nn import functional

    products = (torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__, torch.bmm, torch.Tensor.bmm, torch.mm)
    return {
        functional.linear: lambda result, arguments: result.numel() * arguments[1].shape[-1],
        functional.conv2d: lambda result, arguments: result.numel() * math.prod(arguments[1].shape[1:]),
        torch.addmm: lambda result, arguments: result.numel() * arguments[1].shape[-1],
        torch.baddbmm: lambda result, arguments: result.numel() * arguments[1].shape[-1],
        functional.scaled_dot_product_attention: _attention,
        functional.multi_head_attention_forward: _multi_head,
        **{product: lambda result, arguments: result.numel() * arguments[0].shape[-1] for product in products},
    }


def _attention(result: Any, arguments: list[Any]) -> int:
    """Query × key, then weights × value: 4 · b · h · t · s · d FLOPs where both have d dimensions a head."""
    query, key = arguments[:2]
    n_places: int = key.shape[-2]
    return int(query.numel() + result.numel()) * n_places


def _multi_head(result: Any, arguments: list[Any]) -> int:
    """The whole module of torch, batch second: four maps and attention."""
    query, key, value = arguments[:3]
    width = query.shape[-1]
    maps = int(2 * query.numel() + key.numel() + value.numel()) * int(width)
    return maps + 2 * int(query.numel()) * int(key.shape[0])
