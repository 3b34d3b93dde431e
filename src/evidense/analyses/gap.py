"""The gap between pictures and texts in final vectors, and what closing it does to retrieval.

Of each subject a value, of each pair a change ("change of …"), over seeds the mean change against another seed's. Site: subject, role, side "both", pooling
"vectors"; changes also against.

| estimand | unit |
|---|---|
| modality gap | distance of the means of unit vectors, unbiased |
| pair distance = centroid part + distribution part | squared distance of matched unit vectors |
| centroid share | centroid part / pair distance |
| separability; separability, centred | held-out accuracy of telling the modalities apart |
| share of few dimensions | of the squared gap, held out |
| effect of closing the gap | the measure with each modality's mean taken off − as it is |
| mixed pool; effect of closing the gap in a mixed pool | the queries themselves stand among the documents (not a query's own) |

The intervals are of the delete-a-group jackknife over clusters of queries. A collection with one modality has a finding without value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float32

from evidense.compute.search.topk import Search, id_order, self_matches, top_k
from evidense.compute.similarity import as_scored
from evidense.dissection.geometry.findings import FindingFamily, Statistic
from evidense.dissection.geometry.modality_gap import STATISTICS, closed, gap
from evidense.dissection.geometry.pairing import compared, means
from evidense.dissection.geometry.sample import VECTORS, RowSample, SampleRequest, relevant_rows, sample
from evidense.dissection.geometry.tables import LayerStatistics, StatisticsTable
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json
from evidense.values import Collection, Item, RankedLists

Vectors = Float32[np.ndarray, "n e"]

WORDS = AnalysisWords(
    title="The gap between pictures and texts",
    asks="How far the two modalities lie apart, and what closing the gap does to retrieval.",
    beware="A gap can be wide and harmless: what counts is the effect of closing it.",
    estimands=(
        Estimand("modality gap", "Distance between the mean picture and the mean text."),
        Estimand("pair distance"),
        Estimand("centroid part"),
        Estimand("distribution part"),
        Estimand("centroid share"),
        Estimand("separability"),
        Estimand("separability, centred"),
        Estimand("share of few dimensions"),
        Estimand("pool of one modality"),
        Estimand("effect of closing the gap", "The measure with the means taken off, minus as it is. Above 0: the gap harms.", is_change=True),
        Estimand("mixed pool"),
        Estimand("effect of closing the gap in a mixed pool", is_change=True),
    ),
    leads=("modality gap", "effect of closing the gap", "centroid share",),
    place=50,
)  # fmt: skip


@dataclass(frozen=True)
class Gap:
    """Measure the modality gap, take it apart, and close it."""

    name: str = "gap"
    source: str = "Liang et al. 2022; Schrodi et al. 2025; closing it: Li et al. 2025 (GR-CLIP)"
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: {"measure": "nDCG@10"})
    """measure: of the retrieval effect."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings, or one without value where there is no picture or no text."""
        site: dict[str, Json] = {"side": "both", "pooling": VECTORS}
        nothing = FindingFamily(
            case, "gap", "modality gap", STATISTICS["modality gap"], {"subject": case.base.label, **site}, 0, 0
        )
        if reason := one_modality(case.collection):
            return [nothing.without_value(reason)]
        measure = str({**self.options, **case.options}["measure"])
        try:
            queries = sample(
                case, bench, SampleRequest("query", (VECTORS,), len(case.collection.queries), keep_equal=True)
            )
            documents = sample(
                case, bench, SampleRequest("document", (VECTORS,), len(case.collection.corpus), keep_equal=True)
            )
        except InvalidInput as error:
            return [nothing.without_value(str(error))]
        refused = {**queries.refused, **documents.refused}
        out = [
            replace(nothing, site={**nothing.site, "subject": label}).without_value(why)
            for (label, _), why in refused.items()
        ]
        query_states = {key: x for key, x in queries.states.items() if key in documents.states}
        queries = replace(queries, states=query_states)
        if (case.base.label, VECTORS) not in query_states:
            return out
        first = np.array([rows[0] for rows in relevant_rows(case)])
        units = {**STATISTICS, **_effects(measure)}
        rows: dict[str, tuple[LayerStatistics | None, ...]] = {}
        similarities = {subject.label: str(subject.encoder.setup.similarity) for subject in case.subjects}
        for number, (label, _) in enumerate(query_states):
            bench.tell(f"modality gap of {label}", number, len(query_states))
            q, d = query_states[label, VECTORS][0], documents.states[label, VECTORS][0]
            statistics = gap(q, d[first], queries.groups) | _retrieval(
                case, bench, (measure, similarities[label]), (q, d), queries
            )
            rows[label] = (LayerStatistics(statistics),)
        return out + list(
            StatisticsTable(case, "gap", queries, site, units, rows).findings(
                compared(case, "gap", queries, VECTORS).pairs
            )
        )


def one_modality(collection: Collection) -> str:
    """Say why there is no gap to measure; "" where queries are of one modality and documents of the other."""
    query, document = collection.modalities
    if {query, document} == {"text", "image"}:
        return ""
    return (
        f"queries are {query} and documents {document}; expected texts on one side and pictures on the other; choose a collection in a "
        "direction such as t2i or i2t"
    )


def _effects(measure: str) -> dict[str, str]:
    return {
        "pool of one modality": measure,
        "effect of closing the gap": f"{measure}, centred − as it is",
        "mixed pool": f"{measure}, queries among the documents",
        "effect of closing the gap in a mixed pool": f"{measure}, centred − as it is",
    }


def _retrieval(
    case: Case, bench: Bench, by: tuple[str, str], vectors: tuple[Vectors, Vectors], seen: RowSample
) -> dict[str, Statistic]:
    """The measure, by the encoder's similarity, as it is and with the gap closed, in the pool of documents and in one with the queries in it."""
    measure, similarity = by
    q, d = (as_scored(x, similarity) for x in vectors)
    centred = closed(q, similarity), closed(d, similarity)
    mixed = mixed_pool(case.collection)
    n = len(case.collection.corpus)
    values = []
    for collection, is_mixed in ((case.collection, False), (mixed, True)):
        for queries, documents in ((q, d), centred):
            pool = np.vstack([documents, queries]) if is_mixed else documents
            excluded_document = np.arange(n, n + len(queries), dtype=np.int32) if is_mixed else self_matches(collection)
            lists = _ranked(collection, (queries, pool), Search(similarity, excluded=excluded_document))
            values.append(bench.score(lists, collection, measure))
    plain, better, mixed_plain, mixed_better = values
    columns = np.stack([plain, better - plain, mixed_plain, mixed_better - mixed_plain], axis=1)
    whole, left = means(columns, seen.groups)
    return {name: (float(whole[column]), left[:, column]) for column, name in enumerate(_effects(measure))}


def mixed_pool(collection: Collection) -> Collection:
    """Return the collection with its queries among its documents, under ids of their own."""
    taken = set(collection.doc_ids)
    queries = []
    for item in collection.queries:
        name = f"query {item.id}"
        while name in taken:
            name += "'"
        queries.append(Item(name, item.text, item.picture))
    return replace(
        collection,
        name=f"{collection.name}+queries",
        corpus=[*collection.corpus, *queries],
        drop_self_matches=False,
        aliases={},
    )


def _ranked(collection: Collection, vectors: tuple[Vectors, Vectors], search: Search) -> RankedLists:
    depth = min(100, len(vectors[1]) - 1)
    ranked, scores = top_k(*vectors, depth, doc_order=id_order(collection.doc_ids), search=search)
    return RankedLists(collection.query_ids, collection.doc_ids, ranked, scores)


PART = Gap()
