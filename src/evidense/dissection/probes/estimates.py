"""Turn probe outcomes of several encoders into findings: levels, changes, and both relative to the controls."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from evidense.dissection.findings import Series, findings
from evidense.dissection.probes.cross_fit import ProbeOutcome
from evidense.dissection.probes.layers import ABLATED, PERMUTED, Outcomes
from evidense.dissection.probes.scores import credit, reciprocal_rank
from evidense.dissection.probes.task import ProbingTask
from evidense.parts import Case, Subject
from evidense.records import Finding, Json
from evidense.stats import above_chance

ANALYSIS = "probes"
NONE = "none"


@dataclass(frozen=True)
class Probed:
    """The probe outcomes of one encoder in one pooling, layer by layer."""

    subject: Subject
    pooling: str
    layers: Outcomes
    probing: ProbingTask

    @property
    def names(self) -> list[str]:
        """Return the probes that at least one layer has, without the controls."""
        names_of_layers = [name for layer in self.layers if not isinstance(layer, str) for name in layer]
        return [name for name in dict.fromkeys(names_of_layers) if name not in (ABLATED, PERMUTED)]

    def site(self, case: Case, layer: int, **more: Json) -> dict[str, Json]:
        """Return the site of a layer."""
        return self.probing.site(
            case,
            ANALYSIS,
            subject=self.subject.label,
            role=self.subject.role,
            pooling=self.pooling,
            layer=layer,
            **more,
        )

    def rows(self, quantity: "Quantity") -> tuple[Float64[np.ndarray, "l n"], dict[int, str]]:
        """Return per-query values of every layer, and for layers without values the reason."""
        out, missing = np.zeros((len(self.layers), len(self.probing.queries))), {}
        for index, layer in enumerate(self.layers):
            if reason := self._missing(layer, quantity.needs):
                missing[index] = reason
            elif not isinstance(layer, str):
                out[index] = quantity.of(layer)
        return out, missing

    def widened(self, quantity: "Quantity", values: Float64[np.ndarray, "l n"]) -> Float64[np.ndarray, "l n"]:
        """Return log-loss values spread further from their mean, since queries of one fold share a probe and its λ; return others unchanged.

        An interval over queries misses this dependence. The variance of a mean over k folds is (1/k + n_test/n_train) times that of a fold, not
        1/k times: larger by the factor 1 + k / (k − 1).

        Source: Nadeau and Bengio 2003, eq. 8, for what they call the corrected resampled t.
        """
        if not quantity.estimand.endswith("log-loss"):
            return values
        k, mean = len(np.unique(self.probing.task.folds)), values.mean(axis=1, keepdims=True)
        return np.asarray(mean + np.sqrt(1 + k / (k - 1)) * (values - mean))

    @staticmethod
    def _missing(layer: Mapping[str, ProbeOutcome] | str, needs: tuple[str, ...]) -> str:
        if isinstance(layer, str):
            return layer
        for name in needs:
            if name not in layer:
                return f"no probe '{name}' here: query and document states have different widths; the bilinear probe compares them"
            if (e := layer[name].convergence) is not None and not e.converged:
                return f"the probe '{name}' did not converge: ‖g‖∞ is {e.gradient:.2g} after {e.n_iterations} iterations; raise max_iterations"
        return ""


@dataclass(frozen=True)
class Quantity:
    """A per-query quantity and the probes that it needs."""

    estimand: str
    unit: str
    of: Callable[[Mapping[str, ProbeOutcome]], Float64[np.ndarray, " n"]]
    needs: tuple[str, ...]
    site: Mapping[str, Json]
    null: float = 0.0


def level(case: Case, probed: Probed) -> list[Finding]:
    """Return findings of accuracy, relevance gain, selectivity and log-loss of every probe, and of the controls' accuracy."""
    out = []
    for quantity in quantities(probed):
        values, missing = probed.rows(quantity)
        details = [_details(probed, layer, quantity) if layer not in missing else {} for layer in range(len(values))]
        sites = [probed.site(case, layer, **quantity.site) for layer in range(len(values))]
        beside = _beside(case, probed, quantity)
        series = Series(
            quantity.estimand,
            quantity.unit,
            probed.widened(quantity, values),
            probed.probing.task.clusters,
            sites,
            quantity.null,
            details,
            beside,
            missing,
        )
        out += findings(case, series, _family(probed, quantity))
    return out


