"""The wire against a server on this machine: seven states, limits, patience, secrets, and answers that are kept."""

import gzip
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from evidense.boundary.child import in_child
from evidense.boundary.offline import without_network
from evidense.errors import EvidenseError, InvalidInput
from evidense.fetching import IndexWire, Patience, Terms, open_wire
from evidense.fetching.limits import retry_after_s
from evidense.parts import Manners, Reply, Request
from evidense.store import Store
from fetching.loopback import Answering, Loopback, Said, in_turn, serving

pytest.importorskip("httpx")
MANNERS = Manners(
    "https://index.example", per_second=1000.0, at_once=4, key_variable="EVIDENSE_KEY_TRIAL", key_header="x-api-key"
)
QUICK = Patience(total_wait_s=2.0, request_s=3.0, silence_s=1.0, first_wait_s=0.01, max_body_bytes=1 << 20)
ON_TERMS = Terms(patience=QUICK)
PAGE = b"<!DOCTYPE html><html><title>Just a moment...</title>captcha</html>"


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with serving(lambda _: Said(b'{"a": 1}')) as server:
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", server.url)
        yield server


@pytest.fixture
def wire(loopback: Loopback) -> Iterator[IndexWire]:
    with open_wire(terms=Terms(patience=QUICK)) as opened:
        yield opened


def ask(wire: IndexWire, path: str = "works", **query: str) -> Reply:
    return wire.ask(Request("trial", path, query), MANNERS)


def states(loopback: Loopback, answering: Answering, terms: Terms = ON_TERMS) -> Reply:
    loopback.answering = answering
    with open_wire(terms=terms) as wire:
        return ask(wire)


def test_an_answer_is_found_and_its_bytes_are_a_blob(loopback: Loopback, wire: IndexWire) -> None:
    reply = ask(wire, q="x")
    assert (reply.state, reply.status, reply.body) == ("found", 200, b'{"a": 1}')
    assert Store().blob(reply.blob) == reply.body
    assert loopback.seen[0].query == {"q": "x"}


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (Said(b"Resource not found.", 404, "text/plain"), "not there", "404"),
        (Said(PAGE, 200, "text/html"), "blocked", "HTML where JSON"),
        (Said(PAGE, 200, "application/json"), "blocked", "HTML where JSON"),
        (Said(PAGE, 403, "text/html"), "blocked", "challenge page with 403"),
        (Said(PAGE, 404, "text/html"), "blocked", "challenge page with 404"),
        (Said(PAGE, 500, "text/html"), "blocked", "challenge page with 500"),
        (Said(b"{}", 403), "blocked", "without a key"),
        (Said(b"oops", 500, "text/plain"), "unreachable", "500"),
        (Said(b"<html>bad gateway</html>", 502, "text/html"), "unreachable", "502"),
        (Said(b"{}", 429, headers={"retry-after": "3600"}), "refused", "Retry-After 3600 s"),
        (Said(b"{}", 429), "refused", "429"),
        (Said(b"{}", 429, headers={"x-ratelimit-remaining-usd": "0", "retry-after": "53578"}), "budget spent", "budget is spent until"),
        (Said(b"{}", 429, headers={"x-ratelimit-remaining": "4", "x-ratelimit-credits-required": "10"}), "budget spent", "until"),
        (Said(b"{}", 429, headers={"x-ratelimit-remaining": "0", "retry-after": "40"}), "refused", "Retry-After 40 s"),
        (Said(b'{"error": "Insufficient budget"}', 429), "budget spent", "until"),
        (Said(b'{"a": [1, 2'), "unreachable", "broken JSON"),
        (Said(b'{"a": 1}', length=100), "unreachable", "broken"),
        (Said(b"{}", wait_s=1.5), "unreachable", "no answer within 1 s"),
        (Said(b'{"a": "slow"}', drip_s=0.4), "unreachable", "dripped|whole answer"),
        (Said(b"{}", 302, headers={"location": "http://169.254.169.254/latest"}), "blocked", "169.254.169.254"),
        (Said(b"{}", 302, headers={"location": "https://169.254.169.254/latest"}), "blocked", "not a public address"),
        (Said(b"{}", 302, headers={"location": "https://localhost/"}), "blocked", "localhost"),
        (Said(b"{}", 302, headers={"location": "file:///etc/passwd"}), "blocked", "https"),
        (Said(b"{}", 302, headers={"location": "/again"}), "blocked", "more than 3 redirects"),
        (Said(gzip.compress(b" " * (8 << 20)), headers={"content-encoding": "gzip"}), "blocked", "MiB after unpacking"),
        (Said(gzip.compress(b'{"a": 1}')[:-9], headers={"content-encoding": "gzip"}), "unreachable", "cut off|damaged"),
        (Said(b"x", headers={"content-encoding": "br"}), "blocked", "packed as 'br'"),
    ],
)  # fmt: skip
def test_each_fault_has_its_state_and_its_reason(loopback: Loopback, said: Said, state: str, words: str) -> None:
    reply = states(loopback, lambda _: said)
    assert reply.state == state, reply.detail
    assert any(word in reply.detail for word in words.split("|")), reply.detail


