"""Streams: the random numbers of one use, by name."""

import numpy as np


def stream(seed: int, *path: int) -> np.random.Generator:
    """Return the random numbers of one use. No two paths share a stream, and no stream depends on the length of another."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=path)))
