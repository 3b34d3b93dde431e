"""Relevance among more and harder candidates: 5, 50, and as many as a fold holds, the hardest by BM25 first.

With five candidates at random a good encoder is hardly ever wrong, and what tuning loses cannot show. Two readings of each layer: the
untrained cosine, and a probe that shrinks towards it (trained among few candidates, it scores all). Folds share neither queries nor documents.

| estimand | site beside subject, role, pooling, layer, negatives | unit | details |
|---|---|---|---|
| accuracy | probe (shrunk, cosine), n_candidates | accuracy | chance; of the shrunk probe λ, ‖g‖∞ |
| relevance gain | probe shrunk, n_candidates | accuracy | accuracy − that of a probe of p alone |
| change in accuracy | probe, n_candidates, against | accuracy | value, against_value; paired by query, simultaneous over layers |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from evidense.dissection.comparisons import comparisons
from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.matrices import without_padding
from evidense.dissection.probes.cross_fit import ProbeOutcome
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.shrunk import FewAndAll, all_cosines, crossfit_blind, crossfit_shrunk, sample_columns
from evidense.dissection.probes.task import ALL, ProbingTask, ask
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Subject
from evidense.parts.estimands import ACCURACY, CHANGE_IN_ACCURACY, Estimand
from evidense.records import Finding, Json

OPTIONS: dict[str, Json] = {
    "n_queries": 1_000,
    "n_candidates": [5, 50, ALL],
    "n_trained": 16,
    "n_folds": 5,
    "negatives": ["bm25"],
    "poolings": ["own"],
    "max_iterations": 500,
}
READINGS = ("shrunk", "cosine")

WORDS = AnalysisWords(
    title="Relevance among more and harder candidates",
    asks="How often one layer chooses the relevant document among 5, 50 and all candidates of a fold, the hardest first. Chance is 1/N.",
    beware="Candidates that nobody judged may be relevant too; so may the hardest, and accuracy is a lower bound.",
    estimands=(
        ACCURACY,
        CHANGE_IN_ACCURACY,
        Estimand("relevance gain", "Accuracy minus that of the same probe without the query. 0 means that the probe judges documents only.", is_change=True),
    ),
    leads=("accuracy", "change in accuracy"),
    place=12,
    methods="A probe a·cos(q, p) + wᵀ(q ⊙ p), of which only w is penalised, was cross-fitted and trained among few candidates of each query.",
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """Accuracy among more and harder candidates, layer by layer."""

    name: str = "choices"
    source: str = "conditional logit on sampled alternatives, McFadden 1978"
    needs: frozenset[Capability] = frozenset({"layers"})
    version: int = 2
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: dict(OPTIONS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Read every layer of every subject, and compare each with the base, and a seed with its tuning."""
        out: list[Finding] = []
        for negatives in case.options["negatives"]:
            asked = ask(case, bench, negatives)
            for pooling in case.options["poolings"]:
                out += _pooling(case, bench, asked, pooling)
        return out


@dataclass(frozen=True)
class _Read:
    """The layers of one subject: reading → outcome, or why there is none."""

    subject: Subject
    pooling: str
    layers: tuple[Mapping[str, ProbeOutcome] | str, ...]

    def rows(self, reading: str, n: int) -> tuple[Float64[np.ndarray, "l q"], dict[int, str]]:
        """Return what each query gets right among its first n candidates, layer by layer; and the reason where a layer has none."""
        width = next((len(layer[reading].scores) for layer in self.layers if not isinstance(layer, str)), 0)
        out, missing = np.zeros((len(self.layers), width)), dict[int, str]()
        for index, layer in enumerate(self.layers):
            if isinstance(layer, str):
                missing[index] = layer
            elif (e := layer[reading].convergence) is not None and not e.converged:
                missing[index] = (
                    f"the probe '{reading}' did not converge: ‖g‖∞ is {e.gradient:.2g}; raise max_iterations"
                )
            else:
                out[index] = credit(layer[reading].scores[:, :n])
        return out, missing


def _pooling(case: Case, bench: Bench, asked: ProbingTask, pooling: str) -> Iterator[Finding]:
    seen: dict[str, _Read] = {}
    for number, subject in enumerate(case.subjects):
        bench.tell(f"choices of {subject.label}", number, len(case.subjects))
        try:
            seen[subject.label] = _read(case, bench, asked, (subject, pooling))
        except InvalidInput as error:
            site = asked.site(case, "choices", subject=subject.label, role=subject.role, pooling=pooling)
            yield without_value("accuracy", site, "accuracy", str(error))
            continue
        for n in _numbers(case, asked):
            yield from _levels(case, asked, seen[subject.label], n)
    for pair in comparisons(case, "tuned and seed"):
        if pair.subject.label in seen and pair.against.label in seen:
            for n in _numbers(case, asked):
                yield from _changes(case, asked, (seen[pair.subject.label], seen[pair.against.label]), n)


