"""Findings of the online code at every layer, and of the final vectors as they are scored."""

import numpy as np

from evidense.dissection.findings import Series, findings
from evidense.dissection.probes.description_length import online_code
from evidense.dissection.probes.estimates import NONE, Probed
from evidense.dissection.probes.features import FeatureKind, PairStates, cosines, features
from evidense.dissection.probes.pairs_of_encoders import States
from evidense.dissection.probes.scores import credit
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case
from evidense.records import Finding, Json

_PROBE: FeatureKind = "hadamard"


def codes(case: Case, one: Probed, states: States, n_orders: int) -> list[Finding]:
    """Return the bits a query's label takes at every layer, by the Hadamard probe's online code."""
    n, uniform = len(one.asked.queries), float(np.log2(one.asked.n_candidates))
    values, missing, details = np.zeros((len(one.layers), n)), {}, list[dict[str, Json]]()
    for at, layer in enumerate(one.layers):
        details.append({"n_orders": n_orders})
        if isinstance(layer, str) or _PROBE not in layer:
            missing[at] = (
                layer
                if isinstance(layer, str)
                else "the sides have different widths, so that no Hadamard probe is defined"
            )
            continue
        pairs = PairStates(
            np.asarray(states[0][at], np.float32), np.asarray(states[1][at], np.float32), one.asked.places
        )
        values[at] = online_code(features(pairs, _PROBE, np.ones(n, bool)), one.asked.task, n_orders)
        details[at] |= {
            "total_bits": float(values[at].sum()),
            "compression": uniform / max(float(values[at].mean()), 1e-9),
        }
    sites = [one.site(case, at, probe=_PROBE, control=NONE) for at in range(len(values))]
    series = Series("description length", "bits", values, one.asked.task.clusters, sites, uniform, details, {}, missing)
    return findings(case, series, f"description length, {one.pooling}, {one.subject.label}")


def outputs(case: Case, bench: Bench, one: Probed) -> list[Finding]:
    """Return the accuracy of the cosine of final vectors on the same candidates; nothing where the two sides do not meet."""
    try:
        queries = bench.vectors(one.subject, "query", one.asked.queries)
        documents = bench.vectors(one.subject, "document", one.asked.documents)
        right = credit(cosines(PairStates(queries, documents, one.asked.places)))[None]
    except InvalidInput as error:
        right, reason = np.zeros((1, len(one.asked.queries))), {0: str(error)}
    else:
        reason = {}
    site = one.site(case, 0, probe="cosine", control=NONE) | {"pooling": "vectors"}
    del site["layer"]
    chance = 1 / one.asked.n_candidates
    series = Series(
        "accuracy", "accuracy", right, one.asked.task.clusters, [site], chance, [{"chance": chance}], {}, reason
    )
    return findings(case, series, f"output, {one.subject.label}")
