"""Scoring: per-query values of any measure. Common measures are computed from arrays, all others by ir-measures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from subprocess import CalledProcessError
from typing import cast

import ir_measures
import numpy as np
from ir_measures.measures import Measure
from jaxtyping import Bool, Float64, Int, Int32

from evidense import measures
from evidense.errors import InvalidInput
from evidense.values import Collection, Qrels, RankedLists

UNJUDGED = np.iinfo(np.int32).min
"""Marks a document without judgement in the table of gains."""

ENOUGH_NEGATIVES = 0.5
"""From this share of queries with a negative judgement on, "unjudged" differs from "not relevant"."""

TIES = (
    "documents of one query are ordered by score, descending, and where scores are equal by document id, ascending, as text; "
    "trec_eval orders equal scores by descending id, so exported runs carry scores made strictly decreasing and "
    "trec_eval reads this very order"
)
MISSING_QUERIES = (
    "a query for which a system returns nothing counts as 0 in every mean, and the page says how many there are"
)
_FEW_JUDGED = 8
"""Judgements of a query that are looked up one after the other."""
_NOWHERE = -2
"""Place of a judged document that is in no list; −1 is padding."""
SELF_KEPT = "a document whose id equals the query's is ranked and scored like any other"
SELF_DROPPED = "the document whose id equals the query's is taken out of that query's ranking and judgements"


@dataclass(frozen=True)
class Scores:
    """Per-query values of some measures for one ranking, in the order of the queries of the collection."""

    query_ids: tuple[str, ...]
    values: Mapping[str, Float64[np.ndarray, " q"]]
    """Canonical spelling of the measure → values."""


def policies(collection: Collection, pool: str = "all documents of the collection") -> dict[str, str]:
    """Return one sentence each on ties, self matches, missing queries and the pool."""
    self_matches = SELF_DROPPED if collection.drop_self_matches else SELF_KEPT
    return {"ties": TIES, "self_matches": self_matches, "missing_queries": MISSING_QUERIES, "pool": pool}


def score(ranking: RankedLists, collection: Collection, spellings: Sequence[str]) -> Scores:
    """Return the value of every measure for every query of the collection; 0 for a query without a list.

    Raises:
        InvalidInput: the ranking has a query that the collection lacks.
        UnknownName: a measure that ir-measures does not know.
    """
    aligned = align(ranking, collection.query_ids)
    values = per_query(aligned, judgements(collection), spellings)
    return Scores(collection.query_ids, values)


def judgements(collection: Collection) -> Qrels:
    """Return the qrels under the collection's policy for self matches."""
    if not collection.drop_self_matches:
        return collection.qrels
    return {q: {d: gain for d, gain in gains.items() if d != q} for q, gains in collection.qrels.items()}


def judges_negatives(collection: Collection) -> bool:
    """Say whether at least half of the judged queries have a document that was judged not relevant (gain 0 or less).

    Without negative judgements, unjudged means not relevant: Judged@k then equals precision, and a judged-only measure is always perfect.

    >>> from evidense.values import Item
    >>> texts = [Item("a", "one"), Item("b", "two")]
    >>> [judges_negatives(Collection("x", texts, texts, {"a": {"a": 1, "b": gain}})) for gain in (0, 1)]
    [True, False]
    """
    judged = [gains.values() for gains in judgements(collection).values() if gains]
    n = sum(min(gains) <= 0 for gains in judged)
    return n > 0 and n >= ENOUGH_NEGATIVES * len(judged)


def align(ranking: RankedLists, query_ids: Sequence[str]) -> RankedLists:
    """Return the lists in the order of these queries; an empty list for a query without one.

    Raises:
        InvalidInput: the ranking has other queries too.
    """
    if ranking.query_ids == tuple(query_ids):
        return ranking
    known = set(query_ids)
    strangers = [f"query '{q}' is not in the collection; remove its lines" for q in ranking.query_ids if q not in known]
    if strangers:
        raise InvalidInput.all_of("ranking", strangers)
    rows = {query_id: row for row, query_id in enumerate(ranking.query_ids)}
    source_rows = np.array([rows.get(query_id, -1) for query_id in query_ids])
    has_list = (source_rows >= 0)[:, None]
    documents = np.where(has_list, ranking.documents[source_rows], np.int32(-1))
    scores = np.where(has_list, ranking.scores[source_rows], np.float32(-np.inf))
    return RankedLists(tuple(query_ids), ranking.doc_ids, documents, scores)


