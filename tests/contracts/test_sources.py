"""The promise of every source: light to import, asked offline it says so, whatever comes back is an answer and never an error."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.fetching import Terms, open_wire
from evidense.parts import Manners, Reply, Request, Source
from evidense.values import Answer, Reference, Work
from evidense.values.literature import ANSWERED

NAMES = list(registry.summaries("sources"))
OVER_NETWORK = [name for name in NAMES if registry.part("sources", name).manners is not None]
KNOWN = Reference(
    "k", "article", "A study of everything that is known", ("Ada Lovelace",), year=2021,
    identifiers={"doi": "10.1234/abc(1)2", "arxiv": "2101.00001", "pmid": "123456", "pmcid": "PMC123456", "acl": "2021.acl-long.1", "isbn": "9780262033848"},
)  # fmt: skip
BARE = Reference("b", title="")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["message", "items", "data", "results", "resultList", "result", "attributes", "title", "author", "total", "doi", "DOI", "ids"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@dataclass
class Said:
    """A wire that gives one reply to everything."""

    reply: Reply
    asked: list[Request] = field(default_factory=list)

    def ask(self, request: Request, manners: Manners) -> Reply:
        self.asked.append(request)
        return self.reply


@pytest.fixture(params=NAMES)
def source(request: pytest.FixtureRequest) -> Source:
    part: Source = registry.part("sources", request.param)
    return part


def test_it_keeps_the_contract(source: Source) -> None:
    assert isinstance(source, Source)
    assert source.covers
    assert source.display_name
    assert source.offers <= {"identifiers", "title", "topic", "full text", "retractions"}
    assert source.offers
    assert source.spellings
    assert not source.recognises("nobody")
    assert source.name == "folder" or source.recognises(source.name)
    if source.manners is not None:
        assert source.manners.url.startswith("https://")
        assert source.manners.per_second > 0
        assert bool(source.manners.key_variable) == bool(source.manners.key_header)


def test_offline_it_says_that_it_was_not_asked(source: Source) -> None:
    if source.name == "folder":
        pytest.skip("a folder is asked offline too")
    with open_wire(terms=Terms(is_offline=True)) as wire:
        answers = [
            *source.by_identifiers([KNOWN, BARE], wire, source.name).items(),
            (0, source.by_title(KNOWN, wire, source.name)),
        ]
        on_topic = source.by_topic("lakes", 3, wire, source.name)
        silent = source.full_text(Work(source.name, KNOWN.identifiers), wire, source.name)
    for position, answer in answers:
        assert position == 0 or source.manners is None
        assert answer.state == ("blocked" if source.name == "dblp" else "not asked")
        assert answer.source == source.name
        assert answer.detail
    assert isinstance(silent, Answer)
    assert silent.state == "not asked"
    assert on_topic.state == ("blocked" if source.name == "dblp" else "not asked")
    assert on_topic.detail
    assert bool(source.topic_query([["glacial lakes"]])) == ("topic" in source.offers)


@pytest.mark.parametrize("name", OVER_NETWORK)
@pytest.mark.parametrize("state", ["blocked", "refused", "budget spent", "unreachable", "not there"])
def test_what_the_wire_says_is_what_it_answers(name: str, state: str) -> None:
    source: Source = registry.part("sources", name)
    wire = Said(Reply(state, 404, detail="why"))  # type: ignore[arg-type]
    expected = "blocked" if state == "not there" else state  # a search has a list, if an empty one
    found = dict(source.by_identifiers([KNOWN, BARE], wire, name))
    assert set(found) == {0}
    assert found[0].state == expected
    if "title" in source.offers:
        assert source.by_title(KNOWN, wire, name).state == expected
    if "topic" in source.offers:
        assert source.by_topic("lakes", 3, wire, name).state == expected


@pytest.mark.parametrize("name", OVER_NETWORK)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_no_answer_of_another_form_is_an_error_or_an_absence(name: str, value: object) -> None:
    source: Source = registry.part("sources", name)
    wire = Said(Reply("found", 200, json.dumps(value).encode(), "application/json"))
    for answer in [
        *source.by_identifiers([KNOWN], wire, name).values(), source.by_title(KNOWN, wire, name), source.by_topic("lakes", 300, wire, name)
    ]:  # fmt: skip
        assert isinstance(answer, Answer)
        if not isinstance(value, dict | list):
            assert answer.state not in ANSWERED


@pytest.mark.parametrize("name", OVER_NETWORK)
def test_no_request_carries_a_secret_or_leaves_its_base(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source: Source = registry.part("sources", name)
    if source.manners and source.manners.key_variable:
        monkeypatch.setenv(source.manners.key_variable, "s3cr3t")
    monkeypatch.setenv("EVIDENSE_MAILTO", "me@example.org")
    wire = Said(Reply("unreachable"))
    source.by_identifiers([KNOWN], wire, name)
    source.by_title(KNOWN, wire, name)
    for request in wire.asked:
        assert request.source == name
        assert "s3cr3t" not in repr(request)
        assert "me@example.org" not in repr(request)
        assert ".." not in request.path


def test_every_key_is_described_and_travels_in_a_header() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    keyed = [source.manners for name in NAMES if (source := registry.part("sources", name)).manners]
    variables = {manners.key_variable for manners in keyed if manners.key_variable}
    assert variables == set(re.findall(r"EVIDENSE_KEY_[A-Z_]+", page))
    assert registry.part("sources", "openalex").manners.key_header == "authorization"
