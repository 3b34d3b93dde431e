"""Relevance probes at every layer: how well a query's document can be told from others, and what of it is relevance.

Each query chooses among N documents, by a score that all candidates share: the untrained cosine, a diagonal form (hadamard), a low-rank
one (bilinear), or the whole of [q⊙p; |q−p|; q; p] (pair). Probes are cross-fitted over folds that share neither queries nor documents.

| estimand | site beside subject, role, pooling, layer, negatives, n_candidates | unit | details |
|---|---|---|---|
| accuracy | probe, control (none or its name) | accuracy | chance, kappa, accuracy_of_n, reciprocal_rank, learning_curve, λ, ‖g‖∞ |
| relevance gain | probe | accuracy | accuracy − that of a probe of p alone |
| selectivity | probe | accuracy | accuracy − that on labels by hash; memorised: training accuracy there |
| log-loss | probe, control | bits | of one query; an untrained score has one trained scale |
| description length | probe hadamard | bits | online code, of one query; compression; n_orders |
| κ of correctness | probe, against | κ | Cohen's κ of which queries are right |
| agreement | probe, against | κ | that of base and tuning, minus that of the tuning and another seed of it |
| transfer | probe hadamard, against | accuracy | accuracy of the probe of `against` on mapped states − own |
| accuracy | probe cosine, pooling "vectors", no layer | accuracy | of the final vectors; negatives "wrong modality" apart |
| accuracy | probe bilinear, layer, layer_document | accuracy | grid over both depths, where the towers differ |
| partial correlation of backbone and retrieval | probe hadamard, layer, measure, against | rank correlation | base's margin with tuned nDCG@10, given BM25's |
| partial correlation beyond random weights | the same | rank correlation | less that of random weights' margin |
| change in … | the same, with against | as above | value, against_value; paired by query, simultaneous over layers |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidense.boundary.numerals import count, plain
from evidense.dissection.comparisons import comparisons
from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.probes.controls import lexical_features
from evidense.dissection.probes.cross_fit import crossfit
from evidense.dissection.probes.depth_grid import grid
from evidense.dissection.probes.description_length import codes
from evidense.dissection.probes.estimates import ANALYSIS, Probed, change, level
from evidense.dissection.probes.features import FeatureScale
from evidense.dissection.probes.final_vectors import outputs, wrong_modality
from evidense.dissection.probes.layers import PROBES, ProbeSettings, probe_layers
from evidense.dissection.probes.pairs_of_encoders import States, agreements, transfers
from evidense.dissection.probes.retrieval import governs
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.task import ProbingTask, ask
from evidense.dissection.sentences import differs, first_curve, last_layer, layers, strongest, with_layer
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Sentence, Subject
from evidense.parts.estimands import ACCURACY, CHANGE_IN_ACCURACY, Estimand
from evidense.records import Finding, Json

OPTIONS: dict[str, Json] = {
    "n_queries": 1_000,
    "n_candidates": [2, 3, 4, 5],
    "n_folds": 5,
    "negatives": ["random"],
    "poolings": ["own"],
    "probes": list(PROBES),
    "rank": 16,
    "n_starts": 2,
    "n_orders": 5,
    "max_iterations": 500,
}

READERS = ("hadamard", "bilinear", "pair", "cosine")
"""Probes by which relevance is told: the first that the study has."""


def _sentence(findings: Sequence[Finding]) -> str:
    """Say which layers carry more or less relevance than the base’s, by the intervals that hold over all layers together."""
    changes = [f for f in with_layer(findings, *_TOLD) if f.site.get("control") in ("none", "", None)]
    for estimand in _TOLD:
        for probe in READERS:
            if curve := [f for f in changes if f.estimand == estimand and f.site.get("probe") == probe]:
                accuracies = [f for f in changes if f.estimand == _TOLD[1] and f.site.get("probe") == probe]
                last = _last_accuracy(first_curve(accuracies)) if accuracies else ""
                return _by_layer(first_curve(curve), estimand) + last
    return ""


_TOLD = ("change in relevance gain", "change in accuracy")


def _by_layer(curve: Sequence[Finding], estimand: str) -> str:
    what = "what the query adds to accuracy" if "gain" in estimand else "accuracy"
    n = f"n {count(curve[0].n)}"
    different = [
        (layers_so, word)
        for sign, word in ((1, "more"), (-1, "less"))
        if (layers_so := [f for f in curve if differs(f) and f.value * sign > 0])
    ]
    if not different:
        widest = plain(max(max(abs(f.low or 0), abs(f.high or 0)) for f in curve))
        return f"no layer is shown to carry more or less relevance (change in {what}; up to {widest} either way is possible, {n})"
    parts = [
        f"{layers(layers_so)} {'carry' if len(layers_so) > 1 else 'carries'} {word} relevance ({strongest(layers_so)})"
        for layers_so, word in different
    ]
    n_open = len(curve) - sum(len(layers_so) for layers_so, _ in different)
    undecided = f", {n_open} of {len(curve)} layers undecided" if n_open else ""
    return f"{' and '.join(parts)}{undecided} (change in {what}, {n})"


def _last_accuracy(curve: Sequence[Finding]) -> str:
    """Say what accuracy was and became in the last layer, and what chance would be."""
    last = last_layer(curve)
    if "against_value" not in last.details or not last.site.get("n_candidates"):
        return ""
    n = int(last.site["n_candidates"])
    before, after = plain(float(last.details["against_value"])), plain(float(last.details["value"]))
    return f"; accuracy of a probe on the last layer, among {n}: {before} → {after} (chance {plain(1 / n, 2)})"


WORDS = AnalysisWords(
    title="Relevance, layer by layer",
    asks="How often a probe on one layer chooses the relevant document among N. Chance is 1/N; only what lies above the controls is relevance.",
    beware="High accuracy of a trained probe is not knowledge that the encoder uses; accuracies with different N are not comparable as they stand.",
    estimands=(
        ACCURACY,
        CHANGE_IN_ACCURACY,
        Estimand("relevance gain",
                 "Accuracy minus that of the same probe without the query: what the query adds. 0 means that the probe judges documents only.", is_change=True),
        Estimand("change in relevance gain", "What tuning changed in what the query adds.", is_change=True),
        Estimand("selectivity", "Accuracy minus that on labels without meaning: near 0, a probe only memorises.", is_change=True),
        Estimand("change in selectivity", "What tuning changed in selectivity.", is_change=True),
        Estimand("log-loss", "Bits that a query’s answer still costs when the probe is known; lower is better, log₂ N is chance."),
        Estimand("change in log-loss", "Below 0: the tuned encoder’s layer makes the answer cheaper.", is_change=True),
        Estimand("description length"),
        Estimand("κ of correctness"),
        Estimand("agreement"),
        Estimand("transfer"),
        Estimand("partial correlation of backbone and retrieval"),
        Estimand("partial correlation beyond random weights"),
    ),
    leads=("accuracy", "relevance gain", "change in accuracy", "change in relevance gain",),
    place=10,
    methods="Probes are cross-fitted: no probe was tested on a query or document that it was trained on, and negatives come from the query’s own fold.",
    sentence=Sentence(10, _sentence),
)  # fmt: skip


@dataclass(frozen=True)
class Probes:
    """Probes of relevance at every layer, with their controls."""

    name: str = "probes"
    source: str = "conditional logit, McFadden 1974; controls: Hewitt and Liang 2019; online code: Voita and Titov 2020"
    needs: frozenset[Capability] = frozenset({"layers"})
    version: int = 5
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: dict(OPTIONS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Probe every subject, and compare each with the base."""
        out: list[Finding] = []
        for negatives in case.options["negatives"]:
            asked = ask(case, bench, negatives)
            for pooling in case.options["poolings"]:
                out += _pooling(case, bench, asked, pooling)
        return out


