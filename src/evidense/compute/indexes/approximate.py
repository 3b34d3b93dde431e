"""Search of vectors, exact or by an index.

An index proposes documents, which are scored as exact search scores them. A sample of the queries is searched exactly, too.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int, Int64

from evidense.compute.indexes.choice import Approximation
from evidense.compute.indexes.euclidean import EuclideanRows
from evidense.compute.indexes.faiss_index import kept_index, nearest, overhead
from evidense.compute.search.list_builder import ListBuilder
from evidense.compute.search.topk import RESCORED, Search, id_order, rank_vectors, self_matches, top_k
from evidense.compute.similarity import KERNELS, as_scored
from evidense.store import Store
from evidense.values import Collection, RankedLists

ALGORITHM = 1
"""Version of the algorithm. It is raised if a change gives other lists for the same inputs."""
CHECKED = 1_000
"""Queries that are searched exactly, too; all of them, if there are no more."""
_SEED = 2026
EXACT = "exact, over the whole corpus"
"""How exact search is named on the page."""


@dataclass(frozen=True)
class BothSides:
    """Vectors of both sides, and how they are ranked."""

    queries: Float32[np.ndarray, "q e"]
    documents: Float32[np.ndarray, "n e"]
    similarity: str
    rows: Int[np.ndarray, " d"] | None = None
    """Row of each document; None if row i is that of document i."""


@dataclass(frozen=True)
class Found:
    """What a search found."""

    lists: RankedLists
    sentence: str
    """How was searched, for the page."""
    exact: RankedLists | None = None
    """Where an index searched: exact results of the sampled queries, in their order."""
    overhead: float = 0.0
    """Bytes of the index for each document, besides its vector."""


def checked_queries(n_queries: int) -> Int64[np.ndarray, " m"]:
    """Return the numbers of the queries that are searched exactly, too. They depend on the number of queries alone, so all systems have the same.

    >>> len(checked_queries(300)), len(checked_queries(5_000))
    (300, 1000)
    """
    if n_queries <= CHECKED:
        return np.arange(n_queries)
    return np.sort(np.random.default_rng([_SEED, n_queries]).choice(n_queries, CHECKED, replace=False))


def search_vectors(
    collection: Collection, vectors: BothSides, depth: int, choice: Approximation | None, store: Store
) -> Found:
    """Rank the documents of a collection, exactly or by what an index finds; self matches are removed if the collection says so.

    The index holds each distinct row once. Each row that it finds is scored by the similarity itself, in the order of summation of exact
    search; ties are ordered by id. So a list differs from the exact one only by what the index did not find.

    Raises:
        InvalidInput: a similarity that no index searches by, parameters that do not fit the number of vectors, or as `top_k`.
    """
    if choice is None:
        search = Search(vectors.similarity, rows=vectors.rows)
        return Found(rank_vectors(collection, vectors.queries, vectors.documents, depth, search), EXACT)
    vectors = _without_strangers(vectors)
    values = choice.values(len(vectors.documents))
    excluded = self_matches(collection) if collection.drop_self_matches else None
    k = min(depth + (excluded is not None), len(vectors.documents))
    rows = EuclideanRows.of(vectors.documents, vectors.similarity)
    index = kept_index(choice.kind, values, rows, store)
    proposed = nearest(index, choice.kind, values, rows.queries(vectors.queries), k)
    return Found(
        _listed(collection, vectors, depth, proposed),
        _sentence(choice.kind, values, k),
        _exact(collection, vectors, depth, excluded),
        overhead(choice.kind, values),
    )


def _without_strangers(vectors: BothSides) -> BothSides:
    """Drop rows that are no document's: given vectors may hold more than the collection, and an index would find them."""
    if vectors.rows is None or len(used := np.unique(vectors.rows)) == len(vectors.documents):
        return vectors
    return replace(
        vectors, documents=np.ascontiguousarray(vectors.documents[used]), rows=np.searchsorted(used, vectors.rows)
    )


def _listed(collection: Collection, vectors: BothSides, depth: int, proposed: Int64[np.ndarray, "q k"]) -> RankedLists:
    """Score and order the documents of the proposed rows."""
    builder = ListBuilder(collection, depth)
    documents_of, ends = _documents_of(vectors, len(collection.doc_ids))
    step = max(1, RESCORED // max(1, proposed.shape[1] * vectors.documents.shape[1]))
    for start in range(0, len(proposed), step):
        chunk = proposed[start : start + step]
        scores = _scores(vectors, start, chunk)
        for place, (rows, row_scores) in enumerate(zip(chunk, scores, strict=True)):
            there = rows >= 0
            rows, row_scores = rows[there], row_scores[there]
            counts = ends[rows + 1] - ends[rows]
            starts = np.repeat(ends[rows] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
            builder.put(
                start + place, documents_of[starts + np.arange(len(starts))].astype(np.int32), row_scores.repeat(counts)
            )
    return builder.done()


def _documents_of(vectors: BothSides, n_documents: int) -> tuple[Int64[np.ndarray, " d"], Int64[np.ndarray, " ends"]]:
    """Return the documents in the order of their rows, and where those of each row begin."""
    rows = np.arange(n_documents) if vectors.rows is None else vectors.rows
    counts = np.bincount(rows, minlength=len(vectors.documents))
    return np.argsort(rows, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


def _scores(vectors: BothSides, start: int, rows: Int64[np.ndarray, "q k"]) -> Float32[np.ndarray, "q k"]:
    """Score the rows of some queries, from number `start` on. Where a row is −1, the score means nothing."""
    queries = as_scored(vectors.queries[start : start + len(rows)], vectors.similarity)
    documents = as_scored(vectors.documents[np.maximum(rows, 0).reshape(-1)], vectors.similarity)
    return KERNELS[vectors.similarity].scores(queries, documents.reshape(*rows.shape, -1))


def _exact(
    collection: Collection, vectors: BothSides, depth: int, excluded: Int[np.ndarray, " q"] | None
) -> RankedLists:
    """Rank exactly for the checked queries."""
    numbers = checked_queries(len(collection.query_ids))
    search = Search(vectors.similarity, rows=vectors.rows)
    if excluded is not None:
        search = replace(search, excluded=excluded[numbers])
    best, scores = top_k(
        vectors.queries[numbers], vectors.documents, depth, doc_order=id_order(collection.doc_ids), search=search
    )
    return RankedLists(tuple(collection.query_ids[number] for number in numbers), collection.doc_ids, best, scores)


def _sentence(kind: str, values: dict[str, int], k: int) -> str:
    shown = {**values, "ef": max(values["ef"], k)} if kind == "hnsw" else values
    numbers = ", ".join(f"{name} {value:,}" for name, value in shown.items())
    raised = f" (raised from {values['ef']:,} to the depth)" if kind == "hnsw" and values["ef"] < k else ""
    return (
        f"approximate, by an {kind.upper()} index of faiss with {numbers}{raised}, built on one thread; "
        "what it finds is scored as in exact search"
    )
