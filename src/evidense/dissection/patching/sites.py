"""Where an encoder can be patched: in each half, the tensors of a block, of its attention or MLP, and those before and after the blocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Encoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Names = frozenset[str]
"""Names of tensors of one half, as in `Half.tensors`."""


@dataclass(frozen=True)
class BlockLayout:
    """How the blocks of a model family divide into attention and MLP; each norm belongs to the part that it feeds."""

    name: str
    attention: tuple[str, ...]
    """Children of a block."""
    mlp: tuple[str, ...]
    values: str
    """Path of the MLP's output matrix inside a block; column i is what neuron i writes."""


LAYOUTS = (
    BlockLayout("BERT, RoBERTa, MPNet", ("attention",), ("intermediate", "output"), "output.dense"),
    BlockLayout("DistilBERT", ("attention", "sa_layer_norm"), ("ffn", "output_layer_norm"), "ffn.lin2"),
    BlockLayout(
        "Llama, Mistral, Qwen, Gemma",
        ("input_layernorm", "self_attn"),
        ("post_attention_layernorm", "mlp"),
        "mlp.down_proj",
    ),
    BlockLayout(
        "Gemma 2 and 3",
        ("input_layernorm", "self_attn", "post_attention_layernorm"),
        ("pre_feedforward_layernorm", "mlp", "post_feedforward_layernorm"),
        "mlp.down_proj",
    ),
    BlockLayout("ViT, DeiT", ("layernorm_before", "attention"), ("layernorm_after", "mlp"), "mlp.fc2"),
    BlockLayout("DINOv2", ("norm1", "attention", "layer_scale1"), ("norm2", "mlp", "layer_scale2"), "mlp.fc2"),
    BlockLayout("CLIP, SigLIP", ("layer_norm1", "self_attn"), ("layer_norm2", "mlp"), "mlp.fc2"),
)
_SHARED = ("relative_attention_bias",)
"""Modules that all blocks use although they are registered after the blocks."""


