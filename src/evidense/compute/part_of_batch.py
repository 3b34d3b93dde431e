"""Which rows of a batch a tower sees when a batch of several modalities is split among towers."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from jaxtyping import Int64

_ROWS: ContextVar[np.ndarray | None] = ContextVar("rows", default=None)


@contextmanager
def only(rows: Int64[np.ndarray, " n"]) -> Iterator[None]:
    """Say that, inside the block, the i-th row that is encoded is row rows[i] of the batch (dropout is keyed by it)."""
    token = _ROWS.set(rows)
    try:
        yield
    finally:
        _ROWS.reset(token)


def rows_seen() -> Int64[np.ndarray, " n"] | None:
    """Return the rows of the block that runs; None where the whole batch is encoded."""
    return _ROWS.get()
