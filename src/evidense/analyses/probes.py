"""Relevance probes at every layer: how well a query's document can be told from others, and what of it is relevance.

Each query chooses among N documents, by a score that all candidates share: the untrained cosine, a diagonal form (hadamard), a low-rank
one (bilinear), or the whole of [q⊙p; |q−p|; q; p] (pair). Probes are cross-fitted over folds that share neither queries nor documents.

| estimand | site beside subject, role, pooling, layer, negatives, n_candidates | unit | details |
|---|---|---|---|
| accuracy | probe, control (none, query ablated, queries permuted, lexical) | accuracy | chance, kappa, by_n, reciprocal_rank, learning_curve, λ and convergence |
| relevance gain | probe | accuracy | accuracy − that of a probe of p alone |
| selectivity | probe | accuracy | accuracy − that on labels by hash; memorised: training accuracy there |
| log-loss | probe, control | bits | of one query; an untrained score has one trained scale |
| change in … | the same, with against | as above | value, against_value; paired by query, simultaneous over layers |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidense.dissection.probe_findings import without
from evidense.dissection.probe_layers import PROBES, Wanted, probe_layers
from evidense.dissection.probe_report import ANALYSIS, Probed, change, level
from evidense.dissection.probe_task import Asked, ask
from evidense.errors import InvalidInput
from evidense.parts import Bench, Capability, Case, Subject
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
    "max_iterations": 500,
}


@dataclass(frozen=True)
class Probes:
    """Probes of relevance at every layer, with their controls."""

    name: str = "probes"
    source: str = "conditional logit, McFadden 1974; controls: Hewitt and Liang 2019; online code: Voita and Titov 2020"
    needs: frozenset[Capability] = frozenset({"layers"})
    version: int = 1
    options: Mapping[str, Json] = field(default_factory=lambda: dict(OPTIONS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Probe every subject, and compare each with the base."""
        out: list[Finding] = []
        for negatives in case.options["negatives"]:
            asked = ask(case, bench, negatives)
            for pooling in case.options["poolings"]:
                out += _pooling(case, bench, asked, pooling)
        return out


def _pooling(case: Case, bench: Bench, asked: Asked, pooling: str) -> Iterator[Finding]:
    seen: dict[str, Probed] = {}
    for at, subject in enumerate(case.subjects):
        bench.tell(f"probing {subject.label}", at, len(case.subjects))
        try:
            one = probed(case, bench, asked, (subject, pooling))
        except InvalidInput as error:
            site = asked.site(case, ANALYSIS, subject=subject.label, role=subject.role, pooling=pooling)
            yield without("accuracy", site, "accuracy", {"reason": str(error)})
            continue
        seen[subject.label] = one
        yield from level(case, one)
        for other in _compared_with(case, subject):
            if other.label in seen:
                yield from change(case, one, seen[other.label])


def _compared_with(case: Case, subject: Subject) -> tuple[Subject, ...]:
    """The base; and of another seed the tuning itself, whose difference is the noise floor."""
    if subject.role == "base":
        return ()
    return (case.base, *(case.of("tuned") if subject.role == "seed" else ()))


def probed(case: Case, bench: Bench, asked: Asked, which: tuple[Subject, str]) -> Probed:
    """Encode the task's items once and probe all layers."""
    subject, pooling = which
    queries = bench.states(subject, "query", asked.queries, (pooling,))[pooling]
    documents = bench.states(subject, "document", asked.documents, (pooling,))[pooling]
    options = case.options
    wanted = Wanted(tuple(options["probes"]), int(options["rank"]), int(options["n_starts"]))
    layers = probe_layers(queries, documents, asked.places, asked.task, wanted)
    return Probed(subject, pooling, layers.outcomes, asked)


PART = Probes()
