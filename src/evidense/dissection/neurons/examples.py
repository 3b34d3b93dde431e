"""Examples for neuron attribution: queries with a relevant document and negatives, and the number that is attributed on either side."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Float32, Int64

from evidense.compute.similarity import as_scored, between_scored
from evidense.dissection.attribution.attribute import Attribution, ModuleSelection, ReportProgress, attribute
from evidense.dissection.attribution.targets import Target, TargetKind
from evidense.dissection.candidates import Candidates, Draw, candidates, ranked_for_negatives
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case, Side, Subject
from evidense.values import Item

_PER_CANDIDATE = 10


@dataclass(frozen=True, eq=False)
class Examples:
    """Queries with c documents each; the first document is relevant."""

    queries: tuple[Item, ...]
    documents: tuple[tuple[Item, ...], ...]
    clusters: Int64[np.ndarray, " x"]
    """Queries that share a relevant document or a group have the same label."""
    folds: Int64[np.ndarray, " x"]
    """Folds share neither queries nor documents."""
    rows: Int64[np.ndarray, " x"]
    """Rows into the collection's queries."""
    negatives: str

    @property
    def n_candidates(self) -> int:
        """Return the number of documents per query."""
        return len(self.documents[0])

    def take(self, rows: Int64[np.ndarray, " n"]) -> "Examples":
        """Return these examples."""
        return replace(
            self,
            queries=tuple(self.queries[int(r)] for r in rows),
            documents=tuple(self.documents[int(r)] for r in rows),
            clusters=self.clusters[rows], folds=self.folds[rows], rows=self.rows[rows],
        )  # fmt: skip


def examples(case: Case, bench: Bench, draw: Draw) -> Examples:
    """Draw examples. Negatives are random, or the best irrelevant documents of a ranker.

    Raises:
        InvalidInput: there are too few queries or documents.
    """
    ranked = ranked_for_negatives(case, bench, draw, _PER_CANDIDATE)
    return _of(case, candidates(case.collection, draw, ranked))


def _of(case: Case, drawn: Candidates) -> Examples:
    queries, corpus = case.collection.queries, case.collection.corpus
    return Examples(
        tuple(queries[int(row)] for row in drawn.queries),
        tuple(tuple(corpus[int(row)] for row in documents) for documents in drawn.documents),
        drawn.clusters, drawn.folds, drawn.queries, drawn.negatives,
    )  # fmt: skip


@dataclass(frozen=True)
class AttributionSettings:
    """Which number is attributed, on which side, to which modules."""

    side: Side
    kind: TargetKind = "margin"
    how: ModuleSelection = field(default_factory=ModuleSelection)


def attributed(
    subject: Subject,
    bench: Bench,
    examples: Examples,
    settings: AttributionSettings,
    report: ReportProgress | None = None,
) -> tuple[Attribution, ...]:
    """Attribute each example's number to the neurons of one side's tower; the other side's vectors are constants.

    Raises:
        InvalidInput: the encoder gives no gradients, or as `attribute`.
    """
    refuse_without_gradients(subject)
    tower = cast(Any, subject.encoder.tower(settings.side))
    flat = [document for documents in examples.documents for document in documents]
    similarity = between_scored(str(subject.encoder.setup.similarity))
    if settings.kind == "norm":
        items = examples.queries if settings.side == "query" else [documents[0] for documents in examples.documents]
        return attribute(tower, items, Target("norm"), settings.how, report)
    if settings.side == "query":
        fixed = scored(subject, bench, "document", flat).reshape(len(examples.queries), examples.n_candidates, -1)
        return attribute(
            tower, examples.queries, Target(settings.kind, "query", fixed, similarity=similarity), settings.how, report
        )
    fixed = scored(subject, bench, "query", list(examples.queries))
    return attribute(
        tower,
        flat,
        Target(settings.kind, "document", fixed, examples.n_candidates, similarity=similarity),
        settings.how,
        report,
    )


def scored(subject: Subject, bench: Bench, side: Side, items: list[Item]) -> Float32[np.ndarray, "n e"]:
    """Return vectors in scored form: of unit length if the encoder scores by cosine."""
    return as_scored(bench.vectors(subject, side, items), str(subject.encoder.setup.similarity))


def refuse_without_gradients(subject: Subject) -> None:
    """Refuse an encoder that gives no gradients.

    Raises:
        InvalidInput: its capabilities lack 'gradients' or 'layers'.
    """
    if missing := sorted({"gradients", "layers"} - subject.encoder.can):
        raise InvalidInput(
            f"{subject.label} gives no {' and no '.join(missing)} (it can: {', '.join(sorted(subject.encoder.can))}); expected a transformer "
            "that this process computes; vectors from elsewhere and static embeddings cannot be attributed"
        )
