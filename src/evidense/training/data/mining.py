"""Hard-negative mining: finds documents that rank high for a query and are not its positives, in bounded memory.

The candidates of a query are its best documents by the encoder's similarity (`compute.search.topk`: blocks of documents, a running shortlist,
exact). Its positives, documents of its own group and suspected false negatives (too close to the positive) are removed. The rest, from rank
`range_min` on, are its hard negatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int, Int32

from evidense.compute.search.topk import Search, top_k
from evidense.compute.similarity import pair_scores
from evidense.errors import InvalidInput

_SLAB = 8192
"""Queries searched at once, which bounds memory."""


@dataclass(frozen=True)
class Mining:
    """How hard negatives are chosen. The names and meanings are those of sentence-transformers' `mine_hard_negatives`."""

    n_negatives: int = 3
    range_min: int = 0
    """Candidates skipped from the top, after the filters."""
    range_max: int | None = None
    """Candidates considered; None: range_min + 10 × n_negatives + the largest number of positives of a query."""
    absolute_margin: float | None = None
    """A candidate must score at least this much less than the positive."""
    relative_margin: float | None = 0.05
    """A candidate must score at most (1 − this) × the positive. 0.05 is TopK-PercPos of NV-Retriever (Moreira et al. 2024, §3.2)."""
    max_score: float | None = None
    min_score: float | None = None
    sampling: Literal["top", "random"] = "top"
    similarity: str = "dot"
    """Similarity of candidates, a name of `compute.similarity`. sentence-transformers uses the model's too, on unit vectors."""
    seed: int = 0
    """Seed of random sampling."""


class Groups(NamedTuple):
    """Group numbers; a document of a query's group is never its negative."""

    queries: Int[np.ndarray, " q"]
    documents: Int[np.ndarray, " d"]


@dataclass(frozen=True)
class Mined:
    """Hard negatives of each query, best first."""

    rows: Int32[np.ndarray, "q n"]
    """Document numbers; −1 if too few candidates were left."""
    scores: Float32[np.ndarray, "q n"]
    """Their scores; −inf for −1."""
    n_suspected: int
    """Candidates removed by the margins and `max_score`: suspected false negatives."""
    n_missing: int
    """Number of −1 in `rows`."""


def mine(
    queries: Float32[np.ndarray, "q e"],
    documents: Float32[np.ndarray, "d e"],
    positives: Sequence[Sequence[int]],
    settings: Mining,
    groups: Groups | None = None,
) -> Mined:
    """Return hard negatives of every query; `positives` has the document numbers of each query's positives.

    If a query has several positives, margins are relative to the least similar one.

    Raises:
        InvalidInput: the settings leave no candidates, a query has no positive, or the vectors do not fit.

    Source: Moreira et al. 2024, NV-Retriever (positive-aware mining); parity with sentence-transformers is tested.

    >>> vectors = np.array([[1, 0], [0.9, 0.1], [0.6, 0.4], [0, 1]], dtype=np.float32)
    >>> mined = mine(vectors[:1], vectors, [[0]], Mining(n_negatives=1, relative_margin=0.2))
    >>> mined.rows.tolist(), mined.n_suspected   # 0.9 > 0.8 × 1 is suspected, 0.6 is taken
    ([[2]], 1)
    """
    depth, range_max = _depth(positives, settings)
    search = Search(settings.similarity)
    order = np.arange(len(documents), dtype=np.int32)
    rng = np.random.Generator(np.random.Philox(key=settings.seed))
    parts = []
    for start in range(0, len(queries), _SLAB):
        stop = min(len(queries), start + _SLAB)
        block = queries[start:stop]
        candidates, scores = top_k(block, documents, min(depth, len(documents)), doc_order=order, search=search)
        block_positives = [np.asarray(p, np.int64) for p in positives[start:stop]]
        scores[_own(candidates, block_positives)] = -np.inf
        if groups is not None:
            scores[(groups.documents[candidates] == groups.queries[start:stop, None]) & (candidates >= 0)] = -np.inf
        n_suspected = _filter(scores, _least(block, documents, block_positives, settings.similarity), settings)
        parts.append((*_chosen(candidates, scores, settings, range_max, rng), n_suspected))
    rows, kept_scores = (np.concatenate([part[column] for part in parts]) for column in (0, 1))
    return Mined(rows, kept_scores, sum(part[2] for part in parts), int((rows < 0).sum()))