def layout_of(block: "torch.nn.Module") -> BlockLayout:
    """Return the layout whose attention and MLP together are exactly the children of a block.

    Raises:
        UnknownName: no layout matches; missing or unknown children are never ignored.
    """
    held = {name for name, child in block.named_children() if any(True for _ in child.parameters())}
    for family in LAYOUTS:
        if held == {*family.attention, *family.mlp}:
            return family
    raise UnknownName.among(
        "layout of a block", " + ".join(sorted(held)), [" + ".join(sorted((*f.attention, *f.mlp))) for f in LAYOUTS],
        "Patch whole blocks, or add the layout to dissection.patching.sites.",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Half:
    """The part of an encoder for one modality (or for one side if the sides are two models)."""

    name: str
    tower: Any

    @cached_property
    def modules(self) -> "Mapping[str, torch.nn.Module]":
        """Return the modules that make a vector."""
        modules: Mapping[str, torch.nn.Module] = self.tower.weights
        return modules

    @cached_property
    def tensors(self) -> "Mapping[str, Tensor]":
        """Return every weight and stored buffer by name (module name, then tensor name)."""
        return {f"{key}.{n}": t for key, module in self.modules.items() for n, t in module.state_dict().items()}

    @cached_property
    def inner(self) -> "torch.nn.Module | None":
        """Return the transformer inside; None if there is none (static embeddings)."""
        holder = getattr(self.tower, "backbone", None) or getattr(self.tower, "half", None)
        return None if holder is None else holder.inner

    @cached_property
    def blocks(self) -> "tuple[torch.nn.Module, ...]":
        """Return the blocks in order (for a convolutional network its stages); () if there is no transformer.

        Raises:
            InvalidInput: the model class does not keep its blocks in one list.
        """
        import torch

        if self.inner is None:
            return ()
        n_layers = int(self.tower.n_layers)
        for module in self.inner.modules():
            if isinstance(module, torch.nn.ModuleList) and len(module) == n_layers:
                return tuple(module)
        raise InvalidInput(
            f"{type(self.inner).__name__} does not keep its {n_layers} layers in one list; expected a plain stack of blocks; patch another encoder"
        )

    def names_in(self, *modules: "torch.nn.Module") -> Names:
        """Return the names of all tensors of these modules.

        Raises:
            InvalidInput: a module is not in this half, or holds no tensor.
        """
        names = set[str]()
        for module in modules:
            names_of_module = {f"{place}.{n}" for place in self._places(module) for n in module.state_dict()}
            if not names_of_module:
                raise InvalidInput(
                    f"{type(module).__name__} holds no tensor of the {self.name} half; expected a module with weights; name another"
                )
            names |= names_of_module
        return frozenset(names)

    def _places(self, module: "torch.nn.Module") -> Iterator[str]:
        for key, top in self.modules.items():
            yield from (f"{key}.{n}" if n else key for n, m in top.named_modules() if m is module)

    def values(self, layer: int) -> str:
        """Return the name of the MLP's output matrix in block `layer` (1 … n_layers)."""
        block = self.blocks[layer - 1]
        matrix = block.get_submodule(layout_of(block).values)
        return next(name for name in sorted(self.names_in(matrix)) if name.endswith("weight"))


def halves(encoder: Encoder) -> dict[str, Half]:
    """Return the halves of an encoder: text and image; or text alone; or query and document if these are two models.

    Raises:
        InvalidInput: the encoder does not show its weights.
    """
    if "train" not in encoder.can and "layers" not in encoder.can:
        raise InvalidInput(
            f"'{encoder.name}' shows no weights (it can: {', '.join(sorted(encoder.can))}); expected a transformer; name another"
        )
    query, document = encoder.tower("query"), encoder.tower("document")
    both: Any = query
    if hasattr(both, "text") and hasattr(both, "image"):
        return {"text": Half("text", both.text), "image": Half("image", both.image)}
    mine, theirs = Half("text", query), Half("document", document)
    if mine.inner is theirs.inner:
        return {"text": mine}
    return {"query": Half("query", query), "document": theirs}


@dataclass(frozen=True)
class Site:
    """The tensors that one patch swaps."""

    module: str
    """block, attention, mlp, embeddings, final (norms, pooler, projections), blocks up to, blocks from, or all."""
    layer: int | None
    """1 … n_layers; block l makes layer l. None if the site is not a single layer."""
    names: Names


LAYERED = ("block", "attention", "mlp", "blocks up to", "blocks from")
MODULES = (*LAYERED, "embeddings", "final", "all")


def sites(half: Half, module: str) -> list[Site]:
    """Return the sites of one kind, by layer.

    Raises:
        UnknownName: there is no such kind, or a block's attention and MLP cannot be told apart.
    """
    if module not in MODULES:
        raise UnknownName.among("module to patch", module, MODULES)
    if module == "all":
        return [Site("all", None, frozenset(half.tensors))]
    if module in ("embeddings", "final"):
        names = around(half)[module == "final"]
        return [Site(module, None, names)] if names else []
    return [Site(module, layer, _layered(half, module, layer)) for layer in range(1, len(half.blocks) + 1)]


def _layered(half: Half, module: str, layer: int) -> Names:
    block = half.blocks[layer - 1]
    match module:
        case "block":
            return half.names_in(block)
        case "blocks up to":
            return half.names_in(*half.blocks[:layer])
        case "blocks from":
            return half.names_in(*half.blocks[layer - 1 :])
    family = layout_of(block)
    return half.names_in(*(block.get_submodule(n) for n in (family.attention if module == "attention" else family.mlp)))


def around(half: Half) -> tuple[Names, Names]:
    """Return the tensors before the blocks (embeddings, their norm) and those after; together with the blocks they are all tensors."""
    names = list(half.tensors)
    if not half.blocks:
        return frozenset(names), frozenset()
    inside = half.names_in(*half.blocks)
    first = min(place for place, name in enumerate(names) if name in inside)
    is_before = {n for place, n in enumerate(names) if place < first or any(word in n for word in _SHARED)} - inside
    return frozenset(is_before), frozenset(set(names) - inside - is_before)


def unlike(mine: Half, theirs: Half) -> str:
    """Say why tensors cannot be swapped between two halves; "" if they can."""
    a, b = mine.tensors, theirs.tensors
    if set(a) != set(b):
        odd = sorted(set(a) ^ set(b))
        return f"{len(odd)} tensors are in one of the two encoders only, as '{odd[0]}': they are of different architectures"
    if other := [name for name in a if a[name].shape != b[name].shape]:
        shapes = " and ".join(str(tuple(t[other[0]].shape)) for t in (a, b))
        return f"{len(other)} tensors differ in shape, as '{other[0]}' with {shapes}"
    words = [_vocabulary(half) for half in (mine, theirs)]
    return "" if words[0] == words[1] else "the two encoders have different tokenisers, so equal rows of the embeddings mean different tokens"  # fmt: skip


def _vocabulary(half: Half) -> Mapping[str, int] | None:
    tokenizer = getattr(getattr(half.tower, "reader", None), "tokenizer", None)
    return None if tokenizer is None else dict(tokenizer.get_vocab())
