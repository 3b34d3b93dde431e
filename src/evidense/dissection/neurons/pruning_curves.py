"""Curves of retrieval while neurons are silenced: deletion silences the first neurons, insertion silences all but the first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float64

from evidense.compute.similarity import between_scored, score_row
from evidense.dissection.attribution.attribute import Attribution
from evidense.dissection.neurons.ablation import ablated, with_values
from evidense.dissection.neurons.examples import Examples, scored
from evidense.dissection.neurons.orders import NeuronOrder, plan
from evidense.parts import Bench, Case, Subject
from evidense.values import Collection

Way = Literal["deletion", "insertion"]
MEASURES = ("retrieval", "margin", "gold rank")


@dataclass(frozen=True, eq=False)
class RetrievalTask:
    """The retrieval that pruning is measured on: held-out queries (not used for attribution) and the whole corpus."""

    case: Case
    bench: Bench
    collection: Collection
    examples: Examples
    measure: str
    depth: int
    gold: Sequence[Sequence[int]]
    """Rows of the relevant documents of each query."""
    corpus: "dict[str, Float64[np.ndarray, 'd e']]" = field(default_factory=dict)
    """Label of a subject → vectors of the whole corpus, cached because silencing the query tower does not change them."""


@dataclass(frozen=True, eq=False)
class Pruned:
    """How one subject is pruned, with the results so far."""

    subject: Subject
    modules: tuple[Attribution, ...]
    means: dict[str, Float64[np.ndarray, " f"]]
    ablation: Literal["zero", "mean"]
    parts: tuple[float, ...]
    """Shares of neurons, ascending."""
    known: "dict[bytes, Float64[np.ndarray, 'm q']]" = field(default_factory=dict)
    """Silenced neurons → the measured values."""

    @property
    def n_neurons(self) -> int:
        """Return the number of neurons of all modules."""
        return sum(module.activation_path.shape[1] for module in self.modules)


def curve(task: RetrievalTask, pruned: Pruned, order: NeuronOrder, way: Way) -> Float64[np.ndarray, "m k q"]:
    """Return per query the measure, the margin and −log2 of the gold rank at every share of silenced neurons."""
    points = []
    for part in pruned.parts:
        k = round(part * pruned.n_neurons)
        silenced = np.sort(order[:k] if way == "deletion" else order[k:])
        key = silenced.tobytes()
        if key not in pruned.known:
            pruned.known[key] = at_once(task, pruned, silenced)
        points.append(pruned.known[key])
    return np.stack(points, axis=1)


def at_once(task: RetrievalTask, pruned: Pruned, silenced: NeuronOrder) -> Float64[np.ndarray, "m q"]:
    """Return per query the measure, the margin and −log2 of the gold rank with these neurons of the query tower silenced."""
    subject, bench = pruned.subject, task.bench
    chosen = plan(pruned.modules, silenced)
    if chosen:
        first_query = [task.examples.queries[0]]
        chosen = with_values(chosen, pruned.means) if pruned.ablation == "mean" else chosen
        changed = ablated(subject.encoder, ["query"], chosen, first_query)
        subject = Subject(subject.label, subject.spelling, changed, subject.role)
    if subject.label not in task.corpus:
        task.corpus[subject.label] = scored(subject, bench, "document", list(task.collection.corpus)).astype(np.float64)
    lists = bench.rank(subject.encoder, task.collection, task.depth)
    retrieval = bench.score(lists, task.collection, task.measure)
    return np.stack([retrieval, *_direct(task, subject)])


def _direct(task: RetrievalTask, subject: Subject) -> tuple[Float64[np.ndarray, " q"], Float64[np.ndarray, " q"]]:
    """Return two numbers per query: the drawn relevant document's score minus the mean score of its drawn negatives, and −log2 of the rank in the
    corpus of the best relevant document.
    """
    queries = scored(subject, task.bench, "query", list(task.examples.queries)).astype(np.float64)
    corpus = task.corpus[subject.label]
    similarity = between_scored(str(subject.encoder.setup.similarity))
    rows = {item.id: row for row, item in enumerate(task.collection.corpus)}
    margins, ranks = np.empty(len(queries)), np.empty(len(queries))
    for index, query in enumerate(queries):
        scores = score_row(query, corpus, similarity)
        best = scores[list(task.gold[index])].max()
        others = [rows[document.id] for document in task.examples.documents[index][1:]]
        margins[index] = scores[rows[task.examples.documents[index][0].id]] - scores[others].mean()
        ranks[index] = -np.log2(1 + float((scores > best).sum()))
    return margins, ranks


def area(curve_: Float64[np.ndarray, "k q"], parts: Sequence[float]) -> Float64[np.ndarray, " q"]:
    """Return per query the mean height of a curve over the share of neurons: its area by trapezoids divided by its width.

    >>> area(np.array([[1.0], [0.5], [0.0]]), [0.0, 0.5, 1.0]).tolist()
    [0.5]
    """
    x = np.asarray(parts, np.float64)
    return np.asarray(np.trapezoid(curve_, x, axis=0) / (x[-1] - x[0]))
