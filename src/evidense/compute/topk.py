"""Exact top-k by inner product: streamed over documents, with a result that no block size or thread count can change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from jaxtyping import Bool, Float32, Int, Int32

from evidense.errors import InvalidInput
from evidense.values import Collection, RankedLists

# Why the result depends on nothing but the vectors, their ids and k
# -------------------------------------------------------------------
# A matrix product sums in an order that the BLAS library picks by shape and thread count, so its last bits may differ
# between two block sizes; near a tie that would change the order. So the product only *shortlists*. Whatever the order
# of summation, with or without fused multiply-add, |computed − exact| ≤ γ |q| |d| with γ = e·u / (1 − e·u) and
# u = 2⁻²⁴ (Higham, Accuracy and Stability, §3.1). The score that we return is a second, fixed-order sum (`_dots`), a
# function of the two vectors alone, with the same bound. Let τ be the k-th best product so far. k documents have a
# product ≥ τ, hence a score ≥ τ − 2γ|q||d|max; a document whose product is below τ − 4γ|q||d|max has a score below all
# of theirs and cannot be among the first k, ties included. Everything else is kept, scored again, and sorted by (score
# descending, id ascending). The bound γ is doubled in `_margins` to cover the rounding of the norms and of τ itself.

UNIT_ROUNDOFF = 2.0**-24
FIRST = 8192
"""Documents of the first block: many, so that its floor turns most of the second away."""
FIRST_PER_K = 8
"""The first block has at least so many documents for each one that is asked for."""
BLOCK = 2048
"""Documents of every later block: measured best of 256 … 8,192 on 1,000 × 100,000 × 384."""
QUERIES = 1024
"""Queries a pass over one block (at most 65,536)."""
RESCORED = 1 << 18
"""Numbers gathered at a time when candidates are scored again: a megabyte stays in the second cache."""
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Pool:
    """Which documents may be found: for all queries, and one that is taken out for each query."""

    allowed: Bool[np.ndarray, " d"] | None = None
    """False leaves a document out for every query (a pool of one modality)."""
    excluded: Int[np.ndarray, " q"] | None = None
    """The document that is left out for this query (its own text), −1 for none."""


def id_order(doc_ids: Sequence[str]) -> Int32[np.ndarray, " d"]:
    """Return the place of each id among all ids, compared as text.

    >>> id_order(["b", "a", "10", "9"]).tolist()   # "10" < "9" < "a" < "b"
    [3, 2, 0, 1]
    """
    order = np.empty(len(doc_ids), dtype=np.int32)
    order[sorted(range(len(doc_ids)), key=doc_ids.__getitem__)] = np.arange(len(doc_ids), dtype=np.int32)
    return order


def top_k(
    queries: Float32[np.ndarray, "q e"],
    documents: Float32[np.ndarray, "d e"],
    depth: int,
    *,
    doc_order: Int[np.ndarray, " d"],
    pool: Pool = Pool(),
) -> tuple[Int32[np.ndarray, "q k"], Float32[np.ndarray, "q k"]]:
    """Return each query's `depth` best documents and their inner products, best first.

    Equal scores stand in ascending `doc_order` (ranks of the ids, see `id_order`). Documents may be a memory map larger
    than memory: one block at a time is read. Lists shorter than `depth` end in −1 with score −inf.

    Raises:
        InvalidInput: shapes that do not fit, a depth below 1, or a vector with NaN, infinite or enormous numbers.

    >>> vectors = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    >>> found, scores = top_k(vectors[:1], vectors, 2, doc_order=np.array([2, 1, 0]))
    >>> found.tolist(), scores.tolist()   # documents 0 and 2 tie at 1; document 2 has the lower id
    ([[2, 0]], [[1.0, 1.0]])
    """
    _check(queries, documents, depth, doc_order)
    query_norms = _norms(queries, "query", np.arange(len(queries)))
    k = min(depth + (pool.excluded is not None), len(documents))
    found = np.full((len(queries), depth), -1, dtype=np.int32)
    scores = np.full((len(queries), depth), -np.inf, dtype=np.float32)
    space = _Space()
    shortlists = [
        _Shortlist(queries[lo : lo + QUERIES], query_norms[lo : lo + QUERIES], k, space)
        for lo in range(0, len(queries), QUERIES)
    ]
    largest = 0.0
    for places, block in _blocks(documents, pool.allowed, max(FIRST, FIRST_PER_K * k)):
        largest = max(largest, float(_norms(block, "document", places).max(initial=0.0)))
        for shortlist in shortlists:
            shortlist.add(block, places, largest)
    for number, shortlist in enumerate(shortlists):
        rows = slice(number * QUERIES, number * QUERIES + len(shortlist.queries))
        excluded = None if pool.excluded is None else pool.excluded[rows]
        found[rows], scores[rows] = shortlist.finish(documents, doc_order, depth, excluded)
    return found, scores


def rank_vectors(
    collection: Collection, queries: Float32[np.ndarray, "q e"], documents: Float32[np.ndarray, "d e"], depth: int
) -> RankedLists:
    """Return the ranked lists of a collection from its vectors, self matches taken out where the collection says so.

    Raises:
        InvalidInput: as `top_k`.
    """
    excluded = self_matches(collection) if collection.drop_self_matches else None
    found, scores = top_k(
        queries, documents, depth, doc_order=id_order(collection.doc_ids), pool=Pool(excluded=excluded)
    )
    return RankedLists(collection.query_ids, collection.doc_ids, found, scores)


def self_matches(collection: Collection) -> Int32[np.ndarray, " q"]:
    """Return for each query the place of the document with the query's own id, −1 where there is none."""
    places = {doc_id: place for place, doc_id in enumerate(collection.doc_ids)}
    return np.array([places.get(query_id, -1) for query_id in collection.query_ids], dtype=np.int32)


