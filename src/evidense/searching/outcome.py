"""Outcome: a whole search: what was asked, what was found, what screening came to, and the log from which every number is taken."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from evidense.searching.criteria import Criteria
from evidense.searching.events import Event, EventLog, Prisma
from evidense.searching.hits import Hit, Hits, record_names
from evidense.searching.plans import QueryPlan
from evidense.searching.screening import Screened
from evidense.values.literature import ANSWERED, State


@dataclass(frozen=True)
class SearchedSource:
    """How one source answered."""

    name: str
    display_name: str
    covers: str
    state: State
    n_works: int = 0
    total: int | None = None
    """Works that it has on the query, where it says so."""
    detail: str = ""
    query: str = ""

    @property
    def has_answered(self) -> bool:
        """Say whether it says anything about the topic."""
        return self.state in ANSWERED


@dataclass(frozen=True)
class SearchOutcome:
    """A search, up to the end of screening."""

    plan: QueryPlan
    sources: tuple[SearchedSource, ...]
    found: Hits
    criteria: Criteria
    screened: Screened
    log: EventLog
    target: float
    n_labels: int = 0
    questions: tuple[tuple[str, str], ...] = ()
    """Source and address of each request, in order."""

    @cached_property
    def prisma(self) -> Prisma:
        """Ask the log for the numbers of the flow."""
        return Prisma.of(self.log.events)

    @cached_property
    def by_name(self) -> Mapping[str, Hit]:
        """Return the works by their names."""
        return {hit.name: hit for hit in self.found.hits}

    def works(self, outcome: str) -> list[Hit]:
        """Return the works of one outcome, the likeliest first."""
        ordered = [*self.screened.order, *(name for name in self.by_name if name not in set(self.screened.order))]
        return [self.by_name[name] for name in ordered if self.screened.decisions[name].outcome == outcome]

    def reasons(self, outcome: str) -> Mapping[str, int]:
        """Return the reasons of one outcome with how many works each has, the most frequent first."""
        counts = Counter(d.reason for d in self.screened.decisions.values() if d.outcome == outcome)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def n_answered(self) -> int:
        """Return how many sources answered."""
        return sum(source.has_answered for source in self.sources)


def logged(found: Hits, screened: Screened) -> EventLog:
    """Return the log of a search: each record identified, all but one of a work removed, the one that is left screened."""
    log = EventLog()
    for hit in found.hits:
        names = record_names(hit)
        for name, record in zip(names, hit.records, strict=True):
            log.add(Event(name, "identified", reason=record.source))
        for name in names[1:]:
            log.add(Event(name, "duplicate", reason=f"the same work as {names[0]}"))
    for hit in found.hits:
        decision, lead = screened.decisions[hit.name], record_names(hit)[0]
        if decision.outcome == "ineligible":
            log.add(Event(lead, "ineligible", reason=decision.reason))
        elif decision.outcome == "screened out":
            log.add(Event(lead, "screened out", decision.by, decision.reason))
        elif decision.outcome == "passed":
            log.add(Event(lead, "passed", decision.by))
    return log