def change(case: Case, probed: Probed, base: Probed) -> list[Finding]:
    """Return findings of the same quantities as differences subject − base, paired by query, layer by layer."""
    out = []
    for quantity in quantities(probed):
        if quantity.site["control"] not in (NONE, ABLATED):
            continue
        (mine, lacks), (theirs, lack) = probed.rows(quantity), base.rows(quantity)
        n = min(len(mine), len(theirs))
        missing = {layer: why for layer, why in {**lack, **lacks}.items() if layer < n}
        values = mine[:n] - theirs[:n]
        more = {"against": base.subject.label}
        sites = [probed.site(case, layer, **quantity.site, **more) for layer in range(n)]
        details: list[dict[str, Json]] = [
            {"value": float(mine[layer].mean()), "against_value": float(theirs[layer].mean())} for layer in range(n)
        ]
        for layer in range(n, max(len(mine), len(theirs))):
            sites.append(probed.site(case, layer, **quantity.site, **more))
            details.append({})
            missing[layer] = (
                f"{probed.subject.label} has {len(probed.layers) - 1} blocks and {base.subject.label} has {len(base.layers) - 1}"
            )
        values = np.vstack([probed.widened(quantity, values), np.zeros((len(sites) - n, values.shape[1]))])
        name = f"change in {quantity.estimand}"
        series = Series(name, quantity.unit, values, probed.probing.task.clusters, sites, 0.0, details, {}, missing)
        out += findings(case, series, f"{name}, {_family(probed, quantity)}, against {base.subject.label}")
    return out


def quantities(probed: Probed) -> Iterator[Quantity]:
    """Yield the quantities that are estimated for each probe."""
    chance, control = 1 / probed.probing.n_candidates, probed.probing.task.control
    for name in probed.names:
        site: dict[str, Json] = {"probe": name, "control": NONE}
        yield Quantity("accuracy", "accuracy", _accuracy(name), (name,), site, chance)
        yield Quantity("relevance gain", "accuracy", _gain(name), (name, ABLATED), site)
        if control is not None and name != "cosine":
            yield Quantity("selectivity", "accuracy", _selectivity(name, control), (name,), site)
        yield Quantity("log-loss", "bits", _bits(name), (name,), site, float(np.log2(probed.probing.n_candidates)))
    yield Quantity(
        "accuracy", "accuracy", _accuracy(ABLATED), (ABLATED,), {"probe": "linear", "control": ABLATED}, chance
    )
    yield Quantity(
        "log-loss",
        "bits",
        _bits(ABLATED),
        (ABLATED,),
        {"probe": "linear", "control": ABLATED},
        float(np.log2(1 / chance)),
    )
    if "hadamard" in probed.names:
        yield Quantity(
            "accuracy", "accuracy", _accuracy(PERMUTED), (PERMUTED,), {"probe": "hadamard", "control": PERMUTED}, chance
        )


def _accuracy(name: str) -> Callable[[Mapping[str, ProbeOutcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: credit(layer[name].scores)


def _gain(name: str) -> Callable[[Mapping[str, ProbeOutcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: credit(layer[name].scores) - credit(layer[ABLATED].scores)


def _bits(name: str) -> Callable[[Mapping[str, ProbeOutcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: layer[name].bits


def _selectivity(name: str, control: np.ndarray) -> Callable[[Mapping[str, ProbeOutcome]], Float64[np.ndarray, " n"]]:
    def of(layer: Mapping[str, ProbeOutcome]) -> Float64[np.ndarray, " n"]:
        control_scores = layer[name].control
        return credit(layer[name].scores) - (credit(control_scores, control) if control_scores is not None else 0)

    return of


def _family(probed: Probed, quantity: Quantity) -> str:
    where = f"{quantity.site['probe']}, {quantity.site['control']}, {probed.pooling}, {probed.probing.negatives}, {probed.subject.label}"
    return f"{quantity.estimand}, {where}"


def _details(probed: Probed, number: int, quantity: Quantity) -> dict[str, Json]:
    layer = probed.layers[number]
    if isinstance(layer, str):
        return {}
    outcome, out = layer[quantity.needs[0]], dict[str, Json]()
    if (e := outcome.convergence) is not None:
        out |= {
            "lambdas": list(e.lambdas),
            "objective": e.objective,
            "gradient": e.gradient,
            "n_iterations": e.n_iterations,
        }
    if quantity.estimand == "selectivity":
        return out | {"memorised": outcome.memorised}
    if quantity.estimand != "accuracy":
        return out
    out |= {
        "chance": quantity.null,
        "kappa": round(float(above_chance(credit(outcome.scores).mean(), probed.probing.n_candidates)), 12),
    }
    return out | ({"learning_curve": [list(point) for point in outcome.curve]} if outcome.curve else {})


def _beside(case: Case, probed: Probed, quantity: Quantity) -> dict[str, Float64[np.ndarray, "l n"]]:
    """Return values reported beside an accuracy: accuracy among the first n candidates, and the reciprocal rank."""
    if quantity.estimand != "accuracy":
        return {}
    counts = sorted({int(n) for n in case.options["n_candidates"]} - {probed.probing.n_candidates})
    out = {f"accuracy_of_{n}": _rows(probed, quantity, _among(n)) for n in counts}
    return {**out, "reciprocal_rank": _rows(probed, quantity, reciprocal_rank)}


def _among(n: int) -> Callable[[Any], Float64[np.ndarray, " n"]]:
    return lambda scores: credit(scores[:, :n])


def _rows(
    probed: Probed, quantity: Quantity, of: Callable[[Any], Float64[np.ndarray, " n"]]
) -> Float64[np.ndarray, "l n"]:
    name, none = quantity.needs[0], np.zeros(len(probed.probing.queries))
    return np.stack(
        [none if isinstance(layer, str) or name not in layer else of(layer[name].scores) for layer in probed.layers]
    )
