"""Comparison of two encoders' probes: do they get the same queries right, and does one encoder's probe read the other?"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Float64

from evidense.dissection.findings import IntervalSettings, Series, findings, without_value
from evidense.dissection.probes.agreement import agreement
from evidense.dissection.probes.estimates import NONE, Probed
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.transfer import transferred
from evidense.parts import Case
from evidense.records import Finding, Json

States = tuple[Float32[np.ndarray, "l n a"], Float32[np.ndarray, "l d e"]]
"""States of queries and of documents."""


def agreements(case: Case, probed: Probed, other: Probed, floor: tuple[Probed, Probed] | None = None) -> list[Finding]:
    """Return Cohen's κ of per-query correctness at every layer; for a tuning also `agreement`: this κ minus that of the floor (seed, tuned)."""
    out: list[Finding] = []
    for name in probed.names:
        site = probed.site(case, 0, probe=name, control=NONE, against=other.subject.label)
        rows, usable = _right([probed, other, *(floor or ())], name)
        if not usable:
            reason = f"no layer where the probe '{name}' is defined for both"
            out.append(without_value("agreement", site, "κ", reason))
            continue
        out += _kappas(case, (probed, other), name, (rows, usable))
        if floor is None and probed.subject.role == "tuned":
            reason = "two seeds of the tuning make the noise floor, and one is here; name another checkpoint with --seed-of-tuned"
            out.append(without_value("agreement", site, "κ", reason))
    return out


def _right(many: Sequence[Probed], name: str) -> tuple[list[Float64[np.ndarray, "l n"]], list[int]]:
    n = min(len(probed.layers) for probed in many)
    usable: list[int] = []
    rows: list[list[Float64[np.ndarray, " n"]]] = [[] for _ in many]
    for layer in range(n):
        outcomes = [probed.layers[layer] for probed in many]
        by_probe = [outcome for outcome in outcomes if not isinstance(outcome, str)]
        if len(by_probe) < len(many) or not all(name in outcome for outcome in by_probe):
            continue
        usable.append(layer)
        for right, outcome in zip(rows, by_probe, strict=True):
            right.append(credit(outcome[name].scores))
    return [np.stack(right) if right else np.zeros((0, 0)) for right in rows], usable


def _kappas(
    case: Case, both: tuple[Probed, Probed], name: str, right: tuple[list[Float64[np.ndarray, "l n"]], list[int]]
) -> list[Finding]:
    (probed, other), (rows, usable) = both, right
    clusters, settings = probed.probing.task.clusters, IntervalSettings.of(case)
    estimands = [("κ of correctness", [(rows[0], rows[1])])]
    if len(rows) == 4:
        estimands.append(("agreement", [(rows[0], rows[1]), (rows[2], rows[3])]))
    out = []
    for estimand, pairs in estimands:
        estimates = agreement(pairs, clusters, settings)
        for index, layer in enumerate(usable):
            out.append(Finding(
                estimand=estimand, site=probed.site(case, layer, probe=name, control=NONE, against=other.subject.label),
                value=float(estimates.value[index]), low=float(estimates.low[index]), high=float(estimates.high[index]), n=rows[0].shape[1],
                n_clusters=len(np.unique(clusters)), unit="κ", confidence=case.confidence,
                test=f"studentised cluster bootstrap, {case.n_resamples:,} resamples; together: the largest deviation over layers",
                family=f"{estimand}, {name}, {probed.pooling}, {probed.subject.label} against {other.subject.label}",
                details={"together": [float(x) for x in estimates.together[:, index]]},
            ))  # fmt: skip
    return out


def transfers(case: Case, probed: Probed, base: Probed, states: Mapping[str, States]) -> list[Finding]:
    """Return the accuracy of the base's Hadamard probe on the subject's mapped states minus that of the subject's own probe, at every layer."""
    (q, d), (base_q, base_d) = states[probed.subject.label], states[base.subject.label]
    n = min(len(q), len(base_q))
    more: dict[str, Json] = {"probe": "hadamard", "control": NONE, "against": base.subject.label}
    sites = [probed.site(case, layer, **more) for layer in range(n)]
    values, missing, details = np.zeros((n, len(probed.probing.queries))), {}, list[dict[str, Json]]()
    one_map = probed.subject.encoder.tower("query") is probed.subject.encoder.tower("document")
    for layer in range(n):
        outcomes = probed.layers[layer]
        details.append({})
        if reason := _unfit(outcomes, (q, d), (base_q, base_d)):
            missing[layer] = reason
        elif not isinstance(outcomes, str):
            task, places = probed.probing.task, probed.probing.places
            pairs = [
                PairStates(np.asarray(x[layer]), np.asarray(y[layer]), places) for x, y in ((base_q, base_d), (q, d))
            ]
            own_right, transferred_right = (
                credit(outcomes["hadamard"].scores),
                credit(transferred(pairs[0], pairs[1], task, one_map)),
            )
            values[layer], details[layer] = (
                transferred_right - own_right,
                {"transferred": float(transferred_right.mean()), "own": float(own_right.mean())},
            )
    series = Series("transfer", "accuracy", values, probed.probing.task.clusters, sites, 0.0, details, {}, missing)
    return findings(case, series, f"transfer, {probed.pooling}, {base.subject.label} to {probed.subject.label}")


def _unfit(layer: Mapping[str, object] | str, mine: States, theirs: States) -> str:
    if isinstance(layer, str):
        return layer
    widths = [x.shape[2] for x in (*mine, *theirs)]
    if "hadamard" not in layer:
        return f"no Hadamard probe here (widths {widths[0]} and {widths[1]})"
    if len(set(widths)) > 1:
        return f"widths {widths[2]} and {widths[0]}: no orthogonal map takes one into the other"
    return ""
