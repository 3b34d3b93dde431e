"""The system scores the same: whatever the difference on this collection, it is within the margin."""

from dataclasses import dataclass

from evidense.boundary.numerals import short
from evidense.claims._interval import NO_DIFFERENCE, interval_words
from evidense.parts import Decision, Evidence
from evidense.stats import doubt, label, planted_estimate

MARGIN = 0.02


@dataclass(frozen=True)
class Same:
    """Holds where the rule says SAME or IDENTICAL; fails where the interval lies wholly beyond the margin."""

    name: str = "same"
    sentence: str = "The system scores within the margin of the baseline on this collection."
    source: str = "Evidense: the rule of docs/statistics.md"
    boundary: float = 1.0
    """The effect, in margins, at which the sentence turns false."""

    def decide(self, evidence: Evidence) -> Decision:
        """Read the interval: all of it within the margin, or all of it beyond."""
        e, m = evidence.estimate, evidence.margin
        word, interval = label(e, m), interval_words(e)
        if word == "IDENTICAL":
            return Decision("HOLDS", NO_DIFFERENCE)
        if word == "SAME":
            return Decision("HOLDS", f"{interval} lies within ±{short(m)}")
        if reason := doubt(e, m):
            return Decision("UNDECIDED", reason)
        if e.low > m or e.high < -m:
            return Decision("FAILS", f"{interval} lies beyond ±{short(m)}")
        return Decision("UNDECIDED", f"{interval} reaches over the margin of ±{short(m)}")

    def true_world(self, seed: int) -> Evidence:
        """No effect."""
        return Evidence(planted_estimate(0.0, seed), MARGIN)

    def false_world(self, seed: int) -> Evidence:
        """A gain or a loss of twice the margin, by turns."""
        return Evidence(planted_estimate(2 * MARGIN * (-1) ** seed, seed), MARGIN)


PART = Same()
