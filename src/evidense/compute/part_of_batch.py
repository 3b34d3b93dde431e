"""Which rows of a batch a tower sees when a batch of several modalities is split among towers."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True, eq=False)
class BatchPart:
    """A part of a batch: the i-th row that is encoded is row rows[i] of the batch."""

    rows: Int64[np.ndarray, " n"]
    tower: int
    """Number of the tower that encodes it: what it drops out does not depend on what another tower does before."""


_PART: ContextVar[BatchPart | None] = ContextVar("part", default=None)


@contextmanager
def only(rows: Int64[np.ndarray, " n"], tower: int) -> Iterator[None]:
    """Say that this part of the batch is encoded inside the block."""
    token = _PART.set(BatchPart(rows, tower))
    try:
        yield
    finally:
        _PART.reset(token)


def encoded_part() -> BatchPart | None:
    """Return the part that is encoded now; None where it is the whole batch."""
    return _PART.get()
