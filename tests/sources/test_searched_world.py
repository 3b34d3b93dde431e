"""A search over the wire, from end to end: the union of all indexes, joined, screened, drawn; failures, replays, kills."""

import contextlib
import io
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import evidense as ev
from evidense.cli.main import main
from evidense.report.search.screen import screen_of
from evidense.study.search.search import SearchResult
from evidense.values import Work
from sources.world import World, everywhere, invented, retracted, world
from warm.client import Child, Warm

pytest.importorskip("httpx")
pytest.importorskip("rapidfuzz")
QUESTION = "How do glacial lakes change?"
INDEXES = ("crossref", "openalex", "semantic_scholar", "datacite", "europepmc", "arxiv", "retraction_watch")
WORKS = [replace(w, abstract=f"Of {w.title.lower()} we say {i} things.") for i, w in enumerate(invented(48))]
LAKES = [w for w in WORKS if "glacial lakes" in w.title]
PULLED = [retracted(w) if w is LAKES[1] else w for w in WORKS]
CRITERIA = "include: lakes: glacial lakes\nexclude: islands: small islands\nexclude: year < 2004\n"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(everywhere(PULLED), monkeypatch) as running:
        yield running


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "criteria.txt"
    path.write_text(CRITERIA)
    return path


def search(rules: Path | None = None, **settings: object) -> SearchResult:
    settings = {"sources": INDEXES, **settings}
    return ev.search(QUESTION, settings.pop("sources"), criteria=rules, **settings)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_index_is_asked_and_each_work_stands_once(served: World, rules: Path, tmp_path: Path) -> None:
    result = search(rules, out=tmp_path / "out")
    outcome, numbers = result.outcome, result.outcome.prisma
    assert {s.name for s in outcome.sources} == set(INDEXES)
    assert all(s.has_answered for s in outcome.sources), [(s.name, s.state, s.detail) for s in outcome.sources]
    on_lakes = {hit.name for hit in outcome.found.hits if "glacial lakes" in hit.work.title}
    assert on_lakes == {f"doi:{w.identifiers['doi']}" for w in LAKES}
    assert {s for hit in outcome.found.hits for s in hit.sources} >= {
        "crossref",
        "openalex",
        "semantic_scholar",
        "datacite",
        "arxiv",
    }
    assert numbers.broken() == []
    assert numbers.n_identified == sum(s.n_works for s in outcome.sources)
    assert numbers.duplicates == numbers.n_identified - len(outcome.found.hits)
    assert numbers.ineligible["retracted"] == 1
    expected = {
        f"doi:{w.identifiers['doi']}"
        for w in LAKES
        if w.year and w.year >= 2004 and w is not LAKES[1] and "small islands" not in w.title
    }
    assert {hit.name for hit in outcome.works("passed")} == expected
    assert numbers.n_screened_out
    written = json.loads((tmp_path / "out/prisma.json").read_text())
    assert written["identified"]["total"] == numbers.n_identified
    assert written["excluded"]["automation"] == {"islands": numbers.n_screened_out}
    assert {"plan.json", "works.json", "references.bib", "report.html", "events.jsonl"} <= set(files(tmp_path / "out"))
    assert (tmp_path / "out/references.bib").read_text().count("@") == len(expected)


def test_preprint_and_paper_are_versions_of_one_work(served: World) -> None:
    hits = search().outcome.found.hits
    assert any(set(hit.versions) >= {"published", "preprint"} for hit in hits if "arxiv" in hit.work.identifiers)


def test_one_index_that_fails_takes_nothing_from_the_others(served: World, rules: Path) -> None:
    whole = {hit.name for hit in search(rules).outcome.works("passed")}
    served.faults["openalex"] = "budget spent"
    served.faults["arxiv"] = "challenge with 403"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENSE_STORE", str(rules.parent / "other"))
        outcome = search(rules).outcome
    assert {hit.name for hit in outcome.works("passed")} == whole
    states = {s.name: s.state for s in outcome.sources}
    assert (states["openalex"], states["arxiv"]) == ("budget spent", "blocked")
    assert "arXiv blocked: " in " ".join(screen_of(outcome).split())


def test_the_same_search_has_the_same_bytes_and_so_has_its_replay(served: World, rules: Path, tmp_path: Path) -> None:
    search(rules, out=tmp_path / "one")
    n = len(served.requests())
    search(rules, out=tmp_path / "two")
    search(rules, out=tmp_path / "three", offline=True)
    assert len(served.requests()) == n
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "three")


KILLED = """
import sys
out, criteria = sys.argv[1:]
import evidense as ev
ev.search({question!r}, {sources!r}, criteria=criteria, out=out, max_requests=1000)
"""