def test_packed_answers_are_unpacked(loopback: Loopback, wire: IndexWire) -> None:
    loopback.answering = lambda _: Said(gzip.compress(b'{"b": 2}'), headers={"content-encoding": "gzip"})
    assert ask(wire).body == b'{"b": 2}'


def test_xml_with_entities_or_cut_off_is_never_found(loopback: Loopback, wire: IndexWire) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><f>&b;</f>'
    for body in (bomb, b"<feed><entry></feed>", b"<feed>"):
        loopback.answering = lambda _, body=body: Said(body, kind="application/atom+xml")
        reply = wire.ask(Request("trial", "x", {"n": str(len(body))}, expects="xml"), MANNERS)
        assert reply.state == "unreachable", reply.detail


def test_a_short_retry_after_is_waited_for(loopback: Loopback) -> None:
    begun = time.monotonic()
    reply = states(loopback, in_turn(Said(b"{}", 429, headers={"retry-after": "1"}), Said(b'{"a": 1}')))
    assert reply.state == "found"
    assert 1.0 <= time.monotonic() - begun < 3.0
    assert len(loopback.seen) == 2


def test_a_server_error_is_tried_again(loopback: Loopback) -> None:
    assert states(loopback, in_turn(Said(b"", 503, "text/plain"), Said(b"{}"))).state == "found"


def test_nothing_is_asked_twice_while_the_answer_is_fresh(loopback: Loopback) -> None:
    for _ in range(2):
        with open_wire(terms=Terms(patience=QUICK)) as wire:
            assert ask(wire, q="x").body == b'{"a": 1}'
    assert len(loopback.seen) == 1
    assert wire.log[-1].is_kept
    assert wire.n_requests == 0


def test_pages_that_are_named_by_a_token_are_different_answers(loopback: Loopback, wire: IndexWire) -> None:
    loopback.answering = lambda seen: Said(json.dumps({"data": seen.query.get("token", "first")}).encode())
    pages = [ask(wire, q="x"), ask(wire, q="x", token="a1"), ask(wire, q="x", token="b2"), ask(wire, q="x", token="a1")]
    assert [json.loads(page.body)["data"] for page in pages] == ["first", "a1", "b2", "a1"]
    assert len(loopback.seen) == 3
    assert "token=b2" in wire.log[2].url


def test_an_old_answer_is_asked_for_again_with_its_validator(loopback: Loopback) -> None:
    etag = {"etag": '"1"'}
    loopback.answering = lambda seen: (
        Said(b"", 304) if "if-none-match" in seen.headers else Said(b'{"a": 1}', headers=etag)
    )
    for _ in range(3):
        with open_wire(terms=Terms(patience=QUICK, max_age_s=0.0)) as wire:
            assert ask(wire).body == b'{"a": 1}'
    assert [seen.headers.get("if-none-match") for seen in loopback.seen] == [None, '"1"', '"1"']


def test_an_old_answer_serves_where_the_index_is_silent(loopback: Loopback) -> None:
    states(loopback, lambda _: Said(b'{"a": 1}'))
    reply = states(loopback, lambda _: Said(PAGE, 500, "text/html"), Terms(patience=QUICK, max_age_s=0.0))
    assert (reply.state, reply.body) == ("found", b'{"a": 1}')


