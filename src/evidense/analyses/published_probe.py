"""The published probe, one linear layer over [q; p1..pN], for parity; and its twins that cannot see the query.

It cannot read relevance (docs/probes.md), so its accuracy is a statement about passages. The untrained cosine of the same candidates stands beside it.

| estimand | site beside subject, role, pooling, layer, n_candidates | unit | details |
|---|---|---|---|
| accuracy | probe (published, published converged), control (none, query ablated, queries permuted) | accuracy | chance, kappa; λ, ‖g‖∞ where converged |
| accuracy | probe cosine, control none | accuracy | of the same queries and candidates |
| query gain | probe | accuracy | accuracy − that of the ablated twin, paired by query |
| change in accuracy | probe, control, against | accuracy | subject − against, paired by query, simultaneous over layers |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from evidense.dissection.findings import Series, findings, without_value
from evidense.dissection.probes.task import ProbingTask, ask
from evidense.dissection.published_probe.run import Cell, PublishedRun, run_layers
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Subject
from evidense.parts.estimands import ACCURACY, CHANGE_IN_ACCURACY, Estimand
from evidense.records import Finding, Json

OPTIONS: dict[str, Json] = {
    "n_queries": 1_000,
    "n_candidates": [2, 3, 4, 5],
    "n_folds": 5,
    "n_test_folds": 2,
    "negatives": ["random"],
    "poolings": ["own"],
    "learning_rate": 1e-4,
    "batch_size": 32_768,
    "n_epochs": 30,
    "converged": [2, 5],
}
_BLIND = ("query ablated",)

WORDS = AnalysisWords(
    title="The published probe",
    asks="The probe of the published study: one linear layer over the question and N passages side by side.",
    beware="It adds a term of the question to a term of each passage, so it cannot see whether they belong together: no statement about relevance.",
    estimands=(
        ACCURACY,
        CHANGE_IN_ACCURACY,
        Estimand("query gain"),
    ),
    leads=("accuracy", "change in accuracy",),
    place=20,
)  # fmt: skip


@dataclass(frozen=True)
class PublishedProbe:
    """The probe of the seed study as it was trained, to convergence, and blindfolded."""

    name: str = "published_probe"
    source: str = "Yao et al. 2025, §4.1; Reichman and Heck 2024"
    needs: frozenset[Capability] = frozenset({"layers"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: dict(OPTIONS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Train the published probe on every subject and layer, and compare each with the base."""
        out: list[Finding] = []
        for negatives in case.options["negatives"]:
            probing = ask(case, bench, negatives)
            run = PublishedRun.of(case, probing)
            for pooling in case.options["poolings"]:
                out += _pooling(case, bench, run, pooling)
        return out


def _pooling(case: Case, bench: Bench, run: PublishedRun, pooling: str) -> Iterator[Finding]:
    base: Mapping[Cell, list[Float64[np.ndarray, " m"]]] = {}
    for number, subject in enumerate(case.subjects):
        bench.tell(f"published probe of {subject.label}", number, len(case.subjects))
        where = (subject, pooling)
        try:
            queries = bench.states(subject, "query", run.probing.queries, (pooling,))[pooling]
            documents = bench.states(subject, "document", run.probing.documents, (pooling,))[pooling]
            cells = run_layers(queries, documents, run)
        except InvalidInput as error:
            yield without_value(
                "accuracy", _site(case, run.probing, where, ("published", "none", 0)), "accuracy", str(error)
            )
            continue
        yield from _levels(case, run, where, cells)
        if subject.role == "base":
            base = cells
        else:
            yield from _changes(case, run, where, (cells, base))


def _site(case: Case, asked: ProbingTask, where: tuple[Subject, str], cell: Cell, **more: Json) -> dict[str, Json]:
    (subject, pooling), (probe, control, n) = where, cell
    return case.site(
        "published_probe", negatives=asked.negatives, n_candidates=n or asked.n_candidates, subject=subject.label, role=subject.role,
        pooling=pooling, probe=probe, control=control, **more,
    )  # fmt: skip


def _levels(
    case: Case, run: PublishedRun, where: tuple[Subject, str], cells: Mapping[Cell, list[Float64[np.ndarray, " m"]]]
) -> Iterator[Finding]:
    for cell, rows in cells.items():
        probe, control, n = cell
        chance = 1 / n
        sites = [_site(case, run.probing, where, cell, layer=layer) for layer in range(len(rows))]
        values = np.stack(rows)
        details: list[dict[str, Json]] = [
            {
                "chance": chance,
                "kappa": float((row.mean() - chance) / (1 - chance)),
                **run.solved.get((*cell, layer), {}),
            }
            for layer, row in enumerate(rows)
        ]
        bad = {layer: str(detail["reason"]) for layer, detail in enumerate(details) if "reason" in detail}
        family = f"accuracy, {probe}, {control}, N={n}, {where[1]}, {where[0].label}"
        yield from findings(
            case, Series("accuracy", "accuracy", values, run.clusters, sites, chance, details, {}, bad), family
        )
        for twin in _BLIND if control == "none" and probe != "cosine" else ():
            gain = values - np.stack(cells[probe, twin, n])
            yield from findings(
                case, Series("query gain", "accuracy", gain, run.clusters, sites, unsolved=bad), f"query gain, {family}"
            )


def _changes(
    case: Case,
    run: PublishedRun,
    where: tuple[Subject, str],
    both: tuple[Mapping[Cell, list[Float64[np.ndarray, " m"]]], Mapping[Cell, list[Float64[np.ndarray, " m"]]]],
) -> Iterator[Finding]:
    cells, base = both
    for cell in cells:
        if cell not in base or cell[1] == "queries permuted":
            continue
        n = min(len(cells[cell]), len(base[cell]))
        values = np.stack(cells[cell][:n]) - np.stack(base[cell][:n])
        sites = [_site(case, run.probing, where, cell, layer=layer, against=case.base.label) for layer in range(n)]
        family = f"change in accuracy, {cell[0]}, {cell[1]}, N={cell[2]}, {where[1]}, {where[0].label}"
        yield from findings(case, Series("change in accuracy", "accuracy", values, run.clusters, sites), family)


PART = PublishedProbe()
