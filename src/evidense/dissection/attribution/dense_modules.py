"""Dense modules: the two linear maps of each block's feed-forward network, found by the names that model families use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput, UnknownName

if TYPE_CHECKING:
    import torch

KINDS = ("intermediate", "output")
"""The map into the wide hidden space, and the map back."""

SHAPES: Mapping[str, tuple[str, str]] = {
    "BERT, RoBERTa, DPR, MPNet, older ViT": ("intermediate.dense", "output.dense"),
    "DistilBERT": ("ffn.lin1", "ffn.lin2"),
    "Llama, Mistral, Qwen, Gemma": ("mlp.gate_proj", "mlp.down_proj"),
    "ViT, DeiT, DINOv2, CLIP, SigLIP": ("mlp.fc1", "mlp.fc2"),
}
"""Family → module names after the block number: (intermediate, output). In a gated network the gate counts as intermediate, as published,
and `up_proj` is left out."""


@dataclass(frozen=True, eq=False)
class DenseModule:
    """One linear map of one block."""

    name: str
    """Path inside the transformer, such as 'encoder.layer.0.output.dense'."""
    layer: int
    """1 … n_layers. Block l produces the states of layer l."""
    kind: str
    """'intermediate' or 'output'."""
    module: Any
    """The torch module: weight[f, j], perhaps a bias. Each row is a neuron."""

    @property
    def n_neurons(self) -> int:
        """Return the number of rows of the weight."""
        return int(self.module.weight.shape[0])


@dataclass(frozen=True, eq=False)
class DenseModules:
    """Blocks of a transformer with their dense modules, in order of depth."""

    blocks: "tuple[torch.nn.Module, ...]"
    names: tuple[str, ...]
    """Paths of the blocks inside the transformer."""
    modules: tuple[DenseModule, ...]


def dense_modules(inner: "torch.nn.Module", n_layers: int, pattern: tuple[str, str] | None = None) -> DenseModules:
    """Find both dense modules of every block. `pattern` gives regular expressions for families that are not known.

    A pattern is matched against the module path after the block number, such as `mlp\\.fc1`.

    Raises:
        UnknownName: no module has such a name.
        InvalidInput: a block lacks one of them or has several, or one is no linear map.
    """
    named = dict(inner.named_modules())
    patterns = [pattern] if pattern else [(re.escape(a), re.escape(b)) for a, b in SHAPES.values()]
    matches = [(pair, lists) for pair in patterns if (lists := _lists(named, pair))]
    if not matches:
        said = "your pattern " + " and ".join(pattern) if pattern else "intermediate and output dense modules"
        known = "; ".join(f"{family}: {' and '.join(pair)}" for family, pair in SHAPES.items())
        raise UnknownName(
            f"no module of {type(inner).__name__} matches {said}; expected one of each per block ({known}); give a pattern for both, "
            f"matched against the path after the block number; the model has {', '.join(_tails(named)) or 'no numbered blocks'}"
        )
    pair, lists = matches[0]
    if len(matches) > 1 or len(lists) > 1:
        raise InvalidInput(
            f"{type(inner).__name__} has dense modules in several stacks of blocks ({', '.join(sorted({s for _, ls in matches for s in ls}))}); "
            "expected one; dissect one half of the model at a time, or give a pattern"
        )
    return _checked(inner, named, (pair, lists[0]), n_layers)


def _lists(named: "Mapping[str, torch.nn.Module]", pair: tuple[str, str]) -> list[str]:
    """Return the paths of the stacks that hold either module."""
    pattern = re.compile(rf"(.+?)\.\d+\.(?:{pair[0]}|{pair[1]})")
    return sorted({match[1] for name in named if (match := pattern.fullmatch(name))})


def _checked(
    inner: "torch.nn.Module", named: "Mapping[str, torch.nn.Module]", where: tuple[tuple[str, str], str], n_layers: int
) -> DenseModules:
    import torch

    pair, stack = where
    mistakes, modules = [], []
    n_blocks = len([name for name in named if re.fullmatch(rf"{re.escape(stack)}\.\d+", name)])
    if n_blocks != n_layers:
        mistakes.append(f"'{stack}' holds {n_blocks} blocks, and the encoder says {n_layers}")
    for block in range(n_blocks):
        for kind, tail in zip(KINDS, pair, strict=True):
            names = [name for name in named if re.fullmatch(rf"{re.escape(stack)}\.{block}\.(?:{tail})", name)]
            if len(names) != 1:
                mistakes.append(f"block {block} has {len(names)} {kind} modules ({', '.join(names) or tail})")
            elif not isinstance(named[names[0]], torch.nn.Linear):
                mistakes.append(f"'{names[0]}' is a {type(named[names[0]]).__name__}, no linear map")
            else:
                modules.append(DenseModule(names[0], block + 1, kind, named[names[0]]))
    if mistakes:
        raise InvalidInput.all_of(
            f"{type(inner).__name__} does not have one {' and one '.join(KINDS)} dense module in each block, none of which may be skipped; "
            "give a pattern that names them",
            mistakes,
        )
    blocks = tuple(f"{stack}.{block}" for block in range(n_blocks))
    return DenseModules(tuple(named[name] for name in blocks), blocks, tuple(modules))


def _tails(named: "Mapping[str, torch.nn.Module]") -> list[str]:
    import torch

    linear = {
        m[1] for n, x in named.items() if isinstance(x, torch.nn.Linear) and (m := re.fullmatch(r".+?\.\d+\.(.+)", n))
    }
    return sorted(linear)[:20]
