"""The system helps: it scores higher than the baseline on this collection."""

from dataclasses import dataclass

from evidense.claims._interval import decide_gain
from evidense.parts import Decision, Evidence
from evidense.stats import planted_estimate

MARGIN = 0.02


@dataclass(frozen=True)
class Helps:
    """Holds where the rule says HELPS; fails where a gain beyond the margin is ruled out."""

    name: str = "helps"
    sentence: str = "The system scores higher than the baseline on this collection."
    source: str = "Evidense: the rule of docs/statistics.md"
    boundary: float = 0.0
    """The effect, in margins, at which the sentence turns false."""

    def decide(self, evidence: Evidence) -> Decision:
        """Read the interval: all of it above 0 and not all within the margin, or none of it above the margin."""
        return decide_gain(evidence)

    def true_world(self, seed: int) -> Evidence:
        """A gain of twice the margin."""
        return Evidence(planted_estimate(2 * MARGIN, seed), MARGIN)

    def false_world(self, seed: int) -> Evidence:
        """No effect."""
        return Evidence(planted_estimate(0.0, seed), MARGIN)


PART = Helps()
