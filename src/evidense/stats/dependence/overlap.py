"""Overlap: queries that share some of their relevant documents depend on each other in proportion to what they share.

Each query is a row r of weights over documents, of length one; two queries share K = r · r′, from 0 (no document in common) to
1 (the same judgements). The variance of a mean over n queries is taken as σ²/n · (1 + ρ(ΣK/n − 1)), where ρ, the correlation of
two queries with the same judgements, is estimated from the differences themselves and kept within 0 and 1. Where queries share
all or nothing, this is the cluster-robust variance that `resampling` computes, and `overlap_of` returns plain labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.stats.dependence.clusters import cluster_queries, connected

ALIKE = 0.5
"""Queries that share at least this much count as one where sign-flips are enumerated."""
_MOST_PAIRS = 100_000_000  # beyond it, whoever shares anything counts as one there: more cautious, and quick
_SAME = 1e-9
LEAST_SPREAD = 1e-6
"""Of the sum of squares: differences that all agree count as spread by a thousandth of their size."""


@dataclass(frozen=True)
class Overlap:
    """What `q` queries share: `rows` is a sparse matrix (q, documents) of rows of length one, `labels` joins those that are alike.

    `shared` holds the documents of more than one query; `private` is the length of what is left of each row.
    """

    rows: Any
    labels: Int[np.ndarray, " q"]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def shared(self) -> Any:
        """The columns of the documents that more than one query has."""
        return self.rows[:, np.flatnonzero(np.bincount(self.rows.indices, minlength=self.rows.shape[1]) > 1)].tocsr()

    @cached_property
    def private(self) -> Float[np.ndarray, " q"]:
        """The length of each row's part that no other query shares."""
        length: Float[np.ndarray, " q"] = np.sqrt(np.maximum(1 - _squared_lengths(self.shared), 0.0))
        return length

    @cached_property
    def total(self) -> float:
        """ΣK over all pairs of queries, each with itself too: q where nothing is shared, q² where all is."""
        return float((_column_sums(self.shared) ** 2).sum() + (self.private**2).sum())

    @property
    def effective(self) -> int:
        """How many queries without overlap would say as much if ρ were 1: q² / ΣK, rounded down."""
        return int(len(self) ** 2 / self.total + _SAME)

    @cached_property
    def weights(self) -> tuple[float, float]:
        """(a, b) such that (a·eᵀe + b·eᵀKe) / q² estimates the variance of a mean without bias, whatever ρ is.

        e are the deviations from the mean. Both moments are linear in σ²(1−ρ) and σ²ρ; a and b solve the two equations.
        """
        n, s, p2 = len(self), self.shared, self.private**2
        gram = (s.T @ s).tocsr() if (np.diff(s.indptr) ** 2.0).sum() < _columns_squared(s) else (s @ s.T).tocsr()
        ones = s @ _column_sums(s) + p2  # K·1
        squares = (gram.data**2).sum() + 2 * (p2 * _squared_lengths(s)).sum() + (p2**2).sum()  # tr KK
        first = n - self.total / n  # tr PK
        second = squares - 2 * (ones @ ones) / n + (self.total / n) ** 2  # tr PKPK
        spread = (n - 1) * second - first**2
        if spread <= _SAME * n:
            return n / (n - 1), 0.0
        b = ((n - 1) * self.total - first * n) / spread
        return float((n - first * b) / (n - 1)), float(b)

    def squared_error(self, values: Float[np.ndarray, "q r"]) -> Float[np.ndarray, " r"]:
        """The squared standard error of the mean of each column, between that of ρ = 0 and that of ρ = 1."""
        off = values - values.mean(axis=0)
        plain, joint = np.maximum((off**2).sum(axis=0), LEAST_SPREAD * (values**2).sum(axis=0)), self.form(off)
        least = plain / (len(self) * max(len(self) - 1, 1))
        a, b = self.weights
        squared: Float[np.ndarray, " r"] = np.clip((a * plain + b * joint) / len(self) ** 2, least, least * self._most)
        return squared

    @property
    def _most(self) -> float:
        return max(self.total / len(self), 1.0)

    def form(self, values: Float[np.ndarray, "q r"]) -> Float[np.ndarray, " r"]:
        """xᵀKx of each column x."""
        sums: Float[np.ndarray, " r"] = ((self.shared.T @ values) ** 2).sum(axis=0)
        sums += ((self.private[:, None] * values) ** 2).sum(axis=0)
        return sums


Grouping = Int[np.ndarray, " q"] | Overlap
"""How queries depend on each other: labels where they share all or nothing, else an overlap."""


