"""Are base and tuning the same retriever? Scores, lists and gold ranks of every query, which no rotation of the towers can change.

Every pair of the base with another subject, and every two seeds of the tuning (`role` "floor"). Site: subject, against, role, side "both", pooling
"vectors". n is queries; intervals by the delete-a-group jackknife over clusters of queries.

| estimand | unit | details |
|---|---|---|
| score correlation · score rank correlation | Pearson's, Spearman's over documents, mean over queries | |
| top-1 overlap · top-10 overlap · top-100 overlap | share of the first k in both lists | |
| RBO | rank-biased overlap, p = .9 | |
| margin correlation | Pearson's of margins (relevant − best other) over queries | |
| gold rank change | log₂ rank of the best relevant document, after − before | better, equal, worse: queries |
| wins lost · wins gained | share of queries | queries: how many |
| prediction flips | wins lost + wins gained | |
| … beyond seeds (the likenesses, prediction flips) | mean of base and tunings − of two seeds | floor, n_seeds, changed |
| … over seeds (gold rank change, wins lost, wins gained) | mean over seeds, with another seed's interval | n_seeds, sd_seeds, changed |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evidense.boundary.numerals import count
from evidense.compute.search.topk import id_order, self_matches
from evidense.dissection.geometry.findings import FindingFamily, LayerStatistic, Statistic, findings
from evidense.dissection.geometry.pairing import Compared, SubjectPair, compared, means
from evidense.dissection.geometry.rank_similarity import (
    MARGIN,
    STATISTICS,
    Searched,
    SearchTask,
    compare,
    margin_correlation,
    search,
)
from evidense.dissection.geometry.sample import VECTORS, SampleRequest, relevant_rows, sample
from evidense.dissection.geometry.seeds import beyond_seeds, over_seeds
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Sentence
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json

FLIPS = "prediction flips"
UNITS: Mapping[str, str] = {**STATISTICS, FLIPS: "share of queries", MARGIN: "Pearson's, of margins over queries"}
_ONE = {
    "score correlation",
    "score rank correlation",
    "top-1 overlap",
    "top-10 overlap",
    "top-100 overlap",
    "RBO",
    MARGIN,
}
"""These are 1, not 0, where nothing changed, so that no p against 0 is of interest."""
_SIGNED = {"gold rank change", "wins lost", "wins gained"}


def _sentence(findings: Sequence[Finding]) -> str:
    """Say how many of the first ten documents are still the same."""
    overlap = next((f for f in findings if f.estimand == "top-10 overlap"), None)
    return f"{overlap.value:.0%} of the first ten documents are the same (n {count(overlap.n)})" if overlap else ""


WORDS = AnalysisWords(
    title="Rankings",
    asks="Whether base and tuning are the same retriever: scores, lists and gold ranks, which no rotation of the space can change.",
    beware="Different lists are not better or worse lists; the comparison of retrieval says that.",
    estimands=(
        Estimand("score correlation"),
        Estimand("score rank correlation"),
        Estimand("top-1 overlap"),
        Estimand("top-10 overlap", "Share of the first ten that both lists hold."),
        Estimand("top-100 overlap"),
        Estimand("RBO", "Overlap of two lists, the first places counting most."),
        Estimand("gold rank change", "Below 0: the relevant document moved up; −1 is to half its rank.", is_change=True),
        Estimand("wins lost", "Share of queries whose relevant document was first and no longer is."),
        Estimand("wins gained", "Share of queries whose relevant document is first and was not."),
        Estimand("prediction flips", "Share of queries whose first document turned right or wrong."),
        Estimand("margin correlation"),
    ),
    leads=("top-10 overlap", "RBO", "gold rank change", "prediction flips", "wins lost", "wins gained",),
    place=70,
    sentence=Sentence(50, _sentence),
)  # fmt: skip


@dataclass(frozen=True)
class Rankings:
    """Compare what two encoders retrieve, query by query."""

    name: str = "rankings"
    source: str = "Webber, Moffat and Zobel 2010 (RBO)"
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: {"n_rows": 2_000})
    """n_rows: queries at most."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of every pair."""
        n_rows = int({**self.options, **case.options}["n_rows"])
        nothing = FindingFamily(
            case, self.name, "RBO", UNITS["RBO"], {"subject": case.base.label, "side": "both", "pooling": VECTORS}, 0, 0
        )
        try:
            queries = sample(case, bench, SampleRequest("query", (VECTORS,), n_rows, keep_equal=True))
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
        queries = replace(queries, states={key: x for key, x in queries.states.items() if key in documents.states})
        if (case.base.label, VECTORS) not in queries.states:
            return out
        answers = relevant_rows(case)
        task = SearchTask(
            [answers[int(q)] for q in queries.rows], id_order(case.collection.doc_ids), _excluded(case)[queries.rows]
        )
        similarities = {subject.label: str(subject.encoder.setup.similarity) for subject in case.subjects}
        searched = {
            label: search(q[0], documents.states[label, VECTORS][0], task, similarities[label])
            for (label, _), q in queries.states.items()
        }
        return out + list(_pairs(compared(case, self.name, queries, VECTORS), searched, task))