class _Space:
    """Work space that the shortlists of one search share; it is kept, since fresh memory costs a page fault every 4 KiB."""

    def __init__(self) -> None:
        self.products, self.reached = np.empty(0, dtype=np.float32), np.empty(0, dtype=bool)

    def of(self, n: int, n_queries: int) -> tuple[Float32[np.ndarray, "d q"], Bool[np.ndarray, "d q"]]:
        """Return a space for products and one for what they reach."""
        size = n * n_queries
        if len(self.products) < size:
            self.products, self.reached = np.empty(size, dtype=np.float32), np.empty(size, dtype=bool)
        return self.products[:size].reshape(n, -1), self.reached[:size].reshape(n, -1)


class _Shortlist:
    """Candidates of some queries: everything whose product is within the margin of the k-th best so far."""

    def __init__(
        self, queries: Float32[np.ndarray, "q e"], norms: Float32[np.ndarray, " q"], k: int, space: "_Space"
    ) -> None:
        self.queries, self.norms, self.k, self.space = queries, norms, k, space
        self.columns = np.ascontiguousarray(queries.T)
        self.floor = np.full(len(queries), -np.inf, dtype=np.float32)
        self.hits: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        """(query, document, product) of each candidate, in no order."""
        self.n_seen, self.n_hits, self.n_kept, self.n_at_trim, self.largest = 0, 0, 0, 0, 0.0

    def add(self, block: Float32[np.ndarray, "d e"], places: Int[np.ndarray, " d"], largest: float) -> None:
        """Take in one block of documents; `places` are their numbers, `largest` the greatest norm so far."""
        if len(block) == 0:
            return
        self.largest = largest
        products, reached = self.space.of(len(block), len(self.queries))
        np.matmul(block, self.columns, out=products)
        if self.n_seen == 0:
            self.floor, self.n_at_trim = _lowered(_first_floor(products, self.k), self._margins()), len(block)
        np.greater_equal(products, self.floor, out=reached)
        flat = np.flatnonzero(reached)
        rows, queries = np.divmod(flat, len(self.queries))
        self.hits.append((queries.astype(np.uint16), places[rows], products.reshape(-1)[flat]))
        self.n_seen, self.n_hits = self.n_seen + len(block), self.n_hits + len(flat)
        if self.n_seen >= 2 * self.n_at_trim or self.n_hits > 2 * self.n_kept + 4 * self.k * len(self.queries):
            self._trim()

    def finish(
        self, documents: np.ndarray, doc_order: np.ndarray, depth: int, excluded: Int[np.ndarray, " q"] | None
    ) -> tuple[Int32[np.ndarray, "q k"], Float32[np.ndarray, "q k"]]:
        """Score the candidates again in a fixed order of summation and sort them."""
        found = np.full((len(self.queries), depth), -1, dtype=np.int32)
        scores = np.full((len(self.queries), depth), -np.inf, dtype=np.float32)
        if self.hits:
            self._trim()
        candidates, held = self._table(1, 0)
        if excluded is not None:
            held &= candidates != excluded[:, None]
        exact = np.where(held, _dots(self.queries, documents, candidates), np.float32(-np.inf))
        order = np.lexsort((doc_order[candidates], -exact), axis=-1)[:, :depth]
        best = np.where(held, candidates, np.int32(-1))
        found[:, : order.shape[1]] = np.take_along_axis(best, order, 1)
        scores[:, : order.shape[1]] = np.take_along_axis(exact, order, 1)
        return found, scores

    def _margins(self) -> Float32[np.ndarray, " q"]:
        e = self.queries.shape[1]
        gamma = e * UNIT_ROUNDOFF / (1 - e * UNIT_ROUNDOFF)
        return cast(np.ndarray, (8 * gamma * self.largest * self.norms + e * SMALLEST_NORMAL).astype(np.float32))

    def _table(self, column: int, fill: float) -> tuple[np.ndarray, Bool[np.ndarray, "q c"]]:
        """Return one column of the hits (1 documents, 2 products) as a row for each query, and which cells hold one."""
        queries, values = (
            np.concatenate([hit[c] for hit in self.hits] or [np.empty(0, np.int32)]) for c in (0, column)
        )
        counts = np.bincount(queries, minlength=len(self.queries))
        held = np.arange(counts.max(initial=0)) < counts[:, None]
        table = np.full(held.shape, fill, dtype=values.dtype)
        table[held] = values[np.argsort(queries, kind="stable")]
        return table, held

    def _trim(self) -> None:
        """Raise the floors to the margin below the k-th best product and drop what lies under them."""
        products, _ = self._table(2, -np.inf)
        if products.shape[1] > self.k:
            self.floor = np.maximum(self.floor, _lowered(_kth_best(products, self.k), self._margins()))
        queries, documents, products = (np.concatenate(column) for column in zip(*self.hits, strict=True))
        kept = products >= self.floor[queries]
        self.hits = [(queries[kept], documents[kept], products[kept])]
        self.n_at_trim, self.n_hits, self.n_kept = self.n_seen, int(kept.sum()), int(kept.sum())