def test_offline_replays_what_was_answered_failures_too(loopback: Loopback) -> None:
    blocked = states(loopback, lambda _: Said(PAGE, 403, "text/html"))
    with open_wire(terms=Terms(is_offline=True)) as wire:
        assert ask(wire) == Reply(blocked.state, blocked.status, blocked.body, detail=blocked.detail, blob=blocked.blob)
        assert ask(wire, "other").state == "not asked"
    assert states(loopback, lambda _: Said(b"{}")).state == "found", "online a failure is asked again"


def test_answers_of_another_place_are_not_taken_for_its_own(
    loopback: Loopback, wire: IndexWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(wire)
    monkeypatch.setenv("EVIDENSE_URL_TRIAL", loopback.url + "/mirror")
    ask(wire)
    assert [seen.path for seen in loopback.seen] == ["/works", "/mirror/works"]


def test_a_host_that_fails_again_and_again_is_left_alone(loopback: Loopback, wire: IndexWire) -> None:
    loopback.answering = lambda _: Said(PAGE, 403, "text/html")
    details = [ask(wire, str(i)).detail for i in range(6)]
    assert len(loopback.seen) == QUICK.n_failures
    assert "left alone after 3 failures" in details[-1]


def test_an_index_that_refuses_again_and_again_is_left_alone_too(loopback: Loopback, wire: IndexWire) -> None:
    loopback.answering = lambda _: Said(b"{}", 429)
    replies = [ask(wire, str(i)) for i in range(6)]
    assert {reply.state for reply in replies} == {"refused"}
    assert len(loopback.seen) == QUICK.n_failures * QUICK.n_tries
    assert "left alone" in replies[-1].detail


def test_a_pause_may_be_named_by_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3_500 < (retry_after_s({"retry-after": in_an_hour}) or 0) <= 3_600
    assert retry_after_s({"retry-after": "soon"}) is None


def test_limits_are_taken_from_the_headers_and_shared_by_processes(loopback: Loopback) -> None:
    stated = {"x-rate-limit-limit": "10", "x-rate-limit-interval": "1s", "x-concurrency-limit": "1"}
    loopback.answering = lambda _: Said(b"{}", headers=stated)
    with open_wire(terms=Terms(patience=QUICK)) as wire:
        ask(wire, "first")
    begun = time.monotonic()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_ask_some, args=(name,)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(loopback.seen) == 9
    assert time.monotonic() - begun >= 0.65, "eight requests at ten a second"


def _ask_some(name: str) -> None:
    with open_wire(terms=Terms(patience=QUICK)) as wire:
        for i in range(4):
            ask(wire, f"{name}{i}")


def test_no_more_at_once_than_the_headers_allow(loopback: Loopback) -> None:
    from concurrent.futures import ThreadPoolExecutor

    running, most = [0], [0]

    def answering(_: object) -> Said:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.05)
        running[0] -= 1
        return Said(b"{}", headers={"x-concurrency-limit": "2"})

    loopback.answering = answering
    with open_wire(terms=Terms(patience=QUICK)) as wire, ThreadPoolExecutor(6) as pool:
        ask(wire, "first")
        assert all(r.state == "found" for r in pool.map(lambda i: ask(wire, f"n{i}"), range(8)))
    assert most[0] <= 2


def test_a_spent_budget_is_not_asked_of_again(loopback: Loopback, wire: IndexWire) -> None:
    loopback.answering = lambda _: Said(
        b"{}", headers={"x-ratelimit-remaining-usd": "0.0005", "x-ratelimit-reset": "600"}
    )
    ask(wire)
    reply = wire.ask(Request("trial", "search", cost_usd=0.001), MANNERS)
    assert reply.state == "budget spent"
    assert wire.ask(Request("trial", "free"), MANNERS).state == "found"
    assert len(loopback.seen) == 2


def test_the_user_s_own_budget_ends_the_asking(loopback: Loopback) -> None:
    with open_wire(terms=Terms(patience=QUICK, max_requests=1)) as wire:
        assert [ask(wire, str(i)).state for i in range(2)] == ["found", "budget spent"]
    assert len(loopback.seen) == 1


