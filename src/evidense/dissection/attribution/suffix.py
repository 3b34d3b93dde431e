"""Suffix: run a class's own forward while everything before one module gives what it gave before.

What a module's output changes lies behind it. So one pass is traced; in a later pass of many copies, the blocks before hand the traced
state on without computing, and so does, inside the module's own block, each part that had ended when the module began. Masks, rotary
embeddings, final norms and pooling stay those of the class, which is run as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int64

from evidense.compute.images.one_modality import OneModality
from evidense.compute.tensor_similarity import as_scored
from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.attribution.dense_modules import DenseModule, DenseModules
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Flow:
    """One batch and how it passes through one transformer to the vectors that are scored, in any number of copies."""

    inner: "torch.nn.Module"
    tensors: "Mapping[str, Tensor]"
    """What the transformer takes, [b, …]; its mask, where there is one, under 'mask'."""
    through: "Callable[[Mapping[str, Tensor]], Tensor]"
    """tensors → vectors [b, e]."""

    @property
    def n_rows(self) -> int:
        """Texts or pictures in the batch."""
        return len(next(iter(self.tensors.values())))

    def vectors(self, copies: int = 1) -> "Tensor":
        """Encode the batch `copies` times, copy by copy, to [copies · b, e]."""
        return self.through({name: repeated(tensor, copies) for name, tensor in self.tensors.items()})

    def take(self, rows: Int64[np.ndarray, " n"]) -> "Flow":
        """Return the flow of these rows."""
        return Flow(self.inner, {name: tensor[rows] for name, tensor in self.tensors.items()}, self.through)


def flow_of(half: Any, prepared: Any) -> Flow:
    """Return how a batch passes through a tower of one modality.

    Raises:
        InvalidInput: a tower that gives no gradients, or computes in half precision.
    """
    import torch

    if isinstance(half, TextTower):
        ids, mask = half._padded(prepared)
        tensors, inner = {"ids": ids} if mask is None else {"ids": ids, "mask": mask}, half.backbone.inner
        flow = Flow(inner, tensors, partial(_through_text, half))
    elif isinstance(half, OneModality):
        inputs, mask = half._placed(prepared)
        flow = Flow(half.half.inner, {**inputs, "mask": mask}, partial(_through_one, half, tuple(inputs)))
    else:
        raise InvalidInput(
            f"a {type(half).__name__} gives no gradients at its modules; expected a tower that is a transformer of texts or of pictures; "
            "leave this encoder out of the attribution"
        )
    if (dtype := next(iter(flow.inner.parameters())).dtype).itemsize < torch.float32.itemsize:
        raise InvalidInput(
            f"this encoder computes in {str(dtype).removeprefix('torch.')}, whose rounding is larger than what attribution promises; "
            "expected float32; open it with @dtype=float32"
        )
    return flow


def _through_text(tower: TextTower, tensors: "Mapping[str, Tensor]") -> "Tensor":
    ids, mask = tensors["ids"], tensors.get("mask")
    if not tower.modes:
        found = tower.project(tower.backbone.pooler_output(ids, mask).float())
    else:
        found = tower.project(tower.pool(tower.backbone.states(ids, mask), mask))
    return as_scored(found, tower.by_angle)


def _through_one(tower: OneModality, names: tuple[str, ...], tensors: "Mapping[str, Tensor]") -> "Tensor":
    states = tower.half.states({name: tensors[name] for name in names})
    return as_scored(tower.project(tower.pool(states, tensors["mask"])), tower.by_angle)


def repeated(tensor: "Tensor", copies: int) -> "Tensor":
    """Return [b, …] copy by copy as [copies · b, …]."""
    return tensor if copies == 1 else tensor.repeat(copies, *(1,) * (tensor.dim() - 1))


@dataclass(eq=False)
class Trace:
    """What one pass left behind; tensors are [b, …]."""

    vectors: Any = None
    inputs: "dict[str, Tensor]" = field(default_factory=dict)
    """Dense module → what it took."""
    outputs: "dict[str, Tensor]" = field(default_factory=dict)
    """Dense module → what it gave."""
    states: "dict[int, Tensor]" = field(default_factory=dict)
    """Block → what it took."""
    shape_of: dict[int, int] = field(default_factory=dict)
    """Block → how long a tuple it returns; 0 = a tensor."""
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Dense module → parts of its block that had ended when it began and do nothing later, with what they gave."""
    source: "torch.nn.Module | None" = None
    """The module whose output is what the first block takes."""

    def take(self, rows: Int64[np.ndarray, " n"]) -> "Trace":
        """Return the trace of these rows."""
        n_rows = len(self.vectors)
        picked = partial(_mapped, change=lambda t: t[rows] if len(t) == n_rows else t)
        return Trace(
            self.vectors[rows],
            {k: v[rows] for k, v in self.inputs.items()},
            {k: v[rows] for k, v in self.outputs.items()},
            {k: v[rows] for k, v in self.states.items()},
            self.shape_of,
            {k: {name: picked(out) for name, out in parts.items()} for k, parts in self.ended.items()},
            self.source,
        )