def _depth(positives: Sequence[Sequence[int]], settings: Mining) -> tuple[int, int]:
    """Return the search depth, and how many of the found documents may be candidates."""
    empty = [row for row, positives_of_query in enumerate(positives) if not len(positives_of_query)]
    if empty or not len(positives):
        raise InvalidInput(
            f"{len(empty):,} of {len(positives):,} queries have no positive (first: {empty[:1]}); expected one or more for each; drop them"
        )
    most = max(map(len, positives))
    range_max = settings.range_max
    if range_max is None:
        range_max = settings.range_min + 10 * settings.n_negatives + most
    if settings.n_negatives < 1 or settings.range_min < 0 or settings.n_negatives > range_max - settings.range_min:
        raise InvalidInput(
            f"{settings.n_negatives} negatives from rank {settings.range_min} to {range_max}; expected at least 1, and no more than the ranks "
            "between; raise range_max"
        )
    return range_max + most, range_max


def _own(candidates: Int32[np.ndarray, "q k"], positives: list[np.ndarray]) -> Bool[np.ndarray, "q k"]:
    """Say which candidates are positives of their query."""
    longest = max(map(len, positives))
    table = np.full((len(positives), longest), -2, dtype=np.int64)
    for row, places in enumerate(positives):
        table[row, : len(places)] = places
    is_positive = np.zeros(candidates.shape, dtype=bool)
    for column in range(longest):
        is_positive |= candidates == table[:, column, None]
    return is_positive


def _least(
    queries: Float32[np.ndarray, "q e"],
    documents: Float32[np.ndarray, "d e"],
    positives: list[np.ndarray],
    similarity: str,
) -> Float32[np.ndarray, " q"]:
    """Return the lowest score of each query's positives."""
    rows = np.repeat(np.arange(len(positives)), [len(places) for places in positives])
    relevant = np.asarray(documents[np.concatenate(positives)], np.float32)
    scores = pair_scores(queries[rows], relevant[:, None], similarity)[:, 0]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    return np.minimum.reduceat(scores, starts).astype(np.float32)


def _filter(scores: Float32[np.ndarray, "q k"], least: Float32[np.ndarray, " q"], settings: Mining) -> int:
    """Set scores that are too close to the positive, or too low, to −inf; return the number of suspected false negatives."""
    limit = np.full(len(least), np.inf, dtype=np.float32)
    if settings.absolute_margin is not None:
        limit = np.minimum(limit, least - np.float32(settings.absolute_margin))
    if settings.relative_margin is not None:
        limit = np.minimum(limit, least - np.abs(least) * np.float32(settings.relative_margin))
    if settings.max_score is not None:
        limit = np.minimum(limit, np.float32(settings.max_score))
    suspected = scores > limit[:, None]
    scores[suspected] = -np.inf
    if settings.min_score is not None:
        scores[scores < settings.min_score] = -np.inf
    return int(suspected.sum())


def _chosen(
    candidates: Int32[np.ndarray, "q k"],
    scores: Float32[np.ndarray, "q k"],
    settings: Mining,
    range_max: int,
    rng: np.random.Generator,
) -> tuple[Int32[np.ndarray, "q n"], Float32[np.ndarray, "q n"]]:
    """Return the first (or randomly sampled) remaining candidates between the two ranks."""
    ranks = np.argsort(np.isneginf(scores), axis=1, kind="stable")[:, settings.range_min : range_max]
    if settings.sampling == "random":
        lottery = rng.random(ranks.shape) + np.isneginf(np.take_along_axis(scores, ranks, 1))
        drawn = np.sort(np.argsort(lottery, axis=1, kind="stable")[:, : settings.n_negatives], axis=1)
        ranks = np.take_along_axis(ranks, drawn, 1)
    ranks = ranks[:, : settings.n_negatives]
    kept_scores = np.full((len(candidates), settings.n_negatives), -np.inf, dtype=np.float32)
    rows = np.full(kept_scores.shape, -1, dtype=np.int32)
    kept_scores[:, : ranks.shape[1]] = np.take_along_axis(scores, ranks, 1)
    rows[:, : ranks.shape[1]] = np.take_along_axis(candidates, ranks, 1)
    rows[np.isneginf(kept_scores)] = -1
    return rows, kept_scores
