"""Remember which rows of a batch a tower sees while a batch of several modalities is split among towers."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64


@dataclass(frozen=True, eq=False)
class BatchPart:
    """Some rows of a batch, encoded by one tower: row i of the part is row rows[i] of the batch."""

    rows: Int64[np.ndarray, " n"]
    tower: int
    """Number of the tower. Each tower draws its own dropout, so the order of the towers does not matter."""


_PART: ContextVar[BatchPart | None] = ContextVar("part", default=None)


@contextmanager
def only(rows: Int64[np.ndarray, " n"], tower: int) -> Iterator[None]:
    """Declare that only these rows are encoded inside the block."""
    token = _PART.set(BatchPart(rows, tower))
    try:
        yield
    finally:
        _PART.reset(token)


def encoded_part() -> BatchPart | None:
    """Return the part that is being encoded; None means the whole batch."""
    return _PART.get()
