"""The numbers of PRISMA come out for every interleaving of sources that fail, kills, and repeated runs."""

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from evidense.errors import InvalidInput
from evidense.searching.events import AFTER, Event, EventLog, Prisma, read_log

SOURCES = ("arxiv", "crossref", "folder:mine")
REASONS = ("year < 2018", "retracted", "off topic")


def fate(record: str, seed: int) -> list[Event]:
    """Return all that happens to a record in a run that nothing disturbs."""
    number = hash((record, seed)) % 97
    steps: list[Event] = [Event(record, "identified", reason=SOURCES[number % 3])]
    ends: list[list[Event]] = [
        [Event(record, "duplicate", reason="same doi")],
        [Event(record, "ineligible", reason=REASONS[number % 2])],
        [Event(record, "screened out", "person" if number % 2 else "automation", REASONS[2])],
        [Event(record, "passed", "person" if number % 2 else "automation")],
        [],
    ]
    steps += ends[number % 5]
    if number % 5 == 3:
        steps.append(Event(record, "sought"))
        steps += (
            [Event(record, "not retrieved", reason="no full text")]
            if number % 4 == 0
            else [Event(record, "assessed"), Event(record, "included" if number % 3 else "excluded", reason="")]
        )
    return steps


class Interleavings(RuleBasedStateMachine):
    """Records move on in any order; logs are cut at any byte, and runs begin again."""

    @initialize(seed=st.integers(0, 1_000), n=st.integers(1, 25))
    def begin(self, seed: int, n: int) -> None:
        self.fates = {f"r{i}": fate(f"r{i}", seed) for i in range(n)}
        self.log = EventLog()

    @rule(pick=st.integers(0, 24), n_steps=st.integers(1, 5))
    def move_on(self, pick: int, n_steps: int) -> None:
        record = f"r{pick % len(self.fates)}"
        for event in self.fates[record][:n_steps]:
            self.log.add(event)

    @rule(source=st.sampled_from(SOURCES))
    def answer_of_a_source(self, source: str) -> None:
        for events in self.fates.values():
            if events[0].reason == source:
                self.log.add(events[0])

    @precondition(lambda self: self.log.events)
    @rule(share=st.floats(0, 1))
    def kill(self, share: float) -> None:
        data = self.log.lines()
        self.log = read_log(data[: int(share * len(data))])

    @rule(pick=st.integers(0, 24), step=st.sampled_from(["included", "passed", "duplicate", "assessed", "ineligible"]))
    def try_what_may_not_be(self, pick: int, step: str) -> None:
        record = f"r{pick % len(self.fates)}"
        last, before = self.log.last(record), list(self.log.events)
        if step not in AFTER.get(last, ()) and not any(e.record == record and e.step == step for e in before):
            with pytest.raises(InvalidInput):
                self.log.add(Event(record, step))  # type: ignore[arg-type]
            assert self.log.events == before

    @invariant()
    def every_sum_comes_out(self) -> None:
        if not hasattr(self, "log"):
            return
        numbers = Prisma.of(self.log.events)
        assert numbers.broken() == []
        assert numbers.n_identified == len({event.record for event in self.log.events})
        json.dumps(numbers.to_json())

    def teardown(self) -> None:
        if not hasattr(self, "log"):
            return
        undisturbed = EventLog()
        for events in self.fates.values():
            for event in events:
                undisturbed.add(event)
                self.log.add(event)
        assert Prisma.of(self.log.events) == Prisma.of(undisturbed.events)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_log_is_read_as_it_was_written_and_a_torn_line_is_left_out() -> None:
    log = EventLog()
    for event in fate("a", 3) + fate("b", 4):
        log.add(event)
    assert read_log(log.lines()).events == log.events
    assert read_log(log.lines()[:-5]).events == log.events[:-1]
    assert read_log(b"").events == []


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"no json", b'{"record": "a", "step": "flown"}', b'{"record": "a", "step": "included"}']
)
def test_what_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_log(line + b"\n")


def test_the_numbers_are_questions_to_the_log() -> None:
    events = [
        Event("a", "identified", reason="arxiv"), Event("b", "identified", reason="arxiv"), Event("c", "identified", reason="folder"),
        Event("d", "identified", reason="folder"), Event("e", "identified", reason="folder"), Event("b", "duplicate"),
        Event("c", "ineligible", reason="retracted"), Event("d", "screened out", "person", "off topic"), Event("a", "passed", "person"),
    ]  # fmt: skip
    numbers = Prisma.of(events)
    assert numbers.to_json() == {
        "identified": {"total": 5, "by_source": {"arxiv": 2, "folder": 3}},
        "duplicates_removed": 1,
        "excluded_automatically": {"total": 1, "by_reason": {"retracted": 1}},
        "screened": {"total": 2, "waiting": 1},
        "excluded": {"total": 1, "automation": {}, "person": {"off topic": 1}},
        "passed": {"total": 1, "automation": 0, "person": 1},
        "sought": 0,
        "not_retrieved": {"total": 0, "by_reason": {}},
        "assessed": 0,
        "excluded_after_reading": {"total": 0, "by_reason": {}},
        "included": 0,
    }
    assert Prisma.of([*events, Event("x", "passed")]).broken()
