"""Two towers of different depth and width: relevance by a low-rank bilinear probe over a grid of both depths, and the wrong modality."""

import numpy as np
from jaxtyping import Float32

from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.probes.bilinear import crossfit_bilinear
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.features import PairStates, unit_rows
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.task import ProbingTask
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case, Subject
from evidense.records import Finding, Json

_LAMBDA = (10.0,)
"""One for the whole grid, so that cells differ by their states alone."""


def grid(
    case: Case,
    asked: ProbingTask,
    where: tuple[Subject, str],
    states: tuple[Float32[np.ndarray, "l n a"], Float32[np.ndarray, "m d e"]],
) -> list[Finding]:
    """Return the accuracy of the bilinear probe at every pair of a query layer and a document layer.

    Its direction (text to image, image to text) is the collection's.
    """
    (subject, pooling), (queries, documents) = where, states
    old = asked.task
    task = CrossFitTask(old.folds, old.clusters, None, old.seed, _LAMBDA, False, old.settings)
    rows, sites, missing, details = [], [], {}, list[dict[str, Json]]()
    for at, q in enumerate(queries):
        for there, d in enumerate(documents):
            sites.append(_site(case, asked, where, layer=at, layer_document=there, probe="bilinear"))
            details.append({"chance": 1 / asked.n_candidates})
            try:
                found = crossfit_bilinear(
                    PairStates(np.asarray(q, np.float32), np.asarray(d, np.float32), asked.places),
                    task,
                    int(case.options["rank"]),
                    1,
                )
                rows.append(credit(found.scores))
                if found.evidence and not found.evidence.converged:
                    missing[len(rows) - 1] = f"the probe did not converge: ‖g‖∞ is {found.evidence.gradient:.2g}"
            except InvalidInput as error:
                rows.append(np.zeros(len(old.folds)))
                missing[len(rows) - 1] = str(error)
    series = Series(
        "accuracy", "accuracy", np.stack(rows), old.clusters, sites, 1 / asked.n_candidates, details, {}, missing
    )
    return findings(case, series, f"grid of depths, {pooling}, {subject.label}")


def wrong_modality(case: Case, bench: Bench, asked: ProbingTask, where: tuple[Subject, str]) -> list[Finding]:
    """Return the cosine's accuracy among the relevant document and queries of others: items of the query's own modality.

    It is of the final vectors, the only states that both modalities share; near or below chance where a gap between modalities outweighs relevance.
    """
    subject, _ = where
    site = _site(case, asked, where, probe="cosine") | {"negatives": "wrong modality", "pooling": "vectors"}
    try:
        queries = bench.vectors(subject, "query", asked.queries)
        documents = bench.vectors(subject, "document", asked.documents)
        strangers = bench.vectors(subject, "document", asked.queries)
    except InvalidInput as error:
        return [without_value("accuracy", site, "accuracy", str(error))]
    unit = [unit_rows(states) for states in (queries, documents, strangers)]
    own = np.einsum("na,na->n", unit[0], unit[1][asked.places[:, 0]])
    rng, n = np.random.default_rng([case.seed, 67]), len(queries)
    shift = rng.integers(1, n, (n, asked.n_candidates - 1))
    others = np.einsum("na,nca->nc", unit[0], unit[2][(np.arange(n)[:, None] + shift) % n])
    right = credit(np.hstack([own[:, None], others]))[None]
    chance = 1 / asked.n_candidates
    series = Series("accuracy", "accuracy", right, asked.task.clusters, [site], chance, [{"chance": chance}])
    return findings(case, series, f"wrong modality, {subject.label}")


def _site(case: Case, asked: ProbingTask, where: tuple[Subject, str], **more: Json) -> dict[str, Json]:
    subject, pooling = where
    return asked.site(case, "probes", subject=subject.label, role=subject.role, pooling=pooling, control="none", **more)