def per_query(ranking: RankedLists, qrels: Qrels, spellings: Sequence[str]) -> dict[str, Float64[np.ndarray, " q"]]:
    """Return canonical spelling → values, in the order of the ranking's queries.

    nDCG, RR, R, P, AP, Success and Judged, with cut-off, relevance level and judged_only, are computed here; they equal
    ir-measures to 1e-9 (tests/compute/test_scoring.py). Every other measure goes through ir-measures itself.

    >>> lists = RankedLists(("q",), ("a", "b"), np.array([[1, 0]], np.int32), np.array([[2, 1]], np.float32))
    >>> per_query(lists, {"q": {"a": 1}}, ["mrr@10", "nDCG@10"])   # "a" at rank 2: 1/2 and 1/log2(3)
    {'RR@10': array([0.5]), 'nDCG@10': array([0.63092975])}

    Raises:
        UnknownName: a measure that ir-measures does not know.
        InvalidInput: a measure that no installed provider computes.
    """
    parsed = [measures.parse(spelling) for spelling in spellings]
    table = _GainTable.of(ranking, qrels) if any(_is_fast(m) for m in parsed) else None
    others = [m for m in parsed if not _is_fast(m)]
    values = by_ir_measures(ranking, qrels, others) if others else {}
    for measure in parsed:
        if table is not None and _is_fast(measure):
            counted = table.condensed() if measure.params.get("judged_only") else table
            values[str(measure)] = _FAST[measure.NAME](counted, _cutoff(measure), int(measure.params.get("rel", 1)))
    return {str(m): values[str(m)] for m in parsed}


def by_ir_measures(
    ranking: RankedLists, qrels: Qrels, parsed_measures: Sequence[Measure]
) -> dict[str, Float64[np.ndarray, " q"]]:
    """Return the same values by ir-measures, for any measure. Our order is passed on as decreasing scores.

    Queries and documents are numbered, because some providers are programs that read files with numbered topics.

    Raises:
        InvalidInput: no installed provider computes one of the measures.
    """
    values = {str(m): np.zeros(len(ranking.query_ids), dtype=np.float64) for m in parsed_measures}
    run, numbered_qrels = _numbered(ranking, qrels)
    try:
        for metric in ir_measures.iter_calc(list(parsed_measures), numbered_qrels, run):
            values[str(metric.measure)][int(metric.query_id) - 1] = metric.value
    except (ValueError, RuntimeError, OSError, CalledProcessError) as error:
        names = ", ".join(values)
        raise InvalidInput(
            f"ir-measures cannot compute {names} here: {error}; expected a measure of an installed provider"
        ) from None
    return values


def _numbered(ranking: RankedLists, qrels: Qrels) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    doc_number = {doc_id: f"d{place}" for place, doc_id in enumerate(ranking.doc_ids)}
    run, numbered_qrels = {}, {}
    for query_number, (query_id, ranking_of_query) in enumerate(ranking.items(), 1):
        if ranking_of_query:
            run[str(query_number)] = {
                doc_number[doc_id]: float(len(ranking_of_query) - rank)
                for rank, (doc_id, _) in enumerate(ranking_of_query)
            }
        if query_id in qrels:
            gains = qrels[query_id].items()
            numbered_qrels[str(query_number)] = {
                doc_number.setdefault(doc_id, f"d{len(doc_number)}"): gain for doc_id, gain in gains
            }
    return run, numbered_qrels


@dataclass(frozen=True)
class _GainTable:
    """A ranking as gains by rank, and its judgements as flat arrays, sorted by gain within each query."""

    gains: Int32[np.ndarray, "q k"]
    """UNJUDGED for a document without judgement, and for padding."""
    lengths: Int[np.ndarray, " q"]
    rows: Int[np.ndarray, " j"]
    levels: Int32[np.ndarray, " j"]
    places: Int[np.ndarray, " j"]
    """Rank of this judgement in the ideal list of its query, from 0."""

    @classmethod
    def of(cls, ranking: RankedLists, qrels: Qrels) -> "_GainTable":
        judged = [qrels.get(query_id, {}) for query_id in ranking.query_ids]
        all_judged = {doc_id for gains in judged for doc_id in gains}
        place = {doc_id: number for number, doc_id in enumerate(ranking.doc_ids) if doc_id in all_judged}
        n_judged = np.array([len(gains) for gains in judged], dtype=np.int64)
        levels = [gain for gains in judged for gain in sorted(gains.values(), reverse=True)]
        rows = np.repeat(np.arange(len(judged)), n_judged)
        starts = np.cumsum(n_judged) - n_judged
        places = np.arange(len(rows)) - starts[rows]
        gains, lengths = _gains_by_rank(ranking, judged, place), (ranking.documents >= 0).sum(axis=1)
        return cls(gains, lengths, rows, np.array(levels, dtype=np.int32), places)

    def condensed(self) -> "_GainTable":
        """Return the table of the condensed lists: unjudged documents removed (Sakai 2007)."""
        judged = self.gains != UNJUDGED
        order = np.argsort(~judged, axis=1, kind="stable")
        return replace(self, gains=np.take_along_axis(self.gains, order, 1), lengths=judged.sum(axis=1))

    def relevant(self, level: int) -> Bool[np.ndarray, "q k"]:
        """Say which ranks hold a document of at least this gain."""
        return self.gains >= max(level, UNJUDGED + 1)

    def n_relevant(self, level: int) -> Int[np.ndarray, " q"]:
        """Count the judged documents of at least this gain."""
        return np.bincount(self.rows[self.levels >= level], minlength=len(self.gains))


