"""All probes of one layer of one encoder, with their controls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from evidense.dissection.matrices import without_padding
from evidense.dissection.probes.bilinear import crossfit_bilinear
from evidense.dissection.probes.controls import permuted
from evidense.dissection.probes.cross_fit import CrossFitTask, ProbeOutcome, crossfit
from evidense.dissection.probes.features import FeatureKind, FeatureScale, PairStates, cosines, features
from evidense.errors import InvalidInput

Outcomes = tuple[Mapping[str, ProbeOutcome] | str, ...]
"""Of each layer: probe or control → outcome, or why there is none."""
PROBES = ("cosine", "hadamard", "bilinear", "pair")
"""Untrained cosine; wᵀ(q⊙p); (Uᵀq)·(Vᵀp); wᵀ[q⊙p; |q−p|; p]."""
ABLATED, PERMUTED = "query ablated", "queries permuted"
"""Controls: a probe of p alone; the Hadamard probe with the queries permuted."""


@dataclass(frozen=True)
class ProbeSettings:
    """Which probes are trained, and their settings."""

    probes: tuple[str, ...] = PROBES
    rank: int = 8
    n_starts: int = 2


def probe(pairs: PairStates, task: CrossFitTask, settings: ProbeSettings) -> dict[str, ProbeOutcome]:
    """Return probe or control → outcome. If widths differ, only the bilinear probe and the ablated control are defined."""
    plain = CrossFitTask(task.folds, task.clusters, None, task.seed, task.lambdas, False, task.settings)
    out: dict[str, ProbeOutcome] = {}
    for name in settings.probes if pairs.same_space else [n for n in settings.probes if n == "bilinear"]:
        out[name] = _PROBES[name](pairs, task, settings)
    out[ABLATED] = crossfit(_featured(pairs, "ablated"), plain)
    if pairs.same_space:
        shuffled = pairs.with_queries(permuted(task.folds, task.seed))
        out[PERMUTED] = crossfit(_featured(shuffled, "hadamard"), plain)
    return out


def _featured(pairs: PairStates, kind: FeatureKind) -> Callable[[Bool[np.ndarray, " n"]], Float32[np.ndarray, "n c e"]]:
    return lambda train: features(pairs, kind, train)


def _cosine(pairs: PairStates, task: CrossFitTask, settings: ProbeSettings) -> ProbeOutcome:
    del settings
    return calibrated(cosines(pairs), task)


def calibrated(scores: Float32[np.ndarray, "n c"], task: CrossFitTask) -> ProbeOutcome:
    """Return untrained scores, and for the log-loss the same scores times a scale fitted on the training folds."""
    feature = scores[..., None]
    single = CrossFitTask(task.folds, task.clusters, None, task.seed, (1.0,), False, task.settings)
    outcome = crossfit(lambda train: feature * FeatureScale.of(feature[train].reshape(-1, 1)).inverse, single)
    return ProbeOutcome(scores, calibrated=outcome.scores)


def _hadamard(pairs: PairStates, task: CrossFitTask, settings: ProbeSettings) -> ProbeOutcome:
    del settings
    return crossfit(_featured(pairs, "hadamard"), task)


def _pair(pairs: PairStates, task: CrossFitTask, settings: ProbeSettings) -> ProbeOutcome:
    del settings
    return crossfit(_featured(pairs, "pair"), task)


def _bilinear(pairs: PairStates, task: CrossFitTask, settings: ProbeSettings) -> ProbeOutcome:
    return crossfit_bilinear(pairs, task, settings.rank, settings.n_starts)


_PROBES: Mapping[str, Callable[[PairStates, CrossFitTask, ProbeSettings], ProbeOutcome]] = {
    "cosine": _cosine, "hadamard": _hadamard, "bilinear": _bilinear, "pair": _pair}  # fmt: skip


def probe_layers(
    queries: Float32[np.ndarray, "l n a"],
    documents: Float32[np.ndarray, "l d e"],
    places: Int64[np.ndarray, "n c"],
    task: CrossFitTask,
    settings: ProbeSettings,
) -> Outcomes:
    """Probe layer by layer; a layer whose states are not finite gets the reason in place of outcomes."""
    out: list[Mapping[str, ProbeOutcome] | str] = []
    for q, d in zip(queries, documents, strict=True):
        try:
            states = without_padding(np.asarray(q, np.float32), np.asarray(d, np.float32))
            out.append(probe(PairStates(*states, places), task, settings))
        except InvalidInput as error:
            out.append(str(error))
    return tuple(out)
