"""The shape of the space at every layer: spread, directions used, relevant pairs among hard negatives, hubs.

Of each subject a value, of each pair with the base (and of two seeds of the tuning: `role` "floor") a change, and over seeds the mean change against what
another seed would change. Site: subject, role, side, pooling, layer; changes also against. side "both" is of queries among documents.

| estimand (also "change of …", "change of … over seeds") | side | details |
|---|---|---|
| uniformity | query, document | floor: of the even sphere |
| mean cosine | query, document | |
| participation ratio | query, document | |
| IsoScore | query, document | plug_in: as published, too low unless n ≫ D |
| effective rank | query, document | |
| top variance, first variance | query, document | shares |
| IsoScore, mean cosine … without rogue dimensions | query, document | n_rogue, rogue |
| alignment | both | |
| hard-negative margin | both | |
| cross uniformity | both | |
| hub skewness, hub Gini, hub rate | both | |

All have `together` (over layers) and `standard_error`; over seeds also n_seeds, sd_seeds, changed. Intervals: delete-a-group jackknife over clusters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float32

from evidense.dissection.geometry import hubs
from evidense.dissection.geometry.cka import is_constant
from evidense.dissection.geometry.findings import FindingFamily
from evidense.dissection.geometry.pairing import compared
from evidense.dissection.geometry.sample import RowSample, SampleRequest, relevant_rows, sample
from evidense.dissection.geometry.shape import STATISTICS, shape
from evidense.dissection.geometry.tables import LayerStatistics, StatisticsTable
from evidense.errors import InvalidInput
from evidense.parts import SIDES, AnalysisWords, Bench, Capability, Case
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json

WORDS = AnalysisWords(
    title="The shape of the space",
    asks="How vectors fill their space at every layer: how even, how many directions, how near relevant pairs lie, how many hubs.",
    beware="A rounder space is not in itself a better retriever.",
    estimands=(
        Estimand("uniformity", "How evenly vectors cover the sphere; lower is more even."),
        Estimand("mean cosine", "Cosine of two items drawn at random: far above 0, all vectors point the same way."),
        Estimand("participation ratio", "Directions that carry the variance; 1 is a line."),
        Estimand("IsoScore", "1: variance is the same in all directions. 0: all of it in one."),
        Estimand("effective rank", "Directions that the vectors effectively use."),
        Estimand("top variance", "Share of variance in the leading directions."),
        Estimand("first variance", "Share of variance in the first direction."),
        Estimand("IsoScore, without rogue dimensions"),
        Estimand("mean cosine, without rogue dimensions"),
        Estimand("alignment", "Mean squared distance of a query and its relevant document; lower is nearer."),
        Estimand("hard-negative margin", "How much nearer the relevant document is than the nearest other one. Above 0: it comes first."),
        Estimand("cross uniformity", "How evenly queries lie among documents; lower is more even."),
        Estimand("hub skewness", "Above 0: few documents are near to very many queries."),
        Estimand("hub Gini", "How unevenly documents are somebody’s neighbours: 0 evenly, 1 one document for all."),
        Estimand("hub rate", "Share of nearest neighbours that are hubs."),
    ),
    leads=("hard-negative margin", "change of hard-negative margin", "uniformity", "effective rank",),
    place=40,
)  # fmt: skip


@dataclass(frozen=True)
class Space:
    """Describe the space of every subject at every layer, and what tuning changed in it."""

    name: str = "space"
    source: str = "Wang and Isola 2020; Rudman et al. 2022 (IsoScore, here debiased); Timkey and van Schijndel 2021; Radovanović et al. 2010"
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: {"n_rows": 2_000, "poolings": ["own", "vectors"]})
    """n_rows: of a side at most; poolings: as `compute.pooling` spells them, or "vectors", the final ones."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of each side, then of queries among documents."""
        options = {**self.options, **case.options}
        out: list[Finding] = []
        for number, side in enumerate(SIDES):
            bench.tell(f"space of {side} states", number, 3)
            for pooling in options["poolings"]:
                try:
                    row_sample = sample(case, bench, SampleRequest(side, (pooling,), int(options["n_rows"])))
                except InvalidInput as error:
                    nothing = FindingFamily(
                        case,
                        self.name,
                        "uniformity",
                        "",
                        {"subject": case.base.label, "side": side, "pooling": pooling},
                        0,
                        0,
                    )
                    out.append(nothing.without_value(str(error)))
                    continue
                out += _shapes(case, row_sample, pooling)
        bench.tell("queries among documents", 2, 3)
        for pooling in options["poolings"]:
            out += _both(case, bench, pooling, int(options["n_rows"]))
        return out