@pytest.mark.parametrize(("header", "before"), [("x-api-key", ""), ("authorization", "Bearer ")])
def test_the_key_travels_in_its_header_and_is_nowhere_else(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], header: str, before: str
) -> None:
    secret = "s3cr3t-of-mine"
    monkeypatch.setenv("EVIDENSE_KEY_TRIAL", secret)
    loopback.answering = lambda seen: Said(json.dumps({"echo": seen.headers.get(header, "")}).encode())
    with open_wire(terms=Terms(patience=QUICK)) as wire:
        reply = wire.ask(Request("trial", "works", {}), replace(MANNERS, key_header=header))
    assert loopback.seen[0].headers[header] == before + secret
    assert secret not in str(loopback.seen[0].query) + loopback.seen[0].path
    assert secret.encode() not in reply.body
    assert secret not in str(wire.log) + str(reply) + "".join(capfd.readouterr())
    for path in Store().root.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_a_rejected_key_is_said(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENSE_KEY_TRIAL", "wrong")
    reply = states(loopback, lambda _: Said(b"{}", 401))
    assert (reply.state, reply.detail) == ("blocked", "401: the key was rejected")


def test_an_index_that_needs_a_key_is_not_asked_without(loopback: Loopback, wire: IndexWire) -> None:
    needing = Manners("https://index.example", key_variable="EVIDENSE_KEY_NONE", key_header="x-api-key", needs_key=True)
    assert wire.ask(Request("trial", "works"), needing).state == "not asked"
    assert loopback.seen == []


@pytest.mark.parametrize(
    "url", ["http://index.example", "file:///etc", "https://u:p@index.example", "ftp://x", "https://", "http://10.0.0.1", "https://x/?key=1"]
)  # fmt: skip
def test_a_base_url_that_is_not_safe_is_the_user_s_mistake(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EVIDENSE_URL_TRIAL", url)
    with open_wire() as wire, pytest.raises(InvalidInput, match="EVIDENSE_URL_TRIAL"):
        ask(wire)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[64:ff9b::a00:1]", "192.168.1.1", "0.0.0.0"]
)
def test_no_address_inside_is_asked(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("EVIDENSE_URL_TRIAL", f"https://{host}")
    with open_wire(terms=Terms(patience=QUICK)) as wire:
        reply = ask(wire)
    assert reply.state == "blocked"
    assert "not a public address" in reply.detail


def test_a_path_does_not_leave_its_base(loopback: Loopback, wire: IndexWire) -> None:
    ask(wire, "works/10.1/../../admin")
    ask(wire, "//evil.example/x")
    assert [seen.path for seen in loopback.seen] == ["/works/10.1/%2E%2E/%2E%2E/admin", "/evil.example/x"]


def test_offline_makes_any_connection_an_error(loopback: Loopback) -> None:
    with without_network():
        with pytest.raises(EvidenseError, match="offline"):
            socket.create_connection(("127.0.0.1", 9))
        with open_wire(terms=Terms(patience=QUICK)) as wire:
            assert ask(wire).state == "not asked"
    assert "EVIDENSE_OFFLINE" not in os.environ
    assert loopback.seen == []


def test_offline_holds_in_child_processes_too() -> None:
    with without_network(), pytest.raises(EvidenseError, match="offline"):
        in_child("fetching.calling:work", b"127.0.0.1")


def test_an_offline_wire_forbids_connections_in_its_block() -> None:
    with open_wire(terms=Terms(is_offline=True)), pytest.raises(EvidenseError, match="offline"):
        socket.create_connection(("127.0.0.1", 9))


def test_the_address_for_complaints_goes_only_to_an_index_that_takes_it(
    loopback: Loopback, wire: IndexWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIDENSE_MAILTO", "me@example.org")
    ask(wire)
    wire.ask(Request("trial", "other"), replace(MANNERS, takes_mailto=True))
    assert ["me@example.org" in seen.headers["user-agent"] for seen in loopback.seen] == [False, True]


def test_without_offline_a_connection_is_nobody_s_error(loopback: Loopback, wire: IndexWire) -> None:
    with without_network(is_offline=False):
        assert ask(wire).state == "found"


WITHOUT = """
import sys
sys.modules["httpx"] = None
from evidense.errors import MissingExtra
from evidense.fetching import open_wire
from evidense.parts import Manners, Request
with open_wire() as wire:
    try:
        wire.ask(Request("trial", "works"), Manners("https://index.example"))
    except MissingExtra as error:
        print(error)
"""


def test_without_httpx_it_says_what_to_install(loopback: Loopback) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert "asking an index needs httpx" in done.stdout