def _check(queries: np.ndarray, documents: np.ndarray, depth: int, doc_order: np.ndarray) -> None:
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise InvalidInput(
            f"query vectors of shape {queries.shape} and document vectors of shape {documents.shape} do not fit; "
            "expected as many columns in both; encode both sides with one model"
        )
    if depth < 1:
        raise InvalidInput(f"the depth is {depth}; expected at least 1")
    if len(doc_order) != len(documents):
        raise InvalidInput(
            f"there are {len(doc_order)} document ids and {len(documents)} document vectors; expected one id for each vector"
        )


def _blocks(
    documents: np.ndarray, allowed: np.ndarray | None, first: int
) -> Iterator[tuple[Int[np.ndarray, " d"], Float32[np.ndarray, "d e"]]]:
    edges = [0, *range(first, len(documents), BLOCK), len(documents)]
    for start, stop in pairwise(edges):
        block = documents[start:stop]
        places = np.arange(start, start + len(block), dtype=np.int32)
        if allowed is not None:
            places = places[allowed[places]]
            block = documents[places]
        yield places, np.ascontiguousarray(block, dtype=np.float32)


def _norms(vectors: np.ndarray, what: str, places: Int[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    """Return the lengths; one that is not a number shows a broken vector."""
    vectors = np.asarray(vectors, dtype=np.float32)
    norms = np.sqrt(np.einsum("ne,ne->n", vectors, vectors))
    if not np.isfinite(norms).all():
        row = int(np.flatnonzero(~np.isfinite(norms))[0])
        raise InvalidInput(
            f"{what} vector {places[row]} holds NaN, infinite or enormous numbers (length {norms[row]}); "
            "expected finite numbers; look at what the encoder makes of this item"
        )
    return cast(np.ndarray, norms)


def _dots(
    queries: Float32[np.ndarray, "q e"], documents: np.ndarray, candidates: Int[np.ndarray, "q c"]
) -> Float32[np.ndarray, "q c"]:
    """Return inner products as one sum along e for each pair, in an order that only e decides (no BLAS)."""
    exact = np.empty(candidates.shape, dtype=np.float32)
    n, e = candidates.shape[1], queries.shape[1]
    step = max(1, RESCORED // max(1, n * e))
    space = np.empty((step * n, e), dtype=documents.dtype)
    for lo in range(0, len(queries), step):
        rows = candidates[lo : lo + step].reshape(-1)
        vectors = np.take(documents, rows, axis=0, out=space[: len(rows)], mode="clip")  # "raise" would copy once more
        pairs = np.asarray(vectors, dtype=np.float32).reshape(len(candidates[lo : lo + step]), n, e)
        np.einsum("qce,qe->qc", pairs, queries[lo : lo + step], out=exact[lo : lo + step])
    return exact


def _lowered(best: Float32[np.ndarray, " q"], margins: Float32[np.ndarray, " q"]) -> Float32[np.ndarray, " q"]:
    return cast(np.ndarray, np.nextafter(best - margins, np.float32(-np.inf)))


def _kth_best(values: Float32[np.ndarray, "q n"], k: int) -> Float32[np.ndarray, " q"]:
    place = values.shape[1] - k
    return cast(np.ndarray, np.partition(values, place, axis=1)[:, place])


def _first_floor(products: Float32[np.ndarray, "d q"], k: int) -> Float32[np.ndarray, " q"]:
    """Return a value that at least k products of each query reach: the k-th best of the bests of groups."""
    n, n_queries = products.shape
    if n < k:
        return np.full(n_queries, -np.inf, dtype=np.float32)
    size = max(1, n // (4 * k))
    n_groups = n // size
    bests = products[: n_groups * size].reshape(size, n_groups, n_queries).max(axis=0)
    return _kth_best(np.ascontiguousarray(bests.T), k)
