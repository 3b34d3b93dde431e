"""Relevance in the final vectors: the cosine among a query's candidates, and among items of the query's own modality."""

import numpy as np

from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.probes.estimates import ANALYSIS, NONE, Probed
from evidense.dissection.probes.features import PairStates, cosines, unit_rows
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.task import ProbingTask
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case, Subject
from evidense.records import Finding


def outputs(case: Case, bench: Bench, probed: Probed) -> list[Finding]:
    """Return the accuracy of the final vectors' cosine on the same candidates; a finding without value if the sides have different widths."""
    try:
        queries = bench.vectors(probed.subject, "query", probed.probing.queries)
        documents = bench.vectors(probed.subject, "document", probed.probing.documents)
        right = credit(cosines(PairStates(queries, documents, probed.probing.places)))[None]
    except InvalidInput as error:
        right, reason = np.zeros((1, len(probed.probing.queries))), {0: str(error)}
    else:
        reason = {}
    site = probed.site(case, 0, probe="cosine", control=NONE) | {"pooling": "vectors"}
    del site["layer"]
    chance = 1 / probed.probing.n_candidates
    series = Series(
        "accuracy", "accuracy", right, probed.probing.task.clusters, [site], chance, [{"chance": chance}], {}, reason
    )
    return findings(case, series, f"output, {probed.subject.label}")


def wrong_modality(case: Case, bench: Bench, probing: ProbingTask, subject: Subject) -> list[Finding]:
    """Return the cosine's accuracy in choosing the relevant document among other queries, which are items of the query's own modality.

    It uses final vectors, the only states that both modalities share. It is near or below chance if the modality gap outweighs relevance.
    """
    site = probing.site(
        case, ANALYSIS, subject=subject.label, role=subject.role, pooling="vectors", control=NONE, probe="cosine"
    )
    site["negatives"] = "wrong modality"
    try:
        queries = bench.vectors(subject, "query", probing.queries)
        documents = bench.vectors(subject, "document", probing.documents)
        strangers = bench.vectors(subject, "document", probing.queries)
    except InvalidInput as error:
        return [without_value("accuracy", site, "accuracy", str(error))]
    unit = [unit_rows(states) for states in (queries, documents, strangers)]
    relevant = np.einsum("na,na->n", unit[0], unit[1][probing.places[:, 0]])
    rng, n = np.random.default_rng([case.seed, 67]), len(queries)
    shift = rng.integers(1, n, (n, probing.n_candidates - 1))
    others = np.einsum("na,nca->nc", unit[0], unit[2][(np.arange(n)[:, None] + shift) % n])
    right = credit(np.hstack([relevant[:, None], others]))[None]
    chance = 1 / probing.n_candidates
    series = Series("accuracy", "accuracy", right, probing.task.clusters, [site], chance, [{"chance": chance}])
    return findings(case, series, f"wrong modality, {subject.label}")
