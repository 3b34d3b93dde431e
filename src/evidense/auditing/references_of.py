"""Answers: asks sources for references: identifiers in batches first, titles only for what these leave open.

A source in this machine (a folder) is asked for everything. An index over the network is asked for a title only where no identifier
settled the reference; a work that was found by its title is then looked up by its identifier elsewhere, in one batch.

Different indexes may be asked at the same time. Each gets the same questions in the same order as if they were asked one after another:
an index sees the title of a reference only after all indexes before it are done with that reference.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import TypeAlias

from evidense.auditing.at_once import at_once
from evidense.auditing.references import MIN_ANSWERS, ReferenceDecision, decide
from evidense.parts import Source, Wire
from evidense.values import Answer, Reference, Work

_IDENTIFIERS = ("doi", "arxiv", "acl", "pmid", "pmcid")
_OPEN = frozenset({"NOT ASKED", "NOT FOUND", "WRONG FIELD", "OTHER WORK", "INDEXES DISAGREE", "NOT A PAPER"})
"""Verdicts that a further index may change."""
Tell = Callable[[str], None]
"""Hears what is asked at the moment, in words."""


def tell_nobody(words: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class NamedSource:
    """A source as it was named: the part, its spelling, and the name that its answers bear."""

    label: str
    part: Source
    spelling: str

    @property
    def display_name(self) -> str:
        """How people write its name: "arXiv", "folder library"."""
        return self.part.display_name + self.label.removeprefix(self.part.name).replace(":", " ", 1)

    @property
    def is_local(self) -> bool:
        """Say whether it is asked without a network, at no cost."""
        return self.part.manners is None

    @property
    def is_index(self) -> bool:
        """Say whether it would know a work that exists; a list of retractions would not."""
        return bool(self.part.offers & {"identifiers", "title"}) and self.part.offers != {"identifiers", "retractions"}

    def marked(self, answer: Answer) -> Answer:
        """Return an answer that bears this source's name, as do its works."""
        return replace(answer, source=self.label, works=tuple(replace(w, source=self.label) for w in answer.works))


_LookUp: TypeAlias = Callable[[NamedSource], Mapping[int, Answer]]
_Queue: TypeAlias = "SimpleQueue[int | None]"
"""Positions of references; None at the end."""


@dataclass(frozen=True)
class Conduct:
    """How sources are asked."""

    tell: Tell = tell_nobody
    at_once: bool = False
    """Ask different indexes at the same time."""


@dataclass
class _Asking:
    """References with the answers so far, and what is decided on them."""

    references: Sequence[Reference]
    answers: list[list[Answer]] = field(default_factory=list)
    decided: dict[int, tuple[int, ReferenceDecision]] = field(default_factory=dict)
    conduct: Conduct = Conduct()
    lists: frozenset[str] = frozenset()
    """Names of sources whose "not there" says nothing about whether a work exists."""
    one_speaks: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, words: str) -> None:
        """Tell what is asked at the moment."""
        with self.one_speaks:
            self.conduct.tell(words)

    def each(self, sources: Sequence[NamedSource], look_up: _LookUp) -> list[Mapping[int, Answer]]:
        """Look up at every source: files one after another, indexes at once if that is allowed; return the answers in the order of the sources."""
        distant = [source for source in sources if not source.is_local]
        answered = {source.label: look_up(source) for source in sources if source.is_local}
        over_network = at_once([partial(look_up, source) for source in distant], self.conduct.at_once)
        answered |= {source.label: answers for source, answers in zip(distant, over_network, strict=True)}
        return [answered[source.label] for source in sources]

    def decision(self, i: int) -> ReferenceDecision:
        """Decide on the answers so far; the same number of answers is decided once."""
        n, held = self.decided.get(i, (-1, None))
        if held is None or n != len(self.answers[i]):
            held = decide(self.references[i], counted(self.answers[i], self.lists))
            self.decided[i] = len(self.answers[i]), held
        return held

    def is_open(self, i: int) -> bool:
        """Say whether a further index may change the verdict; of what is no paper two answers are enough."""
        verdict = self.decision(i).verdict
        n_answered = len({answer.source for answer in self.answers[i] if answer.has_answered})
        return verdict in _OPEN and (verdict != "NOT A PAPER" or n_answered < MIN_ANSWERS)


def counted(answers: Iterable[Answer], lists: frozenset[str]) -> list[Answer]:
    """Return the answers that a decision counts: without "not there" of lists that hold only some works."""
    return [answer for answer in answers if answer.state != "not there" or answer.source not in lists]


