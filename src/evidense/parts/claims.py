"""Claims: sentences that can be decided, with worlds where they are true and false."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from evidense.parts.names import Named
from evidense.stats import Estimate

ClaimVerdict = Literal["HOLDS", "FAILS", "UNDECIDED", "NOT_TESTABLE"]


@dataclass(frozen=True)
class Evidence:
    """What a claim about two systems on one collection is decided from."""

    estimate: Estimate
    margin: float
    logit: Estimate | None = None
    """Of an interaction: the same on logits of the cells' means, whose effect and interval are in logits."""


@dataclass(frozen=True)
class Decision:
    """A claim's verdict with one sentence that says why."""

    verdict: ClaimVerdict
    reason: str


@runtime_checkable
class Claim(Named, Protocol):
    """A sentence that can be decided. It ships a world where it is true and one where it is false."""

    @property
    def sentence(self) -> str:
        """What is claimed."""
        ...

    @property
    def source(self) -> str:
        """Who claims it."""
        ...

    def decide(self, evidence: Evidence) -> Decision:
        """Decide by the interval against the margin."""
        ...

    def true_world(self, seed: int) -> Evidence:
        """Return evidence from data with an effect of twice the margin (an equivalence claim: with none)."""
        ...

    def false_world(self, seed: int) -> Evidence:
        """Return evidence from data without the effect (an equivalence claim: with twice the margin)."""
        ...