def trace(flow: Flow, dense: DenseModules) -> Trace:
    """Run the batch once, without gradients, and keep what later passes need.

    Raises:
        InvalidInput: a module that a pass does not use exactly once, or that does not see the batch as rows.
    """
    import torch

    found, made, calls = Trace(), dict[str, int](), dict[str, int]()
    with ExitStack() as stack, torch.no_grad():
        for at, (name, block) in enumerate(zip(dense.names, dense.blocks, strict=True)):
            own = [d for d in dense.modules if d.layer == at + 1]
            _watch_block(stack, found, (at, name, block), own, (made, calls))
        _watch_source(stack, found, flow.inner, dense)
        found.vectors = flow.vectors()
    for name, parts in found.ended.items():  # a part that is called again, as ViT's dropout, must answer for itself
        found.ended[name] = {part: out for part, out in parts.items() if calls[part] == 1}
    wrong = [d.name for d in dense.modules if made.get(d.name) != 1 or len(found.outputs[d.name]) != flow.n_rows]
    if wrong:
        raise InvalidInput.all_of(
            "modules that a pass does not use exactly once on the whole batch; expected plain blocks, whose paths are defined",
            wrong,
        )
    return found


def _watch_block(
    stack: ExitStack,
    found: Trace,
    where: tuple[int, str, Any],
    own: list[DenseModule],
    counts: tuple[dict[str, int], dict[str, int]],
) -> None:
    (at, block_name, block), (made, calls) = where, counts
    ended: dict[str, Any] = {}
    dense = {d.name for d in own}

    def begins(name: str, args: Any, kwargs: Any) -> None:
        if name == block_name:
            found.states[at] = args[0] if args else kwargs["hidden_states"]
        if name in dense:
            made[name] = made.get(name, 0) + 1
            found.inputs[name], found.ended[name] = args[0], dict(ended)

    def ends(name: str, out: Any) -> None:
        calls[name] = calls.get(name, 0) + 1
        if name == block_name:
            found.shape_of[at] = len(out) if isinstance(out, tuple) else 0
            return
        for inside in [other for other in ended if other.startswith(f"{name}.")]:
            del ended[inside]
        ended[name] = out
        if name in dense:
            found.outputs[name] = out

    for inside, module in block.named_modules(prefix=block_name):
        before = module.register_forward_pre_hook(lambda _, a, k, n=inside: begins(n, a, k), with_kwargs=True)
        after = module.register_forward_hook(lambda _, a, out, n=inside: ends(n, out))
        stack.callback(before.remove)
        stack.callback(after.remove)


def _watch_source(stack: ExitStack, found: Trace, inner: Any, dense: DenseModules) -> None:
    """Find what makes the first block's input, so that it need not be made again for each copy."""
    seen: dict[int, tuple[Any, Any]] = {}  # the outputs too, so that no id is given twice
    in_blocks = {id(m) for block in dense.blocks for m in block.modules()}

    def first_block(args: Any, kwargs: Any) -> None:
        found.source = seen.get(id(args[0] if args else kwargs["hidden_states"]), (None, None))[0]

    for _, module in inner.named_modules():
        if id(module) not in in_blocks and module is not inner:
            hook = module.register_forward_hook(lambda m, _, out: seen.__setitem__(id(out), (m, out)))
            stack.callback(hook.remove)
    hook = dense.blocks[0].register_forward_pre_hook(lambda _, a, k: first_block(a, k), with_kwargs=True)
    stack.callback(hook.remove)


@contextmanager
def from_module(found: Trace, dense: DenseModules, one: DenseModule, output: "Tensor", copies: int) -> Iterator[None]:
    """Within this context, a pass of `copies` copies computes only what lies behind the module, whose output is `output`."""
    at = one.layer - 1
    named = dict(dense.blocks[at].named_modules(prefix=dense.names[at]))
    with ExitStack() as stack:
        if found.source is not None:
            start = found.states[0]
            _answer(stack, found.source, lambda *_, **__: repeated_view(start, copies))
        for before in range(at):
            give = repeated(found.states[at], copies) if before == at - 1 else None
            _answer(stack, dense.blocks[before], partial(_handed_on, give, found.shape_of[before]))
        for name, out in found.ended[one.name].items():
            again = _mapped(out, change=partial(_copied, copies, len(found.vectors)))
            _answer(stack, named[name], lambda *_, again=again, **__: again)
        _answer(stack, one.module, lambda *_, **__: output)
        yield


def repeated_view(tensor: "Tensor", copies: int) -> "Tensor":
    """Return the copies of [b, …] that take no memory where there is one row."""
    return tensor.expand(copies, *tensor.shape[1:]) if len(tensor) == 1 else repeated(tensor, copies)


def _copied(copies: int, n_rows: int, tensor: "Tensor") -> "Tensor":
    return repeated(tensor, copies) if tensor.dim() > 1 and len(tensor) == n_rows else tensor


def _handed_on(give: "Tensor | None", length: int, *args: Any, **kwargs: Any) -> Any:
    state = give if give is not None else (args[0] if args else kwargs["hidden_states"])
    return (state, *(None,) * (length - 1)) if length else state


def _mapped(out: Any, change: "Callable[[Tensor], Tensor]") -> Any:
    import torch

    if isinstance(out, torch.Tensor):
        return change(out)
    return tuple(_mapped(part, change) for part in out) if isinstance(out, tuple | list) else out


def _answer(stack: ExitStack, module: Any, forward: Callable[..., Any]) -> None:
    """Let a module answer with this function until the stack is left."""
    own = module.__dict__.get("forward")
    module.forward = forward
    if own is None:
        stack.callback(module.__dict__.pop, "forward", None)
    else:
        stack.callback(setattr, module, "forward", own)
