"""Step: the gradients of one batch, exact whether it is encoded at once or in chunks (gradient cache)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int64, UInt64

from evidense.compute.batches import plan
from evidense.parts import Prepared, TrainableTower
from evidense.training.loop.dropout import keyed

if TYPE_CHECKING:
    from torch import Tensor

_TOKENS_AT_ONCE = 2048
"""Tokens encoded together, padding counted, where no chunk is asked for: short items are not padded to the longest of the batch."""


@dataclass(frozen=True)
class Load:
    """What one tower encodes in a step of this process."""

    tower: TrainableTower
    prepared: Prepared
    keys: UInt64[np.ndarray, " m"]
    """Place of each item in the joint batch, side included: what its dropout depends on."""
    chunk: int = 0
    """As much is encoded at once as so many of the longest items; 0 = the whole batch, whose graph is kept."""


@dataclass(frozen=True)
class How:
    """How items are encoded in a step."""

    key: tuple[int, ...] = (0,)
    """Seed, step, batch of the step …: what dropout depends on beside the item's place."""
    dtype: str = "float32"
    """'bf16': products in bfloat16."""
    drops: bool = True
    """Whether any tower drops out; nothing is intercepted where none does."""

    def encoding(self, load: Load, rows: Int64[np.ndarray, " m"]) -> AbstractContextManager[Any]:
        """Return the context in which these items are encoded."""
        import torch

        stack = ExitStack()
        if self.dtype == "bf16":
            stack.enter_context(torch.autocast(device_of(load.tower), torch.bfloat16))
        if self.drops:
            stack.enter_context(keyed(self.key, load.keys[rows]))
        return stack


@dataclass(eq=False)
class _Piece:
    """Some rows of a load, encoded together."""

    load: Load
    rows: Int64[np.ndarray, " m"]
    seen: "Tensor | None" = None
    """Its representations, with their graph where it was kept."""
    random: "Tensor | None" = None
    """State of torch's own random numbers before it was first encoded, for whatever is random beside dropout."""

    def encode(self, how: How) -> "Tensor":
        import torch

        if self.random is None:
            self.random = torch.get_rng_state()
        else:
            torch.set_rng_state(self.random)
        with how.encoding(self.load, self.rows):
            seen: Tensor = self.load.tower.represent(self.load.prepared.take(self.rows))
        return seen if seen.dtype.itemsize > 2 else seen.float()


def device_of(tower: TrainableTower) -> str:
    """Return 'cpu' or 'cuda': where the weights of a tower are."""
    return str(next((p.device.type for m in tower.weights.values() for p in m.parameters()), "cpu"))


def trains(tower: TrainableTower) -> bool:
    """Say whether any weight of this tower is trained."""
    return any(p.requires_grad for module in tower.weights.values() for p in module.parameters())


def step_gradients(loads: Sequence[Load], loss_of: "Callable[[list[Tensor]], Tensor]", how: How) -> "Tensor":
    """Add the gradients of one batch to the parameters' `grad`, and return the loss.

    `loss_of` gets the representations of each load, in the order of its items, and returns a scalar. Where a load comes in several
    chunks, it is encoded without a graph first; then the loss is taken back to the representations, and each chunk is encoded
    again, under the same dropout, and takes the gradient on to the weights. Where the loss is not finite, there are no gradients.

    Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", §3.
    """
    import torch

    groups = [_pieces(load) for load in loads]
    kept = groups[-1][-1]
    leaves = []
    for load, pieces in zip(loads, groups, strict=True):
        for piece in pieces:
            with_graph = trains(load.tower) and (not load.chunk or piece is kept)
            with nullcontext() if with_graph else torch.no_grad():
                piece.seen = piece.encode(how)
        leaves.append(_in_order(pieces).requires_grad_(trains(load.tower)))
    loss = loss_of(leaves)
    if torch.isfinite(loss):
        if loss.requires_grad:
            loss.backward()
        for pieces, leaf in zip(reversed(groups), reversed(leaves), strict=True):
            _back(pieces, leaf, how)
    return loss.detach()


def encoded(load: Load, how: How) -> "Tensor":
    """Return the representations of a load without a graph, in the order of its items."""
    import torch

    pieces = _pieces(load)
    with torch.no_grad():
        for piece in pieces:
            piece.seen = piece.encode(how)
    return _in_order(pieces)


def n_repeated(load: Load, is_last: bool) -> int:
    """Return how many items of a load are encoded a second time."""
    if not load.chunk or not trains(load.tower):
        return 0
    pieces = _pieces(load)
    return sum(len(piece.rows) for piece in (pieces[:-1] if is_last else pieces))


def _pieces(load: Load) -> list[_Piece]:
    """Cut a load into pieces of like length, the longest last."""
    sizes = np.asarray(load.prepared.sizes)
    chunk = load.chunk * int(sizes.max(initial=1)) if load.chunk else _TOKENS_AT_ONCE
    most = min(chunk, _TOKENS_AT_ONCE) if device_of(load.tower) == "cpu" else chunk
    cuts = plan(sizes, most)[::-1]
    return [_Piece(load, rows) for rows in cuts]


def _in_order(pieces: Sequence[_Piece]) -> "Tensor":
    """Return the representations as a leaf, in the order of the items."""
    import torch

    seen = torch.cat([piece.seen.detach() for piece in pieces if piece.seen is not None])
    back = np.argsort(np.concatenate([piece.rows for piece in pieces]), kind="stable")
    return seen[torch.from_numpy(back)].clone()


def _back(pieces: Sequence[_Piece], leaf: "Tensor", how: How) -> None:
    """Take the gradient of the representations on to the weights, a piece at a time."""
    import torch

    if leaf.grad is None:
        return
    for piece in reversed(pieces):
        again = piece.seen if piece.seen is not None and piece.seen.requires_grad else piece.encode(how)
        torch.autograd.backward([again], [leaf.grad[torch.from_numpy(piece.rows)].to(again.dtype)])
        piece.seen = None
