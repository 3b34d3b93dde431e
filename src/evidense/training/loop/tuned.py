"""Tuned: which weights a training changes: all, the last blocks, the heads, one tower, or low-rank adapters beside frozen weights."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput, MissingExtra
from evidense.parts import SIDES, Encoder
from evidense.records import Recipe

if TYPE_CHECKING:
    from torch import nn

_BODIES = {"backbone", "embedding"}
"""Modules whose output is pooled; every other module of a tower follows pooling."""
_POSSIBLE = (
    "'all', 'last:K' (blocks), 'heads', 'text', 'image' or 'lora:R' (rank), with K and R of at least 1; 'text:' or 'image:' before it "
    "freezes the other tower, '+heads' after it trains both projections too"
)
_ALPHA = 2
"""An adapter of rank R is scaled by alpha / R with alpha = 2 R, whatever the rank."""


@contextmanager
def tuned(encoder: Encoder, recipe: Recipe) -> Iterator[Encoder]:
    """Within this context, train only the weights that `recipe.tuned` names; afterwards restore every gradient flag.

    'lora:R' adds adapters to the linear modules of every block, 1 × 1 convolutions among them. At the end they are merged into the weights,
    which leaves a plain model of the same architecture; after an error they are dropped. The recipe's seed draws their initial values.

    Raises:
        InvalidInput: the value is unknown, or this encoder has no weights for it.
        MissingExtra: adapters need peft, which is not installed.

    Source: LoRA, Hu et al. 2022, §4.1; LiT, Zhai et al. 2022, §3 ('text+heads': the image tower is frozen).
    """
    choice = _parsed(recipe.tuned)
    halves = _halves(encoder)
    modules = _distinct(module for towers in halves.values() for tower in towers for module in tower.weights.values())
    flags = [(weight, weight.requires_grad) for module in modules for weight in module.parameters()]
    adapted: list[nn.Module] = []
    try:
        for weight, _ in flags:
            weight.requires_grad_(False)
        if choice.kind == "lora":
            _adapt(encoder, choice.towers(encoder, halves), recipe, adapted)
        for weight in _chosen(encoder, halves, choice):
            weight.requires_grad_(True)
        yield encoder
        for module in adapted:
            _remove_adapters(module, merge=True)
    finally:
        for module in adapted:
            _remove_adapters(module, merge=False)
        for weight, flag in flags:
            weight.requires_grad_(flag)


def locks(value: str) -> frozenset[str]:
    """Return which of the two backbones, 'text' and 'image', a value of `tuned` leaves as they are.

    Raises:
        InvalidInput: the value is unknown.

    >>> sorted(locks("heads")), sorted(locks("text:lora:8+heads")), sorted(locks("last:1"))
    (['image', 'text'], ['image'], [])
    """
    choice, both = _parsed(value), {"text", "image"}
    if choice.kind == "heads":
        return frozenset(both)
    return frozenset(both - {choice.side}) if choice.side else frozenset()


@dataclass(frozen=True)
class _Choice:
    """A value of `tuned`, read."""

    value: str
    side: str
    """'text' or 'image' if the other tower is frozen, else ''."""
    kind: str
    """'all', 'heads', 'last' or 'lora'."""
    number: int
    """Blocks or rank; 0 for a kind without one."""
    adds_heads: bool

    def towers(self, encoder: Encoder, halves: Mapping[str, list[Any]]) -> list[Any]:
        """Return the towers that are not frozen as a whole."""
        if self.side and self.side not in halves:
            raise InvalidInput(
                f"tuned is '{self.value}', and '{encoder.name}' has no towers of texts and pictures of which one could be frozen; "
                "expected an encoder with both; write 'all'"
            )
        return [tower for name, group in halves.items() if self.side in ("", name) for tower in group]


def _parsed(value: str) -> _Choice:
    match = re.fullmatch(
        r"(?:(text|image)(?::(?=[^+])|(?=\+|$)))?(?:(all|heads)|(last|lora):([1-9]\d{0,5}))?(\+heads)?", value
    )
    if match is None or not (match[1] or match[2] or match[3]):
        raise InvalidInput(f"tuned is '{value}'; expected {_POSSIBLE}; correct the recipe")
    return _Choice(value, match[1] or "", match[2] or match[3] or "all", int(match[4] or 0), bool(match[5]))


def _halves(encoder: Encoder) -> Mapping[str, list[Any]]:
    """Return the towers by modality: under 'text' and 'image' if the encoder has both, else under ''."""
    towers_by_half: dict[str, list[Any]] = {}
    for tower in (encoder.tower(side) for side in SIDES):
        halves = {name: getattr(tower, name, None) for name in ("text", "image")}
        for name, half in (halves if all(halves.values()) else {"": tower}).items():
            if not any(half is known for known in towers_by_half.setdefault(name, [])):
                towers_by_half[name].append(half)
    return towers_by_half


def _distinct(modules: "Iterable[nn.Module]") -> "list[nn.Module]":
    return list({id(module): module for module in modules}.values())


def _chosen(encoder: Encoder, halves: Mapping[str, list[Any]], choice: _Choice) -> list[Any]:
    """Return the weights that a choice trains, beside adapters."""
    towers, every_tower = choice.towers(encoder, halves), [tower for group in halves.values() for tower in group]
    heads = _all_heads(encoder, every_tower, choice) if choice.adds_heads else []
    match choice.kind:
        case "lora":
            return heads
        case "heads":
            return [*_all_heads(encoder, towers, choice), *heads]
        case "last":
            return [*(weight for tower in towers for weight in _last(encoder, tower, choice.number)), *heads]
    return [*_weights(module for tower in towers for module in tower.weights.values()), *heads]


def _all_heads(encoder: Encoder, towers: list[Any], choice: _Choice) -> list[Any]:
    weights = _weights(module for tower in towers for module in _heads(tower))
    if not weights:
        raise InvalidInput(
            f"tuned is '{choice.value}', and nothing with weights follows the pooling of '{encoder.name}'; expected a projection "
            "after it; write 'all' or 'last:1'"
        )
    return weights


def _weights(modules: "Iterable[nn.Module]") -> list[Any]:
    return [weight for module in modules for weight in module.parameters()]


def _heads(tower: Any) -> "list[nn.Module]":
    """Return the modules after pooling, and the projection inside a DPR backbone."""
    own_head = getattr(getattr(tower, "backbone", None), "head", None)
    return [module for name, module in tower.weights.items() if name not in _BODIES] + (
        [] if own_head is None else [own_head]
    )


def _blocks(encoder: Encoder, tower: Any) -> "list[nn.Module]":
    """Return the blocks of a transformer, or the stages of a convolutional network, in order."""
    from torch import nn

    if hasattr(tower, "backbone"):
        return list(tower.backbone.blocks())
    body = tower.weights.get("backbone")
    lists = [module for module in body.modules() if isinstance(module, nn.ModuleList)] if body is not None else []
    if not lists:
        raise InvalidInput(
            f"a tower of '{encoder.name}' ({type(tower).__name__}) has no blocks that could be told apart; expected a transformer or a "
            "convolutional network; write 'all'"
        )
    return list(lists[0])


def _last(encoder: Encoder, tower: Any, number: int) -> list[Any]:
    """Return the weights of the last blocks and of everything after them, with the final norm and the pooler."""
    blocks = _blocks(encoder, tower)
    if number > len(blocks):
        raise InvalidInput(
            f"tuned is 'last:{number}', and a tower of '{encoder.name}' has {len(blocks)} blocks; expected at most as many; "
            f"write 'last:{len(blocks)}' or 'all'"
        )
    ordered = list(tower.weights["backbone"].parameters())
    first = {id(weight) for weight in blocks[-number].parameters()}
    start = next(place for place, weight in enumerate(ordered) if id(weight) in first)
    return [*ordered[start:], *(weight for module in _heads(tower) for weight in module.parameters())]


# --- adapters ---------------------------------------------------------------------------------------------------------


def _adapt(encoder: Encoder, towers: list[Any], recipe: Recipe, adapted: "list[nn.Module]") -> None:
    """Add adapters to every tower with linear modules in its blocks; `adapted` lists each body as soon as it has them."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        for tower in towers:
            body = tower.weights.get("backbone")
            names = _linear_names(body, _blocks(encoder, tower)) if body is not None else []
            if names and not any(body is known for known in adapted):
                adapted.append(body)
                _inject(body, names, _parsed(recipe.tuned).number)
    if not adapted:
        raise InvalidInput(
            f"tuned is '{recipe.tuned}', and no tower of '{encoder.name}' has linear modules in its blocks; expected a transformer; "
            "write 'all' or 'last:1'"
        )


def _linear_names(body: "nn.Module", blocks: "list[nn.Module]") -> list[str]:
    from torch import nn

    inside = {id(module) for block in blocks for module in block.modules()}
    return [
        n
        for n, module in body.named_modules()
        if id(module) in inside
        and (isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)))
    ]


def _inject(body: "nn.Module", names: list[str], rank: int) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise MissingExtra.named("lora", "training with adapters", "peft") from None
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=_ALPHA * rank, target_modules=names, lora_dropout=0.0), body)


def _remove_adapters(body: "nn.Module", *, merge: bool) -> None:
    """Restore the plain modules, with the adapters merged into their weights or dropped."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, layer in list(body.named_modules()):
        if isinstance(layer, BaseTunerLayer):
            if merge:
                layer.merge()
            parent, _, attribute = name.rpartition(".")
            setattr(body.get_submodule(parent), attribute, layer.get_base_layer())
    if hasattr(body, "peft_config"):
        del body.peft_config
