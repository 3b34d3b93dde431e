"""What two encoders' probes have to do with each other: the same queries right, and the same code."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Float64

from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.probes.agreement import agreement
from evidense.dissection.probes.estimates import NONE, Probed
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.transfer import transferred
from evidense.parts import Case
from evidense.records import Finding, Json

States = tuple[Float32[np.ndarray, "l n a"], Float32[np.ndarray, "l d e"]]
"""Of queries and documents."""


def agreements(case: Case, one: Probed, other: Probed, floor: tuple[Probed, Probed] | None = None) -> list[Finding]:
    """Return Cohen's κ of per-query correctness at every layer; of a tuning also `agreement`, that κ minus the floor's (seed, tuned)."""
    out: list[Finding] = []
    for name in one.names:
        site = one.site(case, 0, probe=name, control=NONE, against=other.subject.label)
        rows, usable = _right([one, other, *(floor or ())], name)
        if not usable:
            reason = f"no layer where the probe '{name}' is defined for both"
            out.append(without_value("agreement", site, "κ", reason))
            continue
        out += _kappas(case, (one, other), name, (rows, usable))
        if floor is None and one.subject.role == "tuned":
            reason = "two seeds of the tuning make the noise floor, and one is here; name another checkpoint with --seed-of-tuned"
            out.append(without_value("agreement", site, "κ", reason))
    return out


def _right(many: Sequence[Probed], name: str) -> tuple[list[Float64[np.ndarray, "l n"]], list[int]]:
    n = min(len(one.layers) for one in many)
    usable = [
        at for at in range(n) if all(name in one.layers[at] for one in many if not isinstance(one.layers[at], str))
    ]
    usable = [at for at in usable if not any(isinstance(one.layers[at], str) for one in many)]
    rows = []
    for one in many:
        layers = [layer for layer in (one.layers[at] for at in usable) if not isinstance(layer, str)]
        rows.append(np.stack([credit(layer[name].scores) for layer in layers]) if layers else np.zeros((0, 0)))
    return rows, usable


def _kappas(
    case: Case, both: tuple[Probed, Probed], name: str, found: tuple[list[Float64[np.ndarray, "l n"]], list[int]]
) -> list[Finding]:
    (one, other), (rows, usable) = both, found
    clusters, how = one.asked.task.clusters, (case.confidence, case.n_resamples, case.seed)
    wanted = [("κ of correctness", [(rows[0], rows[1])])]
    if len(rows) == 4:
        wanted.append(("agreement", [(rows[0], rows[1]), (rows[2], rows[3])]))
    out = []
    for estimand, pairs in wanted:
        made = agreement(pairs, clusters, how)
        for at, layer in enumerate(usable):
            out.append(Finding(
                estimand=estimand, site=one.site(case, layer, probe=name, control=NONE, against=other.subject.label),
                value=float(made.value[at]), low=float(made.low[at]), high=float(made.high[at]), n=rows[0].shape[1],
                n_clusters=len(np.unique(clusters)), unit="κ", confidence=case.confidence,
                test=f"studentised cluster bootstrap, {case.n_resamples:,} resamples; together: the largest deviation over layers",
                family=f"{estimand}, {name}, {one.pooling}, {one.subject.label} against {other.subject.label}",
                details={"together": [float(x) for x in made.together[:, at]]},
            ))  # fmt: skip
    return out


def transfers(case: Case, one: Probed, base: Probed, states: Mapping[str, States]) -> list[Finding]:
    """Return accuracy of the base's Hadamard probe on the other's mapped states, minus the other's own, at every layer."""
    (q, d), (base_q, base_d) = states[one.subject.label], states[base.subject.label]
    n = min(len(q), len(base_q))
    more: dict[str, Json] = {"probe": "hadamard", "control": NONE, "against": base.subject.label}
    sites = [one.site(case, at, **more) for at in range(n)]
    values, missing, details = np.zeros((n, len(one.asked.queries))), {}, list[dict[str, Json]]()
    one_map = one.subject.encoder.tower("query") is one.subject.encoder.tower("document")
    for at in range(n):
        layer = one.layers[at]
        details.append({})
        if reason := _unfit(layer, (q, d), (base_q, base_d)):
            missing[at] = reason
        elif not isinstance(layer, str):
            task, places = one.asked.task, one.asked.places
            pairs = [PairStates(np.asarray(x[at]), np.asarray(y[at]), places) for x, y in ((base_q, base_d), (q, d))]
            own, got = credit(layer["hadamard"].scores), credit(transferred(pairs[0], pairs[1], task, one_map))
            values[at], details[at] = got - own, {"transferred": float(got.mean()), "own": float(own.mean())}
    series = Series("transfer", "accuracy", values, one.asked.task.clusters, sites, 0.0, details, {}, missing)
    return findings(case, series, f"transfer, {one.pooling}, {base.subject.label} to {one.subject.label}")


def _unfit(layer: Mapping[str, object] | str, mine: States, theirs: States) -> str:
    if isinstance(layer, str):
        return layer
    widths = [x.shape[2] for x in (*mine, *theirs)]
    if "hadamard" not in layer:
        return f"no Hadamard probe here (widths {widths[0]} and {widths[1]})"
    if len(set(widths)) > 1:
        return f"widths {widths[2]} and {widths[0]}: no orthogonal map takes one into the other"
    return ""
