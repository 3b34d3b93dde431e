"""Commands that ask a server: the bill comes first, a killed command pays for nothing twice, and what is kept needs no server."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("wordllama")

from encoders.embedding_server import EmbeddingServer, embedding_server
from entailers.pair_models import save_classifier
from evidense.errors import InvalidInput
from evidense.fetching.servers.reranking import QUERY
from evidense.fetching.servers.sentinels import TEXTS
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.rankings import RankingTasks
from evidense.study.run import RunOptions, open_study
from evidense.study.runners.local import local_runner
from fetching.loopback import Loopback, Said
from rankers.rerank_server import rerank_server
from warm.client import Warm


@pytest.fixture
def served() -> Iterator[tuple[EmbeddingServer, Loopback]]:
    with embedding_server() as both:
        yield both


@pytest.fixture(scope="module")
def few_csv(first_lines: Any) -> Path:
    return Path(first_lines(41))


def asked(server: EmbeddingServer) -> list[str]:
    return [text for text in server.texts if text not in TEXTS]


def verdicts(folder: Path) -> bytes:
    return (folder / "verdicts.json").read_bytes()


def test_a_killed_command_continues_and_pays_for_nothing_twice(
    served: tuple[EmbeddingServer, Loopback], few_csv: Path, tmp_path: Path, warm: Warm
) -> None:
    server, loopback = served
    system = f"openai:wordllama@url={loopback.url}/v1@batch=8@at_once=1@price=1"
    argv = ["compare", "bm25", system, "--on", str(few_csv), "--out"]
    where: dict[str, Any] = {"EVIDENSE_STORE": str(tmp_path / "store")}

    plan = warm.start([*argv, "page", "--plan"], tmp_path, **where).communicate(timeout=100)[0]
    assert "asks its server: up to 68 texts, about" in plan
    assert "9 requests and 3 that check the model, about 0.00" in plan
    assert "USD, time not known before it is asked" in plan
    assert not server.n_requests

    running = warm.start([*argv, "page"], tmp_path, **where)
    server.change = lambda answer, n: running.kill() or answer if n == 5 else answer
    running.wait()
    n_before = len(asked(server))
    assert 8 <= n_before <= 48

    n_requests = server.n_requests
    cut = warm.start([*argv, "page", "--plan"], tmp_path, **where).communicate(timeout=100)[0]
    n_left, n_waiting = (int(n) for n in re.findall(r"up to (\d+) texts.* (\d+) texts of a run that was cut", cut)[0])
    assert (n_left + n_waiting, n_waiting % 8, n_waiting > 0) == (68, 0, True), cut
    assert server.n_requests == n_requests

    server.change = lambda answer, n: answer
    resumed = warm.start([*argv, "page"], tmp_path, **where)
    out, err = resumed.communicate(timeout=100)
    assert resumed.returncode == 0, out + err
    assert "asks its server" in err, "the bill stands before the first request"
    assert len(asked(server)) == n_before + n_left, "only the texts that the plan had billed"
    assert len(asked(server)) <= 68 + 8, "only the request that was under way is paid again"

    n_requests = server.n_requests
    again = warm.start([*argv, "again", "--margin", "0.1"], tmp_path, **where)
    assert again.communicate(timeout=100)
    assert again.returncode == 0
    assert server.n_requests == n_requests + 1, "the sentinels"
    done = warm.start([*argv, "page", "--plan"], tmp_path, **where).communicate(timeout=100)[0]
    assert "in the store, but for 1 request that checks the model" in done

    server.change = lambda answer, n: Said(b"", 404)
    off = warm.start([*argv, "off"], tmp_path, **where)
    out, err = off.communicate(timeout=100)
    assert off.returncode == 0, out + err
    assert verdicts(tmp_path / "off") == verdicts(tmp_path / "page")


def test_systems_of_one_model_are_billed_once_and_noted_once(
    served: tuple[EmbeddingServer, Loopback], few_csv: Path, tmp_path: Path, warm: Warm
) -> None:
    server, loopback = served
    model = f"openai:wordllama@url={loopback.url}/v1"
    (tmp_path / "more.csv").write_text(few_csv.read_text(encoding="utf-8").replace("the", "a"), encoding="utf-8")
    argv = ["compare", "bm25", model, f"{model}@dim=64", "--on", f"{few_csv},more.csv", "--out", "page"]
    where: dict[str, Any] = {"EVIDENSE_STORE": str(tmp_path / "store")}
    plan = warm.start([*argv, "--plan"], tmp_path, **where).communicate(timeout=100)[0]
    said = re.findall(r"openai:wordllama( dim=64)?  +asks its server: (?:up to (\d+)|no more) texts", plan)
    assert [bool(n) for _, n in said] == [True, False, True, False], plan
    n_checks = sum(map(int, re.findall(r"requests and (\d+) that check", plan)))
    n_requests = sum(map(int, re.findall(r"(\d+) requests and", plan)))

    running = warm.start(argv, tmp_path, **where)
    out, err = running.communicate(timeout=100)
    assert running.returncode == 0, out + err
    assert len(asked(server)) == sum(int(n) for _, n in said if n)
    assert server.n_requests == n_requests + n_checks
    lines = [line for line in out.splitlines() if "a server, whose weights are not seen" in line]
    assert len(lines) == 1
    assert lines[0].startswith("  ⚠ openai:wordllama, openai:wordllama dim=64: a server")
    page = re.sub(r"<[^>]+>", "", (tmp_path / "page" / "report.html").read_text(encoding="utf-8"))
    assert len(re.findall(r"Warning:\s*openai:wordllama, openai:wordllama dim=64\s*: a server", page)) == 1

    other = warm.start(
        ["compare", "bm25", f"{model}@query_prompt=q: ", "--on", "more.csv", "--plan"], tmp_path, **where
    )
    assert re.search(r"up to \d+ texts, .*at its last pace", other.communicate(timeout=100)[0])


def test_a_killed_rerank_continues_and_pays_for_nothing_twice(few_csv: Path, tmp_path: Path, warm: Warm) -> None:
    save_classifier(tmp_path / "model", ("LABEL_0",))
    with rerank_server(tmp_path / "model") as (server, loopback):
        system = f"rerank:tiny@url={loopback.url}@depth=10@at_once=1"
        argv = ["compare", "bm25", system, "--on", str(few_csv), "--out", "page"]
        where: dict[str, Any] = {"EVIDENSE_STORE": str(tmp_path / "store")}
        running = warm.start(argv, tmp_path, **where)
        server.change = lambda answer, n: running.kill() or answer if n == 20 else answer
        running.wait()
        server.change = lambda answer, n: answer
        resumed = warm.start(argv, tmp_path, **where)
        out, err = resumed.communicate(timeout=100)
        assert resumed.returncode == 0, out + err
        assert "pairs of query and document, about" in err
        assert "it sees the first 10 documents of bm25" in out
        pairs = [pair for pair in server.pairs if pair[0] != QUERY]
        assert len(pairs) <= len(set(pairs)) + 10


def test_a_worker_spends_from_the_budget_of_its_command(
    served: tuple[EmbeddingServer, Loopback], few_csv: Path, tmp_path: Path
) -> None:
    from evidense.boundary.consent import consenting

    server, loopback = served
    system = f"openai:wordllama@url={loopback.url}/v1@batch=8@budget=400tokens"
    with consenting([system]):
        opened = open_study(comparison("bm25", [system], [str(few_csv)]), RunOptions())
        tasks = RankingTasks(opened.study, opened.systems, opened.collections, opened.origins)
        with local_runner(0, tmp_path / "store") as runner, pytest.raises(InvalidInput, match="budget of 400 tokens"):
            list(tasks.make(runner, Store(tmp_path / "store")))
    assert not asked(server)
