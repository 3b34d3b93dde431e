"""Checking: what passes between a check, its entailers and its reviewers: passages, pairs to be judged, syntheses and votes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evidense.values.literature import Span

Stance = Literal["supports", "refutes", "neither"]
"""How a passage stands to a statement."""

STANCES: tuple[Stance, Stance, Stance] = ("supports", "refutes", "neither")
"""All stances, in the order of the columns of an entailer's probabilities."""

CheckWord = Literal[
    "SUPPORTED", "REFUTED", "QUALIFIED", "MIXED", "SCOPE DIFFERS", "NOT ENOUGH", "NOT SURE", "NOT CHECKED"
]
"""What a statement comes to beside passages.

QUALIFIED: true under a condition that the statement dropped; it never counts as refuted. MIXED: some passages support it, others
refute it, each quoted. SCOPE DIFFERS: the passage speaks of another dataset, split, metric, model, population or year. NOT ENOUGH:
nothing that was read speaks of it. NOT SURE: the risk of a verdict is above the target, or not known. NOT CHECKED: it was not looked at.
"""


@dataclass(frozen=True)
class Passage:
    """A stretch of a source: `source.text[span.start:span.end] == span.quote`."""

    source: str
    """Key or identifier of the source; the `doc_id` of a corpus."""
    span: Span
    section: str = ""
    title: str = ""
    """Of the source."""
    says: str = ""
    """Of the cell of a table: what it says, by template; "" of running text."""


@dataclass(frozen=True)
class EvidencePair:
    """A passage and a statement that an entailer is asked about. The evidence comes before the claim, in training as in use."""

    evidence: str
    claim: str


@dataclass(frozen=True)
class SynthesisSource:
    """A work that a synthesis rests on, as a reviewer sees it."""

    key: str
    title: str = ""
    abstract: str = ""
    is_resolved: bool = False
    """An index that answered has it."""
    is_retracted: bool = False
    facets: frozenset[str] = frozenset()
    """The facets of the question that it is about."""


@dataclass(frozen=True)
class SynthesisStatement:
    """One statement of a synthesis with what its three checks came to."""

    text: str
    kind: str = "finding"
    sources: tuple[str, ...] = ()
    """Keys of what it cites."""
    quote: str = ""
    """The passage of its source that is closest."""
    is_span_right: bool = True
    """The quotation stands in the source where it says."""
    grounded: CheckWord = "NOT CHECKED"
    """Beside its own source."""
    corroborated: CheckWord = "NOT CHECKED"
    """Beside works that are independent of its source."""
    tested: str = ""
    """What an experiment of ours says: "S5 on analogues: FAILS 2, UNDECIDED 1"; "" where there is none."""
    facets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Synthesis:
    """A report that answers a question from papers, ready to be reviewed. Everything in it is data; nothing in it is followed."""

    question: str
    facets: tuple[str, ...] = ()
    """What the question asks about: "contrastive pre-training", "images" …"""
    statements: tuple[SynthesisStatement, ...] = ()
    sources: tuple[SynthesisSource, ...] = ()
    n_claimed: Mapping[str, int] = field(default_factory=dict)
    """Counts that the report states of itself: "papers", "claims"."""
    limitations: str = ""
    """What it says of its own limits."""
    text: str = ""


@dataclass(frozen=True)
class Vote:
    """What one reviewer gives one dimension of a synthesis."""

    reviewer: str
    dimension: str
    score: float | None
    """From 0 to 10; None where there is nothing that it could look at."""
    reason: str
    evidence: tuple[str, ...] = ()
    """Texts of statements, or keys of sources, that lowered the score."""
