"""Plan batches: texts of similar length are encoded together, so that little is padded and a batch fits into the cache."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, Int64

from evidense.parts import Tower


def plan(sizes: Int[np.ndarray, " n"], budget: int) -> list[Int64[np.ndarray, " b"]]:
    """Sort rows by length, longest first, and cut them into batches of at most `budget` tokens, padding included.

    A text longer than the budget is a batch of its own. Deterministic: rows of equal size keep their order.

    >>> [b.tolist() for b in plan(np.array([3, 9, 3, 4]), 10)]
    [[1], [3, 0], [2]]
    """
    order = np.argsort(-np.asarray(sizes), kind="stable").astype(np.int64)
    batches, start = [], 0
    while start < len(order):
        n = max(1, int(budget // max(1, int(sizes[order[start]]))))
        batches.append(order[start : start + n])
        start += n
    return batches


def chunks(n: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of consecutive pieces of `size`.

    >>> list(chunks(5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    yield from ((start, min(start + size, n)) for start in range(0, n, size))


def tokens_a_batch(tower: Tower) -> int:
    """Return the tokens of a batch, padding included, which fix the batch plan: another plan rounds vectors a little differently."""
    return int(getattr(tower, "token_budget", 4096))
