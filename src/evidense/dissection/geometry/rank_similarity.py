"""Are two encoders the same retriever? Compares scores, rankings and gold ranks of the same queries; a common rotation changes none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64

from evidense.boundary.numerals import short
from evidense.compute.search.topk import Search, top_k
from evidense.compute.similarity import as_scored, between_scored, score_row
from evidense.dissection.geometry.findings import Statistic

PERSISTENCE = 0.9
DEPTH = 100
STATISTICS: Mapping[str, str] = {
    "score correlation": "Pearson's, of a query's scores over documents",
    "score rank correlation": "Spearman's, of the same",
    "top-1 overlap": "share of the first that both lists hold",
    "top-10 overlap": "share of the first 10 that both lists hold",
    "top-100 overlap": "share of the first 100 that both lists hold",
    "RBO": f"rank-biased overlap, p = {short(PERSISTENCE)}, extrapolated from {DEPTH}",
    "gold rank change": "log₂ of the best relevant document's rank, after − before: 1 = twice as far down",
    "wins lost": "share of queries with a relevant document first before, and not after",
    "wins gained": "share of queries with a relevant document first after, and not before",
}
"""Per-query statistics: name → unit. The first six are 1 if nothing changed, the others 0."""
MARGIN = "margin correlation"
"""Pearson's correlation over queries of the margins (relevant − best other)."""


@dataclass(frozen=True)
class Searched:
    """One encoder's search results for the queries."""

    queries: Float32[np.ndarray, "q e"]
    documents: Float32[np.ndarray, "d e"]
    lists: Int32[np.ndarray, "q k"]
    similarity: str
    """The similarity of these vectors, which are in scored form."""
    margins: Float64[np.ndarray, " q"]
    gold: Int64[np.ndarray, " q"]
    """Rank of the best relevant document, from 1."""

    def scores(self, row: int) -> Float32[np.ndarray, " d"]:
        """Return the scores of all documents for a query."""
        scores: Float32[np.ndarray, " d"] = score_row(self.queries[row], self.documents, self.similarity)
        return scores


@dataclass(frozen=True)
class SearchTask:
    """The queries' relevant documents and the rules of the search."""

    relevant: Sequence[Int64[np.ndarray, " r"]]
    doc_order: Int32[np.ndarray, " d"]
    excluded: Int32[np.ndarray, " q"]
    """Row of the document that is excluded for a query; −1 for none."""


def search(
    queries: Float32[np.ndarray, "q e"], documents: Float32[np.ndarray, "d e"], task: SearchTask, similarity: str
) -> Searched:
    """Rank all documents for every query by the encoder's similarity; equal scores are ordered by document id."""
    queries, documents = as_scored(queries, similarity), as_scored(documents, similarity)
    settings = Search(between_scored(similarity), excluded=task.excluded)
    lists, _ = top_k(queries, documents, min(DEPTH, len(documents)), doc_order=task.doc_order, search=settings)
    margins, gold = np.empty(len(queries)), np.empty(len(queries), np.int64)
    outcome = Searched(queries, documents, lists, settings.similarity, margins, gold)
    for row in range(len(queries)):
        scores = outcome.scores(row)
        if task.excluded[row] >= 0:
            scores[task.excluded[row]] = -np.inf
        relevant = task.relevant[row]
        best = relevant[np.lexsort((task.doc_order[relevant], -scores[relevant]))[0]]
        tied = (scores == scores[best]) & (task.doc_order < task.doc_order[best])
        gold[row] = 1 + int((scores > scores[best]).sum()) + int(tied.sum())
        others = np.delete(scores, relevant)
        margins[row] = float(scores[best]) - float(others.max(initial=-np.inf))
    return outcome


def compare(before: Searched, after: Searched, task: SearchTask) -> Float64[np.ndarray, "q s"]:
    """Return the per-query statistics, in the order of `STATISTICS`."""
    out = np.empty((len(before.queries), len(STATISTICS)))
    for row in range(len(out)):
        a, b = before.scores(row), after.scores(row)
        if task.excluded[row] >= 0:
            a, b = (np.delete(x, task.excluded[row]) for x in (a, b))
        out[row, :2] = _correlation(a, b), _rank_correlation(a, b)
        list_before, list_after = before.lists[row], after.lists[row]
        out[row, 2:5] = [overlap(list_before, list_after, k) for k in (1, 10, 100)]
        out[row, 5] = rank_biased_overlap(list_before[list_before >= 0], list_after[list_after >= 0])
    won, wins = before.gold == 1, after.gold == 1
    out[:, 6] = np.log2(after.gold) - np.log2(before.gold)
    out[:, 7], out[:, 8] = won & ~wins, ~won & wins
    return out


def margin_correlation(before: Searched, after: Searched, groups: Int64[np.ndarray, " q"]) -> Statistic:
    """Return the correlation of margins over queries: over all, and with each group left out."""
    every = [np.ones(len(groups), bool), *(groups != g for g in range(int(groups.max()) + 1))]
    correlations = np.array([_correlation(before.margins[rows], after.margins[rows]) for rows in every])
    return float(correlations[0]), correlations[1:]


def overlap(ranking: Int32[np.ndarray, " k"], other_ranking: Int32[np.ndarray, " k"], k: int) -> float:
    """Return the share of the first k that both lists hold.

    >>> overlap(np.array([1, 2], np.int32), np.array([2, 3], np.int32), 2)
    0.5
    """
    top, other_top = ranking[:k][ranking[:k] >= 0], other_ranking[:k][other_ranking[:k] >= 0]
    longest = max(len(top), len(other_top))
    return len(np.intersect1d(top, other_top)) / longest if longest else 1.0


def rank_biased_overlap(
    ranking: Int32[np.ndarray, " k"], other_ranking: Int32[np.ndarray, " k"], p: float = PERSISTENCE
) -> float:
    """Return the extrapolated rank-biased overlap of two lists of the same length; 1 for equal lists.

    Source: Webber, Moffat and Zobel 2010, eq. 23.

    >>> round(rank_biased_overlap(np.array([1, 2], np.int32), np.array([2, 1], np.int32)), 6)
    0.9
    """  # X₁ = 0, X₂ = 2: (2/2) p² + ((1 − p)/p) (0 + p²) = .81 + .09
    k = min(len(ranking), len(other_ranking))
    if k == 0 or np.array_equal(ranking, other_ranking):
        return 1.0
    place = {int(d): rank for rank, d in enumerate(other_ranking[:k])}
    together = np.array([max(rank, place.get(int(d), k)) for rank, d in enumerate(ranking[:k])])
    shared = np.cumsum(np.bincount(together[together < k], minlength=k))
    depths = np.arange(1, k + 1)
    return float(shared[-1] / k * p**k + (1 - p) / p * np.sum(shared / depths * p**depths))


def _correlation(a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"]) -> float:
    if np.array_equal(a, b):
        return 1.0
    x, y = (z - z.mean() for z in (a.astype(np.float64), b.astype(np.float64)))
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y / scale) if scale > 0 else 0.0


def _rank_correlation(a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"]) -> float:
    from scipy.stats import rankdata

    return 1.0 if np.array_equal(a, b) else _correlation(rankdata(a), rankdata(b))