def _gains_by_rank(
    ranking: RankedLists, judged: Sequence[Mapping[str, int]], place: Mapping[str, int]
) -> Int32[np.ndarray, "q k"]:
    """Return the gain of each ranked document: of queries with few judgements one judgement at a time for all queries at once."""
    documents = ranking.documents
    gains = np.full(documents.shape, UNJUDGED, dtype=np.int32)
    few = [(row, list(of_query.items())) for row, of_query in enumerate(judged) if 0 < len(of_query) <= _FEW_JUDGED]
    for nth in range(max((len(items) for _, items in few), default=0)):
        rows = np.array([row for row, items in few if len(items) > nth])
        nth_items = [items[nth] for _, items in few if len(items) > nth]
        wanted = np.array([place.get(doc_id, _NOWHERE) for doc_id, _ in nth_items], np.int64)[:, None]
        which, rank = np.nonzero(documents[rows] == wanted)
        gains[rows[which], rank] = np.array([gain for _, gain in nth_items], np.int32)[which]
    gain_of_place = np.full(
        len(ranking.doc_ids) + 1, UNJUDGED, dtype=np.int32
    )  # the last cell answers for −1, the padding
    for row, of_query in enumerate(judged):
        if len(of_query) > _FEW_JUDGED:
            ranked_places = [place[doc_id] for doc_id in of_query if doc_id in place]
            gain_of_place[ranked_places] = [gain for doc_id, gain in of_query.items() if doc_id in place]
            gains[row] = gain_of_place[documents[row]]
            gain_of_place[ranked_places] = UNJUDGED
    return gains


def _ndcg(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    del level  # gains, not levels, count
    gains = np.maximum(table.gains[:, :cutoff], 0).astype(np.float64)
    dcg = (gains / np.log2(np.arange(2, gains.shape[1] + 2))).sum(axis=1)
    counted = (table.levels > 0) & (table.places < (cutoff or np.inf))
    parts = table.levels[counted] / np.log2(table.places[counted] + 2)
    return _ratio(dcg, np.bincount(table.rows[counted], weights=parts, minlength=len(gains)))


def _reciprocal_rank(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    hits = table.relevant(level)[:, :cutoff]
    return _ratio(hits.max(axis=1, initial=False), 1 + hits.argmax(axis=1))


def _recall(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    return _ratio(table.relevant(level)[:, :cutoff].sum(axis=1), table.n_relevant(level))


def _precision(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    hits = table.relevant(level)[:, :cutoff].sum(axis=1)
    return _ratio(hits, np.full(len(hits), cutoff))


def _average_precision(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    rows, ranks = np.nonzero(table.relevant(level)[:, :cutoff])
    first = np.searchsorted(rows, rows)
    parts = (np.arange(len(rows)) - first + 1) / (ranks + 1)
    return _ratio(np.bincount(rows, weights=parts, minlength=len(table.gains)), table.n_relevant(level))


def _success(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    hits = table.relevant(level)[:, :cutoff].max(axis=1, initial=False)
    return cast(np.ndarray, hits.astype(np.float64))


def _judged(table: _GainTable, cutoff: int | None, level: int) -> Float64[np.ndarray, " q"]:
    del level
    judged = (table.gains[:, :cutoff] != UNJUDGED).sum(axis=1)
    return _ratio(judged, np.minimum(table.lengths, cutoff or np.iinfo(np.int64).max))


_FAST: Mapping[str, Callable[[_GainTable, int | None, int], Float64[np.ndarray, " q"]]] = {
    "nDCG": _ndcg, "RR": _reciprocal_rank, "R": _recall, "P": _precision, "AP": _average_precision, "Success": _success, "Judged": _judged}  # fmt: skip


def _is_fast(measure: Measure) -> bool:
    return (
        measure.NAME in _FAST
        and set(measure.params) <= {"cutoff", "rel", "judged_only"}
        and measure.params.get("rel", 1) > 0
    )


def _cutoff(measure: Measure) -> int | None:
    value = measure.params.get("cutoff")
    return None if value is None else int(value)


def _ratio(part: np.ndarray, whole: np.ndarray) -> Float64[np.ndarray, " q"]:
    """Return part / whole, and 0 if the whole is 0."""
    return cast(np.ndarray, np.divide(part, whole, out=np.zeros(len(whole), dtype=np.float64), where=whole > 0))