def _excluded(case: Case) -> np.ndarray:
    if case.collection.drop_self_matches:
        return self_matches(case.collection)
    return np.full(len(case.collection.queries), -1, np.int32)


def _pairs(of: Compared, searched: Mapping[str, Searched], task: SearchTask) -> Iterator[Finding]:
    statistics_of_pair: dict[tuple[str, str], dict[str, Statistic]] = {}
    for pair in of.pairs:
        before, after = searched[pair.one.label], searched[pair.other.label]
        values = compare(before, after, task)
        values = np.hstack([values, values[:, -2:].sum(axis=1, keepdims=True)])
        whole, left = means(values, of.seen.groups)
        statistics = {name: (float(whole[column]), left[:, column]) for column, name in enumerate([*STATISTICS, FLIPS])}
        statistics[MARGIN] = margin_correlation(before, after, of.seen.groups)
        statistics_of_pair[pair.one.label, pair.other.label] = statistics
        counts = _counts(before, after)
        for name, (value, dropped) in statistics.items():
            yield _finding(of, pair, name, (value, dropped), counts.get(name, {}))
    tunings = [p for p in of.pairs if p.one is of.case.base and p.other.role in ("tuned", "seed")]
    names = [p.other.label for p in tunings]
    floors = {
        (names.index(a), names.index(b)): x for (a, b), x in statistics_of_pair.items() if a in names and b in names
    }
    for name in UNITS if floors else ():
        yield from _over(
            of,
            tunings,
            name,
            [statistics_of_pair[of.case.base.label, label][name] for label in names],
            {column: x[name] for column, x in floors.items()},
        )


def _over(
    of: Compared, tunings: list[SubjectPair], name: str, own: list[Statistic], floors: dict[tuple[int, int], Statistic]
) -> list[Finding]:
    """Over seeds: of a likeness, base and tunings against two seeds; of a change, its mean against what another seed would change."""
    if name in _SIGNED:
        family = _family(of, tunings[0], f"{name} over seeds")
        changes = np.array([[x[0]] for x in own]), np.stack([x[1][:, None] for x in own])
        return over_seeds(family, [{}], changes, of.seen)
    family = _family(of, tunings[0], f"{name} beyond seeds")
    return beyond_seeds(family, [{}], [_row(x) for x in own], {seeds: _row(x) for seeds, x in floors.items()}, of.seen)


def _row(one: Statistic) -> LayerStatistic:
    return np.array([one[0]]), one[1][:, None]


def _counts(before: Searched, after: Searched) -> dict[str, dict[str, Json]]:
    won, wins = before.gold == 1, after.gold == 1
    return {
        "gold rank change": {"better": int((after.gold < before.gold).sum()), "equal": int((after.gold == before.gold).sum()),
                             "worse": int((after.gold > before.gold).sum())},
        "wins lost": {"queries": int((won & ~wins).sum())},
        "wins gained": {"queries": int((~won & wins).sum())},
    }  # fmt: skip


def _family(of: Compared, pair: SubjectPair, estimand: str) -> FindingFamily:
    name = estimand.removesuffix(" beyond seeds").removesuffix(" over seeds")
    site: dict[str, Json] = {
        "subject": pair.other.label,
        "against": pair.one.label,
        "role": pair.role,
        "side": "both",
        "pooling": VECTORS,
    }
    return FindingFamily(
        of.case,
        "rankings",
        estimand,
        UNITS[name],
        site,
        len(of.seen.rows),
        of.seen.n_clusters,
        None if estimand in _ONE else 0.0,
    )


def _finding(of: Compared, pair: SubjectPair, estimand: str, told: Statistic, details: Mapping[str, Json]) -> Finding:
    return findings(_family(of, pair, estimand), [{"details": details}], *_row(told), of.seen)[0]


PART = Rankings()