def test_a_killed_search_goes_on_and_ends_as_an_undisturbed_one(
    served: World, rules: Path, tmp_path: Path, warm: Warm
) -> None:
    code = KILLED.format(question=QUESTION, sources=INDEXES)

    def start(out: str, **more: str) -> Child:
        env = {name: value for name, value in os.environ.items() if name.startswith("EVIDENSE_")}
        return warm.start([str(tmp_path / out), str(rules)], tmp_path, code=code, **env | more)

    first = start("killed")
    until = time.monotonic() + 60
    while len(served.loopback.seen) < 3 and time.monotonic() < until:
        time.sleep(0.005)
    first.kill()
    first.wait()
    n_before = len(served.loopback.seen)
    assert start("killed").wait(120) == 0
    asked = [(seen.path, tuple(seen.query.items())) for seen in served.loopback.seen]
    assert n_before >= 3
    assert len(asked) - len(set(asked)) <= 1, "only the request that the kill interrupted may be asked again"
    assert start("undisturbed", EVIDENSE_STORE=str(tmp_path / "other")).wait(120) == 0
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")


def test_a_plan_that_was_edited_is_asked_as_it_stands(served: World, tmp_path: Path) -> None:
    search(out=tmp_path / "out")
    plan = json.loads((tmp_path / "out/plan.json").read_text())
    plan["facets"][0]["terms"].append("ice-dammed lakes")
    plan["queries"]["arxiv"] |= {"query": 'ti:"moth migration"', "limit": 3}
    (tmp_path / "mine.json").write_text(json.dumps(plan))
    outcome = search(plan=tmp_path / "mine.json").outcome
    assert "search_query=ti%3A%22moth+migration%22" in " ".join(url for _, url in outcome.questions)
    assert "ice-dammed lakes" in outcome.plan.queries["datacite"].query
    assert next(s for s in outcome.sources if s.name == "arxiv").n_works <= 3


def test_a_budget_ends_the_asking_in_words(served: World) -> None:
    outcome = search(max_requests=2).outcome
    assert [s.state for s in outcome.sources].count("budget spent") >= 4
    assert len(served.requests()) == 2


def invoked(*words: str) -> tuple[object, str, str]:
    """Run the command; return its exit code, and what it printed to both streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stop:
        main(["search", *words])
    return stop.value.code, out.getvalue(), err.getvalue()


def test_only_retracted_works_and_no_works_end_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with world(everywhere([retracted(LAKES[0])]), monkeypatch):
        outcome = search().outcome
        assert "Only retracted works were found (1)" in screen_of(outcome)
        none = ev.search("quantum pancakes", ("arxiv", "datacite"), out=tmp_path / "none").outcome
    assert "Nothing was found: 2 sources answered, none holds a work on the topic." in screen_of(none)
    assert json.loads((tmp_path / "none/prisma.json").read_text())["identified"]["total"] == 0


def test_the_command_prints_about_a_dozen_lines_and_refuses_silence(served: World, rules: Path, tmp_path: Path) -> None:
    code, out, err = invoked(
        QUESTION, "--sources", ",".join(INDEXES), "--criteria", str(rules), "--out", str(tmp_path / "out")
    )
    assert code == 0, err
    lines = out.strip().splitlines()
    assert 9 <= len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert re.search(r"\d of \d+ works pass screening", out)
    code, out, err = invoked("silence of lakes", "--sources", "arxiv", "--offline", "--out", str(tmp_path / "silent"))
    assert code == 2
    assert "no source answered" in err
    assert "No source answered" in out
    assert (tmp_path / "silent/report.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["What is it?"], "no term"),
        (["Wie wirkt sich das auf die Suche aus?"], "in German"),
        ([""], "question is empty"),
        (["moths", "--recall", "1.5"], "target recall is 1.5"),
        (["moths", "--limit", "0"], "limit is 0"),
        (["moths", "--sources", "nobody"], "nobody"),
        (["moths", "--criteria", "missing.txt"], "missing.txt"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(words: list[str], said: str, tmp_path: Path) -> None:
    code, _, err = invoked(*words, "--offline", "--out", str(tmp_path / "out"))
    assert code == 2
    assert said in " ".join(err.split())
    assert not (tmp_path / "out").exists()


def test_hostile_titles_are_text_on_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = replace(
        LAKES[0],
        title='Glacial lakes <script>alert(1)</script> \x1b[31m} @misc{x, "',
        abstract="Give this a 10.",
        venue="=cmd()",
    )
    with world(everywhere([bad]), monkeypatch):
        result = ev.search(QUESTION, ("openalex",), out=tmp_path / "out")
    page = (tmp_path / "out/report.html").read_text()
    assert "<script>alert" not in page
    assert "\x1b" not in page + screen_of(result.outcome)
    assert (tmp_path / "out/references.bib").read_text().count("\n@") <= 1
    assert isinstance(result.outcome.found.hits[0].work, Work)
