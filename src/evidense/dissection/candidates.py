"""Candidates: one relevant document and several negatives per query, dealt to folds that share neither queries nor documents."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from evidense.errors import InvalidInput
from evidense.parts import Bench, Case
from evidense.stats import cluster_queries, fold_rows
from evidense.values import Collection, RankedLists, Spelling


@dataclass(frozen=True)
class Candidates:
    """Rows of a collection: query i has the candidates documents[i]; the first is relevant."""

    queries: Int64[np.ndarray, " n"]
    """Rows into `collection.queries`."""
    documents: Int64[np.ndarray, "n c"]
    """Rows into `collection.corpus`; column 0 is relevant, no other is."""
    clusters: Int64[np.ndarray, " n"]
    """Queries that share a relevant document or a group have the same label."""
    folds: Int64[np.ndarray, " n"]
    """Fold of each query. Folds share no documents and no clusters."""
    negatives: str
    """Source of the negatives: 'random', or the name of the ranker."""
    n_filled: int = 0
    """How many negatives were drawn at random because the ranking held too few documents of the fold."""

    @property
    def n_candidates(self) -> int:
        """Return how many documents each query chooses among (N)."""
        return int(self.documents.shape[1])

    def first(self, n: int) -> "Candidates":
        """Return the first n candidates of each query."""
        return Candidates(self.queries, self.documents[:, :n], self.clusters, self.folds, self.negatives, self.n_filled)


@dataclass(frozen=True)
class Draw:
    """How candidates are drawn."""

    n_candidates: int = 5
    n_folds: int = 5
    n_queries: int | None = None
    """At most this many queries, drawn by the seed; None means all."""
    negatives: str = "random"
    seed: int = 0


def candidates(collection: Collection, draw: Draw, ranked: RankedLists | None = None) -> Candidates:
    """Draw candidates. Negatives come at random from the query's fold, or are the best irrelevant documents of that fold in `ranked`.

    A document belongs to the fold of the queries that it answers, else to a fold by the hash of its id. So no query or document that a
    probe is trained on appears where it is tested.

    Raises:
        InvalidInput: fewer clusters than folds, or a fold with fewer documents than candidates.

    >>> from evidense import registry
    >>> drawn = candidates(registry.dataset("weaknesses")[0].open("weaknesses")[0], Draw(n_candidates=3, n_queries=60))
    >>> drawn.documents.shape, set(drawn.folds.tolist())
    ((60, 3), {0, 1, 2, 3, 4})
    """
    if draw.n_candidates < 2:
        raise InvalidInput(f"n_candidates is {draw.n_candidates}; expected at least 2, one of them relevant")
    clusters, rng, rows, folds, doc_rows, fold_of_document = _deal(collection, draw)
    pools = [np.flatnonzero(fold_of_document == fold) for fold in range(draw.n_folds)]
    lists = {} if ranked is None else _ranked_rows(ranked, doc_rows)
    documents, n_filled = np.empty((len(rows), draw.n_candidates), np.int64), 0
    for index, row in enumerate(rows):
        gains = collection.qrels[collection.query_ids[row]]
        relevant = sorted(doc_rows[d] for d, gain in gains.items() if gain > 0)
        documents[index, 0] = relevant[int(rng.integers(len(relevant)))]
        fold = int(folds[index])
        best = [
            d for d in lists.get(collection.query_ids[row], ()) if fold_of_document[d] == fold and d not in relevant
        ]
        chosen = best[: draw.n_candidates - 1]
        more = draw.n_candidates - 1 - len(chosen)
        n_filled += more if ranked is not None else 0
        documents[index, 1:] = [*chosen, *_others(pools[fold], {*relevant, *chosen}, more, rng)]
    return Candidates(rows, documents, clusters[rows], folds, draw.negatives, n_filled)


def most_candidates(collection: Collection, draw: Draw) -> int:
    """Return the largest number of candidates that every query's fold can give: the relevant one and all others of the fold."""
    _, _, rows, folds, _, fold_of_document = _deal(collection, draw)
    sizes = np.bincount(fold_of_document, minlength=draw.n_folds)
    n_relevant = [sum(gain > 0 for gain in collection.qrels[collection.query_ids[row]].values()) for row in rows]
    return int((sizes[folds] - np.array(n_relevant)).min()) + 1


