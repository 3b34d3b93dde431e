"""The probing task of a collection: candidates drawn, items gathered once, folds and control labels."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int64

from evidense.dissection.candidates import Candidates, Draw, candidates, most_candidates, ranked_for_negatives
from evidense.dissection.probes.controls import hashed_labels
from evidense.dissection.probes.cross_fit import LAMBDAS, CrossFitTask
from evidense.dissection.solver.lbfgs import SolverSettings
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case
from evidense.values import Item

_PER_CANDIDATE = 4
ALL = "all"
"""In place of a number of candidates: as many as every fold has."""


@dataclass(frozen=True)
class ProbingTask:
    """Queries, documents and the candidates of each query, with folds and labels of the probe."""

    queries: tuple[Item, ...]
    documents: tuple[Item, ...]
    places: Int64[np.ndarray, "n c"]
    """Rows of `documents`; column 0 is relevant."""
    task: CrossFitTask
    negatives: str
    n_filled: int

    @property
    def n_candidates(self) -> int:
        """Return the largest number of documents that a query chooses among."""
        return int(self.places.shape[1])

    def site(self, case: Case, analysis: str, **where: Any) -> dict[str, Any]:
        """Return the site of a finding of this task."""
        return case.site(analysis, negatives=self.negatives, n_candidates=self.n_candidates, **where)


def ask(case: Case, bench: Bench, negatives: str) -> ProbingTask:
    """Draw the probing task with negatives from one source.

    Raises:
        InvalidInput: there are fewer queries than candidates, or a fold has fewer documents than candidates.
    """
    options = case.options
    n_queries = options.get("n_queries")
    numbers = [int(n) for n in options["n_candidates"] if n != ALL]
    draw = Draw(
        n_candidates=max(numbers, default=2), n_folds=int(options["n_folds"]),
        n_queries=None if n_queries is None else int(n_queries), negatives=negatives, seed=case.seed,
    )  # fmt: skip
    if ALL in options["n_candidates"]:
        draw = replace(draw, n_candidates=max(draw.n_candidates, most_candidates(case.collection, draw)))
    n = len(case.collection.queries)
    if n < draw.n_candidates:
        raise InvalidInput(
            f"{case.collection.name} has {n} queries and {draw.n_candidates} candidates are wanted; expected at least as many queries as "
            "candidates; take a larger collection or fewer candidates"
        )
    drawn = candidates(case.collection, draw, ranked_for_negatives(case, bench, draw, _PER_CANDIDATE))
    return gather(case, drawn)


def gather(case: Case, drawn: Candidates) -> ProbingTask:
    """Collect the items of candidates, each document once, and label the control task."""
    rows, places = np.unique(drawn.documents, return_inverse=True)
    queries = tuple(case.collection.queries[int(row)] for row in drawn.queries)
    documents = tuple(case.collection.corpus[int(row)] for row in rows)
    places = places.reshape(drawn.documents.shape).astype(np.int64)
    control = hashed_labels([q.id for q in queries], [[documents[d].id for d in columns] for columns in places])
    lambdas = tuple(float(x) for x in case.options.get("lambdas", LAMBDAS))
    settings = SolverSettings(max_iterations=int(case.options.get("max_iterations", 500)))
    task = CrossFitTask(drawn.folds, drawn.clusters, control, case.seed, lambdas, True, settings)
    return ProbingTask(queries, documents, places, task, drawn.negatives, drawn.n_filled)
