"""Statements: each sentence that a report or a citing paper makes, beside the passage of its source that is closest to it."""

from dataclasses import dataclass

from evidense.auditing.alignment import NO_TEXT, Alignment
from evidense.auditing.kinds import StatementKind
from evidense.auditing.losses import Loss
from evidense.values import CheckWord, Span


@dataclass(frozen=True)
class Quote:
    """A passage of a source: `source.text[span.start:span.end] == span.quote`."""

    span: Span
    source: str
    """The key of the reference that cites the source, or the source's identifier: `arxiv:2505.07166`."""
    section: str = ""
    """The heading that the passage stands under; "abstract" for an abstract."""
    sentence: int | None = None
    """The number of the passage's first sentence in its section, from 1."""


@dataclass(frozen=True)
class TracedStatement:
    """One statement of an audited document with where it comes from."""

    text: str
    place: Span
    """Where it stands in the canonical text of the audited document."""
    kind: StatementKind
    source: str = ""
    """Key or identifier of the source that is closest, or of what the sentence cites; "" where there is none."""
    quote: Quote | None = None
    """The closest passage; None where nothing was located or no source has a text."""
    alignment: Alignment = NO_TEXT
    losses: tuple[Loss, ...] = ()
    """The changes of meaning, each with its rule; the worst first."""
    cites: tuple[str, ...] = ()
    """Keys of the references that the sentence cites."""
    others: tuple[Quote, ...] = ()
    """Passages elsewhere that qualify it."""
    notes: tuple[str, ...] = ()
    """What else is to be said of it, a clause each: "the cited work is not among the references"."""
    experiment: str = ""
    """What experiments of our own say of it: "S5 on analogues: FAILS 2, UNDECIDED 1"."""
    verdict: CheckWord = "NOT CHECKED"
    """What it comes to beside the texts that it cites; NOT CHECKED where none is at hand."""
    reasons: tuple[str, ...] = ()
    """Of REFUTED: what differs, in words: "number: the passage has “8, 3”, the statement “3, 8”"."""
    corroborated: CheckWord = "NOT CHECKED"
    """Of a report's claim: what sources say that are independent of its own; NOT CHECKED where there is none."""
    confidence: float | None = None
    """How often such verdicts are right, measured; None where there is none, or it is by rules."""
    entailer: str = ""
    calibrator: str = ""
    """The id of the measured outcomes that the confidence rests on."""

    @property
    def is_changed(self) -> bool:
        """Say whether a rule names words that were lost or added and change its meaning; to be cut alone changes none."""
        return any(loss.rule != "cut" for loss in self.losses)

    @property
    def lost(self) -> tuple[str, ...]:
        """Runs of words of the passage that the statement lacks."""
        return self.alignment.lost

    @property
    def added(self) -> tuple[str, ...]:
        """Runs of words of the statement that the passage lacks."""
        return self.alignment.added
