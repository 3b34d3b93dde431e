"""Queries among documents, layer by layer: alignment, margin over hard negatives, and hubs (documents that occur in too many top lists)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from evidense.dissection.geometry.findings import Statistic
from evidense.dissection.geometry.neighbours import unit_rows

_QUERIES = 256
K = 10
"""Length of the top lists in which occurrences are counted."""

STATISTICS: Mapping[str, str] = {
    "alignment": "squared distance of unit vectors",
    "hard-negative margin": "cosine of the relevant − cosine of the best other document",
    "cross uniformity": "log mean Gaussian potential, queries and documents that are not relevant",
    "hub skewness": f"skewness of how often a document stands among the first {K}",
    "hub Gini": "Gini coefficient of the same: 0 all as often … 1 one document has every place",
    "hub rate": f"share of the first {K} places that the most frequent 1 % of documents hold",
}  # fmt: skip
"""Name → unit."""


@dataclass(frozen=True)
class JudgedQueries:
    """What is known of each query without any representation."""

    relevant: Sequence[Int64[np.ndarray, " r"]]
    """Rows of the relevant documents of each query."""
    groups: Int64[np.ndarray, " q"]


def among(
    queries: Float[np.ndarray, "q e"], documents: Float[np.ndarray, "d e"], judged: JudgedQueries
) -> dict[str, Statistic]:
    """Return each statistic over all queries, and with each group of queries left out.

    Source: Wang and Isola 2020, eq. 1 (alignment); Radovanović et al. 2010 (k-occurrence).
    """
    q, d = unit_rows(queries), unit_rows(documents)
    n_groups, n_documents = int(judged.groups.max()) + 1, len(d)
    k = min(K, n_documents - 1)
    per_query = np.zeros((len(q), 3))  # squared distance to the relevant documents, margin, mean potential
    counts = np.zeros((n_groups, n_documents), np.int64)
    for lo in range(0, len(q), _QUERIES):
        cosines = q[lo : lo + _QUERIES] @ d.T
        first = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        for offset, row in enumerate(cosines):
            relevant = judged.relevant[lo + offset]
            near = float(row[relevant].mean(dtype=np.float64))
            row[relevant] = -np.inf
            potential = np.exp(4 * row.astype(np.float64) - 4).sum() / (n_documents - len(relevant))
            per_query[lo + offset] = 2 - 2 * near, near - float(row.max()), potential
            counts[judged.groups[lo + offset]] += np.bincount(first[offset], minlength=n_documents)
    sizes = np.bincount(judged.groups, minlength=n_groups)
    sums = np.stack([np.bincount(judged.groups, column, n_groups) for column in per_query.T], axis=1)
    means = np.vstack([sums.sum(axis=0) / len(q), (sums.sum(axis=0) - sums) / (len(q) - sizes)[:, None]])
    means[:, 2] = np.log(means[:, 2])
    every = np.vstack([counts.sum(axis=0), counts.sum(axis=0) - counts])
    hubs = np.array([[occurrence_skewness(row), gini(row), hub_rate(row)] for row in every])
    table = np.hstack([means, hubs])
    return {name: (float(table[0, offset]), table[1:, offset]) for offset, name in enumerate(STATISTICS)}


def occurrence_skewness(counts: Int64[np.ndarray, " d"]) -> float:
    """Return the skewness of counts; 0 if all are equal."""
    from scipy.stats import skew

    return 0.0 if counts.min() == counts.max() else float(skew(counts))


def gini(counts: Int64[np.ndarray, " d"]) -> float:
    """Return the Gini coefficient of counts.

    Sums of counts are exact integers here; `neurons.concentration.gini` works on shares, whose last bits differ.

    >>> gini(np.array([1, 1, 1])), gini(np.array([0, 0, 0, 4]))  # one of four holds everything: 1 − 1/4
    (0.0, 0.75)
    """
    n, total = len(counts), counts.sum()
    ranks = np.arange(1, n + 1)
    return float((2 * (ranks * np.sort(counts)).sum() / (n * total)) - (n + 1) / n) if total else 0.0


def hub_rate(counts: Int64[np.ndarray, " d"]) -> float:
    """Return the share of all places that the most frequent 1 % of documents (at least one) hold.

    >>> hub_rate(np.array([6, 2, 1, 1]))
    0.6
    """
    n_top = max(1, len(counts) // 100)
    return float(np.sort(counts)[-n_top:].sum() / counts.sum()) if counts.sum() else 0.0