def _pooling(case: Case, bench: Bench, asked: ProbingTask, pooling: str) -> Iterator[Finding]:
    probed_subjects: dict[str, Probed] = {}
    states: dict[str, States] = {}
    for number, subject in enumerate(case.subjects):
        bench.tell(f"probing {subject.label}", number, len(case.subjects))
        where = (subject, pooling)
        try:
            states[subject.label] = _states(bench, asked, where)
            probed = _probed(case, asked, where, states[subject.label])
        except InvalidInput as error:
            site = asked.site(case, ANALYSIS, subject=subject.label, role=subject.role, pooling=pooling)
            yield without_value("accuracy", site, "accuracy", str(error))
            continue
        probed_subjects[subject.label] = probed
        yield from level(case, probed)
        yield from outputs(case, bench, probed)
        yield from _depths(case, bench, probed, states[subject.label])
        if n_orders := int(case.options["n_orders"]):
            yield from codes(case, probed, states[subject.label], n_orders)
        for other in _compared_with(case, subject):
            if other.label in probed_subjects:
                yield from change(case, probed, probed_subjects[other.label])
                yield from transfers(case, probed, probed_subjects[other.label], states)
    for probed in probed_subjects.values():
        yield from _agreements(case, probed, probed_subjects)
    yield from governs(case, bench, probed_subjects)
    yield from _words(case, asked)


