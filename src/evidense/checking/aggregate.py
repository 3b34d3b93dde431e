"""Aggregate: what a statement comes to over several works; support and refutation are counted apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.values import CheckWord, Passage

EvidenceStance = Literal["supports", "refutes", "qualifies", "other scope", "not sure"]
"""How a passage stands to a statement; "not sure": read it."""
_STANCE: dict[str, EvidenceStance] = {
    "SUPPORTED": "supports", "REFUTED": "refutes", "QUALIFIED": "qualifies", "SCOPE DIFFERS": "other scope",
}  # fmt: skip
DECIDED: frozenset[CheckWord] = frozenset({"SUPPORTED", "REFUTED", "QUALIFIED", "MIXED", "SCOPE DIFFERS"})
"""Words that say something about the statement; the others abstain."""


@dataclass(frozen=True)
class StancedPassage:
    """A passage, how it stands to the statement, and by whom that is said."""

    passage: Passage
    stance: EvidenceStance
    by: str = ""
    """"rules", the name of an entailer, or "" where nobody says."""


@dataclass(frozen=True)
class WorkCheck:
    """What one work comes to beside a statement."""

    word: CheckWord
    evidence: tuple[StancedPassage, ...] = ()
    confidence: float | None = None
    """How often such a verdict is right, measured; None where there is no verdict."""
    by: str = ""
    calibrator: str = ""
    """The id of the measured outcomes that the confidence rests on."""
    reasons: tuple[str, ...] = ()
    """What differs, in words: "5 % → 8 %"; "asks it"."""


@dataclass(frozen=True)
class CheckedStatement:
    """What a statement comes to."""

    statement: str
    word: CheckWord
    confidence: float | None = None
    entailer: str = ""
    """Who gave the verdict: "rules" or the name of an entailer; who was asked in vain where there is none."""
    calibrator: str = ""
    evidence: tuple[StancedPassage, ...] = ()
    grounded: CheckWord = "NOT CHECKED"
    """Beside its own source."""
    corroborated: CheckWord = "NOT CHECKED"
    """Beside works that are independent of its source."""
    tested: str = ""
    """What an experiment of ours says of the claim that it repeats."""
    reasons: tuple[str, ...] = ()
    id: str = ""
    cites: tuple[str, ...] = ()


def stance_of(word: CheckWord) -> EvidenceStance:
    """Return the stance of a passage that a word rests on.

    >>> stance_of("QUALIFIED"), stance_of("NOT SURE")
    ('qualifies', 'not sure')
    """
    return _STANCE.get(word, "not sure")


def combined(words: Sequence[CheckWord]) -> CheckWord:
    """Return what works come to together. Support and refutation beside each other are MIXED; a condition qualifies support, and refutes nothing.

    >>> combined(["SUPPORTED", "REFUTED"]), combined(["NOT SURE", "QUALIFIED", "SUPPORTED"]), combined([])
    ('MIXED', 'QUALIFIED', 'NOT CHECKED')
    >>> combined(["NOT SURE", "SCOPE DIFFERS"]), combined(["NOT ENOUGH", "NOT SURE"])
    ('SCOPE DIFFERS', 'NOT SURE')
    """
    said = set(words)
    if "MIXED" in said or said >= {"SUPPORTED", "REFUTED"} or said >= {"QUALIFIED", "REFUTED"}:
        return "MIXED"
    order: tuple[CheckWord, ...] = ("REFUTED", "QUALIFIED", "SUPPORTED", "SCOPE DIFFERS", "NOT SURE", "NOT ENOUGH")
    return next((word for word in order if word in said), "NOT CHECKED")
