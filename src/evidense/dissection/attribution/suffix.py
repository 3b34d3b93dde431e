"""Run only the part of a model that comes after one module; everything before it returns its recorded output.

A module's output changes only what comes after it. So one pass is recorded. In later passes of many copies, earlier blocks return their
recorded state without computing; inside the module's own block, so does every part that had finished before the module started. Masks,
rotary embeddings, final norms and pooling are computed by the model's own forward, which is unchanged.
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
    """One batch with the function that runs it through a transformer to the scored vectors, in any number of copies."""

    inner: "torch.nn.Module"
    tensors: "Mapping[str, Tensor]"
    """Inputs of the transformer, [b, …]; a mask, if there is one, under 'mask'."""
    through: "Callable[[Mapping[str, Tensor]], Tensor]"
    """tensors → vectors [b, e]."""

    @property
    def n_rows(self) -> int:
        """Return the number of texts or pictures in the batch."""
        return len(next(iter(self.tensors.values())))

    def vectors(self, copies: int = 1) -> "Tensor":
        """Encode the batch `copies` times, copy by copy, to [copies · b, e]."""
        return self.through({name: repeated(tensor, copies) for name, tensor in self.tensors.items()})

    def take(self, rows: Int64[np.ndarray, " n"]) -> "Flow":
        """Return the flow of these rows."""
        return Flow(self.inner, {name: tensor[rows] for name, tensor in self.tensors.items()}, self.through)


def flow_of(half: Any, prepared: Any) -> Flow:
    """Return the flow of a batch through a tower of one modality.

    Raises:
        InvalidInput: the tower gives no gradients, or it computes in half precision.
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
        vectors = tower.project(tower.backbone.pooler_output(ids, mask).float())
    else:
        vectors = tower.project(tower.pool(tower.backbone.states(ids, mask), mask))
    return as_scored(vectors, tower.by_angle)


def _through_one(tower: OneModality, names: tuple[str, ...], tensors: "Mapping[str, Tensor]") -> "Tensor":
    states = tower.half.states({name: tensors[name] for name in names})
    return as_scored(tower.project(tower.pool(states, tensors["mask"])), tower.by_angle)


def repeated(tensor: "Tensor", copies: int) -> "Tensor":
    """Return [b, …] copy by copy as [copies · b, …]."""
    return tensor if copies == 1 else tensor.repeat(copies, *(1,) * (tensor.dim() - 1))