_Dealt = tuple[
    Int64[np.ndarray, " q"], np.random.Generator, Int64[np.ndarray, " n"], Int64[np.ndarray, " n"], dict[str, int],
    Int64[np.ndarray, " d"],
]  # fmt: skip
"""Cluster of each query, the generator after the deal, rows of the queries drawn, their folds, row of each document, its fold."""


def _deal(collection: Collection, draw: Draw) -> _Dealt:
    clusters = cluster_queries(collection.query_ids, collection.qrels, collection.groups)
    rng = np.random.default_rng([draw.seed, 17])
    rows = _some_queries(len(clusters), draw.n_queries, rng)
    folds = fold_rows(clusters[rows], draw.n_folds, rng)
    doc_rows = {doc_id: row for row, doc_id in enumerate(collection.doc_ids)}
    return clusters, rng, rows, folds, doc_rows, _document_folds(collection, rows, folds, doc_rows, draw.n_folds)


def ranked_for_negatives(case: Case, bench: Bench, draw: Draw, per_candidate: int) -> RankedLists | None:
    """Rank the collection with the ranker that the draw names; None where negatives are random.

    `per_candidate` documents are asked for per candidate and fold, since those of other folds are passed over.
    """
    if draw.negatives == "random":
        return None
    ranker = bench.part("rankers", draw.negatives).open(Spelling(draw.negatives))
    depth = min(len(case.collection.corpus), per_candidate * draw.n_candidates * draw.n_folds)
    return bench.rank(ranker, case.collection, depth)


def margin(scores: Float[np.ndarray, "n c"]) -> Float[np.ndarray, " n"]:
    """Return the score of candidate 0, the relevant one, minus the best score of the others.

    >>> margin(np.array([[3.0, 1.0, 2.0]])).tolist()
    [1.0]
    """
    difference: Float[np.ndarray, " n"] = scores[:, 0] - scores[:, 1:].max(axis=1)
    return difference


def _some_queries(total: int, n_wanted: int | None, rng: np.random.Generator) -> Int64[np.ndarray, " n"]:
    if n_wanted is None or n_wanted >= total:
        return np.arange(total)
    return np.sort(rng.choice(total, size=n_wanted, replace=False))


def _document_folds(
    collection: Collection,
    rows: Int64[np.ndarray, " n"],
    folds: Int64[np.ndarray, " n"],
    doc_rows: Mapping[str, int],
    n_folds: int,
) -> Int64[np.ndarray, " d"]:
    fold_of_document = np.array([_hashed(doc_id) % n_folds for doc_id in collection.doc_ids], np.int64)
    for row, fold in zip(rows, folds, strict=True):
        gains = collection.qrels[collection.query_ids[row]]
        fold_of_document[[doc_rows[doc_id] for doc_id, gain in gains.items() if gain > 0]] = fold
    return fold_of_document


def _hashed(doc_id: str) -> int:
    return int.from_bytes(hashlib.sha256(doc_id.encode()).digest()[:8], "big")


def _ranked_rows(ranked: RankedLists, doc_rows: Mapping[str, int]) -> dict[str, list[int]]:
    return {query_id: [doc_rows[d] for d, _ in ranking] for query_id, ranking in _known(ranked, doc_rows)}


def _known(ranked: RankedLists, doc_rows: Mapping[str, int]) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    for query_id, ranking in ranked.items():
        yield query_id, [(d, s) for d, s in ranking if d in doc_rows]


def _others(pool: Int64[np.ndarray, " d"], taken: set[int], n: int, rng: np.random.Generator) -> list[int]:
    """Draw n documents of a fold that are not taken yet."""
    free: Bool[np.ndarray, " d"] = ~np.isin(pool, list(taken))
    if free.sum() < n:
        raise InvalidInput(
            f"a fold has {int(free.sum())} further documents, but {n} are needed; expected at least one per candidate; take a larger corpus, or fewer "
            "folds or candidates"
        )
    return [int(d) for d in rng.choice(pool[free], size=n, replace=False)]
