"""Gather: the tensors and numbers that the processes of one training exchange (torch.distributed, started by torchrun)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from evidense.training.loop import processes

if TYPE_CHECKING:
    from torch import Tensor

_ALONE = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Treat this process as the only one, within this context."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def world() -> tuple[int, int]:
    """Return the number of this process and how many there are; (0, 1) with one process, and within `alone`."""
    return (0, 1) if _ALONE.get() else (processes.rank(), processes.n_processes())


def share(n_rows: int) -> tuple[int, int]:
    """Return where this process's share of a joint batch begins and ends: its rows are first ≤ row < last."""
    rank, size = world()
    return n_rows * rank // size, n_rows * (rank + 1) // size


def joint(own_rows: "Tensor", first: int, n_rows: int) -> "Tensor":
    """Return the rows of all processes, [n_rows, e]; only the rows of this process carry gradients.

    Each process computes the joint loss, so the gradient of its own rows is whole; parameter gradients are summed afterwards.
    """
    import torch
    import torch.distributed as dist

    if world()[1] == 1:
        return own_rows
    rows = own_rows.new_zeros(n_rows, *own_rows.shape[1:])
    rows[first : first + len(own_rows)] = own_rows.detach()
    dist.all_reduce(rows)
    return torch.cat([rows[:first], own_rows, rows[first + len(own_rows) :]])


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