def ask(
    references: Sequence[Reference],
    sources: Sequence[NamedSource],
    wire: Wire,
    known: Sequence[Answer | None] = (),
    conduct: Conduct = Conduct(),
) -> list[tuple[ReferenceDecision, tuple[Answer, ...]]]:
    """Ask the sources, cheapest first, and return for every reference what it comes to with all answers.

    `known` holds an answer that is at hand for each reference, or None.
    """
    lists = frozenset(source.label for source in sources if not source.is_index)
    at_hand = known or [None] * len(references)
    asking = _Asking(references, [[answer] if answer else [] for answer in at_hand], conduct=conduct, lists=lists)
    _identifiers(asking, sources, wire)
    for source in (s for s in sources if s.is_local and "title" in s.part.offers):
        for i in range(len(references)):
            _title(asking, source, i, wire)
    _open_titles(asking, [s for s in sources if not s.is_local and "title" in s.part.offers], wire)
    _found_elsewhere(asking, [source for source in sources if not source.is_local], wire)
    return [(asking.decision(i), tuple(answers)) for i, answers in enumerate(asking.answers)]


def _identifiers(asking: _Asking, sources: Sequence[NamedSource], wire: Wire) -> None:
    """Look up all identifiers, in one call a source."""
    wanted = [i for i, r in enumerate(asking.references) if any(r.identifiers.get(kind) for kind in _IDENTIFIERS)]
    if not wanted:
        return

    def look_up(source: NamedSource) -> Mapping[int, Answer]:
        asking.tell(f"asking {source.display_name} for {len(wanted):,} references by their identifiers")
        return source.part.by_identifiers([asking.references[i] for i in wanted], wire, source.spelling)

    able = [source for source in sources if source.part.offers & {"identifiers", "retractions"}]
    for source, answered in zip(able, asking.each(able, look_up), strict=True):
        for at, answer in sorted(answered.items()):
            asking.answers[wanted[at]].append(replace(source.marked(answer), by="identifier"))


def _title(asking: _Asking, source: NamedSource, i: int, wire: Wire) -> None:
    """Ask a source for the title of one reference."""
    asking.tell(f"asking {source.display_name} for titles, reference {i + 1:,} of {len(asking.references):,}")
    if asking.references[i].title:
        answer = source.part.by_title(asking.references[i], wire, source.spelling)
        asking.answers[i].append(replace(source.marked(answer), by="title"))


def _open_titles(asking: _Asking, sources: Sequence[NamedSource], wire: Wire) -> None:
    """Ask indexes for the titles that are open; references go from one index to the next, as through a line of desks."""
    queues: list[_Queue] = [SimpleQueue() for _ in range(len(sources) + 1)]
    for i in (*range(len(asking.references)), None):
        queues[0].put(i)
    desks = [
        partial(_desk, asking, source, wire, queues[n : n + 2])  # what comes in, what goes out
        for n, source in enumerate(sources)
    ]
    at_once(desks, asking.conduct.at_once)


def _desk(asking: _Asking, source: NamedSource, wire: Wire, queues: Sequence[_Queue]) -> None:
    """Ask one index for the titles that are still open as references arrive; None ends the line."""
    arriving, leaving = queues
    try:
        for i in iter(arriving.get, None):
            if asking.is_open(i):
                _title(asking, source, i, wire)
            leaving.put(i)
    finally:
        leaving.put(None)


def _found_elsewhere(asking: _Asking, sources: Sequence[NamedSource], wire: Wire) -> None:
    """Look up works that titles found by their identifiers, at the sources that have not answered on them, in one call a source.

    What comes back counts as an answer to the title: the reference itself cites no such identifier.
    """
    found = {i: known for i in range(len(asking.references)) if (known := _known(asking, i))}
    silent = {
        source.label: [i for i in found if not any(a.source == source.label for a in asking.answers[i])]
        for source in sources
    }

    def look_up(source: NamedSource) -> Mapping[int, Answer]:
        borrowed = [replace(asking.references[i], identifiers=found[i]) for i in silent[source.label]]
        return source.part.by_identifiers(borrowed, wire, source.spelling)

    able = [s for s in sources if silent[s.label] and s.part.offers & {"identifiers", "retractions"}]
    for source, answered in zip(able, asking.each(able, look_up), strict=True):
        for at, answer in sorted(answered.items()):
            if answer.state != "not there":
                asking.answers[silent[source.label][at]].append(replace(source.marked(answer), by="title"))


def _known(asking: _Asking, i: int) -> Mapping[str, str]:
    """Return the identifiers of the work that a reference without any means; none where it cites one."""
    reference = asking.references[i]
    if any(reference.identifiers.get(kind) for kind in _IDENTIFIERS):
        return {}
    work: Work | None = asking.decision(i).work
    return {} if work is None else {k: v for k, v in work.identifiers.items() if k in _IDENTIFIERS and v}
