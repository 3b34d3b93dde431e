"""Exact top-k by any similarity. Documents are read block by block; the result depends on neither block size nor thread count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple, cast

import numpy as np
from jaxtyping import Bool, Float32, Int, Int32

from evidense.compute.batches import chunks
from evidense.compute.mapped import MappedRows
from evidense.compute.search.narrow import WIDEST, shortlisting
from evidense.compute.similarity import KERNELS, Kernel, as_scored, divisors_of, lengths
from evidense.errors import InvalidInput
from evidense.values import Collection, RankedLists

# Why the result depends on nothing but the vectors, their ids and k
# -------------------------------------------------------------------
# A matrix product sums in an order that the BLAS library picks by shape and thread count, so its last bits may differ
# between two block sizes; near a tie that would change the order. So the product only *shortlists*. Whatever the order
# of summation, with or without fused multiply-add, |computed − exact| ≤ γ |q| |d| with γ = e·u / (1 − e·u) and
# u = 2⁻²⁴ (Higham, Accuracy and Stability, §3.1). The score that we return is a second, fixed-order sum (the kernel's `scores`), a
# function of the two vectors alone, with the same bound. Let τ be the k-th best product so far. k documents have a
# product ≥ τ, hence a score ≥ τ − 2γ|q||d|max; a document whose product is below τ − 4γ|q||d|max has a score below all
# of theirs and cannot be among the first k, ties included. Everything else is kept, scored again, and sorted by (score
# descending, id ascending). The bound γ is doubled in the kernel's `margins` to cover the rounding of the norms and of τ.
# |d|max is that of all documents so far: a longer document of a later block lowers the floor for itself.
#
# Cosine: the same, of rows that were divided by their own lengths before; a row's length is a sum of fixed order, too.
#
# Euclidean: with p = q·d − |d|²/2 the distance D has D² = |q|² − 2p, so the best p are the nearest. The computed p is off by
# at most ε = γ(|q| + |d|)²: the product by γ|q||d|, half the square by γ|d|²/2, their difference by u(|q||d| + |d|²/2). The
# score −D is computed from the differences of the coordinates, whose errors are relative: D̂² = D²(1 + η) with |η| ≤ γ, since
# nothing cancels after the subtraction (γ for e + 8 terms counts it, the square, the sum, and the root twice). k documents
# have p ≥ τ − ε, so D² ≤ T = |q|² − 2τ + 2ε and D̂² ≤ T(1 + γ). A document whose computed p is below τ − m has
# D² > T + 2m − 4ε, so D̂² > (T + 2m − 4ε)(1 − γ), which is more than T(1 + γ) where m ≥ 2ε + γT/(1 − γ). Since
# T ≤ (|q| + |d|)² up to ε, m = 4γ(|q| + |d|)² will do; it is doubled as above. Squares that underflow add e times the least
# normal number.
#
# Manhattan: the shortlist holds the scores themselves, sums in double precision of one pair each, rounded once. m = 0.

FIRST = 8192
"""Documents of the first block: many, so that its floor rejects most of the second block."""
FIRST_PER_K = 8
"""The first block has at least so many documents per document returned."""
BLOCK = 2048
"""Documents of every later block: the fastest of 256 … 8,192 on 1,000 queries × 100,000 documents × 384 dimensions."""
QUERIES = 1024
"""Queries of one shortlist (at most 65,536)."""
RESCORED = 1 << 18
"""Numbers gathered at a time when candidates are scored again: one megabyte stays in the L2 cache."""
ENORMOUS = 2.0**62
"""Longer vectors are refused, because their squares would overflow float32."""


@dataclass(frozen=True)
class Search:
    """How to search: the similarity, and the documents that may be returned."""

    similarity: str = "dot"
    """A name of `compute.similarity`."""
    allowed: Bool[np.ndarray, " d"] | None = None
    """False excludes a document for every query (as in a pool of one modality)."""
    excluded: Int[np.ndarray, " q"] | None = None
    """The document that is excluded for each query (its own text); −1 for none."""
    rows: Int[np.ndarray, " d"] | None = None
    """Row of the vectors of each document; None if vector i is that of document i."""


def id_order(doc_ids: Sequence[str]) -> Int32[np.ndarray, " d"]:
    """Return the rank of each id among all ids, compared as text.

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
    search: Search = Search(),
) -> tuple[Int32[np.ndarray, "q k"], Float32[np.ndarray, "q k"]]:
    """Return each query's `depth` best documents and their scores by the similarity of `search` (inner products, if it names none), best first.

    Equal scores are ordered by ascending `doc_order` (ranks of the ids, see `id_order`). Documents may be a memory map larger than
    memory; one block at a time is read. Lists shorter than `depth` are padded with −1 and score −inf.

    Raises:
        InvalidInput: the shapes do not fit, the depth is below 1, or a vector has NaN, infinite or enormous numbers.

    >>> vectors = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    >>> found, scores = top_k(vectors[:1], vectors, 2, doc_order=np.array([2, 1, 0]))
    >>> found.tolist(), scores.tolist()   # documents 0 and 2 tie at 1; document 2 has the lower id
    ([[2, 0]], [[1.0, 1.0]])
    """
    corpus = _Corpus.of(documents, search)
    _check(queries, documents, depth, (len(doc_order), len(corpus)))
    _norms(queries, "query", np.arange(len(queries)))
    queries = as_scored(queries, search.similarity)
    query_norms = lengths(queries)
    k = min(depth + (search.excluded is not None), len(corpus))
    best = np.full((len(queries), depth), -1, dtype=np.int32)
    scores = np.full((len(queries), depth), -np.inf, dtype=np.float32)
    space = _Space()
    shortlists = [
        _Shortlist(queries[start:stop], query_norms[start:stop], k, _Means.of(search.similarity, len(corpus), space))
        for start, stop in chunks(len(queries), QUERIES)
    ]
    for doc_numbers, block, largest in corpus.blocks(search.allowed, max(FIRST, FIRST_PER_K * k)):
        for shortlist in shortlists:
            shortlist.add(block, doc_numbers, largest)
    for (start, stop), shortlist in zip(chunks(len(queries), QUERIES), shortlists, strict=True):
        rows = slice(start, stop)
        excluded = None if search.excluded is None else search.excluded[rows]
        best[rows], scores[rows] = shortlist.finish(corpus, doc_order, depth, excluded)
    return best, scores


