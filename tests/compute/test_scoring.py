"""Per-query values: the fast path equals ir-measures, trec_eval reads our runs as we rank them, policies hold."""

import shutil

import ir_measures
import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import measures, trec
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.scoring import by_ir_measures, judgements, per_query, policies, score
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Collection, Item, Qrels, RankedLists

MEASURES = [
    *("nDCG@10", "nDCG@3", "nDCG", "RR", "RR@3", "R@5", "R@50", "P@1", "P@50", "AP", "AP@4", "Success@1", "Success@7"),
    *(
        "P(rel=2)@5",
        "AP(rel=2)",
        "R(rel=2)@5",
        "RR(rel=2)",
        "RR(rel=2)@2",
        "Success(rel=3)@5",
        "Judged@10",
        "Judged@50",
        "Judged",
    ),
    *("nDCG(judged_only=True)@5", "RR(judged_only=True)", "P(judged_only=True)@5", "AP(judged_only=True)"),
    *("R(judged_only=True)@5", "Success(judged_only=True)@2", "AP(rel=2,judged_only=True)@3"),
]


def world(seed: int, n_queries: int, n_documents: int, depth: int) -> tuple[RankedLists, Qrels]:
    """Graded gains, tied scores, short and empty lists, queries without a relevant document, unjudged documents."""
    rng = np.random.default_rng(seed)
    depth = min(depth, n_documents)
    doc_ids = tuple(sorted(f"d{i}" for i in range(n_documents)))
    documents = np.stack([rng.permutation(n_documents)[:depth] for _ in range(n_queries)]).astype(np.int32)
    scores = -np.sort(-rng.integers(0, 6, (n_queries, depth)).astype(np.float32), axis=1)
    for row in range(n_queries):  # ties stand in order of ids, as the contract of RankedLists says
        documents[row] = documents[row][np.lexsort((documents[row], -scores[row]))]
    lengths = rng.integers(0, depth + 1, n_queries)
    documents[np.arange(depth) >= lengths[:, None]] = -1
    query_ids = tuple(f"q{i}" for i in range(n_queries))
    judged = [rng.choice(n_documents, rng.integers(1, min(20, n_documents) + 1), replace=False) for _ in query_ids]
    qrels = {
        q: {doc_ids[d]: int(rng.integers(0, 4)) for d in found} for q, found in zip(query_ids, judged, strict=True)
    }
    return RankedLists(
        query_ids, doc_ids, documents, np.where(documents < 0, -np.inf, scores).astype(np.float32)
    ), qrels


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), n_documents=st.integers(2, 60), depth=st.integers(1, 40))
def test_every_fast_measure_equals_ir_measures(seed: int, n_documents: int, depth: int) -> None:
    lists, qrels = world(seed, 8, n_documents, depth)
    ours = per_query(lists, qrels, MEASURES)
    reference = by_ir_measures(lists, qrels, [ir_measures.parse_measure(m) for m in MEASURES])
    for name, values in ours.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, reference[name], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("seed", range(5))
def test_trec_eval_scores_our_exported_runs_as_we_do(seed: int) -> None:
    lists, qrels = world(seed, 30, 50, 40)
    run = pytrec_eval.parse_run(trec.run_text(lists, "ours").splitlines())
    judged = pytrec_eval.parse_qrel(trec.qrels_text(qrels).splitlines())
    names = {
        "nDCG@10": "ndcg_cut_10",
        "RR": "recip_rank",
        "AP": "map",
        "R@5": "recall_5",
        "P@5": "P_5",
        "Success@1": "success_1",
    }
    theirs = pytrec_eval.RelevanceEvaluator(judged, set(names.values())).evaluate(run)
    ours = per_query(lists, qrels, list(names))
    assert len(theirs) > 20
    for row, query_id in enumerate(lists.query_ids):
        for mine, name in names.items():
            expected = theirs[query_id][name] if query_id in theirs else 0.0
            assert ours[mine][row] == pytest.approx(expected, abs=1e-9), (query_id, mine)


def test_without_lowered_ties_trec_eval_would_read_another_order() -> None:
    """The reason for `run_text`: a and b tie, a is relevant; trec_eval puts b first (peers.md A5)."""
    plain = {"q": {"a": 1.0, "b": 1.0}}
    assert pytrec_eval.RelevanceEvaluator({"q": {"a": 1}}, {"recip_rank"}).evaluate(plain)["q"]["recip_rank"] == 0.5
    lists = RankedLists(("q",), ("a", "b"), np.array([[0, 1]], np.int32), np.ones((1, 2), np.float32))
    assert per_query(lists, {"q": {"a": 1}}, ["RR"])["RR"].tolist() == [1.0]


