"""Audited: what an audit comes to: every reference with its answers, every statement with its passage, and who was asked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from evidense.auditing.references import GATE, ReferenceDecision, ReferenceVerdict
from evidense.auditing.statements import TracedStatement
from evidense.values import Answer, CheckWord, ReadDocument, Reference
from evidense.values.literature import ANSWERED, State

BEST_FIRST: tuple[State, ...] = (
    "found", "not there", "blocked", "refused", "budget spent", "unreachable", "not asked",
)  # fmt: skip
"""States, the one that says most first: a source that was asked twice is shown by it."""
CHANGED, DIFFERS = "CHANGED", "DIFFERS"
"""A claim of a report that its source has with another meaning, and what a report says of itself that is not so: words that a gate may name."""
USUAL_GATE = (*GATE, "REFUTED", CHANGED, DIFFERS)
"""What `--gate` does not let pass, unless other words are named."""
GATE_WORDS = (*get_args(ReferenceVerdict), *get_args(CheckWord), CHANGED, DIFFERS)
"""Every word that a gate may name: of references, of statements, and of what a report says of itself."""


@dataclass(frozen=True)
class AuditedReference:
    """One reference, what it comes to, and the answers that this rests on."""

    reference: Reference
    decision: ReferenceDecision
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is to be said of it, a clause each: "about images: no"."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Source → how people write its name."""

    @property
    def asked(self) -> tuple[Answer, ...]:
        """One answer a source, the one that says most, in the order of the sources' names."""
        best: dict[str, Answer] = {}
        for answer in self.answers:
            held = best.get(answer.source)
            if held is None or BEST_FIRST.index(answer.state) < BEST_FIRST.index(held.state):
                best[answer.source] = answer
        return tuple(best[name] for name in sorted(best))

    def named(self, sources: Iterable[str]) -> str:
        """Return the names of sources as people write them, with commas."""
        return ", ".join(self.names.get(source, source) for source in sources)

    @property
    def near_notes(self) -> tuple[str, ...]:
        """Say of each field that is near what the indexes have, and not counted as wrong, how it differs."""
        return tuple(c.near_sentence(self.named(c.by)) for c in self.decision.fields if c.state == "near")

    @property
    def place(self) -> str:
        """Where it stands in its file, in words; "" where that is not known."""
        if self.reference.line is not None:
            return f"line {self.reference.line}"
        page = self.reference.span.page if self.reference.span else None
        return f"page {page}" if page else ""


@dataclass(frozen=True)
class AskedSource:
    """One source, what it holds, and how often it answered in which way."""

    name: str
    """Its part, or the part with what stands behind it: "folder:library"."""
    display_name: str = ""
    """How people write it; the name itself where nothing is given."""
    covers: str = ""
    states: Mapping[State, int] = field(default_factory=dict)
    detail: str = ""
    """Why it did not answer, in words."""
    flaws: tuple[str, ...] = ()
    """What of its files could not be read: a work there is not found."""

    @property
    def shown(self) -> str:
        """Return its name as people write it."""
        return self.display_name or self.name

    @property
    def has_answered(self) -> bool:
        """Say whether it answered at least once."""
        return any(n and state in ANSWERED for state, n in self.states.items())

    @property
    def is_asked(self) -> bool:
        """Say whether anything was asked of it."""
        return any(n and state != "not asked" for state, n in self.states.items())


@dataclass(frozen=True)
class Said:
    """What a report says of itself, beside what is found."""

    what: str
    """"papers", "claims", "confidence" …"""
    says: str
    found: str
    agrees: bool | None = None
    """Whether both are the same; None where that cannot be said."""


@dataclass(frozen=True)
class SearchedWith:
    """The encoder that passages were searched with, beside BM25."""

    name: str
    fingerprints: tuple[str, ...] = ()
    """Of both its towers, the query tower first."""


@dataclass(frozen=True)
class Audit:
    """Everything that the page of an audit shows."""

    name: str
    """Name of the file."""
    document: ReadDocument
    references: tuple[AuditedReference, ...] = ()
    statements: tuple[TracedStatement, ...] = ()
    sources: tuple[AskedSource, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    """Source and URL of every question to an index, without secrets; those whose answer was kept from before too."""
    policy: str = ""
    gate: tuple[str, ...] = ()
    """Words of `GATE_WORDS` that the gate does not let pass; empty without a gate."""
    remarks: tuple[str, ...] = ()
    """What the whole comes to, a sentence each; the first stands in the box. Empty where the references say it."""
    said: tuple[Said, ...] = ()
    encoder: SearchedWith | None = None
    gate_remark: str = ""
    """Why the gate cannot see all that it names; "" where it can."""
    is_offline: bool = False
    """No question was sent: those that were asked are answered by what was kept."""
    unread: str = ""
    """Of public records: which texts are not at hand, and what to do; "" where all are."""

    def named(self, source: str) -> str:
        """Return the name of a source as people write it."""
        return next((asked.shown for asked in self.sources if asked.name == source), source)

    @property
    def n_requests(self) -> int:
        """Return the number of questions to indexes; offline all of them are answered by what was kept."""
        return len(self.questions)

    @property
    def stopping(self) -> dict[str, int]:
        """How often each word of the gate stands here, of those that do: of references, of statements, of what it says of itself."""
        found: Counter[str] = Counter(audited.decision.verdict for audited in self.references)
        found.update(statement.verdict for statement in self.statements)
        if (
            not self.document.citations
        ):  # a citing sentence may say less than it cites; a claim of a report is its source's
            found[CHANGED] = sum(statement.is_changed for statement in self.statements)
        found[DIFFERS] = sum(row.agrees is False for row in self.said)
        return {word: found[word] for word in self.gate if found[word]}

    @property
    def is_undecided(self) -> bool:
        """Say whether a gate says nothing: no reference was decided, or there is none and no statement and no count of it was checked either."""
        verdicts = {audited.decision.verdict for audited in self.references}
        if not verdicts:
            return not self.is_text_checked
        return "NOT ASKED" in verdicts and verdicts <= {"NOT ASKED", "NOT A PAPER"}

    @property
    def is_text_checked(self) -> bool:
        """Say whether a statement was laid beside the text of a source, or what it says of itself was counted."""
        is_beside = any(statement.alignment.kind != "NO TEXT" for statement in self.statements)
        return is_beside or any(row.agrees is not None for row in self.said)

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """Keys that the text cites and that no reference has, in the order of the text."""
        held = {audited.reference.key for audited in self.references}
        cited = dict.fromkeys(key for citation in self.document.citations for key in citation.keys)
        return tuple(key for key in cited if key not in held)

    @property
    def uncited_keys(self) -> tuple[str, ...]:
        """Keys of references that the text never cites; none where fewer than half are cited: then citations were not recognised."""
        cited = {key for citation in self.document.citations for key in citation.keys}
        uncited = tuple(a.reference.key for a in self.references if a.reference.key not in cited)
        return uncited if 2 * len(uncited) < len(self.references) else ()


def tally(source: AskedSource, answers: Sequence[Answer]) -> AskedSource:
    """Count how often a source answered in which way."""
    states = {state: n for state in BEST_FIRST if (n := sum(answer.state == state for answer in answers))}
    silent = [answer.detail for answer in answers if not answer.has_answered and answer.detail]
    detail = max(set(silent), key=lambda d: (silent.count(d), d), default="")
    return replace(source, states=states, detail=detail)
