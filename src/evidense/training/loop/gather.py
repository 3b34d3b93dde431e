"""Gather: what the processes of one training tell each other (torch.distributed, started by torchrun)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


_ALONE = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Let this process count as the only one, within this context."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def world() -> tuple[int, int]:
    """Return the number of this process and how many there are; (0, 1) where nobody started several."""
    import torch.distributed as dist

    if not _ALONE.get() and dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def share(n_rows: int) -> tuple[int, int]:
    """Return the first row of this process's share of a joint batch, and the first that is no longer its own."""
    rank, size = world()
    return n_rows * rank // size, n_rows * (rank + 1) // size


def joint(own: "Tensor", first: int, n_rows: int) -> "Tensor":
    """Return the rows of all processes, [n_rows, e]; only this process's own carry gradients.

    Each process computes the joint loss, so the gradient of its own rows is whole; parameter gradients are summed afterwards.
    """
    import torch
    import torch.distributed as dist

    if world()[1] == 1:
        return own
    rows = own.new_zeros(n_rows, *own.shape[1:])
    rows[first : first + len(own)] = own.detach()
    dist.all_reduce(rows)
    return torch.cat([rows[:first], own, rows[first + len(own) :]])


def add_up(parameters: "Sequence[Tensor]", averaged: "Sequence[Tensor]") -> None:
    """Sum the gradients of parameters over the processes; those of `averaged`, whole in each process, are averaged."""
    import torch
    import torch.distributed as dist

    size = world()[1]
    if size == 1:
        return
    tensors = [*parameters, *averaged]
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in tensors]
    flat = torch.cat([grad.reshape(-1) for grad in grads])
    dist.all_reduce(flat)
    for place, (tensor, grad) in enumerate(zip(tensors, flat.split([g.numel() for g in grads]), strict=True)):
        tensor.grad = grad.view_as(tensor).clone() / (size if place >= len(parameters) else 1)


def total(number: float) -> float:
    """Return the sum of a number over the processes."""
    import torch
    import torch.distributed as dist

    if world()[1] == 1:
        return number
    held = torch.tensor([number], dtype=torch.float64)
    dist.all_reduce(held)
    return float(held)


def wait() -> None:
    """Wait until every process is here."""
    import torch.distributed as dist

    if world()[1] > 1:
        dist.barrier()
