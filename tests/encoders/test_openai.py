"""A model behind a server: the vectors are those of the model, nothing is paid twice, and every fault of the wire is named."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.embedding_server import EmbeddingServer, embedding_server, numbers
from encoders.opening import open_encoder, vectors
from evidense.boundary.consent import consenting
from evidense.compute.search.encode import encode
from evidense.errors import EvidenseError, InvalidInput, UnsafeInput
from evidense.fetching.patience import Patience
from evidense.fetching.servers import asking, client
from evidense.fetching.servers.sentinels import TEXTS
from evidense.store import Store
from evidense.values import Item
from fetching.loopback import Loopback, Said

SOME = [f"Text number {n} on {'cats' if n % 2 else 'dogs'} and trains." for n in range(70)]
ITEMS = [Item(f"i{n}", text) for n, text in enumerate(SOME)]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "backoff", lambda self, attempt: 0.001)


@pytest.fixture
def served() -> Iterator[tuple[EmbeddingServer, Loopback]]:
    with embedding_server() as both:
        yield both


def spelling(loopback: Loopback, *options: str) -> str:
    return "@".join([f"openai:wordllama@url={loopback.url}/v1", *options])


def encoded(text: str, items: list[Item] = ITEMS) -> np.ndarray:
    """Encode as `retrieve` does, in the store of the test; the command names the system."""
    with consenting([text]):
        return np.array(encode(open_encoder(text).tower("document"), items, Store()).all())


def test_vectors_are_the_bytes_of_the_same_model_opened_here(served: tuple[EmbeddingServer, Loopback]) -> None:
    here = vectors(open_encoder("wordllama"), SOME)
    assert encoded(spelling(served[1])).tobytes() == here.tobytes()


def test_a_server_without_base64_gives_the_same_bytes_as_numbers() -> None:
    with embedding_server(knows_base64=False) as (_, loopback):
        assert encoded(spelling(loopback)).tobytes() == vectors(open_encoder("wordllama"), SOME).tobytes()


def test_a_server_that_takes_few_texts_at_once_is_asked_in_smaller_batches() -> None:
    with embedding_server(most_texts=5) as (_, loopback):
        assert encoded(spelling(loopback)).tobytes() == vectors(open_encoder("wordllama"), SOME).tobytes()


def test_no_text_is_asked_for_twice(served: tuple[EmbeddingServer, Loopback]) -> None:
    server, loopback = served
    encoded(spelling(loopback), ITEMS[:40])
    encoded(spelling(loopback, "batch=7"), ITEMS)
    encoded(spelling(loopback), ITEMS[::-1])
    asked = [text for text in server.texts if text not in TEXTS]
    assert sorted(asked) == sorted(SOME)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("", r"answers 404.* to POST http://127.0.0.1:\d+/embeddings: .*at @url: .*Infinity without"),
        (
            "/embeddings",
            r"answers 404.* to POST http://127.0.0.1:\d+/embeddings/embeddings: it has no such path, or no model 'wordllama'",
        ),
    ],
)
def test_an_address_without_its_path_is_told_from_a_model_that_is_not_there(
    served: tuple[EmbeddingServer, Loopback], end: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        encoded(f"openai:wordllama@url={served[1].url}{end}")


def test_an_address_without_its_scheme_is_shown_with_it() -> None:
    with pytest.raises(InvalidInput, match="lacks its beginning. Expected http:// .*: @url=http://127.0.0.1:7997"):
        encoded("openai:wordllama@url=127.0.0.1:7997")


def test_without_the_server_kept_vectors_are_used(
    served: tuple[EmbeddingServer, Loopback], capsys: pytest.CaptureFixture[str]
) -> None:
    text = spelling(served[1])
    before = encoded(text)
    with embedding_server(change=lambda answer, n: Said(b"", 503)) as (_, silent):
        served[1].answering = silent.answering
        assert encoded(text, ITEMS[::-1]).tobytes() == before[::-1].tobytes()
        assert "503" in (told := capsys.readouterr().err)
        assert "the store's answers are used, and which model is there was not checked" in told
        with pytest.raises(InvalidInput, match="503"):
            encoded(text, [Item("new", "a text that nobody asked for")])


def test_what_a_failed_run_paid_for_is_kept() -> None:
    def fails_late(answer: dict[str, Any], number: int) -> Any:
        return Said(b'{"error": "gone"}', 400) if number > 4 and len(answer["data"]) < 10 else answer

    with embedding_server(change=fails_late) as (server, loopback):
        text = spelling(loopback, "batch=10", "at_once=1")
        with pytest.raises(InvalidInput, match="refuses"):
            encoded(text, [*ITEMS[:35], Item("odd", "x")])
        server.change = lambda answer, number: answer
        encoded(text)
        assert len([t for t in server.texts if t not in TEXTS]) == len(SOME)


def test_prompts_make_two_towers_over_one_server(served: tuple[EmbeddingServer, Loopback]) -> None:
    text = spelling(served[1], "query_prompt=query: ")
    with consenting([text]):
        encoder = open_encoder(text)
        query, document = encoder.tower("query"), encoder.tower("document")
        assert query.fingerprint != document.fingerprint
        here = vectors(open_encoder("wordllama@query_prompt=query: "), SOME[:3])
        assert vectors(encoder, SOME[:3]).tobytes() == here.tobytes()


def test_long_texts_are_cut_or_refused_before_they_are_sent(served: tuple[EmbeddingServer, Loopback]) -> None:
    server, loopback = served
    cut = encoded(spelling(loopback, "truncate=12"))
    assert cut.tobytes() == vectors(open_encoder("wordllama"), [text[:12] for text in SOME]).tobytes()
    assert all(len(text) <= 12 for text in server.texts if text not in TEXTS)
    with pytest.raises(InvalidInput, match=r"70 of 70 texts have more than 12 characters"):
        encoded(spelling(loopback, "truncate=refuse:12"))


def _rows(answer: dict[str, Any], change: Any) -> dict[str, Any]:
    changed = copy.deepcopy(answer)
    for row, values in zip(changed["data"], numbers(answer), strict=True):
        row["embedding"] = change(values)
    return changed


def _shuffled(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "data": answer["data"][::-1]}


def _renumbered(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "data": [{**row, "index": 0} for row in answer["data"]]}


HTML = Said(b"<!doctype html><html>Sign in to the guest network</html>", 200, "text/html")
FAULTS: list[tuple[str, Any, str]] = [
    ("another model", lambda a: {**a, "model": "other"}, "'other' answered where 'wordllama' was asked"),
    ("too few", lambda a: {**a, "data": a["data"][:-1]}, "vectors for"),
    ("numbered twice", _renumbered, "numbers its"),
    ("no list", lambda a: {"object": "list"}, "holds no list 'data'"),
    ("NaN", lambda a: _rows(a, lambda v: [float("nan"), *v[1:]]), "NaN or infinity"),
    ("nothing in place of a number", lambda a: _rows(a, lambda v: [None, *v[1:]]), "no list|NaN"),
    ("other dimensions", lambda a: _rows(a, lambda v: v[:5]), "vectors of 5 dimensions"),
    ("another length", lambda a: _rows(a, lambda v: [3 * x for x in v]), "vector of length 3"),
    ("tokens in place of a text", lambda a: _rows(a, lambda v: [v, v]), "embedding of shape"),
    ("a page of a proxy", lambda a: HTML, "HTML where JSON was asked"),
    ("a redirect", lambda a: Said(b"", 307, headers={"location": "https://example.org/v1"}), "redirect .*example.org"),
    ("no key", lambda a: Said(b'{"error": {"message": "missing key"}}', 401), "EVIDENSE_KEY_127_0_0_1"),
    ("a Retry-After of an hour", lambda a: Said(b"{}", 429, headers={"retry-after": "3600"}), "429, Retry-After 3600 s"),
    ("an empty account", lambda a: Said(b'{"error": {"message": "x", "code": "insufficient_quota"}}', 429), "429"),
    ("always 500", lambda a: Said(b'{"error": "out of memory"}', 500), "6 times: 500 from the server .'out of memory'"),
    ("a text too long", lambda a: Said(b'{"error": {"message": "too many tokens"}}', 400), "refuses 'Text number .*too many tokens"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fault", "words"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_fault_of_the_wire_is_an_error_in_words(name: str, fault: Any, words: str) -> None:
    with (
        embedding_server(model="wordllama@normalize", change=lambda answer, n: fault(answer) if n > 1 else answer) as (
            _,
            loopback,
        ),
        pytest.raises(EvidenseError, match=words),
    ):
        encoded(spelling(loopback, "at_once=1"))


ONCE: list[tuple[str, Any]] = [
    ("429", lambda a: Said(b"{}", 429)),
    ("429 with a pause", lambda a: Said(b"{}", 429, headers={"retry-after": "0.01"})),
    ("500", lambda a: Said(b"{}", 500)),
    ("503 of a starting server", lambda a: Said(b"loading", 503, "text/plain")),
    ("cut off", lambda a: Said(json.dumps(a).encode()[:-40], length=len(json.dumps(a)))),
    ("half of the JSON", lambda a: Said(json.dumps(a).encode()[:-40])),
    ("another order", _shuffled),
]


@pytest.mark.parametrize(("name", "fault"), ONCE, ids=[name for name, _ in ONCE])
def test_a_fault_that_passes_changes_no_byte(name: str, fault: Any) -> None:
    with embedding_server(change=lambda answer, n: fault(answer) if n == 2 else answer) as (_, loopback):
        assert encoded(spelling(loopback)).tobytes() == vectors(open_encoder("wordllama"), SOME).tobytes()


def test_a_silent_server_is_waited_for_as_long_as_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TRIES", 1)
    with (
        embedding_server(change=lambda answer, n: Said(b"{}", wait_s=1.6)) as (_, loopback),
        pytest.raises(InvalidInput, match="within 1 s.*@timeout"),
    ):
        encoded(spelling(loopback, "timeout=1"))


def _turned(answer: dict[str, Any]) -> dict[str, Any]:
    """Vectors of another model: each one turned, of the same length."""
    return _rows(answer, lambda values: values[1:] + values[:1])


def test_a_server_that_changes_its_model_is_refused_and_its_doubtful_answers_do_not_count() -> None:
    with embedding_server(change=lambda answer, n: _turned(answer) if n > 2 else answer) as (server, loopback):
        text = spelling(loopback, "batch=10", "at_once=1")
        with pytest.raises(InvalidInput, match=r"changed its model 'wordllama' while it was asked"):
            encoded(text)
        server.change = lambda answer, n: answer
        assert encoded(text).tobytes() == vectors(open_encoder("wordllama"), SOME).tobytes()


def test_another_model_under_the_same_name_is_another_system(served: tuple[EmbeddingServer, Loopback]) -> None:
    server, loopback = served
    before = encoded(spelling(loopback))
    server.change = lambda answer, n: _turned(answer)
    after = encoded(spelling(loopback))
    np.testing.assert_array_equal(after, np.roll(before, -1, axis=1))


def test_rounding_of_a_server_is_not_another_model(served: tuple[EmbeddingServer, Loopback]) -> None:
    server, loopback = served
    rng = np.random.default_rng(0)
    encoded(spelling(loopback))
    server.change = lambda answer, n: _rows(
        answer, lambda v: (np.array(v) + 1e-5 * rng.standard_normal(len(v))).tolist()
    )
    encoded(spelling(loopback), [*ITEMS, Item("new", "one more text")])
    assert [text for text in server.texts if text not in TEXTS].count(SOME[0]) == 1


def test_sentinels_are_asked_again_within_a_long_run(
    served: tuple[EmbeddingServer, Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CHECK_EVERY", 3)
    encoded(spelling(served[1], "batch=10"))
    assert served[0].texts.count(TEXTS[0]) == 4


def test_the_budget_ends_the_run_before_it_is_exceeded(served: tuple[EmbeddingServer, Loopback]) -> None:
    server, loopback = served
    with pytest.raises(InvalidInput, match=r"exceeds the budget of 600 tokens .* Nothing of it was sent"):
        encoded(spelling(loopback, "budget=600tokens"))
    assert all(text in TEXTS for text in server.texts)
    long = [Item(f"w{n}", " ".join("abc" for _ in range(100)) + str(n)) for n in range(30)]
    with pytest.raises(InvalidInput, match="could exceed the budget of 3,300 tokens"):
        encoded(spelling(loopback, "budget=3300tokens", "batch=4"), long)
    n_paid = sum(len(text.split()) + 2 for text in server.texts)
    encoded(spelling(loopback), long)
    assert n_paid <= 3300 + 2 * 150  # of two runs
    assert sorted(t for t in server.texts if t not in TEXTS) == sorted(str(item.text) for item in long)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("budget=5",), "in USD and no price is known"),
        (("price=cheap",), "is no price"),
        (("price=1", "budget=much"), "is no budget"),
        (("at_once=0", "batch=1.5", "timeout=x"), r"(?s)3 mistakes.*at_once.*batch.*timeout"),
        (("truncate=never",), "says nothing of long texts"),
        (("pooling=mean",), "has the option 'pooling'"),
    ],
)
def test_options_without_sense_are_refused(options: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        open_encoder("@".join(["openai:m@url=http://127.0.0.1:1/v1", *options]))


@pytest.mark.parametrize(
    "url", ["", "ftp://host/v1", "http://me:secret@@host/v1", "https://host/v1?key=secret", "host:8000"]
)
def test_addresses_without_sense_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="Expected") as refused:
        open_encoder(f"openai:m@url={url}")
    assert "http://" in str(refused.value)


def test_a_server_that_only_a_file_names_is_not_asked(
    served: tuple[EmbeddingServer, Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, loopback = served
    encoder = open_encoder(spelling(loopback))
    with pytest.raises(UnsafeInput, match=r"would send texts to 127\.0\.0\.1:\d+, which this command does not name"):
        _ = encoder.tower("query").fingerprint
    assert not server.n_requests
    monkeypatch.setenv("EVIDENSE_KEY_127_0_0_1", "mine")
    assert len(encoder.tower("query").fingerprint) == 64


def test_a_key_goes_to_its_host_only_and_stands_nowhere(
    served: tuple[EmbeddingServer, Loopback], monkeypatch: pytest.MonkeyPatch, own_store: Path
) -> None:
    server, loopback = served
    monkeypatch.setenv("EVIDENSE_KEY_127_0_0_1", "top-secret-key")
    monkeypatch.setenv("OPENAI_API_KEY", "of-another-host")
    encoded(spelling(loopback))
    assert {seen.headers["authorization"] for seen in loopback.seen} == {"Bearer top-secret-key"}
    server.change = lambda answer, n: Said(b'{"error": "top-secret-key is wrong"}', 400)
    with pytest.raises(InvalidInput, match=r"\[key\] is wrong") as refused:
        encoded(spelling(loopback, "revision=new"))
    assert "top-secret" not in str(refused.value)
    for path in own_store.rglob("*"):
        assert path.is_dir() or b"top-secret" not in path.read_bytes()