def _agreements(case: Case, one: Probed, seen: Mapping[str, Probed]) -> Iterator[Finding]:
    """Each with the base, less what two seeds of the tuning agree; and a seed with its tuning."""
    tuned = [seen[s.label] for s in case.of("tuned") if s.label in seen]
    seeds = [seen[s.label] for s in case.of("seed") if s.label in seen]
    floor = (seeds[0], tuned[0]) if seeds and tuned and one.subject.role == "tuned" else None
    for other in _compared_with(case, one.subject):
        if other.label in seen:
            yield from agreements(case, one, seen[other.label], floor if other.role == "base" else None)


def _compared_with(case: Case, subject: Subject) -> list[Subject]:
    """The base; and of another seed the tuning itself, whose difference is the noise floor."""
    return [pair.against for pair in comparisons(case, "tuned and seed") if pair.subject is subject]


def _states(bench: Bench, asked: ProbingTask, where: tuple[Subject, str]) -> States:
    subject, pooling = where
    queries = bench.states(subject, "query", asked.queries, (pooling,))[pooling]
    return queries, bench.states(subject, "document", asked.documents, (pooling,))[pooling]


def _probed(case: Case, asked: ProbingTask, where: tuple[Subject, str], states: States) -> Probed:
    """Probe all layers that both sides have; towers of different depth are probed at their last layers too, by the grid."""
    options = case.options
    settings = ProbeSettings(tuple(options["probes"]), int(options["rank"]), int(options["n_starts"]))
    queries, documents = states
    n = min(len(queries), len(documents))
    outcomes = probe_layers(queries[:n], documents[:n], asked.places, asked.task, settings)
    return Probed(*where, outcomes, asked)


def _depths(case: Case, bench: Bench, one: Probed, states: States) -> Iterator[Finding]:
    """For two modalities: the grid over both depths, and negatives of the wrong modality."""
    sides = [{item.modality for item in items} for items in (one.probing.queries, one.probing.documents)]
    if sides[0] == sides[1] and states[0].shape[::2] == states[1].shape[::2]:
        return
    yield from grid(case, one.probing, (one.subject, one.pooling), states)
    if sides[0] != sides[1]:
        yield from wrong_modality(case, bench, one.probing, one.subject)


def _words(case: Case, asked: ProbingTask) -> Iterator[Finding]:
    site = asked.site(case, ANALYSIS, probe="linear", control="lexical")
    try:
        features = lexical_features(asked.queries, asked.documents, asked.places)
    except InvalidInput as error:
        yield without_value("accuracy", site, "accuracy", str(error))
        return
    fitted = crossfit(
        lambda train: features * FeatureScale.of(features[train].reshape(-1, features.shape[2])).inverse, asked.task
    )
    right, chance = credit(fitted.scores)[None], 1 / asked.n_candidates
    series = Series("accuracy", "accuracy", right, asked.task.clusters, [site], chance, [{"chance": chance}])
    yield from findings(case, series, "lexical")


PART = Probes()