def overlap_of(
    query_ids: Sequence[str], qrels: Mapping[str, Mapping[str, float]], groups: Mapping[str, str]
) -> Grouping:
    """Say how queries depend on each other: by the gains of the relevant documents that they share, and by group keys.

    Queries of one group have one row, the sum of theirs. Where each query has at most one relevant document, or whoever
    shares anything shares all, these are the labels of `cluster_queries`.

    >>> overlap_of(["a", "b"], {"a": {"d": 1}, "b": {"d": 2}}, {})
    array([0, 0])
    >>> overlap_of(["a", "b"], {"a": {"d": 1}, "b": {"d": 1, "e": 1, "f": 1, "g": 1}}, {}).total  # K = ½ between them
    3.0
    """
    components = cluster_queries(query_ids, qrels, groups)
    relevant = [{doc: gain for doc, gain in qrels.get(query, {}).items() if gain > 0} for query in query_ids]
    if all(len(docs) <= 1 for docs in relevant):
        return components
    return _grouping(_rows(relevant, [groups.get(query) for query in query_ids]), components)


def labels_of(grouping: Grouping) -> Int[np.ndarray, " q"]:
    """Return one label a query: equal ones count as one where single groups are counted."""
    return grouping.labels if isinstance(grouping, Overlap) else grouping


def effective(grouping: Grouping) -> int:
    """Return how many independent queries, or groups of them, there are."""
    return grouping.effective if isinstance(grouping, Overlap) else len(np.unique(grouping))


def part_of(grouping: Grouping, queries: Bool[np.ndarray, " q"]) -> Int[np.ndarray, " part"] | Overlap:
    """Return the grouping of some of the queries."""
    if isinstance(grouping, Overlap):
        rows = grouping.rows[np.flatnonzero(queries)]
        return _grouping(rows, _components(rows))
    return np.unique(grouping[queries], return_inverse=True)[1]


def _rows(relevant: Sequence[Mapping[str, float]], groups: Sequence[str | None]) -> Any:
    """One row of length one a query; those of a group have one row, and a query without relevant documents has a column of its own."""
    from scipy.sparse import csr_matrix

    columns: dict[tuple[str, str], int] = {}
    of_group: dict[str, int] = {}
    units = [
        len(relevant) + of_group.setdefault(g, len(of_group)) if g is not None else i for i, g in enumerate(groups)
    ]
    row_of_entry, column_of_entry, weight_of_entry = [], [], []
    for i, docs in enumerate(relevant):
        length = float(np.sqrt(sum(gain**2 for gain in docs.values())))
        keys = [(("document", doc), gain / length) for doc, gain in docs.items()] or [(("query", str(units[i])), 1.0)]
        for key, share in keys:
            row_of_entry.append(units[i])
            column_of_entry.append(columns.setdefault(key, len(columns)))
            weight_of_entry.append(share)
    whole = csr_matrix(
        (weight_of_entry, (row_of_entry, column_of_entry)), shape=(len(relevant) + len(of_group), len(columns))
    )[units]
    whole.sort_indices()
    length = np.sqrt(_squared_lengths(whole))
    whole.data /= np.repeat(length, np.diff(whole.indptr))
    return whole


def _grouping(rows: Any, components: Int[np.ndarray, " q"]) -> Grouping:
    return components if _all_or_nothing(rows, components) else Overlap(rows, _alike(rows, components))


def _components(rows: Any) -> Int[np.ndarray, " q"]:
    """Label the queries that are linked by documents."""
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)).tolist()
    first: dict[int, int] = {}
    return connected(
        rows.shape[0], [(first.setdefault(d, q), q) for d, q in zip(rows.indices.tolist(), owners, strict=True)]
    )


def _all_or_nothing(rows: Any, components: Int[np.ndarray, " q"]) -> bool:
    """Say whether all rows of each component are the same."""
    first = np.unique(components, return_index=True)[1][components]
    far = abs(rows - rows[first])
    return far.nnz == 0 or float(far.max()) < _SAME


def _alike(rows: Any, components: Int[np.ndarray, " q"]) -> Int[np.ndarray, " q"]:
    """Join the queries that share at least `ALIKE`; all that share anything where there are too many pairs to look at."""
    if _columns_squared(rows) > _MOST_PAIRS:
        return components
    shares = (rows @ rows.T).tocoo()
    near = shares.data >= ALIKE - _SAME
    return connected(rows.shape[0], zip(shares.row[near].tolist(), shares.col[near].tolist(), strict=True))


def _squared_lengths(rows: Any) -> Float[np.ndarray, " q"]:
    return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()


def _column_sums(rows: Any) -> Float[np.ndarray, " d"]:
    return np.asarray(rows.sum(axis=0)).ravel()


def _columns_squared(rows: Any) -> float:
    return float((np.bincount(rows.indices, minlength=rows.shape[1]) ** 2.0).sum())
