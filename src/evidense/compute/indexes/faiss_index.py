"""Indexes of faiss, built on one thread (so that the same vectors give the same bytes) and kept in the store by content."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from evidense.compute.environment import installed_version
from evidense.compute.indexes.choice import KINDS
from evidense.compute.indexes.euclidean import EuclideanRows
from evidense.errors import MissingExtra, StoreError
from evidense.records import sha256_of
from evidense.store import Store

ALGORITHM = 1
"""Version of the way in which indexes are built. It is raised if a change gives another index for the same vectors."""
SEED = 1234
"""Seeds the clustering of IVF. The levels of HNSW come from a seed that is fixed in faiss."""
ROOM = "indexes"
POINTS_PER_LIST = 256
"""Vectors per list that the clustering sees at most (faiss's own limit)."""


def require_faiss(text: str) -> None:
    """Refuse a system with an index where faiss is not installed.

    Raises:
        MissingExtra: with the line that installs it.
    """
    if find_spec("faiss") is None:
        raise MissingExtra.named("index", f"the index of '{text}'", "faiss")


def library() -> str:
    """Return the library and its version: another version may build another index."""
    return f"faiss {installed_version('faiss-cpu') or installed_version('faiss') or 'of unknown version'}"


def kept_index(kind: str, values: Mapping[str, int], rows: EuclideanRows, store: Store) -> Any:
    """Return the index of these vectors from the store; if it is not there, build it and keep it."""
    built_with = {p.name: values[p.name] for p in KINDS[kind] if p.is_built_in}
    key = sha256_of([ROOM, ALGORITHM, kind, built_with, library(), rows.similarity, _digest(rows.vectors)])
    if (index := _recalled(store, key)) is not None:
        return index
    with store.partial(key) as folder:
        index = _recalled(store, key)  # another process may have built it while we waited
        if index is None:
            index = built(kind, values, rows)
            import faiss

            faiss.write_index(index, str(folder / ROOM))
            store.note(ROOM, key, {"blob": store.adopt_file(folder / ROOM)})
    return index


def built(kind: str, values: Mapping[str, int], rows: EuclideanRows) -> Any:
    """Build an index on one thread."""
    with _one_thread():
        index = _hnsw(values, rows) if kind == "hnsw" else _ivf(values, rows)
        for block in rows.blocks():
            index.add(block)
    return index


def nearest(
    index: Any, kind: str, values: Mapping[str, int], queries: Float32[np.ndarray, "q e"], k: int
) -> Int64[np.ndarray, "q k"]:
    """Return the rows of the k nearest vectors that the index finds for each query; −1 pads. Threads do not change them."""
    if kind == "hnsw":
        index.hnsw.efSearch = max(values["ef"], k)
    else:
        index.nprobe = values["nprobe"]
    rows: Int64[np.ndarray, "q k"] = index.search(queries, k)[1]
    return rows


def overhead(kind: str, values: Mapping[str, int]) -> float:
    """Return the bytes that an index keeps for each document besides its vector: links of the graph, or the number in its list.

    Source: Malkov and Yashunin 2020, §4.2.3: 2M links on the ground level, M on each level above; a share M^-l of the vectors is on level l.
    """
    if kind == "ivf":
        return 8.0
    m = values["M"]
    return 4.0 * (2 * m + m / (m - 1))


def _hnsw(values: Mapping[str, int], rows: EuclideanRows) -> Any:
    import faiss

    index = faiss.IndexHNSWFlat(rows.n_dims, values["M"], faiss.METRIC_L2)
    index.hnsw.efConstruction = values["ef_construction"]
    return index


def _ivf(values: Mapping[str, int], rows: EuclideanRows) -> Any:
    """Return an index of lists whose centroids are trained on a seeded sample of the vectors."""
    import faiss

    nlist, n = values["nlist"], len(rows.vectors)
    index: Any = faiss.index_factory(rows.n_dims, f"IVF{nlist},Flat", faiss.METRIC_L2)
    index.cp.seed, index.cp.min_points_per_centroid = SEED, 1
    sample = np.sort(np.random.default_rng(SEED).choice(n, min(n, POINTS_PER_LIST * nlist), replace=False))
    index.train(rows.gather(sample))
    return index


def _recalled(store: Store, key: str) -> Any | None:
    import faiss

    try:
        blob = str(store.noted(ROOM, key)["blob"])
        return faiss.deserialize_index(np.frombuffer(store.blob(blob), np.uint8))
    except (KeyError, StoreError):
        return None  # never built, or its blob was removed or damaged: build it again


def _digest(vectors: np.ndarray) -> str:
    """Return the sha256 of the vectors, with their shape."""
    digest = hashlib.sha256(repr((vectors.shape, str(vectors.dtype))).encode())
    for start in range(0, len(vectors), 1 << 14):
        digest.update(np.ascontiguousarray(vectors[start : start + (1 << 14)]).tobytes())
    return digest.hexdigest()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit faiss and the matrix library that it brings to one thread inside this block."""
    import faiss
    from threadpoolctl import threadpool_limits

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        faiss.omp_set_num_threads(before)
