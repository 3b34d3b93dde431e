"""Ranking, Score, QueryTexts: what a system retrieved on a collection, how good that is query by query, and what people read of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True)
class Ranking(Record):
    """Per query the top-k of one system on one collection."""

    kind: ClassVar[str] = "ranking"
    blob_fields: ClassVar[tuple[str, ...]] = ("query_ids", "doc_ids", "documents", "scores")
    unset: ClassVar[frozenset[str]] = frozenset({"exact_for", "seeds"})
    system: str
    """Label on the page."""
    spelling: str
    setup: Mapping[str, Json]
    """`parts.Setup` as JSON."""
    collection: Mapping[str, Json]
    """Card: name, checksum, n_queries, n_documents, n_judgements, query_modality, document_modality, licence, source,
    contamination, labels, notes, is_user_data, drop_self_matches."""
    depth: int
    policies: Mapping[str, str]
    """ties, self_matches, missing_queries, pool: one sentence each."""
    query_ids: str
    """Blob: JSON list."""
    doc_ids: str
    """Blob: JSON list."""
    documents: str
    """Blob: int32 array (q, k) into doc_ids; −1 pads."""
    scores: str
    """Blob: float32 array (q, k)."""
    exact_for: str = ""
    """Label of the system with an approximate index whose exact results these are, on a sample of the queries. That system's Ranking has this
    one as its parent. "" for the ranking of a system."""
    seeds: tuple[str, ...] = ()
    """Of a system with several seeds, their labels; its lists are those of the first, and the Rankings of all seeds are its parents."""


@dataclass(frozen=True, kw_only=True)
class Score(Record):
    """Per-query values of one measure for one ranking; of a system with several seeds their means, with the seeds' Scores as parents."""

    kind: ClassVar[str] = "score"
    blob_fields: ClassVar[tuple[str, ...]] = ("query_ids", "values")
    system: str
    collection: str
    measure: str
    """Canonical spelling."""
    query_ids: str
    """Blob: JSON list."""
    values: str
    """Blob: float64 array (q,)."""
    mean: float


@dataclass(frozen=True, kw_only=True)
class QueryTexts(Record):
    """What people read of the queries of one collection: texts of queries and of the documents ranked first, judgements, slices."""

    kind: ClassVar[str] = "query texts"
    blob_fields: ClassVar[tuple[str, ...]] = ("texts",)
    collection: str
    n_queries: int
    n_kept: int
    """Queries whose documents are kept: all, or those where systems differ most."""
    texts: str
    """Blob: JSON, see `compute.comparison.query_texts.KeptTexts`."""
