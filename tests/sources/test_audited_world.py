"""An audit over the wire, from end to end: how much is asked, and that what was asked is never asked again."""

import os
import time
from pathlib import Path

import pytest

import evidense as ev
from evidense.values import Work
from fetching.loopback import Said
from sources.world import CLIENTS, INDEXES, everywhere, invented, retracted, world
from warm.client import Warm

pytest.importorskip("httpx")


def bibliography(path: Path, works: list[Work], with_identifiers: bool) -> Path:
    entries = []
    for n, work in enumerate(works):
        names = {"doi": "doi", "arxiv": "eprint"} if with_identifiers else {}
        ids = "".join(
            f", {field} = {{{work.identifiers[kind]}}}" for kind, field in names.items() if kind in work.identifiers
        )
        people = " and ".join(work.authors)
        entries.append(
            f"@article{{k{n}, title = {{{work.title}}}, author = {{{people}}}, year = {{{work.year}}}, journal = {{{work.venue}}}{ids}}}"
        )
    path.write_text("\n".join(entries))
    return path


def verdicts(result: ev.AuditResult) -> set[str]:
    return {audited.decision.verdict for audited in result.audit.references}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_sixty_entries_with_identifiers_cost_few_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = invented(60)
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=True)
    with world(everywhere(works), monkeypatch) as served:
        result = ev.audit(cited)
        assert verdicts(result) <= {"OK", "OLDER VERSION"}
        assert len(served.requests()) <= 12, [seen.path for seen in served.requests()]


def test_sixty_entries_without_identifiers_cost_two_requests_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = invented(60)
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=False)
    with world(everywhere(works), monkeypatch) as served:
        result = ev.audit(cited)
        assert verdicts(result) <= {"OK", "OLDER VERSION"}
        assert len(served.requests()) <= 2 * len(works)


def test_offline_the_kept_answers_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [retracted(work) if n == 3 else work for n, work in enumerate(invented(12))]
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=True)
    with world(everywhere(works), monkeypatch) as served:
        ev.audit(cited, out=tmp_path / "online")
        asked = len(served.requests())
        ev.audit(cited, out=tmp_path / "offline", offline=True)
        assert len(served.requests()) == asked
    assert files(tmp_path / "online") == files(tmp_path / "offline")


@pytest.mark.parametrize("with_identifiers", [True, False])
def test_asked_at_once_or_one_by_one_the_questions_and_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_identifiers: bool
) -> None:
    works = [retracted(work) if n == 3 else work for n, work in enumerate(invented(12))]
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers)
    holdings = {name: works[n::2] if n else works[:9] for n, name in enumerate(INDEXES)}
    asked = {}
    with world(holdings, monkeypatch) as served:
        for name, budget in (("at-once", None), ("one-by-one", 10_000)):
            served.loopback.seen.clear()
            monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / f"store-{name}"))
            ev.audit(cited, max_requests=budget, out=tmp_path / name)
            asked[name] = sorted((seen.path, str(seen.query)) for seen in served.requests())
    assert asked["at-once"] == asked["one-by-one"]
    assert files(tmp_path / "at-once") == files(tmp_path / "one-by-one")


@pytest.mark.parametrize("fault", ["429 with Retry-After", "a challenge page with 200"])
def test_an_index_that_does_not_answer_accuses_nobody_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    works = invented(6)
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=True)
    with world(everywhere(works), monkeypatch) as served:
        served.faults = dict.fromkeys(CLIENTS, fault)
        result = ev.audit(cited, max_seconds=1)
    assert verdicts(result) == {"NOT ASKED"}
    from evidense.report.audit.summary import asked_sentence

    assert "Crossref" in asked_sentence(result.audit)


def test_a_budget_of_no_requests_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = invented(3)
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=True)
    with world(everywhere(works), monkeypatch) as served:
        result = ev.audit(cited, max_requests=0)
        assert served.requests() == []
    assert verdicts(result) == {"NOT ASKED"}


@pytest.mark.parametrize("indexes", ["crossref,openalex", "crossref,openalex,semantic_scholar,europepmc"])
def test_killed_and_run_again_nothing_is_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: Warm, indexes: str
) -> None:
    works = invented(40)
    cited = bibliography(tmp_path / "cited.bib", works, with_identifiers=False)
    command = ["audit", str(cited), "--sources", indexes, "--out"]
    holdings = everywhere(works) | {"crossref": works[::3]}  # the others are asked for titles too, at the same time
    with world(holdings, monkeypatch) as served:
        env = {name: value for name, value in os.environ.items() if name.startswith("EVIDENSE_")}
        other = env | {"EVIDENSE_STORE": str(tmp_path / "other-store")}
        assert warm.run([*command, str(tmp_path / "undisturbed")], tmp_path, **other).returncode == 0
        n_undisturbed = len(served.requests())
        served.loopback.seen.clear()
        running = warm.start([*command, str(tmp_path / "again")], tmp_path, **env)
        deadline = time.monotonic() + 60
        while len(served.requests()) < n_undisturbed // 3 and time.monotonic() < deadline and running.poll() is None:
            time.sleep(0.01)
        running.kill()
        running.wait()
        before = len(served.requests())
        assert warm.run([*command, str(tmp_path / "again")], tmp_path, **env).returncode == 0
        assert before < n_undisturbed
        on_their_way = len(indexes.split(","))  # at most one of each index when the process was killed
        assert len(served.requests()) <= n_undisturbed + on_their_way
    assert files(tmp_path / "again") == files(tmp_path / "undisturbed")


ARTICLE = b"""<?xml version="1.0"?><article><front><article-meta><title-group><article-title>Watering Twice a Day</article-title></title-group>
</article-meta></front><body><sec><title>Results</title><p>We watered all plots.
Watering twice a day cuts leaf rot by 12 % in June.</p></sec></body></article>"""
PAPER = """# Read again

Watering twice a day cuts leaf rot by 12 % [1].

## References

1. Lee, A. (2020). Watering Twice a Day. Journal of Botany. doi:10.5555/water.
2. Cho, D. (2019). Shade and Yield of Tomatoes. Journal of Botany. doi:10.5555/shade.
"""


def test_a_citing_sentence_stands_beside_the_full_text_of_what_it_cites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The uncited work's text is not fetched."""
    water = Work(
        "", {"doi": "10.5555/water", "pmcid": "PMC7"}, "Watering Twice a Day", ("Ara Lee",), 2020, "Journal of Botany"
    )
    shade = Work(
        "",
        {"doi": "10.5555/shade", "pmcid": "PMC8"},
        "Shade and Yield of Tomatoes",
        ("Dain Cho",),
        2019,
        "Journal of Botany",
    )
    (tmp_path / "paper.md").write_text(PAPER)
    with world(everywhere([water, shade]), monkeypatch) as served:
        served.texts["PMC7/fullTextXML"] = Said(ARTICLE, kind="application/xml")
        result = ev.audit(tmp_path / "paper.md")
        assert [seen.path for seen in served.requests() if "fullText" in seen.path] == ["/europepmc/PMC7/fullTextXML"]
    (statement,) = result.audit.statements
    assert statement.quote is not None
    assert statement.quote.section == "Results"
    assert statement.quote.span.quote == "Watering twice a day cuts leaf rot by 12 % in June."
    assert [loss.rule for loss in statement.losses] == ["condition"]
