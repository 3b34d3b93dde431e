"""Step: the gradients of one batch, the same whether it is encoded at once or in chunks (gradient cache)."""

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
"""Tokens encoded together, with padding, if no chunk is given; so short items are not padded to the longest of the batch."""


@dataclass(frozen=True)
class Load:
    """The items that one tower encodes in a step of this process."""

    tower: TrainableTower
    prepared: Prepared
    keys: UInt64[np.ndarray, " m"]
    """Place of each item in the joint batch, with its side; dropout depends on it."""
    chunk: int = 0
    """Size of a chunk, in items of the longest length; 0 = the whole batch at once, with its graph kept."""


@dataclass(frozen=True)
class EncodeSettings:
    """How items are encoded in a step."""

    key: tuple[int, ...] = (0,)
    """Seed, step, batch of the step …; dropout depends on it and on the item's place."""
    dtype: str = "float32"
    """'bf16': products in bfloat16."""
    drops: bool = True
    """Whether any tower has dropout; without it torch calls are not intercepted."""

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
    """Its representations, with their graph if it was kept."""
    random: "Tensor | None" = None
    """State of torch's generator before the first encoding, for randomness other than dropout."""

    def encode(self, settings: EncodeSettings) -> "Tensor":
        import torch

        if self.random is None:
            self.random = torch.get_rng_state()
        else:
            torch.set_rng_state(self.random)
        with settings.encoding(self.load, self.rows):
            vectors: Tensor = self.load.tower.represent(self.load.prepared.take(self.rows))
        return vectors if vectors.dtype.itemsize > 2 else vectors.float()


def device_of(tower: TrainableTower) -> str:
    """Return the device of a tower's weights, 'cpu' or 'cuda'."""
    return str(next((p.device.type for m in tower.weights.values() for p in m.parameters()), "cpu"))


def trains(tower: TrainableTower) -> bool:
    """Say whether any weight of this tower is trained."""
    return any(p.requires_grad for module in tower.weights.values() for p in module.parameters())


def step_gradients(
    loads: Sequence[Load], loss_of: "Callable[[list[Tensor]], Tensor]", settings: EncodeSettings
) -> "Tensor":
    """Add the gradients of one batch to the parameters' `grad`, and return the loss.

    `loss_of` gets the representations of each load, in the order of its items, and returns a scalar. A load of several chunks is first
    encoded without a graph. Then the loss is propagated back to the representations; each chunk is encoded again with the same dropout and
    propagates the gradient to the weights. If the loss is not finite, no gradients are added.

    Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", §3.
    """
    import torch

    groups = [_pieces(load) for load in loads]
    last_piece = groups[-1][-1]
    leaves = []
    for load, pieces in zip(loads, groups, strict=True):
        for piece in pieces:
            with_graph = trains(load.tower) and (not load.chunk or piece is last_piece)
            with nullcontext() if with_graph else torch.no_grad():
                piece.seen = piece.encode(settings)
        leaves.append(_in_order(pieces).requires_grad_(trains(load.tower)))
    loss = loss_of(leaves)
    if torch.isfinite(loss):
        if loss.requires_grad:
            loss.backward()
        for pieces, leaf in zip(reversed(groups), reversed(leaves), strict=True):
            _back(pieces, leaf, settings)
    return loss.detach()


def encoded(load: Load, settings: EncodeSettings) -> "Tensor":
    """Return the representations of a load without a graph, in the order of its items."""
    import torch

    pieces = _pieces(load)
    with torch.no_grad():
        for piece in pieces:
            piece.seen = piece.encode(settings)
    return _in_order(pieces)


def n_repeated(load: Load, is_last: bool) -> int:
    """Return how many items of a load are encoded a second time."""
    if not load.chunk or not trains(load.tower):
        return 0
    pieces = _pieces(load)
    return sum(len(piece.rows) for piece in (pieces[:-1] if is_last else pieces))


def _pieces(load: Load) -> list[_Piece]:
    """Cut a load into pieces of items of similar length, the longest last."""
    sizes = np.asarray(load.prepared.sizes)
    chunk = load.chunk * int(sizes.max(initial=1)) if load.chunk else _TOKENS_AT_ONCE
    most = min(chunk, _TOKENS_AT_ONCE) if device_of(load.tower) == "cpu" else chunk
    cuts = plan(sizes, most)[::-1]
    return [_Piece(load, rows) for rows in cuts]


def _in_order(pieces: Sequence[_Piece]) -> "Tensor":
    """Return the representations as a leaf, in the order of the items."""
    import torch

    vectors = torch.cat([piece.seen.detach() for piece in pieces if piece.seen is not None])
    original_order = np.argsort(np.concatenate([piece.rows for piece in pieces]), kind="stable")
    return vectors[torch.from_numpy(original_order)].clone()


def _back(pieces: Sequence[_Piece], leaf: "Tensor", settings: EncodeSettings) -> None:
    """Propagate the gradient of the representations to the weights, one piece at a time."""
    import torch

    if leaf.grad is None:
        return
    for piece in reversed(pieces):
        vectors = piece.seen if piece.seen is not None and piece.seen.requires_grad else piece.encode(settings)
        if vectors.requires_grad:  # not where a piece holds items of a tower that is frozen with its head
            torch.autograd.backward([vectors], [leaf.grad[torch.from_numpy(piece.rows)].to(vectors.dtype)])
        piece.seen = None