@dataclass(eq=False)
class Trace:
    """What one pass recorded; tensors are [b, …]."""

    vectors: Any = None
    inputs: "dict[str, Tensor]" = field(default_factory=dict)
    """Dense module → its input."""
    outputs: "dict[str, Tensor]" = field(default_factory=dict)
    """Dense module → its output."""
    states: "dict[int, Tensor]" = field(default_factory=dict)
    """Block → its input."""
    shape_of: dict[int, int] = field(default_factory=dict)
    """Block → length of the tuple that it returns; 0 if it returns a tensor."""
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Dense module → outputs of the parts of its block that finished before it started and do not run again."""
    source: "torch.nn.Module | None" = None
    """The module whose output is the input of the first block."""

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
    """Run the batch once, without gradients, and record what later passes need.

    Raises:
        InvalidInput: a pass does not use a module exactly once, or the module's input is not one row per item.
    """
    import torch

    recorded, n_starts, n_ends = Trace(), dict[str, int](), dict[str, int]()
    with ExitStack() as stack, torch.no_grad():
        for index, (name, block) in enumerate(zip(dense.names, dense.blocks, strict=True)):
            block_modules = [d for d in dense.modules if d.layer == index + 1]
            _watch_block(stack, recorded, (index, name, block), block_modules, (n_starts, n_ends))
        _watch_source(stack, recorded, flow.inner, dense)
        recorded.vectors = flow.vectors()
    for name, parts in recorded.ended.items():  # a part that is called again, as ViT's dropout, must answer for itself
        recorded.ended[name] = {part: out for part, out in parts.items() if n_ends[part] == 1}
    wrong = [d.name for d in dense.modules if n_starts.get(d.name) != 1 or len(recorded.outputs[d.name]) != flow.n_rows]
    if wrong:
        raise InvalidInput.all_of(
            "modules that a pass does not use exactly once on the whole batch; expected plain blocks, whose paths are defined",
            wrong,
        )
    return recorded


def _watch_block(
    stack: ExitStack,
    recorded: Trace,
    where: tuple[int, str, Any],
    block_modules: list[DenseModule],
    counts: tuple[dict[str, int], dict[str, int]],
) -> None:
    (index, block_name, block), (n_starts, n_ends) = where, counts
    ended: dict[str, Any] = {}
    dense = {d.name for d in block_modules}

    def begins(name: str, args: Any, kwargs: Any) -> None:
        if name == block_name:
            recorded.states[index] = args[0] if args else kwargs["hidden_states"]
        if name in dense:
            n_starts[name] = n_starts.get(name, 0) + 1
            recorded.inputs[name], recorded.ended[name] = args[0], dict(ended)

    def ends(name: str, out: Any) -> None:
        n_ends[name] = n_ends.get(name, 0) + 1
        if name == block_name:
            recorded.shape_of[index] = len(out) if isinstance(out, tuple) else 0
            return
        for inside in [other for other in ended if other.startswith(f"{name}.")]:
            del ended[inside]
        ended[name] = out
        if name in dense:
            recorded.outputs[name] = out

    for inside, module in block.named_modules(prefix=block_name):
        before = module.register_forward_pre_hook(lambda _, a, k, n=inside: begins(n, a, k), with_kwargs=True)
        after = module.register_forward_hook(lambda _, a, out, n=inside: ends(n, out))
        stack.callback(before.remove)
        stack.callback(after.remove)


def _watch_source(stack: ExitStack, recorded: Trace, inner: Any, dense: DenseModules) -> None:
    """Find the module that makes the first block's input, so that it is not computed again for each copy."""
    module_by_output: dict[int, tuple[Any, Any]] = {}  # the outputs too, so that no id is given twice
    in_blocks = {id(m) for block in dense.blocks for m in block.modules()}

    def first_block(args: Any, kwargs: Any) -> None:
        recorded.source = module_by_output.get(id(args[0] if args else kwargs["hidden_states"]), (None, None))[0]

    for _, module in inner.named_modules():
        if id(module) not in in_blocks and module is not inner:
            hook = module.register_forward_hook(lambda m, _, out: module_by_output.__setitem__(id(out), (m, out)))
            stack.callback(hook.remove)
    hook = dense.blocks[0].register_forward_pre_hook(lambda _, a, k: first_block(a, k), with_kwargs=True)
    stack.callback(hook.remove)


@contextmanager
def from_module(
    recorded: Trace, dense: DenseModules, module: DenseModule, output: "Tensor", copies: int
) -> Iterator[None]:
    """Make a pass of `copies` copies compute only what comes after the module, whose output is replaced by `output`."""
    index = module.layer - 1
    named = dict(dense.blocks[index].named_modules(prefix=dense.names[index]))
    with ExitStack() as stack:
        if recorded.source is not None:
            start = recorded.states[0]
            _answer(stack, recorded.source, lambda *_, **__: repeated_view(start, copies))
        for earlier in range(index):
            give = repeated(recorded.states[index], copies) if earlier == index - 1 else None
            _answer(stack, dense.blocks[earlier], partial(_handed_on, give, recorded.shape_of[earlier]))
        for name, out in recorded.ended[module.name].items():
            again = _mapped(out, change=partial(_copied, copies, len(recorded.vectors)))
            _answer(stack, named[name], lambda *_, again=again, **__: again)
        _answer(stack, module.module, lambda *_, **__: output)
        yield


def repeated_view(tensor: "Tensor", copies: int) -> "Tensor":
    """Return copies of [b, …]; for a single row they share its memory."""
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
    """Replace a module's forward by this function until the stack is closed."""
    previous = module.__dict__.get("forward")
    module.forward = forward
    if previous is None:
        stack.callback(module.__dict__.pop, "forward", None)
    else:
        stack.callback(setattr, module, "forward", previous)
