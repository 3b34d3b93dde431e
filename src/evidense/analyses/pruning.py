"""Does retrieval need the neurons that attribution names? Silence them, and as many others, and rank the collection.

Attribution is made on half of the queries, retrieval is measured on the other half, which shares neither queries nor relevant documents. `order` says
whose attributions: the subject's own, or the base's.

| estimand | site (always: subject, role, side, module, ablation, measure, order, control) | unit |
|---|---|---|
| pruning | order base (of the base: own), control magnitude, ablation zero, the retrieval measure | of the measure |
| deletion | all other deletion curves | of the measure |
| insertion | only the first neurons speak | of the measure |

Each value is an area between two curves over the share of neurons, paired by query: above 0, the attributed neurons matter more than the control's, which
are random or (magnitude) random among those of like mean |output|. Measures: the retrieval measure, margin (score), gold rank (−log2 rank). Ablation:
zero, or each neuron's mean. details: parts, attributed, control (the curves), together (over the controls), n_neurons.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from evidense.dissection.attribution.attribute import Attribution, ModuleSelection
from evidense.dissection.candidates import Draw
from evidense.dissection.findings import without_value
from evidense.dissection.neurons.ablation import mean_outputs
from evidense.dissection.neurons.examples import AttributionSettings, Examples, attributed, examples
from evidense.dissection.neurons.orders import NeuronOrder, at_random, by_attribution, by_magnitude, magnitudes
from evidense.dissection.neurons.pruning_curves import MEASURES, Pruned, RetrievalTask, Way, area, curve
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Subject
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json
from evidense.stats import Differences, mean_intervals, simultaneous

_WAYS: tuple[Way, Way] = ("deletion", "insertion")

WORDS = AnalysisWords(
    title="Pruning: does retrieval need these neurons?",
    asks="Retrieval with the attributed neurons silenced, beside as many random neurons and neurons as active.",
    beware="Above 0: the attributed neurons matter more than the control’s. It does not say that they hold a fact.",
    estimands=(
        Estimand("pruning", "Above 0: silencing the attributed neurons costs more than silencing the control’s.", is_change=True),
        Estimand("deletion", "Above 0: the margin, or gold rank, falls faster without the attributed neurons.", is_change=True),
        Estimand("insertion", "Above 0: the attributed neurons alone bring more back.", is_change=True),
    ),
    leads=("pruning",),
    place=100,
)  # fmt: skip


@dataclass(frozen=True)
class Pruning:
    """Silence attributed neurons, random ones and ones of like magnitude, and see what retrieval loses."""

    name: str = "pruning"
    source: str = "Petsiuk et al. 2018 (deletion and insertion); Dai et al. 2022 (silencing attributed neurons)"
    needs: frozenset[Capability] = frozenset({"vectors", "layers", "gradients"})
    version: int = 2
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(
        default_factory=lambda: {
            "n_queries": 100, "n_attributed": 24, "module": "intermediate", "parts": [0.02, 0.05, 0.1, 0.2, 0.5], "n_random": 2,
            "ablations": ["zero", "mean"], "measure": "nDCG@10", "negatives": "random", "insertion": True,
        }
    )  # fmt: skip
    """n_queries: in both halves together; n_attributed: of the one half; parts: shares of all neurons; n_random: draws of each control."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of each subject.

        Raises:
            InvalidInput: shares out of order, or too few queries.
        """
        options = {**self.options, **case.options}
        parts = [float(part) for part in options["parts"]]
        if len(parts) < 2 or sorted(set(parts)) != parts or parts[0] <= 0 or parts[-1] > 0.5:
            raise InvalidInput(
                f"parts are {parts}; expected at least two growing shares, above 0 and at most 0.5; correct them"
            )
        drawn = examples(case, bench, Draw(2, 2, int(options["n_queries"]), str(options["negatives"]), case.seed))
        first = np.flatnonzero(drawn.folds == 0)[: int(options["n_attributed"])]
        held = drawn.take(np.flatnonzero(drawn.folds == 1))
        ground = _ground(case, bench, held, options)
        out: list[Finding] = []
        base: tuple[Attribution, ...] | None = None
        for number, subject in enumerate(case.subjects):
            bench.tell("pruning of neurons", number, len(case.subjects))
            try:
                how = AttributionSettings("query", "margin", ModuleSelection(kinds=(str(options["module"]),)))
                attributions = attributed(subject, bench, drawn.take(first), how)
                base = attributions if subject is case.base else base
                outputs = mean_outputs(subject.encoder.tower("query"), drawn.take(first).queries, how.how.kinds)
                out += _subject(ground, (subject, attributions, base), outputs, options)
            except InvalidInput as error:
                site = case.site("pruning", subject=subject.label, role=subject.role)
                out.append(without_value("pruning", site, "", str(error)))
        return out


def _ground(case: Case, bench: Bench, held: Examples, options: Mapping[str, Json]) -> RetrievalTask:
    """The collection with the held-out queries alone."""
    whole = case.collection
    rows = {doc_id: row for row, doc_id in enumerate(whole.doc_ids)}
    qrels = {query.id: whole.qrels[query.id] for query in held.queries}
    held_out = replace(whole, queries=list(held.queries), qrels=qrels)
    gold = [[rows[d] for d, gain in qrels[query.id].items() if gain > 0 and d in rows] for query in held.queries]
    depth = min(100, len(whole.corpus))
    return RetrievalTask(case, bench, held_out, held, str(options["measure"]), depth, gold)


def _subject(
    ground: RetrievalTask,
    who: tuple[Subject, tuple[Attribution, ...], tuple[Attribution, ...] | None],
    outputs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    options: Mapping[str, Json],
) -> Iterator[Finding]:
    subject, own, base = who
    means = {name: both[0] for name, both in outputs.items()}
    magnitude = magnitudes(own, outputs)
    orders = {"own": by_attribution(own)}
    if base is not None and subject is not ground.case.base and _alike(own, base):
        orders["base"] = by_attribution(base)
    for ablation in options["ablations"]:
        parts = (0.0, *(float(part) for part in options["parts"]))
        pruned = Pruned(subject, own, means, ablation, parts)
        for name, order in orders.items():
            if name == "base" and ablation != options["ablations"][0]:
                continue
            controls = _controls(order, magnitude, options, ground.case.seed)
            for way in _WAYS if options["insertion"] and name == "own" else _WAYS[:1]:
                yield from _compared(ground, pruned, (name, order), controls, way)


def _controls(
    order: NeuronOrder, magnitude: np.ndarray, options: Mapping[str, Json], seed: int
) -> dict[str, list[NeuronOrder]]:
    rng = np.random.default_rng([seed, 53])
    n, n_matched = len(order), round(max(float(part) for part in options["parts"]) * len(order))
    draws = range(int(options["n_random"]))
    return {
        "random": [at_random(n, rng) for _ in draws],
        "magnitude": [by_magnitude(order, magnitude, n_matched, rng) for _ in draws],
    }


def _compared(
    ground: RetrievalTask,
    pruned: Pruned,
    named: tuple[str, NeuronOrder],
    controls: Mapping[str, list[NeuronOrder]],
    way: Way,
) -> Iterator[Finding]:
    """Findings of an order and a way: one a control and measure, paired by query."""
    name, order = named
    attributed_ = curve(ground, pruned, order, way)
    others = {
        control: np.mean([curve(ground, pruned, o, way) for o in drawn], axis=0) for control, drawn in controls.items()
    }
    sign = 1.0 if way == "deletion" else -1.0
    for row, measure in enumerate(MEASURES):
        rows = np.stack(
            [
                sign * (area(other[row], pruned.parts) - area(attributed_[row], pruned.parts))
                for other in others.values()
            ]
        )
        curves = {"parts": list(pruned.parts), "attributed": _listed(attributed_[row])}
        for control, numbers in zip(others, _estimates(ground, rows), strict=True):
            site = {
                "subject": pruned.subject.label, "role": pruned.subject.role, "side": "query", "module": pruned.modules[0].kind,
                "ablation": pruned.ablation, "measure": ground.measure if measure == "retrieval" else measure, "order": name,
                "control": control,
            }  # fmt: skip
            by_base = name == "base" or pruned.subject is ground.case.base
            is_main = (way, measure, pruned.ablation, control, by_base) == (
                "deletion",
                "retrieval",
                "zero",
                "magnitude",
                True,
            )
            details = {**curves, "control": _listed(others[control][row]), "n_neurons": pruned.n_neurons}
            yield _finding(ground, ("pruning" if is_main else way, site, numbers), details)


def _estimates(ground: RetrievalTask, rows: Float64[np.ndarray, "c q"]) -> list[dict[str, Json]]:
    """Own interval and p, and what holds together over the controls."""
    case, clusters = ground.case, ground.examples.clusters
    alone = mean_intervals(rows, clusters, confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed)
    family = [Differences(rows, clusters)]
    both = simultaneous(family, confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed)[0]
    return [
        {"numbers": numbers, "p": joint.p, "p_adjusted": joint.p_adjusted, "test": joint.test, "together": [joint.low, joint.high],
         "standard_error": joint.standard_error}
        for numbers, joint in zip(alone, both, strict=True)
    ]  # fmt: skip


def _finding(
    ground: RetrievalTask, what: tuple[str, Mapping[str, Json], Mapping[str, Json]], details: Mapping[str, Json]
) -> Finding:
    estimand, site, numbers = what
    value, low, high = numbers["numbers"]
    clusters = ground.examples.clusters
    return Finding(
        estimand=estimand, site=ground.case.site("pruning", negatives=ground.examples.negatives, **site), value=value, low=low, high=high,
        n=len(clusters), n_clusters=len(np.unique(clusters)), unit=str(site["measure"]), confidence=ground.case.confidence, p=numbers["p"],
        p_adjusted=numbers["p_adjusted"], test=numbers["test"], family=f"pruning: {estimand} of {site['subject']}, over controls",
        details={"together": numbers["together"], "standard_error": numbers["standard_error"], **details},
    )  # fmt: skip


def _alike(a: Sequence[Attribution], b: Sequence[Attribution]) -> bool:
    shapes = [[(module.name, module.activation_path.shape[1]) for module in modules] for modules in (a, b)]
    return shapes[0] == shapes[1]


def _listed(curve_: Float64[np.ndarray, "k q"]) -> list[float]:
    return [round(float(x), 10) for x in curve_.mean(axis=1)]


PART = Pruning()