def rank_vectors(
    collection: Collection,
    queries: Float32[np.ndarray, "q e"],
    documents: Float32[np.ndarray, "d e"],
    depth: int,
    search: Search | str,
) -> RankedLists:
    """Rank the documents of a collection by its vectors; self matches are removed if the collection says so.

    `search` may be the name of a similarity.

    Raises:
        InvalidInput: as `top_k`.
    """
    excluded = self_matches(collection) if collection.drop_self_matches else None
    search = Search(search) if isinstance(search, str) else search
    order = id_order(collection.doc_ids)
    doc_numbers, scores = top_k(queries, documents, depth, doc_order=order, search=replace(search, excluded=excluded))
    return RankedLists(collection.query_ids, collection.doc_ids, doc_numbers, scores)


def self_matches(collection: Collection) -> Int32[np.ndarray, " q"]:
    """Return for each query the place of the document with the same id; −1 if there is none."""
    number_of_document = {doc_id: number for number, doc_id in enumerate(collection.doc_ids)}
    return np.array([number_of_document.get(query_id, -1) for query_id in collection.query_ids], dtype=np.int32)


@dataclass(frozen=True, eq=False)
class _Corpus:
    """Document vectors, with the divisor of each document before it is scored."""

    vectors: MappedRows
    numbers: Int[np.ndarray, " d"] | None
    """Row of each document; None if they are all rows in order."""
    divisors: Float32[np.ndarray, " d"] | None
    """Filled while blocks are read; None if vectors are scored as they are."""

    @classmethod
    def of(cls, vectors: np.ndarray, search: Search) -> "_Corpus":
        """Make the corpus of a search, before any vector is read."""
        rows = search.rows
        n = len(vectors) if rows is None else len(rows)
        if rows is not None and n == len(vectors) and bool((rows == np.arange(n)).all()):
            rows = None
        divisors = np.ones(n, np.float32) if search.similarity == "cosine" else None
        return cls(MappedRows(vectors), rows, divisors)

    def __len__(self) -> int:
        return len(self.vectors.array) if self.numbers is None else len(self.numbers)

    def blocks(
        self, allowed: np.ndarray | None, first: int
    ) -> Iterator[tuple[Int[np.ndarray, " d"], Float32[np.ndarray, "d e"], float]]:
        """Yield block by block: the document numbers, their vectors as they are scored, and the greatest length so far."""
        largest = 0.0
        for doc_numbers, block in self._read(allowed, first):
            norms = _norms(block, "document", doc_numbers)
            if self.divisors is not None:
                self.divisors[doc_numbers] = divisors = divisors_of(norms)
                norms = norms / divisors
                block = block if (divisors == 1).all() else block / divisors[:, None]
            largest = max(largest, float(norms.max(initial=0.0)))
            yield doc_numbers, block, largest

    def places(self, doc_numbers: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """Return the row of the vectors of each of these documents."""
        return doc_numbers if self.numbers is None else self.numbers[doc_numbers]

    def rows(self, doc_numbers: Int[np.ndarray, " n"], space: np.ndarray) -> Float32[np.ndarray, "n e"]:
        """Return the vectors of these documents as they are scored."""
        rows = np.asarray(self.vectors.take(self.places(doc_numbers), space), np.float32)
        if self.divisors is None or ((divisors := self.divisors[doc_numbers]) == 1).all():
            return rows
        return cast(np.ndarray, rows / divisors[:, None])

    def _read(
        self, allowed: np.ndarray | None, first: int
    ) -> Iterator[tuple[Int[np.ndarray, " d"], Float32[np.ndarray, "d e"]]]:
        n = len(self)
        for start, stop in pairwise([0, *range(first, n, BLOCK), n]):
            doc_numbers = np.arange(start, stop, dtype=np.int32)
            if allowed is not None:
                doc_numbers = doc_numbers[allowed[doc_numbers]]
            is_slice = self.numbers is None and allowed is None
            block = self.vectors.slice(start, stop) if is_slice else self.vectors.gather(self.places(doc_numbers))
            yield doc_numbers, np.ascontiguousarray(block, dtype=np.float32)


class _Space:
    """Work space that the shortlists of one search share; fresh memory would cost a page fault every 4 KiB."""

    def __init__(self) -> None:
        self.products, self.reached = np.empty(0, dtype=np.float32), np.empty(0, dtype=bool)

    def of(self, n: int, n_queries: int) -> tuple[Float32[np.ndarray, "d q"], Bool[np.ndarray, "d q"]]:
        """Return arrays for the products and for whether each reaches the floor."""
        size = n * n_queries
        if len(self.products) < size:
            self.products, self.reached = np.empty(size, dtype=np.float32), np.empty(size, dtype=bool)
        return self.products[:size].reshape(n, -1), self.reached[:size].reshape(n, -1)


class _Hits(NamedTuple):
    """Candidates, in no order: candidate i is document documents[i] for query queries[i]."""

    queries: np.ndarray
    documents: np.ndarray
    products: np.ndarray


class _Means(NamedTuple):
    """How one shortlist multiplies: by a kernel, perhaps of narrow numbers, and the usual one; the space is that of the search."""

    kernel: Kernel
    usual: Kernel
    space: _Space

    @classmethod
    def of(cls, similarity: str, n_documents: int, space: _Space) -> "_Means":
        return cls(shortlisting(similarity, n_documents), KERNELS[similarity], space)


class _Shortlist:
    """Candidates of some queries: all documents whose product is within the margin of the k-th best so far."""

    def __init__(
        self,
        queries: Float32[np.ndarray, "q e"],
        norms: Float32[np.ndarray, " q"],
        k: int,
        means: "_Means",
    ) -> None:
        self.queries, self.norms, self.k = queries, norms, k
        self.kernel, self.means = means.kernel, means
        self.columns = np.ascontiguousarray(queries.T)
        self.best = np.full(len(queries), -np.inf, dtype=np.float32)
        self.hits: list[_Hits] = []
        self.n_seen, self.n_hits, self.n_kept, self.n_at_trim, self.largest = 0, 0, 0, 0, 0.0

    def add(self, block: Float32[np.ndarray, "d e"], doc_numbers: Int[np.ndarray, " d"], largest: float) -> None:
        """Add the candidates of one block; `largest` is the greatest norm so far."""
        if len(block) == 0:
            return
        self.largest = largest
        products, reached = self.means.space.of(len(block), len(self.queries))
        self.kernel.products(block, self.columns, products)
        if self.n_seen == 0:
            self._begin(block, products)
        np.greater_equal(products, self._floor(), out=reached)
        flat = np.flatnonzero(reached)
        rows, queries = np.divmod(flat, len(self.queries))
        self.hits.append(_Hits(queries.astype(np.uint16), doc_numbers[rows], products.reshape(-1)[flat]))
        self.n_seen, self.n_hits = self.n_seen + len(block), self.n_hits + len(flat)
        if self.n_seen >= 2 * self.n_at_trim or self.n_hits > 2 * self.n_kept + 4 * self.k * len(self.queries):
            self._trim()

    def finish(
        self, corpus: _Corpus, doc_order: np.ndarray, depth: int, excluded: Int[np.ndarray, " q"] | None
    ) -> tuple[Int32[np.ndarray, "q k"], Float32[np.ndarray, "q k"]]:
        """Score the candidates again in a fixed order of summation and sort them."""
        best_documents = np.full((len(self.queries), depth), -1, dtype=np.int32)
        scores = np.full((len(self.queries), depth), -np.inf, dtype=np.float32)
        if self.hits:
            self._trim()
        candidates, is_candidate = self._table("documents", 0)
        if excluded is not None:
            is_candidate &= candidates != excluded[:, None]
        exact = np.full(candidates.shape, -np.inf, dtype=np.float32)
        exact[is_candidate] = _rescored(self.kernel, self.queries, corpus, (np.nonzero(is_candidate)[0], candidates[is_candidate]))  # fmt: skip
        order = np.lexsort((doc_order[candidates], -exact), axis=-1)[:, :depth]
        candidates_or_padding = np.where(is_candidate, candidates, np.int32(-1))
        best_documents[:, : order.shape[1]] = np.take_along_axis(candidates_or_padding, order, 1)
        scores[:, : order.shape[1]] = np.take_along_axis(exact, order, 1)
        return best_documents, scores

    def _begin(self, block: Float32[np.ndarray, "d e"], products: Float32[np.ndarray, "d q"]) -> None:
        """Find floors in the first block; multiply as usual where narrow numbers would keep too many candidates."""
        self.best, self.n_at_trim = _first_floor(products, self.k), len(block)
        is_narrow = self.kernel is not self.means.usual
        if is_narrow and (products >= self._floor()).sum() > WIDEST * self.k * len(self.queries):
            self.kernel = self.means.usual
            self.kernel.products(block, self.columns, products)
            self.best = _first_floor(products, self.k)

    def _floor(self) -> Float32[np.ndarray, " q"]:
        """Return the least product of a candidate. It falls where documents grow longer, whose products are less certain."""
        margins = self.kernel.margins(self.queries.shape[1], self.norms, self.largest, self.best)
        return cast(np.ndarray, np.nextafter(self.best - margins, np.float32(-np.inf)))

    def _table(
        self, column: Literal["documents", "products"], fill: float
    ) -> tuple[np.ndarray, Bool[np.ndarray, "q c"]]:
        """Return one column of the hits as a table with a row per query, and which of its cells are filled."""
        queries, values = (
            np.concatenate([getattr(hits, name) for hits in self.hits] or [np.empty(0, np.int32)])
            for name in ("queries", column)
        )
        counts = np.bincount(queries, minlength=len(self.queries))
        is_filled = np.arange(counts.max(initial=0)) < counts[:, None]
        table = np.full(is_filled.shape, fill, dtype=values.dtype)
        table[is_filled] = values[np.argsort(queries, kind="stable")]
        return table, is_filled

    def _trim(self) -> None:
        """Raise the floors to the margin below the k-th best product and drop the candidates below them."""
        products, _ = self._table("products", -np.inf)
        if products.shape[1] > self.k:
            self.best = np.maximum(self.best, _kth_best(products, self.k))
        hits = _Hits(*(np.concatenate(column) for column in zip(*self.hits, strict=True)))
        reaches = hits.products >= self._floor()[hits.queries]
        self.hits = [_Hits(hits.queries[reaches], hits.documents[reaches], hits.products[reaches])]
        self.n_at_trim, self.n_hits, self.n_kept = self.n_seen, int(reaches.sum()), int(reaches.sum())


def _check(queries: np.ndarray, documents: np.ndarray, depth: int, n_ids_and_documents: tuple[int, int]) -> None:
    if queries.ndim != 2 or documents.ndim != 2 or queries.shape[1] != documents.shape[1]:
        raise InvalidInput(
            f"query vectors of shape {queries.shape} and document vectors of shape {documents.shape} do not fit; "
            "expected as many columns in both; encode both sides with one model"
        )
    if depth < 1:
        raise InvalidInput(f"the depth is {depth}; expected at least 1")
    n_ids, n_documents = n_ids_and_documents
    if n_ids != n_documents:
        raise InvalidInput(
            f"there are {n_ids} document ids and {n_documents} document vectors; expected one id for each vector"
        )


def _norms(vectors: np.ndarray, side: str, numbers: Int[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    """Return the lengths; refuse a vector whose length is not a usable number."""
    norms = lengths(vectors)
    if not (fits := norms < ENORMOUS).all():
        row = int(np.flatnonzero(~fits)[0])
        raise InvalidInput(
            f"{side} vector {numbers[row]} holds NaN, infinite or enormous numbers (length {norms[row]}); "
            "expected finite numbers; check how the encoder encodes this item"
        )
    return norms


def _rescored(
    kernel: Kernel,
    queries: Float32[np.ndarray, "q e"],
    corpus: _Corpus,
    pairs: tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]],
) -> Float32[np.ndarray, " p"]:
    """Return the scores of pairs of a query and a document. They are read in the order of the file: a page that many share is mapped once."""
    of_queries, doc_numbers = pairs
    exact = np.empty(len(doc_numbers), dtype=np.float32)
    order = np.argsort(corpus.places(doc_numbers), kind="stable")
    step = max(1, RESCORED // queries.shape[1])
    space = np.empty((min(step, len(order)), queries.shape[1]), dtype=corpus.vectors.array.dtype)
    for start, stop in chunks(len(order), step):
        piece = order[start:stop]
        rows = corpus.rows(doc_numbers[piece], space[: len(piece)])
        exact[piece] = kernel.scores(queries[of_queries[piece]], rows[:, None])[:, 0]
    return exact


def _kth_best(values: Float32[np.ndarray, "q n"], k: int) -> Float32[np.ndarray, " q"]:
    index = values.shape[1] - k
    return cast(np.ndarray, np.partition(values, index, axis=1)[:, index])


def _first_floor(products: Float32[np.ndarray, "d q"], k: int) -> Float32[np.ndarray, " q"]:
    """Return a value that at least k products of each query reach: the k-th best among the maxima of groups."""
    n, n_queries = products.shape
    if n < k:
        return np.full(n_queries, -np.inf, dtype=np.float32)
    size = max(1, n // (4 * k))
    n_groups = n // size
    bests = products[: n_groups * size].reshape(size, n_groups, n_queries).max(axis=0)
    return _kth_best(np.ascontiguousarray(bests.T), k)
