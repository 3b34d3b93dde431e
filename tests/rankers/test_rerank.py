"""A reranker behind a server: the ranking is that of its model, no pair is paid twice, and every fault of the wire is named."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entailers.pair_models import save_classifier
from evidense.boundary.consent import consenting
from evidense.errors import EvidenseError, InvalidInput, UnsafeInput
from evidense.fetching.patience import Patience
from evidense.fetching.servers import client
from evidense.fetching.servers.reranking import QUERY, RerankEndpoint
from evidense.records import Ranking
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.plan import plan
from evidense.study.run import RunOptions, open_study
from evidense.values import RankedLists
from evidense.verbs.retrieve import open_system, retrieve
from fetching.loopback import Loopback, Said
from rankers.rerank_server import RerankServer, rerank_server
from rankers.test_cross_encoder import QUERIES, TEXTS, collection


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "backoff", lambda self, attempt: 0.001)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_classifier(folder, ("LABEL_0",))
    return folder


@pytest.fixture
def served(model: Path) -> Iterator[tuple[RerankServer, Loopback]]:
    with rerank_server(model) as both:
        yield both


def spelling(loopback: Loopback, *options: str, below: str = "/v1") -> str:
    return "@".join([f"rerank:tiny@url={loopback.url}{below}", "depth=12", *options])


def ranked(text: str, words: Any = None) -> RankedLists:
    """Rank as `compare` does, in the store of the test; the command names the system."""
    from evidense.compute.search.rankings import load_lists

    with consenting([text]):
        return load_lists(_record(text, words), Store())


def _record(text: str, words: Any = None) -> Ranking:
    return retrieve(open_system(text), words or collection(), 12, Store())


def asked(server: RerankServer) -> list[tuple[str, str]]:
    return [pair for pair in server.pairs if pair[0] != QUERY]


@pytest.mark.parametrize(("form", "below"), [("documents", "/v1"), ("documents", ""), ("texts", "")])
def test_the_ranking_is_that_of_the_model_opened_here(model: Path, form: str, below: str) -> None:
    here = open_system(f"cross-encoder:{model}@depth=12").engine.rank(collection(), 12)  # type: ignore[union-attr]
    with rerank_server(model, form=form) as (_, loopback):
        lists = ranked(spelling(loopback, below=below))
    np.testing.assert_array_equal(lists.documents, here.documents)
    kept = here.documents >= 0
    assert np.abs(lists.scores[kept] - 1 / (1 + np.exp(-here.scores[kept]))).max() < 1e-5


def test_no_pair_is_asked_for_twice(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    ranked(spelling(loopback, "batch=5"))
    first = len(asked(server))
    ranked(spelling(loopback))
    ranked(spelling(loopback, "first=[wordllama@dim=64]"))
    assert len(asked(server)) == len(set(asked(server)))
    assert first < len(asked(server)) < 2 * first, "the lists of both first stages share documents"


def test_without_the_server_kept_scores_are_used(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    before = ranked(spelling(loopback, "batch=5"))
    server.change = lambda answer, number: Said(b"", 503)
    again = ranked(spelling(loopback, "label=again"))
    assert again.documents.tobytes() == before.documents.tobytes()
    with pytest.raises(InvalidInput, match="503"):
        ranked(spelling(loopback, "first=char_ngrams"))


def test_what_a_failed_run_paid_for_is_kept(model: Path) -> None:
    def fails_late(answer: Any, number: int) -> Any:
        return Said(b'{"error": "gone"}', 400) if number > 5 and len(answer["results"]) < 10 else answer

    with rerank_server(model, change=fails_late) as (server, loopback):
        text = spelling(loopback, "batch=4", "at_once=1")
        with pytest.raises(InvalidInput, match=r"refuses the query 'w.*gone"):
            ranked(text)
        n_before = len(asked(server))
        server.change = lambda answer, number: answer
        ranked(text)
        assert 0 < n_before < len(asked(server)) == len(set(asked(server)))


def _with_rows(answer: Any, change: Any) -> Any:
    changed = copy.deepcopy(answer)
    changed["results"] = change(changed["results"])
    return changed


def _first_score(value: Any) -> Any:
    return lambda answer: _with_rows(answer, lambda rows: [{**rows[0], "relevance_score": value}, *rows[1:]])


FAULTS: list[tuple[str, Any, str]] = [
    ("another model", lambda a: {**a, "model": "other"}, "'other' answered where 'tiny' was asked"),
    ("the best only", lambda a: _with_rows(a, lambda rows: rows[:3]), "3 scores for .* documents.*top_n"),
    ("numbered twice", lambda a: _with_rows(a, lambda rows: [{**row, "index": 0} for row in rows]), "numbers its .* 0, 0"),
    ("no index", lambda a: _with_rows(a, lambda rows: [{"relevance_score": 1.0} for _ in rows]), "numbers its .* None"),
    ("an index from 1", lambda a: _with_rows(a, lambda rows: [{**row, "index": row["index"] + 1} for row in rows]), "from 0 to"),
    ("no list", lambda a: {"id": "x"}, "holds no list of scores"),
    ("a list of numbers", lambda a: [0.5, 0.4], "holds no list of scores"),
    ("NaN", _first_score(float("nan")), "NaN or infinity for 1 documents"),
    ("words", _first_score("high"), "sent the score 'high'"),
    ("too large a number", _first_score(1e300), "NaN or infinity"),
    ("a page of a proxy", lambda a: Said(b"<!doctype html><html>Sign in</html>", 200, "text/html"), "HTML where JSON was asked"),
    ("no key", lambda a: Said(b'{"error": {"message": "missing key"}}', 401), "EVIDENSE_KEY_127_0_0_1"),
    ("always 500", lambda a: Said(b'{"error": "out of memory"}', 500), "6 times: 500 from the server .'out of memory'"),
    ("a Retry-After of an hour", lambda a: Said(b"{}", 429, headers={"retry-after": "3600"}), "429, Retry-After 3600 s"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fault", "words"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_fault_of_the_wire_is_an_error_in_words(model: Path, name: str, fault: Any, words: str) -> None:
    with (
        rerank_server(model, change=lambda answer, n: fault(answer) if n > 2 else answer) as (_, loopback),
        pytest.raises(EvidenseError, match=words),
    ):
        ranked(spelling(loopback, "at_once=1"))


ONCE: list[tuple[str, Any]] = [
    ("429", lambda a: Said(b"{}", 429)),
    ("500", lambda a: Said(b"{}", 500)),
    ("cut off", lambda a: Said(json.dumps(a).encode()[:-40], length=len(json.dumps(a)))),
    ("another order", lambda a: _with_rows(a, lambda rows: rows[::-1])),
]


@pytest.mark.parametrize(("name", "fault"), ONCE, ids=[name for name, _ in ONCE])
def test_a_fault_that_passes_changes_no_rank(model: Path, name: str, fault: Any) -> None:
    here = open_system(f"cross-encoder:{model}@depth=12").engine.rank(collection(), 12)  # type: ignore[union-attr]
    with rerank_server(model, change=lambda answer, n: fault(answer) if n == 3 else answer) as (_, loopback):
        np.testing.assert_array_equal(ranked(spelling(loopback)).documents, here.documents)


def _other_scores(answer: Any) -> Any:
    """Scores of another model."""
    return _with_rows(answer, lambda rows: [{**row, "relevance_score": row["relevance_score"] ** 2} for row in rows])


def test_a_server_that_changes_its_model_is_refused_and_its_doubtful_answers_do_not_count(model: Path) -> None:
    changed = lambda answer, n: _other_scores(answer) if n > 3 else answer  # noqa: E731
    with rerank_server(model, change=changed) as (server, loopback):
        text = spelling(loopback, "at_once=1")
        with pytest.raises(InvalidInput, match=r"changed its model 'tiny' while it was asked.*within 1%"):
            ranked(text)
        server.change = lambda answer, n: answer
        here = open_system(f"cross-encoder:{model}@depth=12").engine.rank(collection(), 12)  # type: ignore[union-attr]
        np.testing.assert_array_equal(ranked(text).documents, here.documents)


def test_another_model_under_the_same_name_is_another_system(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    before = ranked(spelling(loopback))
    server.change = lambda answer, n: _other_scores(answer)
    assert not np.array_equal(ranked(spelling(loopback)).scores, before.scores)


def test_rounding_of_a_server_is_not_another_model(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    rng = np.random.default_rng(0)
    ranked(spelling(loopback))
    n_before = len(asked(server))

    def rounded(rows: list[Any]) -> list[Any]:
        spread = float(np.ptp([row["relevance_score"] for row in rows]))
        return [
            {**row, "relevance_score": row["relevance_score"] + 1e-3 * spread * rng.standard_normal()} for row in rows
        ]

    server.change = lambda answer, n: _with_rows(answer, rounded)
    ranked(spelling(loopback, "label=again"))
    assert len(asked(server)) == n_before


def test_a_model_whose_scores_depend_on_the_documents_beside_is_refused(model: Path) -> None:
    with (
        rerank_server(model, is_listwise=True) as (_, loopback),
        pytest.raises(InvalidInput, match="stand for themselves; a listwise model"),
    ):
        ranked(spelling(loopback))


def test_probabilities_near_0_tell_models_apart() -> None:
    endpoint = RerankEndpoint()
    logits = np.array([4.0, -2, -5, -6, -7, -5.5, -8, -6.5, -7.5, -3])[:, None]
    then, now, same = (1 / (1 + np.exp(-x)) for x in (logits, logits + np.arange(10)[:, None] * 0.1, logits + 0.01))
    assert "has the score" in endpoint.apart(now.astype(np.float32), then.astype(np.float32))
    assert not endpoint.apart(same.astype(np.float32), then.astype(np.float32))
    assert "has the score" in endpoint.apart(logits.astype(np.float32) * 1.1, logits.astype(np.float32))


def test_sentinels_are_asked_again_within_a_long_run(
    served: tuple[RerankServer, Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CHECK_EVERY", 3)
    ranked(spelling(served[1], "batch=5"))
    assert sum(query == QUERY for query, _ in served[0].pairs) > 3 * 10


def test_long_texts_are_cut_or_refused_before_they_are_sent(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    ranked(spelling(loopback, "truncate=12"))
    assert max(len(text) for pair in asked(server) for text in pair) == 12
    with pytest.raises(InvalidInput, match="have more than 12 characters"):
        ranked(spelling(loopback, "truncate=refuse:12"))


def test_the_bill_comes_before_the_first_request(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    text = spelling(loopback, "price=10", "batch=5")
    with consenting([text]):
        study = comparison("bm25", [text], ["words"])
        opened = open_study(study, RunOptions(values={"words": collection()}))
        (upper,) = plan(opened, Store()).steps[1].bills
        assert not server.n_requests
        assert (upper.n_texts, upper.n_requests, upper.noun) == (48, 12, "pairs of query and document")
        retrieve(open_system("bm25"), collection(), 12, Store())
        (exact,) = plan(opened, Store()).steps[1].bills
        assert not server.n_requests
        ranked(text)
        assert len(asked(server)) == exact.n_texts <= upper.n_texts
        assert plan(opened, Store()).steps[1].cached
    with consenting(["x"]), pytest.raises(InvalidInput, match=r"exceeds the budget of 1e-06 USD.*Nothing was sent"):
        cheap = spelling(loopback, "price=10", "budget=0.000001", "query_prompt=q: ")
        plan(open_study(comparison("bm25", [cheap], ["words"]), RunOptions(values={"words": collection()})), Store())


def test_the_budget_ends_the_run_before_it_is_exceeded(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    with pytest.raises(InvalidInput, match=r"exceeds the budget of 2,000 tokens .* Nothing of it was sent"):
        ranked(spelling(loopback, "budget=2000tokens"))
    assert not asked(server)


def test_a_server_that_only_a_file_names_is_not_asked(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    with pytest.raises(UnsafeInput, match=r"would send texts to 127\.0\.0\.1:\d+, which this command does not name"):
        _record(spelling(loopback))
    assert not server.n_requests
    outer = f"cross-encoder:{server.folder}@first=[{spelling(loopback)}]@depth=3"
    with consenting([outer]):
        assert _record(outer).depth == 12
    assert server.n_requests


def test_a_wrong_address_is_said(served: tuple[RerankServer, Loopback]) -> None:
    with pytest.raises(InvalidInput, match=r"404.*whether /rerank stands below @url"):
        ranked(f"rerank:tiny@url={served[1].url}/v1/rerank/x")


def test_a_key_goes_to_its_host_only_and_stands_nowhere(
    served: tuple[RerankServer, Loopback], monkeypatch: pytest.MonkeyPatch, own_store: Path
) -> None:
    loopback = served[1]
    monkeypatch.setenv("EVIDENSE_KEY_127_0_0_1", "top-secret-key")
    ranked(spelling(loopback))
    assert {seen.headers["authorization"] for seen in loopback.seen} == {"Bearer top-secret-key"}
    for path in own_store.rglob("*"):
        assert path.is_dir() or b"top-secret" not in path.read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("@pooling=mean", "a reranker does not read it"),
        ("@budget=5", "in USD and no price"),
        ("@depth=0", "expected the number"),
        ("@dim=4", "no vectors to cut"),
    ],
)
def test_options_without_sense_are_refused(options: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        open_system(f"rerank:m@url=http://127.0.0.1:1{options}")


def test_a_name_or_an_address_that_is_missing_is_said() -> None:
    for text in ("rerank:", "rerank:m", "rerank:@url=http://127.0.0.1:1"):
        with pytest.raises(InvalidInput, match="names no (model|address). Expected rerank:MODEL@url="):
            open_system(text)


def test_queries_and_documents_get_their_prompts(served: tuple[RerankServer, Loopback]) -> None:
    server, loopback = served
    ranked(spelling(loopback, "query_prompt=ask: ", "document_prompt=doc: "))
    assert {query for query, _ in asked(server)} == {f"ask: {query}" for query in QUERIES}
    assert {text for _, text in asked(server)} <= {f"doc: {text}" for text in TEXTS}