def test_graded_gains_by_hand() -> None:
    """a has gain 3, b 1, ranked b, a: (1 + 3/log2 3) / (3 + 1/log2 3) = 0.7967 (peers.md A5)."""
    lists = RankedLists(("q",), ("a", "b"), np.array([[1, 0]], np.int32), np.array([[2, 1]], np.float32))
    value = per_query(lists, {"q": {"a": 3, "b": 1}}, ["ndcg_cut_10"])["nDCG@10"][0]
    assert value == pytest.approx((1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3)), abs=1e-12)


@pytest.mark.parametrize("spelling", ["Rprec", "Bpref", "SetP", "IPrec@0.1"])
def test_other_measures_go_through_ir_measures(spelling: str) -> None:
    values = per_query(*world(1, 10, 40, 20), [spelling, "nDCG@10"])
    assert list(values) == [measures.canonical(spelling), "nDCG@10"]
    assert 0 < values[measures.canonical(spelling)].max() <= 1


@pytest.mark.skipif(shutil.which("perl") is None, reason="gdeval is a Perl program")
def test_a_provider_that_reads_files_gets_numbered_topics() -> None:
    lists = RankedLists(("q 1",), ("a b",), np.array([[0]], np.int32), np.ones((1, 1), np.float32))
    assert per_query(lists, {"q 1": {"a b": 1}}, ["ERR@10"])["ERR@10"][0] == pytest.approx(
        1 / 16, abs=1e-5
    )  # (2¹ − 1) / 2⁴


def test_a_measure_without_a_provider_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot compute nNRBP"):
        per_query(*world(1, 2, 4, 2), ["nNRBP(alpha=0.3)"])


def test_an_unknown_measure_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="nDCG@10"):
        per_query(*world(1, 2, 4, 2), ["nDGC@10"])


def small(**policy: bool) -> Collection:
    items = [Item(name, name) for name in "abc"]
    return Collection(
        "small", [Item("a", "x"), Item("q", "y")], items, {"a": {"a": 1, "b": 1}, "q": {"c": 1}}, **policy
    )


def test_a_query_without_results_scores_zero_and_is_reported() -> None:
    found = RankedLists(("q",), ("a", "b", "c"), np.array([[2, 0]], np.int32), np.array([[2, 1]], np.float32))
    scored = score(found, small(), ["RR", "R@100"])
    assert scored.query_ids == ("a", "q")
    assert scored.values["RR"].tolist() == [0.0, 1.0]
    assert list_notes(found, small(), ["RR", "R@100"]) == (
        "1 of 2 queries without results, counted as 0",
        "no list holds more than 2 documents, and R@100 looks deeper",
    )


def test_lists_of_many_lengths_were_not_cut_and_lists_of_one_length_were() -> None:
    words = Collection("words", [Item(q, q) for q in "pqr"], [Item(d, d) for d in "abcd"], {q: {"a": 1} for q in "pqr"})

    def said(*rows: list[int]) -> tuple[str, ...]:
        documents = np.array(rows, np.int32)
        scores = np.where(documents < 0, -np.inf, 1.0).astype(np.float32)
        return list_notes(RankedLists(("p", "q", "r"), tuple("abcd"), documents, scores), words, ["R@100"])

    assert said([0, 1, 2], [0, 1, -1], [0, -1, -1]) == ()
    assert said([0, 1, 2], [0, 1, 2], [0, -1, -1]) == ("no list holds more than 3 documents, and R@100 looks deeper",)


def test_a_ranking_with_an_unknown_query_is_refused() -> None:
    found = RankedLists(("z",), ("a", "b", "c"), np.array([[2]], np.int32), np.ones((1, 1), np.float32))
    with pytest.raises(InvalidInput, match="query 'z' is not in the collection"):
        score(found, small(), ["RR"])


def test_self_matches_are_removed_from_ranking_and_judgements() -> None:
    assert judgements(small(drop_self_matches=True)) == {"a": {"b": 1}, "q": {"c": 1}}
    assert judgements(small()) == small().qrels
    assert policies(small())["self_matches"] != policies(small(drop_self_matches=True))["self_matches"]
    assert set(policies(small())) == {"ties", "self_matches", "missing_queries", "pool"}
