"""Answers: asks sources for references: identifiers in batches first, titles only for what these leave open.

A source in this machine (a folder) is asked for everything. An index over the network is asked for a title only where no identifier
settled the reference; a work that was found by its title is then looked up by its identifier elsewhere, in one batch.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

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


@dataclass
class _Asking:
    """References with the answers so far, and what is decided on them."""

    references: Sequence[Reference]
    answers: list[list[Answer]] = field(default_factory=list)
    decided: dict[int, tuple[int, ReferenceDecision]] = field(default_factory=dict)
    tell: Tell = tell_nobody
    lists: frozenset[str] = frozenset()
    """Names of sources whose "not there" says nothing about whether a work exists."""

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
    tell: Tell = tell_nobody,
) -> list[tuple[ReferenceDecision, tuple[Answer, ...]]]:
    """Ask the sources, cheapest first, and return for every reference what it comes to with all answers.

    `known` holds an answer that is at hand for each reference, or None.
    """
    lists = frozenset(source.label for source in sources if not source.is_index)
    at_hand = known or [None] * len(references)
    asking = _Asking(references, [[answer] if answer else [] for answer in at_hand], tell=tell, lists=lists)
    _identifiers(asking, sources, wire)
    for source in (s for s in sources if s.is_local and "title" in s.part.offers):
        _titles(asking, source, range(len(references)), wire)
    for source in (s for s in sources if not s.is_local and "title" in s.part.offers):
        _titles(asking, source, [i for i in range(len(references)) if asking.is_open(i)], wire)
    _found_elsewhere(asking, [source for source in sources if not source.is_local], wire)
    return [(asking.decision(i), tuple(answers)) for i, answers in enumerate(asking.answers)]


def _identifiers(asking: _Asking, sources: Sequence[NamedSource], wire: Wire) -> None:
    """Look up all identifiers, in one call a source."""
    wanted = [i for i, r in enumerate(asking.references) if any(r.identifiers.get(kind) for kind in _IDENTIFIERS)]
    if not wanted:
        return
    for source in sources:
        if source.part.offers & {"identifiers", "retractions"}:
            asking.tell(f"asking {source.display_name} for {len(wanted):,} references by their identifiers")
            answered = source.part.by_identifiers([asking.references[i] for i in wanted], wire, source.spelling)
            for at, answer in sorted(answered.items()):
                asking.answers[wanted[at]].append(replace(source.marked(answer), by="identifier"))


def _titles(asking: _Asking, source: NamedSource, wanted: Collection[int], wire: Wire) -> None:
    for n, i in enumerate(wanted, 1):
        asking.tell(f"asking {source.display_name} for titles, {n:,} of {len(wanted):,}")
        if asking.references[i].title:
            answer = source.part.by_title(asking.references[i], wire, source.spelling)
            asking.answers[i].append(replace(source.marked(answer), by="title"))


def _found_elsewhere(asking: _Asking, sources: Sequence[NamedSource], wire: Wire) -> None:
    """Look up works that titles found by their identifiers, at the sources that have not answered on them, in one call a source.

    What comes back counts as an answer to the title: the reference itself cites no such identifier.
    """
    found = {i: known for i in range(len(asking.references)) if (known := _known(asking, i))}
    for source in sources:
        if not source.part.offers & {"identifiers", "retractions"}:
            continue
        silent = [i for i in found if not any(a.source == source.label for a in asking.answers[i])]
        if not silent:
            continue
        borrowed = [replace(asking.references[i], identifiers=found[i]) for i in silent]
        for at, answer in sorted(source.part.by_identifiers(borrowed, wire, source.spelling).items()):
            if answer.state != "not there":
                asking.answers[silent[at]].append(replace(source.marked(answer), by="title"))


def _known(asking: _Asking, i: int) -> Mapping[str, str]:
    """Return the identifiers of the work that a reference without any means; none where it cites one."""
    reference = asking.references[i]
    if any(reference.identifiers.get(kind) for kind in _IDENTIFIERS):
        return {}
    work: Work | None = asking.decision(i).work
    return {} if work is None else {k: v for k, v in work.identifiers.items() if k in _IDENTIFIERS and v}
