"""What probes of several encoders come to, as findings: level, change, and what the controls leave of both."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from evidense.dissection.findings import Series, findings
from evidense.dissection.probes.cross_fit import Outcome
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
    """One encoder in one pooling, layer by layer."""

    subject: Subject
    pooling: str
    layers: Outcomes
    asked: ProbingTask

    @property
    def names(self) -> list[str]:
        """Probes that some layer has, controls left out."""
        seen = [name for layer in self.layers if not isinstance(layer, str) for name in layer]
        return [name for name in dict.fromkeys(seen) if name not in (ABLATED, PERMUTED)]

    def site(self, case: Case, layer: int, **more: Json) -> dict[str, Json]:
        """Return the site of a layer."""
        return self.asked.site(
            case,
            ANALYSIS,
            subject=self.subject.label,
            role=self.subject.role,
            pooling=self.pooling,
            layer=layer,
            **more,
        )

    def rows(self, wanted: "Quantity") -> tuple[Float64[np.ndarray, "l n"], dict[int, str]]:
        """Return per-query values of every layer, and why some have none."""
        out, missing = np.zeros((len(self.layers), len(self.asked.queries))), {}
        for at, layer in enumerate(self.layers):
            if reason := self._missing(layer, wanted.needs):
                missing[at] = reason
            elif not isinstance(layer, str):
                out[at] = wanted.of(layer)
        return out, missing

    def widened(self, wanted: "Quantity", values: Float64[np.ndarray, "l n"]) -> Float64[np.ndarray, "l n"]:
        """Return a loss's values further from their mean, as queries of one fold share a probe and its λ; others as they are.

        An interval over queries does not see what they share. The variance of a mean over k folds is 1/k + n_test/n_train of a
        fold's, not 1/k: k / (k − 1) more.

        Source: Nadeau and Bengio 2003, eq. 8, for what they call the corrected resampled t.
        """
        if not wanted.estimand.endswith("log-loss"):
            return values
        k, mean = len(np.unique(self.asked.task.folds)), values.mean(axis=1, keepdims=True)
        return np.asarray(mean + np.sqrt(1 + k / (k - 1)) * (values - mean))

    @staticmethod
    def _missing(layer: Mapping[str, Outcome] | str, needs: tuple[str, ...]) -> str:
        if isinstance(layer, str):
            return layer
        for name in needs:
            if name not in layer:
                return f"no probe '{name}' here: query and document states have different widths; the bilinear probe compares them"
            if (e := layer[name].evidence) is not None and not e.converged:
                return f"the probe '{name}' did not converge: ‖g‖∞ is {e.gradient:.2g} after {e.n_iterations} iterations; raise max_iterations"
        return ""


@dataclass(frozen=True)
class Quantity:
    """One quantity of every query, and the probes that it takes."""

    estimand: str
    unit: str
    of: Callable[[Mapping[str, Outcome]], Float64[np.ndarray, " n"]]
    needs: tuple[str, ...]
    site: Mapping[str, Json]
    null: float = 0.0


def level(case: Case, one: Probed) -> list[Finding]:
    """Return accuracy, relevance gain, selectivity and log-loss of every probe, and the accuracy of the controls."""
    out = []
    for wanted in quantities(one):
        values, missing = one.rows(wanted)
        details = [_details(one, at, wanted) if at not in missing else {} for at in range(len(values))]
        sites = [one.site(case, at, **wanted.site) for at in range(len(values))]
        beside = _beside(case, one, wanted)
        series = Series(
            wanted.estimand,
            wanted.unit,
            one.widened(wanted, values),
            one.asked.task.clusters,
            sites,
            wanted.null,
            details,
            beside,
            missing,
        )
        out += findings(case, series, _family(one, wanted))
    return out


def change(case: Case, one: Probed, base: Probed) -> list[Finding]:
    """Return the same quantities, subject − base, paired by query; of equal layers."""
    out = []
    for wanted in quantities(one):
        if wanted.site["control"] not in (NONE, ABLATED):
            continue
        (mine, lacks), (theirs, lack) = one.rows(wanted), base.rows(wanted)
        n = min(len(mine), len(theirs))
        missing = {at: why for at, why in {**lack, **lacks}.items() if at < n}
        values = mine[:n] - theirs[:n]
        more = {"against": base.subject.label}
        sites = [one.site(case, at, **wanted.site, **more) for at in range(n)]
        details: list[dict[str, Json]] = [
            {"value": float(mine[at].mean()), "against_value": float(theirs[at].mean())} for at in range(n)
        ]
        for at in range(n, max(len(mine), len(theirs))):
            sites.append(one.site(case, at, **wanted.site, **more))
            details.append({})
            missing[at] = (
                f"{one.subject.label} has {len(one.layers) - 1} blocks and {base.subject.label} has {len(base.layers) - 1}"
            )
        values = np.vstack([one.widened(wanted, values), np.zeros((len(sites) - n, values.shape[1]))])
        name = f"change in {wanted.estimand}"
        series = Series(name, wanted.unit, values, one.asked.task.clusters, sites, 0.0, details, {}, missing)
        out += findings(case, series, f"{name}, {_family(one, wanted)}, against {base.subject.label}")
    return out


def quantities(one: Probed) -> Iterator[Quantity]:
    """Yield what is estimated of each probe."""
    chance, control = 1 / one.asked.n_candidates, one.asked.task.control
    for name in one.names:
        site: dict[str, Json] = {"probe": name, "control": NONE}
        yield Quantity("accuracy", "accuracy", _accuracy(name), (name,), site, chance)
        yield Quantity("relevance gain", "accuracy", _gain(name), (name, ABLATED), site)
        if control is not None and name != "cosine":
            yield Quantity("selectivity", "accuracy", _selectivity(name, control), (name,), site)
        yield Quantity("log-loss", "bits", _bits(name), (name,), site, float(np.log2(one.asked.n_candidates)))
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
    if "hadamard" in one.names:
        yield Quantity(
            "accuracy", "accuracy", _accuracy(PERMUTED), (PERMUTED,), {"probe": "hadamard", "control": PERMUTED}, chance
        )


def _accuracy(name: str) -> Callable[[Mapping[str, Outcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: credit(layer[name].scores)


def _gain(name: str) -> Callable[[Mapping[str, Outcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: credit(layer[name].scores) - credit(layer[ABLATED].scores)


def _bits(name: str) -> Callable[[Mapping[str, Outcome]], Float64[np.ndarray, " n"]]:
    return lambda layer: layer[name].bits


def _selectivity(name: str, control: np.ndarray) -> Callable[[Mapping[str, Outcome]], Float64[np.ndarray, " n"]]:
    def of(layer: Mapping[str, Outcome]) -> Float64[np.ndarray, " n"]:
        found = layer[name].control
        return credit(layer[name].scores) - (credit(found, control) if found is not None else 0)

    return of


def _family(one: Probed, wanted: Quantity) -> str:
    where = (
        f"{wanted.site['probe']}, {wanted.site['control']}, {one.pooling}, {one.asked.negatives}, {one.subject.label}"
    )
    return f"{wanted.estimand}, {where}"


def _details(one: Probed, at: int, wanted: Quantity) -> dict[str, Json]:
    layer = one.layers[at]
    if isinstance(layer, str):
        return {}
    outcome, out = layer[wanted.needs[0]], dict[str, Json]()
    if (e := outcome.evidence) is not None:
        out |= {
            "lambdas": list(e.lambdas),
            "objective": e.objective,
            "gradient": e.gradient,
            "n_iterations": e.n_iterations,
        }
    if wanted.estimand == "selectivity":
        return out | {"memorised": outcome.memorised}
    if wanted.estimand != "accuracy":
        return out
    out |= {
        "chance": wanted.null,
        "kappa": round(float(above_chance(credit(outcome.scores).mean(), one.asked.n_candidates)), 12),
    }
    return out | ({"learning_curve": [list(point) for point in outcome.curve]} if outcome.curve else {})


def _beside(case: Case, one: Probed, wanted: Quantity) -> dict[str, Float64[np.ndarray, "l n"]]:
    """Of an accuracy: that among the first n candidates, and the reciprocal rank."""
    if wanted.estimand != "accuracy":
        return {}
    counts = sorted({int(n) for n in case.options["n_candidates"]} - {one.asked.n_candidates})
    out = {f"accuracy_of_{n}": _rows(one, wanted, _among(n)) for n in counts}
    return {**out, "reciprocal_rank": _rows(one, wanted, reciprocal_rank)}


def _among(n: int) -> Callable[[Any], Float64[np.ndarray, " n"]]:
    return lambda scores: credit(scores[:, :n])


def _rows(one: Probed, wanted: Quantity, of: Callable[[Any], Float64[np.ndarray, " n"]]) -> Float64[np.ndarray, "l n"]:
    name, none = wanted.needs[0], np.zeros(len(one.asked.queries))
    return np.stack(
        [none if isinstance(layer, str) or name not in layer else of(layer[name].scores) for layer in one.layers]
    )
