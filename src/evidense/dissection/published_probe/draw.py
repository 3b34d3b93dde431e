"""The published draw of candidates and slots, by Python's random generator."""

import random

import numpy as np
from jaxtyping import Int64


def slots(n_examples: int, n_candidates: int, rng: random.Random, n_stored: int = 5) -> Int64[np.ndarray, "n c"]:
    """Return the stored passage (0 is the positive) in each slot of each example.

    For every example, N − 1 of the stored negatives are sampled, then all N passages are shuffled.

    >>> found = slots(54_414, 2, random.Random(42))  # NQ: the counts of the published layer 0
    >>> np.bincount((found == 0).argmax(axis=1)).tolist()
    [27157, 27257]
    """
    out = np.empty((n_examples, n_candidates), np.int64)
    negatives = list(range(1, n_stored))
    for row in range(n_examples):
        order = [0, *rng.sample(negatives, n_candidates - 1)]
        rng.shuffle(order)
        out[row] = order
    return out


def labels(places: Int64[np.ndarray, "n c"]) -> Int64[np.ndarray, " n"]:
    """Return the slot of the positive."""
    slots_of_positive: Int64[np.ndarray, " n"] = (places == 0).argmax(axis=1)
    return slots_of_positive