def _shapes(case: Case, seen: RowSample, pooling: str) -> Iterator[Finding]:
    of = compared(case, "space", seen, pooling)
    yield from of.refusals("uniformity", "")
    base = seen.states[case.base.label, pooling]
    first = tuple(shape(layer, seen.groups) for layer in base)
    rows = {case.base.label: first}
    for label in of.labels[1:]:
        rows[label] = tuple(
            first[layer_number]
            if layer_number < len(base) and np.array_equal(layer, base[layer_number])
            else shape(layer, seen.groups)
            for layer_number, layer in enumerate(seen.states[label, pooling])
        )
    site = {"side": seen.side, "pooling": pooling}
    yield from StatisticsTable(case, "space", seen, site, STATISTICS, rows).findings(of.pairs)


def _both(case: Case, bench: Bench, pooling: str, n_rows: int) -> Iterator[Finding]:
    site: dict[str, Json] = {"side": "both", "pooling": pooling}
    answers = relevant_rows(case)
    try:
        queries = sample(case, bench, SampleRequest("query", (pooling,), n_rows, keep_equal=True))
        judged = np.unique(np.concatenate([answers[int(query)] for query in queries.rows]))
        documents = sample(
            case, bench, SampleRequest("document", (pooling,), 5 * n_rows, True, tuple(int(d) for d in judged))
        )
    except InvalidInput as error:
        yield FindingFamily(case, "space", "alignment", "", {"subject": case.base.label, **site}, 0, 0).without_value(
            str(error)
        )
        return
    task = hubs.JudgedQueries(
        [np.searchsorted(documents.rows, answers[int(query)]) for query in queries.rows], queries.groups
    )
    fits = {
        label: q
        for (label, _), q in queries.states.items()
        if (label, pooling) in documents.states and _fit(q.shape, documents.states[label, pooling].shape)
    }
    for subject in case.subjects:
        if subject.label not in fits:
            reason = "queries and documents go through towers of different depth or width here; see the final vectors"
            reason = queries.refused.get(
                (subject.label, pooling), documents.refused.get((subject.label, pooling), reason)
            )
            yield FindingFamily(case, "space", "alignment", "", {"subject": subject.label, **site}, 0, 0).without_value(
                reason
            )
    if case.base.label not in fits:
        return
    queries = replace(queries, states={(label, pooling): q for label, q in fits.items()})
    rows = _among(fits, {label: documents.states[label, pooling] for label in fits}, task)
    yield from StatisticsTable(case, "space", queries, site, hubs.STATISTICS, rows).findings(
        compared(case, "space", queries, pooling).pairs
    )


def _fit(some: tuple[int, ...], others: tuple[int, ...]) -> bool:
    return some[0] == others[0] and some[2] == others[2]


def _among(
    queries: Mapping[str, Float32[np.ndarray, "l q e"]],
    documents: Mapping[str, Float32[np.ndarray, "l d e"]],
    task: hubs.JudgedQueries,
) -> dict[str, tuple[LayerStatistics | None, ...]]:
    """The statistics of every subject; layers that are equal to the first subject's are not computed again."""
    rows: dict[str, tuple[LayerStatistics | None, ...]] = {}
    first = next(iter(queries))
    for label, q in queries.items():
        statistics: list[LayerStatistics | None] = []
        for layer, (x, y) in enumerate(zip(q, documents[label], strict=True)):
            known = rows.get(first, ())
            if (
                layer < len(known)
                and np.array_equal(x, queries[first][layer])
                and np.array_equal(y, documents[first][layer])
            ):
                statistics.append(known[layer])
            else:
                statistics.append(None if is_constant(x) or is_constant(y) else LayerStatistics(hubs.among(x, y, task)))
        rows[label] = tuple(statistics)
    return rows


PART = Space()
