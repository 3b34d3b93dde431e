"""Description length of labels given states: the online code, over several orders of the queries, at every layer."""

from itertools import pairwise

import numpy as np
from jaxtyping import Float32, Float64

from evidense.dissection.findings import Series, findings
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.estimates import NONE, Probed
from evidense.dissection.probes.features import FeatureKind, PairStates, features
from evidense.dissection.probes.pairs_of_encoders import States
from evidense.dissection.probes.scores import bits
from evidense.dissection.solver.lbfgs import SolverSettings, minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels
from evidense.parts import Case
from evidense.records import Finding, Json

FRACTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Ends of the blocks, as fractions of the queries. Source: Voita and Titov 2020, §3.2."""
_PROBE: FeatureKind = "hadamard"
_HELD = 0.2  # this share at the end of a prefix chooses λ


def online_code(features: Float32[np.ndarray, "n c e"], task: CrossFitTask, n_orders: int) -> Float64[np.ndarray, " n"]:
    """Return the code length of each query's label in bits, a mean over orders. A probe trained on all earlier blocks codes each block.

    A label of the first block costs log₂ c bits. Candidate 0 is the label. Clusters stay together, so blocks do not share documents.

    Source: Voita and Titov 2020, equation 3 (prequential code of Dawid 1984).

    >>> noise = np.random.default_rng(0).standard_normal((200, 4, 3)).astype(np.float32)
    >>> task = CrossFitTask(np.zeros(200, int), np.arange(200))
    >>> bool(abs(online_code(noise, task, 2).mean() - 2) < 0.1)  # noise cannot be learnt: log2(4) = 2 bits
    True
    """
    total = np.zeros(len(features))
    for order_seed in range(n_orders):
        total += _one_order(features, task, np.random.default_rng([task.seed, 61, order_seed]))
    return total / n_orders


def _one_order(
    features: Float32[np.ndarray, "n c e"], task: CrossFitTask, rng: np.random.Generator
) -> Float64[np.ndarray, " n"]:
    n, c, _ = features.shape
    order = _order(task, rng)
    ends = sorted({max(1, round(f * n)) for f in FRACTIONS})
    model = Linear(np.ascontiguousarray(features[order]))
    place, starts = np.arange(n)[:, None], np.array(ends[:-1])
    fit = np.maximum(np.ceil(starts * (1 - _HELD)), 1).astype(int)
    lambdas = np.asarray(task.lambdas)
    k = len(lambdas)
    weights = np.hstack([np.repeat(place < fit, k, axis=1), np.repeat(place < starts, k, axis=1)]).astype(np.float32)
    labels = Labels(np.zeros(weights.shape, np.int64), weights, np.tile(lambdas, 2 * len(starts)))
    scores = model.scores(minimise(model, labels, settings=SolverSettings(1e-3, task.settings.max_iterations)).theta)
    coded = np.empty(n)
    coded[: ends[0]] = np.log2(c)
    for block, (start, stop) in enumerate(pairwise(ends)):
        judges = slice(int(fit[block]), start) if fit[block] < start else slice(0, 0)
        loss = [bits(scores[judges, :, block * k + i]).sum() for i in range(k)]
        best = int(np.argmin(loss)) if fit[block] < start else k - 1
        coded[start:stop] = bits(scores[start:stop, :, (len(starts) + block) * k + best])
    out = np.empty(n)
    out[order] = coded
    return out


def _order(task: CrossFitTask, rng: np.random.Generator) -> np.ndarray:
    """Return the queries with clusters in random order, each cluster's queries together."""
    labels, member = np.unique(task.clusters, return_inverse=True)
    rank = rng.permutation(len(labels))
    return np.argsort(rank[member], kind="stable")


def codes(case: Case, probed: Probed, states: States, n_orders: int) -> list[Finding]:
    """Return findings of the online code length of labels at every layer, with the Hadamard probe."""
    n, uniform = len(probed.probing.queries), float(np.log2(probed.probing.n_candidates))
    values, missing, details = np.zeros((len(probed.layers), n)), {}, list[dict[str, Json]]()
    for index, layer in enumerate(probed.layers):
        details.append({"n_orders": n_orders})
        if isinstance(layer, str) or _PROBE not in layer:
            missing[index] = (
                layer
                if isinstance(layer, str)
                else "the sides have different widths, so that no Hadamard probe is defined"
            )
            continue
        pairs = PairStates(
            np.asarray(states[0][index], np.float32), np.asarray(states[1][index], np.float32), probed.probing.places
        )
        values[index] = online_code(features(pairs, _PROBE, np.ones(n, bool)), probed.probing.task, n_orders)
        details[index] |= {
            "total_bits": float(values[index].sum()),
            "compression": uniform / max(float(values[index].mean()), 1e-9),
        }
    sites = [probed.site(case, index, probe=_PROBE, control=NONE) for index in range(len(values))]
    series = Series(
        "description length", "bits", values, probed.probing.task.clusters, sites, uniform, details, {}, missing
    )
    return findings(case, series, f"description length, {probed.pooling}, {probed.subject.label}")
