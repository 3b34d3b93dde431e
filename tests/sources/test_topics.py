"""Searches by topic: what each index is asked, page after page, where it ends, and what a failure leaves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidense import registry
from evidense.fetching import IndexWire, Terms, open_wire
from evidense.parts import Source
from evidense.sources._topics import TopicIndex
from sources.world import CLIENTS, FAULTS, QUICK, STATES, World, everywhere, invented, world

pytest.importorskip("httpx")
pytest.importorskip("lxml")
BOOLEAN = ("datacite", "arxiv", "openalex", "europepmc")
FACETS = (("glacial lakes", "ice-dammed lakes"), ("survey", "census"))
WORKS = [
    replace(w, identifiers={**w.identifiers, "arxiv": f"2101.{i:05d}"}, abstract=f"We say {i} new things of it.")
    for i, w in enumerate(invented(240))
]
ON_LAKES = [w for w in WORKS if "glacial lakes" in w.title]


def client(name: str) -> TopicIndex:
    part: TopicIndex = registry.part("sources", name)
    return part


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in CLIENTS:
        monkeypatch.setattr(client(name), "topic_size", 7, raising=False)
    with world(everywhere(WORKS), monkeypatch) as running:
        yield running


@pytest.mark.parametrize("name", CLIENTS)
def test_every_index_offers_topics_and_writes_its_own_query(name: str) -> None:
    source: Source = client(name)
    assert "topic" in source.offers
    query = source.topic_query(FACETS)
    assert "glacial lakes" in query
    assert ("ice-dammed lakes" in query) == (name in BOOLEAN)
    assert source.topic_query([['a(b)*:c\\ "d"']]).count('"') in (0, 2, 4)
    assert source.topic_query([]) == source.topic_query([[]]) == ""


@pytest.mark.parametrize("name", CLIENTS)
def test_all_pages_are_fetched_up_to_the_end(name: str, served: World, wire: IndexWire) -> None:
    answer = client(name).by_topic(client(name).topic_query(FACETS), 1_000, wire, name)
    assert (answer.source, answer.state, answer.by) == (name, "found", "topic"), answer.detail
    titles = [work.title for work in answer.works]
    assert len(titles) == len(set(titles))
    assert {w.title for w in ON_LAKES} <= set(titles)
    assert answer.total == len(titles)
    assert not answer.detail
    assert answer.blobs
    assert all(work.abstract for work in answer.works)
    n_pages = -(-len(titles) // 7)
    assert n_pages <= len(served.requests(name)) <= n_pages + 1
    if name in BOOLEAN:
        assert len(titles) == len(ON_LAKES)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_limit_is_kept_and_the_rest_is_counted(name: str, served: World, wire: IndexWire) -> None:
    answer = client(name).by_topic(client(name).topic_query(FACETS), 10, wire, name)
    assert len(answer.works) == 10
    assert answer.total is not None
    assert answer.detail == f"10 of {answer.total:,}"
    assert len(served.requests(name)) == 2


@pytest.mark.parametrize("name", CLIENTS)
def test_a_topic_of_which_nobody_wrote_is_not_there(name: str, wire: IndexWire) -> None:
    answer = client(name).by_topic(client(name).topic_query([["quantum pancakes"]]), 10, wire, name)
    assert (answer.state, answer.works) == ("not there", ())


@pytest.mark.parametrize("name", CLIENTS)
def test_an_empty_query_is_not_sent(name: str, served: World, wire: IndexWire) -> None:
    assert client(name).by_topic("  ", 10, wire, name).state == "not asked"
    assert client(name).by_topic("x", 0, wire, name).state == "not asked"
    assert not served.requests()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_fault_on_the_first_page_is_named_and_never_an_absence(
    name: str, fault: str, served: World, wire: IndexWire
) -> None:
    served.faults[name] = fault
    answer = client(name).by_topic(client(name).topic_query(FACETS), 100, wire, name)
    assert answer.state == STATES[fault], answer.detail
    assert answer.detail
    assert not answer.works


@pytest.mark.parametrize(
    "fault", ["429 without", "budget spent", "challenge with 200", "truncated", "empty page", "down"]
)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_fault_on_a_later_page_leaves_what_came_before_and_says_so(
    name: str, fault: str, served: World, wire: IndexWire
) -> None:
    served.faults[name] = fault
    served.healthy[name] = 2
    answer = client(name).by_topic(client(name).topic_query(FACETS), 1_000, wire, name)
    assert (answer.state, len(answer.works)) == ("found", 14)
    assert f"14 of {answer.total:,}, then {STATES[fault]}: " in answer.detail


@pytest.mark.parametrize("name", CLIENTS)
def test_a_search_that_was_cut_off_goes_on_where_it_was(name: str, served: World, wire: IndexWire) -> None:
    served.faults[name] = "down"
    served.healthy[name] = 2
    query = client(name).topic_query(FACETS)
    client(name).by_topic(query, 1_000, wire, name)
    served.faults.clear()
    n_before = len(served.requests(name))
    with open_wire(terms=QUICK) as again:
        whole = client(name).by_topic(query, 1_000, again, name)
        assert [asked.is_kept for asked in again.log[:3]] == [True, True, False]
    assert len(served.requests(name)) > n_before
    with open_wire(terms=Terms(is_offline=True)) as offline:
        assert client(name).by_topic(query, 1_000, offline, name) == whole


def test_a_budget_of_requests_ends_a_search_in_words(served: World) -> None:
    with open_wire(terms=replace(QUICK, max_requests=1)) as wire:
        answer = client("arxiv").by_topic(client("arxiv").topic_query(FACETS), 1_000, wire, "arxiv")
    assert len(answer.works) == 7
    assert answer.detail == f"7 of {answer.total}, then budget spent: the budget of 1 requests is spent"


def test_a_folder_is_ranked_by_its_words(tmp_path: Path, wire: IndexWire) -> None:
    pytest.importorskip("bibtexparser")
    lines = [f'{{"title": "{w.title}", "abstract": "{w.abstract}", "year": {w.year}}}' for w in WORKS[:40]]
    (tmp_path / "works.jsonl").write_text("\n".join(lines))
    folder: Source = registry.part("sources", "folder")
    spelling = f"folder:{tmp_path}"
    answer = folder.by_topic(folder.topic_query([["glacial lakes"]]), 3, wire, spelling)
    assert (answer.state, len(answer.works)) == ("found", 3)
    assert all("glacial lakes" in work.title for work in answer.works)
    assert answer.detail == f"3 of {answer.total}"
    assert folder.by_topic("quantum pancakes", 3, wire, spelling).state == "not there"
    assert folder.by_topic("lakes", 3, wire, "folder").state == "not asked"


def test_a_list_of_retractions_is_not_searched(wire: IndexWire) -> None:
    source: Source = registry.part("sources", "retraction_watch")
    assert "topic" not in source.offers
    assert source.by_topic("lakes", 3, wire, "retraction_watch").state == "not asked"
    assert source.topic_query(FACETS) == ""
