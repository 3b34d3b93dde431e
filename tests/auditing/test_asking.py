"""Whom an audit asks: identifiers in one batch a source, titles only for what these leave open, nothing twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidense.auditing.references_of import NamedSource, ask
from evidense.parts import Manners, Reply, Request
from evidense.texts.titles import compare_titles
from evidense.values import Answer, Notice, Reference, Work

KNOWN = [
    Work("", {"doi": f"10.1/{n}", "arxiv": f"2001.0000{n}"}, title, (author,), 2000 + n, "Nature")
    for n, (title, author) in enumerate(
        (
            ("A Study of Owls", "Roe, Ada"),
            ("The Weight of Water", "Bell, Ian"),
            ("Rivers and Their Names", "Cho, Min"),
            ("On Slow Trains", "Diaz, Eva"),
            ("Letters from a Desert", "Fox, Leo"),
        )
    )
]


class Silence:
    """A wire that nobody uses."""

    def ask(self, request: Request, manners: Manners) -> Reply:
        raise AssertionError(request)


@dataclass
class Shelf:
    """An index in memory that counts what it is asked."""

    name: str
    works: Sequence[Work] = ()
    offers: frozenset = frozenset({"identifiers", "title"})
    manners: Manners | None = field(default_factory=lambda: Manners("https://example.org"))
    covers: str = "works"
    batches: list[int] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    @property
    def display_name(self) -> str:
        return self.name

    def recognises(self, spelling: str) -> bool:
        return spelling == self.name

    def by_identifiers(self, references: Sequence[Reference], wire: object, spelling: str) -> Mapping[int, Answer]:
        self.batches.append(len(references))
        answers = {}
        for i, reference in enumerate(references):
            found = [w for w in self.works if w.identifiers["doi"] == reference.identifiers.get("doi")]
            answers[i] = Answer(self.name, "found" if found else "not there", tuple(found), "identifier")
        return answers

    def by_title(self, reference: Reference, wire: object, spelling: str) -> Answer:
        self.titles.append(reference.title)
        found = [w for w in self.works if compare_titles(reference.title, w.title)[0] == "same"]
        return Answer(self.name, "found" if found else "not there", tuple(found), "title")

    def full_text(self, work: Work, wire: object, spelling: str) -> Answer:
        return Answer(self.name, "not there")


def cited(work: Work, **changes: object) -> Reference:
    given: dict = {
        "kind": "article",
        "title": work.title,
        "authors": work.authors,
        "year": work.year,
        "venue": work.venue,
    }
    return Reference(work.title.lower(), **{**given, "identifiers": {"doi": work.identifiers["doi"]}, **changes})


def asked(references: list[Reference], *shelves: Shelf) -> list[str]:
    decided = ask(references, [NamedSource(s.name, s, s.name) for s in shelves], Silence())
    return [decision.verdict for decision, _ in decided]


def test_right_identifiers_cost_one_request_a_source() -> None:
    a, b = Shelf("a", KNOWN), Shelf("b", KNOWN)
    assert asked([cited(work) for work in KNOWN], a, b) == ["OK"] * len(KNOWN)
    assert (a.batches, b.batches, a.titles, b.titles) == ([5], [5], [], [])


def test_a_title_is_asked_for_only_until_the_reference_is_settled() -> None:
    a, b = Shelf("a", KNOWN), Shelf("b", KNOWN)
    assert asked([cited(work, identifiers={}) for work in KNOWN], a, b) == ["OK"] * len(KNOWN)
    assert (len(a.titles), len(b.titles)) == (5, 0)
    assert b.batches == [5]  # what was found by its title is confirmed elsewhere, in one batch


def test_an_identifier_that_disagrees_is_asked_by_its_title() -> None:
    a, b = Shelf("a", KNOWN), Shelf("b", KNOWN)
    assert asked([cited(KNOWN[0], identifiers={"doi": "10.1/1"}), cited(KNOWN[2])], a, b) == ["OTHER WORK", "OK"]
    assert a.titles == ["A Study of Owls"]


def test_every_index_is_asked_before_a_work_is_not_found() -> None:
    shelves = Shelf("a", KNOWN), Shelf("b", KNOWN), Shelf("c", KNOWN)
    assert asked([cited(KNOWN[0], title="Nothing of the Kind", identifiers={})], *shelves) == ["NOT FOUND"]
    assert [len(shelf.titles) for shelf in shelves] == [1, 1, 1]


def test_software_is_looked_for_in_two_indexes_only() -> None:
    shelves = Shelf("a", KNOWN), Shelf("b", KNOWN), Shelf("c", KNOWN)
    assert asked([cited(KNOWN[0], kind="software", title="A Tool", identifiers={})], *shelves) == ["NOT A PAPER"]
    assert [len(shelf.titles) for shelf in shelves] == [1, 1, 0]


def test_a_list_of_retractions_is_no_index_that_a_work_is_missing_from() -> None:
    retractions = Shelf("r", (), frozenset({"identifiers", "retractions"}))
    assert asked([cited(KNOWN[0])], Shelf("a", ()), retractions) == ["NOT ASKED"]
    assert asked([cited(KNOWN[0])], Shelf("a", KNOWN), retractions) == ["OK"]


def test_a_retraction_is_found_for_a_reference_without_an_identifier() -> None:
    notice = replace(KNOWN[0], notices=(Notice("retraction", "2020-01-01"),))
    retractions = Shelf("r", (notice,), frozenset({"identifiers", "retractions"}))
    assert asked([cited(KNOWN[0], identifiers={})], Shelf("a", KNOWN), retractions) == ["RETRACTED"]


def test_a_folder_is_asked_for_everything_first() -> None:
    folder, index = Shelf("folder", KNOWN, manners=None), Shelf("a", KNOWN)
    assert asked([cited(work, identifiers={}) for work in KNOWN], index, folder) == ["OK"] * 5
    assert index.titles == []


def test_answers_bear_the_name_that_the_source_was_given() -> None:
    shelf = Shelf("folder", KNOWN, manners=None)
    sources = [NamedSource("folder:mine", shelf, "folder:mine"), NamedSource("folder:hers", shelf, "folder:hers")]
    ((_, answers),) = ask([cited(KNOWN[0])], sources, Silence())
    assert {work.source for answer in answers for work in answer.works} == {"folder:mine", "folder:hers"}
