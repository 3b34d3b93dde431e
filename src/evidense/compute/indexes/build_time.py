"""Estimate the time that building an index takes, from a small build on this machine."""

import math
import time
from collections.abc import Mapping
from functools import cache

import numpy as np

from evidense.compute.indexes.euclidean import EuclideanRows
from evidense.compute.indexes.faiss_index import POINTS_PER_LIST, built

_SAMPLE = {"hnsw": 2_000, "ivf": 4_096}
"""Vectors of the small build: some tenths of a second."""
_LISTS = 64
"""Lists of the small build of an IVF index."""
_ITERATIONS = 10
"""Passes of the clustering over its sample: faiss's own number for an IVF index."""


def build_seconds(kind: str, values: Mapping[str, int], n_vectors: int, n_dims: int) -> float:
    """Estimate the seconds of building an index of so many vectors on one thread.

    The cost of a graph grows as n log n, since each vector is searched for in the graph of those before it. Lists cost a comparison of every
    vector with every centroid, and as many in each pass of the clustering over its sample.
    """
    n_sample = _SAMPLE[kind]
    if kind == "hnsw":
        sample_s = _sample_seconds(kind, tuple(sorted(values.items())), n_dims)
        return sample_s * _n_log_n(n_vectors) / _n_log_n(n_sample)
    sample_s = _sample_seconds(kind, (("nlist", _LISTS),), n_dims)
    return sample_s * _comparisons(n_vectors, values["nlist"]) / _comparisons(n_sample, _LISTS)


def _n_log_n(n: int) -> float:
    return n * math.log(max(2, n))


def _comparisons(n_vectors: int, n_lists: int) -> float:
    """Return the comparisons of a vector with a centroid that an IVF index of so many vectors needs."""
    return n_lists * (_ITERATIONS * min(n_vectors, POINTS_PER_LIST * n_lists) + n_vectors)


@cache
def _sample_seconds(kind: str, values: tuple[tuple[str, int], ...], n_dims: int) -> float:
    """Build a small index of random unit vectors, and return the CPU-seconds of this thread, which other work on the machine does not lengthen."""
    vectors = np.random.default_rng(0).standard_normal((_SAMPLE[kind], n_dims), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = EuclideanRows.of(vectors, "cosine")
    began = time.thread_time()
    built(kind, dict(values), rows)
    return time.thread_time() - began
