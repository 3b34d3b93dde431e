"""Patching runs: swap every site of a half in both orders and score each patched encoder once, by a measure and by the candidates' margin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64

from evidense.compute.search.topk import rank_vectors
from evidense.compute.similarity import as_scored, between_scored, pair_scores
from evidense.dissection.candidates import Candidates, margin
from evidense.dissection.patching.copies import patched
from evidense.dissection.patching.sites import Site
from evidense.parts import Bench, Subject
from evidense.values import Collection

PatchingOrder = Literal["add to base", "remove from tuned"]
ORDERS: tuple[PatchingOrder, PatchingOrder] = ("add to base", "remove from tuned")
MARGIN = "margin"
_DEPTH = 100


@dataclass(frozen=True)
class PatchingTask:
    """The data and the measure by which encoders are scored."""

    collection: Collection
    candidates: Candidates
    measure: str

    @property
    def measures(self) -> tuple[str, str]:
        """Return the names of the values that `scored` returns."""
        return self.measure, MARGIN


def scored(task: PatchingTask, subject: Subject, bench: Bench) -> dict[str, Float64[np.ndarray, " q"]]:
    """Return per query the measure over the whole corpus, and the margin s(q, d⁺) − max s(q, d⁻) over its candidates."""
    queries = bench.vectors(subject, "query", task.collection.queries)
    documents = bench.vectors(subject, "document", task.collection.corpus)
    similarity = str(subject.encoder.setup.similarity)
    queries, documents = as_scored(queries, similarity), as_scored(documents, similarity)
    similarity = between_scored(similarity)
    lists = rank_vectors(task.collection, queries, documents, _DEPTH, similarity)
    measured = bench.score(lists, task.collection, task.measure)
    wide_queries, wide_documents = (x.astype(np.float64) for x in (queries, documents))
    scores = pair_scores(wide_queries[task.candidates.queries], wide_documents[task.candidates.documents], similarity)
    return {task.measure: measured[task.candidates.queries], MARGIN: margin(scores)}


@dataclass
class Runs:
    """Scores of patched encoders of one base and one tuned encoder; sites with the same tensors are scored once."""

    task: PatchingTask
    bench: Bench
    base: Subject
    tuned: Subject
    half: str
    known: dict[object, dict[str, Float64[np.ndarray, " q"]]] = field(default_factory=dict)

    def plain(self) -> list[dict[str, Float64[np.ndarray, " q"]]]:
        """Return the scores of the unpatched base and tuned encoder."""
        for subject in (self.base, self.tuned):
            if subject.label not in self.known:
                self.known[subject.label] = scored(self.task, subject, self.bench)
        return [self.known[subject.label] for subject in (self.base, self.tuned)]

    def effects(
        self, sites: Sequence[Site], order: PatchingOrder, report: Callable[[], None]
    ) -> dict[str, Float64[np.ndarray, "k q"]]:
        """Return per site and query the gain from adding it to the base, or the loss from removing it from the tuned encoder."""
        base, tuned = self.plain()
        rows = []
        for site in sites:
            values = self._of(site, order)
            rows.append(
                {m: values[m] - base[m] if order == ORDERS[0] else tuned[m] - values[m] for m in self.task.measures}
            )
            report()
        return {m: np.array([row[m] for row in rows]).reshape(len(sites), -1) for m in self.task.measures}

    def _of(self, site: Site, order: PatchingOrder) -> dict[str, Float64[np.ndarray, " q"]]:
        key = (order, site.names)
        if key not in self.known:
            into, source = (self.base, self.tuned) if order == ORDERS[0] else (self.tuned, self.base)
            encoder = patched(into.encoder, source.encoder, self.half, site.names)
            subject = into if encoder is into.encoder else Subject(encoder.name, encoder.name, encoder, into.role)
            self.known[key] = self.known[into.label] if subject is into else scored(self.task, subject, self.bench)
        return self.known[key]
