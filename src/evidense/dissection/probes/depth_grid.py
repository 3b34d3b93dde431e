"""Two towers of different depth and width: relevance by a low-rank bilinear probe over a grid of both depths."""

import numpy as np
from jaxtyping import Float32

from evidense.dissection.findings import Series, findings
from evidense.dissection.matrices import without_padding
from evidense.dissection.probes.bilinear import crossfit_bilinear
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.task import ProbingTask
from evidense.errors import InvalidInput
from evidense.parts import Case, Subject
from evidense.records import Finding, Json

_LAMBDA = (10.0,)
"""A single λ for the whole grid, so that cells differ only by their states."""


def grid(
    case: Case,
    probing: ProbingTask,
    where: tuple[Subject, str],
    states: tuple[Float32[np.ndarray, "l n a"], Float32[np.ndarray, "m d e"]],
) -> list[Finding]:
    """Return the accuracy of the bilinear probe at every pair of a query layer and a document layer.

    The direction (text to image, image to text) is that of the collection.
    """
    (subject, pooling), (queries, documents) = where, states
    old = probing.task
    task = CrossFitTask(old.folds, old.clusters, None, old.seed, _LAMBDA, False, old.settings)
    rows, sites, missing, details = [], [], {}, list[dict[str, Json]]()
    for query_layer, q in enumerate(queries):
        for document_layer, d in enumerate(documents):
            sites.append(
                _site(case, probing, where, layer=query_layer, layer_document=document_layer, probe="bilinear")
            )
            details.append({"chance": 1 / probing.n_candidates})
            try:
                outcome = crossfit_bilinear(
                    PairStates(*without_padding(np.asarray(q, np.float32), np.asarray(d, np.float32)), probing.places),
                    task,
                    int(case.options["rank"]),
                    1,
                )
                rows.append(credit(outcome.scores))
                if outcome.convergence and not outcome.convergence.converged:
                    missing[len(rows) - 1] = f"the probe did not converge: ‖g‖∞ is {outcome.convergence.gradient:.2g}"
            except InvalidInput as error:
                rows.append(np.zeros(len(old.folds)))
                missing[len(rows) - 1] = str(error)
    series = Series(
        "accuracy", "accuracy", np.stack(rows), old.clusters, sites, 1 / probing.n_candidates, details, {}, missing
    )
    return findings(case, series, f"grid of depths, {pooling}, {subject.label}")


def _site(case: Case, probing: ProbingTask, where: tuple[Subject, str], **more: Json) -> dict[str, Json]:
    subject, pooling = where
    return probing.site(
        case, "probes", subject=subject.label, role=subject.role, pooling=pooling, control="none", **more
    )
