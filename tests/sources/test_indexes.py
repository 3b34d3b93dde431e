"""The clients of the indexes against a server that speaks their protocols: what is found, what is absent, what failed and why."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidense import registry
from evidense.auditing.references_of import NamedSource, ask
from evidense.fetching import IndexWire, Terms, open_wire
from evidense.parts import Source
from evidense.values import Answer, Notice, Reference, Work
from sources.world import CLIENTS, FAULTS, QUICK, STATES, World, everywhere, invented, retracted, world
from warm.client import Child, Warm

pytest.importorskip("httpx")
pytest.importorskip("lxml")
WORKS = invented()


def reference_to(work: Work, **changes: object) -> Reference:
    cited = Reference(
        "k", "article", work.title, work.authors, year=work.year, venue=work.venue, identifiers=work.identifiers
    )
    return replace(cited, **changes)  # type: ignore[arg-type]


def client(name: str) -> Source:
    part: Source = registry.part("sources", name)
    return part


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(everywhere(WORKS), monkeypatch) as running:
        yield running


@pytest.mark.parametrize("name", CLIENTS)
def test_it_finds_a_work_by_identifier_with_its_fields(name: str, wire: IndexWire) -> None:
    answer = client(name).by_identifiers([reference_to(WORKS[0])], wire, name)[0]
    assert (answer.source, answer.state, answer.by) == (name, "found", "identifier")
    (work,) = answer.works
    assert work.source == name
    assert work.title == WORKS[0].title
    assert [a.split()[-1].strip(",") if "," not in a else a.split(",")[0] for a in work.authors] == ["Quill"]
    assert work.year == WORKS[0].year
    assert answer.blobs


@pytest.mark.parametrize("name", CLIENTS)
def test_it_finds_a_work_by_title_and_the_likest_comes_first(name: str, wire: IndexWire) -> None:
    answer = client(name).by_title(reference_to(WORKS[3], identifiers={}), wire, name)
    assert (answer.state, answer.by) == ("found", "title")
    assert answer.works[0].title == WORKS[3].title
    assert len(answer.works) <= 5


@pytest.mark.parametrize("name", CLIENTS)
def test_a_title_that_nobody_wrote_is_not_there(name: str, wire: IndexWire) -> None:
    nobody = Reference("k", title="Quantum pancakes and the dry season of northern lichen proofs")
    assert client(name).by_title(nobody, wire, name).state == "not there"


def test_an_identifier_that_nobody_has_is_not_there_only_where_it_would_be_known(wire: IndexWire) -> None:
    missing = Reference("k", title="x", identifiers={"doi": "10.1145/404.404"})
    preprint = Reference("k", title="x", identifiers={"arxiv": "2199.99999", "doi": "10.48550/arxiv.2199.99999"})
    states = {
        name: {i: a.state for i, a in client(name).by_identifiers([missing, preprint], wire, name).items()}
        for name in CLIENTS
    }
    assert states == {
        "crossref": {0: "not there"}, "datacite": {1: "not there"}, "arxiv": {1: "not there"},
        "openalex": {0: "not there"}, "semantic_scholar": {0: "not there"}, "europepmc": {},
    }  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", CLIENTS)
def test_each_fault_is_named_and_never_an_absence(name: str, fault: str, served: World, wire: IndexWire) -> None:
    if fault == "empty page" and name == "semantic_scholar":
        pytest.skip("its batch has no total")
    served.faults[name] = fault
    by_identifier = client(name).by_identifiers([reference_to(WORKS[0])], wire, name)[0]
    assert by_identifier.state == STATES[fault], by_identifier.detail
    assert by_identifier.detail
    assert not by_identifier.works


@pytest.mark.parametrize(
    "fault", ["429 without", "challenge with 200", "truncated", "empty page", "gone", "budget spent"]
)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_search_by_title_names_its_fault_too(name: str, fault: str, served: World, wire: IndexWire) -> None:
    served.faults[name] = fault
    answer = client(name).by_title(reference_to(WORKS[0], identifiers={}), wire, name)
    assert answer.state == STATES[fault], answer.detail


def test_notices_are_three_words_for_three_things(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled = retracted(WORKS[1])
    doubted = replace(WORKS[2], notices=(Notice("concern", "2023-01-02", "Image reuse", "10.1145/9999.2"),))
    mended = replace(WORKS[4], notices=(Notice("correction", "2023-01-03", "Typing error", "10.1145/9999.3"),))
    with world(everywhere([pulled, doubted, mended]), monkeypatch), open_wire(terms=QUICK) as wire:
        for name in ("crossref", "retraction_watch"):
            answers = client(name).by_identifiers(
                [reference_to(w) for w in (pulled, doubted, mended, WORKS[5])], wire, name
            )
            notices = {
                i: [n.relation for w in a.works for n in w.notices] for i, a in answers.items() if a.state == "found"
            }
            assert notices == {0: ["retraction"], 1: ["concern"], 2: ["correction"]}
            assert answers[0].works[0].notices[0].date == "2022-03-04"
            assert answers[0].works[0].notices[0].identifier == "10.1145/9999.1"
        assert "sha256" in answers[0].detail
        assert "3 notices, the latest of 2023-01-03" in answers[0].detail
        assert (
            client("openalex").by_identifiers([reference_to(pulled)], wire, "openalex")[0].works[0].notices[0].relation
            == "retraction"
        )
        assert (
            client("europepmc")
            .by_identifiers([reference_to(pulled)], wire, "europepmc")[0]
            .works[0]
            .notices[0]
            .relation
            == "retraction"
        )


def test_a_withdrawn_preprint_and_a_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    withdrawn = replace(
        WORKS[0], notices=(Notice("withdrawal", reason="This paper has been withdrawn by the authors"),)
    )
    published = replace(WORKS[3], published_as={"doi": "10.1145/77.7", "venue": "Proc. of Lakes 2019"})
    with world(everywhere([withdrawn, published]), monkeypatch), open_wire(terms=QUICK) as wire:
        answers = client("arxiv").by_identifiers([reference_to(withdrawn), reference_to(published)], wire, "arxiv")
        assert answers[0].works[0].notices[0].relation == "withdrawal"
        assert answers[1].works[0].published_as == {
            "doi": "10.1145/77.7",
            "venue": "Proc. of Lakes 2019",
            "year": "2019",
        }
        of_datacite = client("datacite").by_identifiers([reference_to(published)], wire, "datacite")
        assert of_datacite[0].works[0].published_as == {"doi": "10.1145/77.7"}


def named(*names: str) -> list[NamedSource]:
    return [NamedSource(name, client(name), name) for name in names or (*CLIENTS, "retraction_watch")]


def test_sixty_entries_with_identifiers_take_at_most_twelve_requests(served: World, wire: IndexWire) -> None:
    decided = ask([reference_to(work) for work in WORKS], named(), wire)
    assert {decision.verdict for decision, _ in decided} == {"OK"}
    assert len(served.loopback.seen) <= 12, [seen.path for seen in served.loopback.seen]


def test_sixty_entries_without_take_at_most_two_requests_each(served: World, wire: IndexWire) -> None:
    decided = ask([reference_to(work, identifiers={}) for work in WORKS], named(), wire)
    assert {decision.verdict for decision, _ in decided} <= {"OK"}
    assert len(served.loopback.seen) <= 120, len(served.loopback.seen)


def test_offline_the_same_audit_has_the_same_answers(served: World, wire: IndexWire) -> None:
    served.faults["openalex"] = "budget spent"
    served.faults["semantic_scholar"] = "challenge with 403"
    references = [reference_to(w, identifiers={} if i % 2 else w.identifiers) for i, w in enumerate(WORKS[:12])]
    online = ask(references, named(), wire)
    n = len(served.loopback.seen)
    with open_wire(terms=Terms(is_offline=True)) as replaying:
        offline = ask(references, named(), replaying)
    assert [d for d, _ in offline] == [d for d, _ in online]
    states: list[list[Answer]] = [[a for _, answers in done for a in answers] for done in (online, offline)]
    assert [(a.source, a.state, a.blobs) for a in states[0]] == [(a.source, a.state, a.blobs) for a in states[1]]
    assert len(served.loopback.seen) == n


KILLED = """
import sys
out, here = sys.argv[1:]
sys.path.insert(0, here)
from sources.test_indexes import QUICK, WORKS, named, reference_to
from evidense.auditing.references_of import ask
from evidense.fetching import open_wire
with open_wire(terms=QUICK) as wire:
    decided = ask([reference_to(work, identifiers={}) for work in WORKS[:20]], named(), wire)