def _numbers(case: Case, asked: ProbingTask) -> list[int]:
    """Return the numbers of candidates, "all" being as many as there are."""
    most = asked.n_candidates
    return sorted({min(int(n), most) if n != ALL else most for n in case.options["n_candidates"]})


def _read(case: Case, bench: Bench, asked: ProbingTask, where: tuple[Subject, str]) -> _Read:
    subject, pooling = where
    queries = bench.states(subject, "query", asked.queries, (pooling,))[pooling]
    documents = bench.states(subject, "document", asked.documents, (pooling,))[pooling]
    n_queries, n_candidates = asked.places.shape
    sample = sample_columns(n_queries, n_candidates, int(case.options["n_trained"]), case.seed)
    task = replace(asked.task, control=None, has_curve=False)
    layers: list[Mapping[str, ProbeOutcome] | str] = []
    for q, d in zip(queries, documents, strict=False):
        try:
            states = without_padding(np.asarray(q, np.float32), np.asarray(d, np.float32))
            pairs = PairStates(*states, asked.places)
            if not pairs.same_space:
                raise InvalidInput(
                    "query and document states have different widths → expected one space → see the final vectors"
                )
            few = FewAndAll(pairs, sample)
            layers.append({"cosine": ProbeOutcome(all_cosines(pairs)), "shrunk": crossfit_shrunk(few, task),
                           "blind": crossfit_blind(few, task)})  # fmt: skip
        except InvalidInput as error:
            layers.append(str(error))
    return _Read(subject, pooling, tuple(layers))


def _site(case: Case, asked: ProbingTask, read: _Read, reading: str, **more: Json) -> dict[str, Json]:
    """Return the site of one layer; `more` holds layer and n_candidates."""
    where = asked.site(case, "choices", subject=read.subject.label, role=read.subject.role, pooling=read.pooling)
    return {**where, "probe": reading, "control": "none", **more}


def _levels(case: Case, asked: ProbingTask, read: _Read, n: int) -> Iterator[Finding]:
    for reading in READINGS:
        right, missing = read.rows(reading, n)
        sites = [_site(case, asked, read, reading, layer=layer, n_candidates=n) for layer in range(len(right))]
        details: list[dict[str, Json]] = [_details(layer, reading, n) for layer in read.layers]
        family = f"N = {n}, {reading}, {read.pooling}, {asked.negatives}, {read.subject.label}"
        clusters = asked.task.clusters
        series = Series("accuracy", "accuracy", right, clusters, sites, 1 / n, details, {}, missing)
        yield from findings(case, series, f"accuracy, {family}")
        if reading == "shrunk":
            blind, lacking = read.rows("blind", n)
            gain = Series("relevance gain", "accuracy", right - blind, clusters, sites, unsolved={**lacking, **missing})
            yield from findings(case, gain, f"relevance gain, {family}")


def _details(layer: Mapping[str, ProbeOutcome] | str, reading: str, n: int) -> dict[str, Json]:
    out: dict[str, Json] = {"chance": 1 / n}
    if not isinstance(layer, str) and (e := layer[reading].convergence) is not None:
        out |= {"lambdas": list(e.lambdas), "gradient": e.gradient, "n_iterations": e.n_iterations}
    return out


def _changes(case: Case, asked: ProbingTask, both: tuple[_Read, _Read], n: int) -> Iterator[Finding]:
    mine, theirs = both
    for reading in READINGS:
        (right, lacks), (other, lack) = mine.rows(reading, n), theirs.rows(reading, n)
        depth = min(len(right), len(other))
        missing = {layer: why for layer, why in {**lack, **lacks}.items() if layer < depth}
        more: dict[str, Json] = {"n_candidates": n, "against": theirs.subject.label}
        sites = [_site(case, asked, mine, reading, layer=layer, **more) for layer in range(depth)]
        details: list[dict[str, Json]] = [
            {"value": float(right[layer].mean()), "against_value": float(other[layer].mean())} for layer in range(depth)
        ]
        values = right[:depth] - other[:depth]
        series = Series("change in accuracy", "accuracy", values, asked.task.clusters, sites, 0.0, details, {}, missing)
        where = f"N = {n}, {reading}, {mine.pooling}, {asked.negatives}"
        yield from findings(
            case, series, f"change in accuracy, {where}, {mine.subject.label} against {theirs.subject.label}"
        )


PART = Choices()
