"""Processes: those that torchrun started. Only the first of them writes files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from evidense.store import Store

T = TypeVar("T")
DEVICE = "cpu"
"""Where the weights of every training are: no model is moved to a GPU."""


def backend_of(device: str) -> str:
    """Return the backend of torch.distributed that adds up tensors on a device: nccl has no sum of tensors on the CPU.

    >>> backend_of("cpu"), backend_of("cuda")
    ('gloo', 'nccl')
    """
    return "nccl" if device == "cuda" else "gloo"


@contextmanager
def together() -> Iterator[bool]:
    """Join the processes that torchrun started (one, without it), and yield whether this is the first of them."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield True
        return
    with _group():
        yield rank() == 0


@contextmanager
def joined(number: int, n: int, meeting: Path) -> Iterator[None]:
    """Join n processes of this computer as number `number`. They meet in a new file at `meeting`."""
    with _group(init_method=f"file://{meeting}", rank=number, world_size=n):
        yield


@contextmanager
def _group(**meeting: Any) -> Iterator[None]:
    import torch.distributed as dist

    dist.init_process_group(backend_of(DEVICE), **meeting)
    try:
        yield
    finally:
        dist.destroy_process_group()


def n_processes() -> int:
    """Return how many processes train together: 1 without torchrun."""
    import torch.distributed as dist

    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0. Only process 0 writes files."""
    import torch.distributed as dist

    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def wait() -> None:
    """Wait until every process has come here; with one process, return at once."""
    import torch.distributed as dist

    if n_processes() > 1:
        dist.barrier()


def of_first(value: T) -> T:
    """Return the first process's value in every process."""
    import torch.distributed as dist

    if n_processes() == 1:
        return value
    shared = [value]
    dist.broadcast_object_list(shared, src=0)
    return shared[0]


@contextmanager
def step_folder(store: Store, key: str) -> Iterator[Path]:
    """Hold the folder of a step in progress in the first process; the others look at it once it is there, and leave first."""
    if n_processes() == 1:
        with store.partial(key) as folder:
            yield folder
        return
    if rank() == 0:
        with store.partial(key) as folder:
            wait()
            yield folder
            wait()
    else:
        wait()
        yield store.root / "partial" / key
        wait()