open(out, "w").write(repr(decided))
"""


def test_a_killed_run_asks_nothing_twice_and_ends_as_an_undisturbed_one(
    served: World, tmp_path: Path, warm: Warm
) -> None:
    def start(out: str, **more: str) -> Child:
        env = {name: value for name, value in os.environ.items() if name.startswith("EVIDENSE_")}
        return warm.start([str(tmp_path / out), str(Path(__file__).parents[1])], tmp_path, code=KILLED, **env | more)

    first = start("killed")
    until = time.monotonic() + 30
    while len(served.loopback.seen) < 8 and time.monotonic() < until:
        time.sleep(0.005)
    first.kill()
    first.wait()
    n_before = len(served.loopback.seen)
    assert 8 <= n_before < 20
    assert start("continued").wait(60) == 0
    asked = [(seen.path, tuple(seen.query.items()), seen.body) for seen in served.loopback.seen]
    assert len(asked) > n_before
    assert len(asked) - len(set(asked)) <= 1, "only the request that the kill interrupted may be asked again"
    assert start("undisturbed", EVIDENSE_STORE=str(tmp_path / "other")).wait(60) == 0
    assert (tmp_path / "continued").read_bytes() == (tmp_path / "undisturbed").read_bytes()
    assert not (tmp_path / "killed").exists()


def test_a_title_that_says_so_is_a_retraction(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled = replace(WORKS[1], title=f"RETRACTED: {WORKS[1].title}")
    with world(everywhere([pulled]), monkeypatch), open_wire(terms=QUICK) as wire:
        (work,) = client("crossref").by_identifiers([reference_to(WORKS[1])], wire, "crossref")[0].works
        assert [n.relation for n in work.notices] == ["retraction"]
