"""Events: what happened to each record, in order; the numbers of PRISMA 2020 are questions put to this log, never counted beside it.

A record is identified, then removed as a duplicate or as ineligible, or screened; what passes is sought, retrieved and assessed.
An event that is in the log already changes nothing, so that a run that was killed is simply run again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from evidense.errors import InvalidInput
from evidense.records import Json

Step = Literal[
    "identified", "duplicate", "ineligible", "screened out", "passed", "sought", "not retrieved", "assessed", "excluded", "included"
]  # fmt: skip
By = Literal["automation", "person"]
AFTER: Mapping[str, frozenset[str]] = {
    "": frozenset({"identified"}),
    "identified": frozenset({"duplicate", "ineligible", "screened out", "passed"}),
    "passed": frozenset({"sought"}),
    "sought": frozenset({"not retrieved", "assessed"}),
    "assessed": frozenset({"excluded", "included"}),
}
"""Last step of a record → the steps that may follow it; after any other none may."""


@dataclass(frozen=True)
class Event:
    """One step of one record."""

    record: str
    step: Step
    by: By = "automation"
    reason: str = ""
    """Why it was left out; the source where it was identified."""


@dataclass
class EventLog:
    """All events in order."""

    events: list[Event] = field(default_factory=list)
    _steps: dict[str, list[Step]] = field(default_factory=dict)

    def add(self, event: Event) -> bool:
        """Add an event; say whether it is new.

        Raises:
            InvalidInput: it cannot follow what happened to the record before.
        """
        steps: list[Step] = self._steps.setdefault(event.record, [])
        if event.step in steps:
            return False
        last: str = steps[-1] if steps else ""
        if event.step not in AFTER.get(last, ()):
            raise InvalidInput(
                f"the record '{event.record}' cannot be '{event.step}' after '{last or 'nothing'}'; expected "
                f"{' or '.join(sorted(AFTER.get(last, ()))) or 'no further step'}; begin a log anew"
            )
        steps.append(event.step)
        self.events.append(event)
        return True

    def last(self, record: str) -> str:
        """Return the last step of a record; "" where it is not known."""
        return next(reversed(self._steps.get(record, ())), "")

    def lines(self) -> bytes:
        """Return the log as JSON lines."""
        return b"".join(
            json.dumps(asdict(e), ensure_ascii=False, sort_keys=True).encode("utf-8", "replace") + b"\n"
            for e in self.events
        )


def read_log(data: bytes) -> EventLog:
    """Read a log; a last line that a kill cut off is left out.

    Raises:
        InvalidInput: another line is no event, or cannot follow those before.
    """
    log = EventLog()
    whole, _, _ = data.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else (), 1):
        try:
            event = Event(**json.loads(line))
        except (ValueError, TypeError):
            raise InvalidInput(
                f"line {number} is no event; expected record, step, by, reason; begin a log anew"
            ) from None
        if event.step not in get_args(Step) or event.by not in get_args(By):
            raise InvalidInput(
                f"line {number} has the step '{event.step}'; expected one of {', '.join(get_args(Step))}; begin a log anew"
            )
        log.add(event)
    return log


@dataclass(frozen=True)
class Prisma:
    """The numbers of a PRISMA 2020 flow, each a question to the log."""

    identified: Mapping[str, int]
    """Source → records."""
    duplicates: int
    ineligible: Mapping[str, int]
    """Reason → records removed by automation before screening."""
    screened_out: Mapping[str, Mapping[str, int]]
    """"automation" or "person" → reason → records."""
    passed: Mapping[str, int]
    """"automation" or "person" → records."""
    waiting: int
    """Records that nobody has screened yet."""
    sought: int
    not_retrieved: Mapping[str, int]
    assessed: int
    excluded: Mapping[str, int]
    included: int

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Prisma":
        """Ask a log."""
        by_step: dict[str, list[Event]] = {step: [] for step in get_args(Step)}
        for event in events:
            by_step[event.step].append(event)
        decided = {e.record for step in AFTER["identified"] for e in by_step[step]}
        return cls(
            _by_reason(by_step["identified"]), len(by_step["duplicate"]), _by_reason(by_step["ineligible"]),
            {by: _by_reason(e for e in by_step["screened out"] if e.by == by) for by in get_args(By)},
            {by: sum(e.by == by for e in by_step["passed"]) for by in get_args(By)},
            sum(e.record not in decided for e in by_step["identified"]), len(by_step["sought"]), _by_reason(by_step["not retrieved"]),
            len(by_step["assessed"]), _by_reason(by_step["excluded"]), len(by_step["included"]),
        )  # fmt: skip

    @property
    def n_identified(self) -> int:
        """Return the records of all sources."""
        return sum(self.identified.values())

    @property
    def n_passed(self) -> int:
        """Return the records that passed screening."""
        return sum(self.passed.values())

    @property
    def n_screened_out(self) -> int:
        """Return the records that screening excluded."""
        return sum(sum(reasons.values()) for reasons in self.screened_out.values())

    @property
    def n_screened(self) -> int:
        """Return the records that were screened."""
        return self.n_passed + self.n_screened_out

    def broken(self) -> list[str]:
        """Return a sentence for each sum that does not come out: what goes in comes out or waits."""
        return [f"{name}: {left} in, {right} out" for name, left, right in self._sums() if left != right]

    def _sums(self) -> Iterator[tuple[str, int, int]]:
        removed = self.duplicates + sum(self.ineligible.values())
        yield "identified", self.n_identified, removed + self.n_screened + self.waiting
        yield "sought", min(self.sought, self.n_passed), self.sought
        done = sum(self.not_retrieved.values()) + self.assessed
        yield "retrieved", min(done, self.sought), done
        read = sum(self.excluded.values()) + self.included
        yield "assessed", min(read, self.assessed), read

    def to_json(self) -> dict[str, Json]:
        """Return the numbers as prisma.json has them."""
        return {
            "identified": {"total": self.n_identified, "by_source": dict(self.identified)},
            "duplicates_removed": self.duplicates,
            "excluded_automatically": {"total": sum(self.ineligible.values()), "by_reason": dict(self.ineligible)},
            "screened": {"total": self.n_screened, "waiting": self.waiting},
            "excluded": {"total": self.n_screened_out}
            | {by: dict(reasons) for by, reasons in self.screened_out.items()},
            "passed": {"total": self.n_passed, **self.passed},
            "sought": self.sought,
            "not_retrieved": {"total": sum(self.not_retrieved.values()), "by_reason": dict(self.not_retrieved)},
            "assessed": self.assessed,
            "excluded_after_reading": {"total": sum(self.excluded.values()), "by_reason": dict(self.excluded)},
            "included": self.included,
        }


def _by_reason(events: Iterable[Event]) -> dict[str, int]:
    return dict(sorted(Counter(event.reason for event in events).items()))
