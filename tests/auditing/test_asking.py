"""Whom an audit asks: identifiers in one batch a source, titles only for what these leave open, nothing twice."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from evidense.auditing.references_of import Conduct, NamedSource, ask
from evidense.errors import InvalidInput
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


class Slow(Shelf):
    """An index that takes its time, another one each time."""

    def by_title(self, reference: Reference, wire: object, spelling: str) -> Answer:
        time.sleep(random.random() / 300)
        return super().by_title(reference, wire, spelling)


def slow_shelves() -> list[Shelf]:
    return [
        Slow("a", KNOWN[:2]),
        Slow("b", KNOWN[:3]),
        Slow("c"),
        Shelf("f", KNOWN[4:], manners=None),
        Slow("d", KNOWN),
    ]


def test_asked_at_once_every_index_gets_the_same_questions_and_gives_the_same_answers() -> None:
    references = [cited(work, identifiers={}) for work in KNOWN] + [cited(KNOWN[0], title="Nothing of the Kind")]
    references += [cited(KNOWN[1], identifiers={"doi": "10.1/2"}), cited(KNOWN[3])]

    def asked_of(at_once: bool) -> tuple[object, ...]:
        shelves = slow_shelves()
        decided = ask(
            references, [NamedSource(s.name, s, s.name) for s in shelves], Silence(), (), Conduct(at_once=at_once)
        )
        return decided, [(shelf.batches, shelf.titles) for shelf in shelves]

    one_by_one = asked_of(False)
    assert all(asked_of(True) == one_by_one for _ in range(5))


def test_indexes_are_really_asked_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)
    second_was_asked = threading.Event()

    class Meeting(Shelf):
        def by_identifiers(self, references: Sequence[Reference], wire: object, spelling: str) -> Mapping[int, Answer]:
            meeting.wait()
            return super().by_identifiers(references, wire, spelling)

        def by_title(self, reference: Reference, wire: object, spelling: str) -> Answer:
            if self.name == "b":
                second_was_asked.set()
            elif self.titles:  # the first one is asked for its second title while the second one has the first title
                assert second_was_asked.wait(10)
            return super().by_title(reference, wire, spelling)

    shelves = Meeting("a"), Meeting("b")
    named = [NamedSource(s.name, s, s.name) for s in shelves]
    decided = ask([cited(work) for work in KNOWN], named, Silence(), (), Conduct(at_once=True))
    assert [decision.verdict for decision, _ in decided] == ["NOT FOUND"] * len(KNOWN)


def test_what_one_index_raises_is_raised_and_nobody_waits_for_it() -> None:
    class Broken(Shelf):
        def by_title(self, reference: Reference, wire: object, spelling: str) -> Answer:
            raise InvalidInput("its address is wrong")

    named = [NamedSource(s.name, s, s.name) for s in (Shelf("a"), Broken("b"), Shelf("c"))]
    with pytest.raises(InvalidInput, match="its address"):
        ask([cited(work, identifiers={}) for work in KNOWN], named, Silence(), (), Conduct(at_once=True))


def test_whoever_interrupts_is_not_kept_waiting() -> None:
    code = (
        "import signal, time; from evidense.auditing.at_once import at_once; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "print('on', flush=True); at_once([lambda: time.sleep(60)] * 2)"
    )  # a shell starts background processes with SIGINT ignored
    waiting = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert waiting.stdout is not None
    waiting.stdout.readline()
    time.sleep(0.2)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(20) != 0
