"""The system harms: it scores lower than the baseline on this collection."""

from dataclasses import dataclass

from evidense.boundary.numerals import plain, short
from evidense.claims._interval import NO_DIFFERENCE, interval_words
from evidense.parts import Decision, Evidence
from evidense.stats import doubt, label, planted_estimate

MARGIN = 0.02


@dataclass(frozen=True)
class Harms:
    """Holds where the rule says HARMS; fails where a loss beyond the margin is ruled out."""

    name: str = "harms"
    sentence: str = "The system scores lower than the baseline on this collection."
    source: str = "Evidense: the rule of docs/statistics.md"
    boundary: float = 0.0
    """The effect, in margins, at which the sentence turns false."""

    def decide(self, evidence: Evidence) -> Decision:
        """Read the interval: all of it below 0 and not all within the margin, or none of it below minus the margin."""
        e, m = evidence.estimate, evidence.margin
        word, interval = label(e, m), interval_words(e)
        if word == "HARMS":
            return Decision("HOLDS", f"{interval} lies below 0")
        if word == "IDENTICAL":
            return Decision("FAILS", NO_DIFFERENCE)
        if reason := doubt(e, m):
            return Decision("UNDECIDED", reason)
        if e.low >= -m:
            return Decision(
                "FAILS", f"a loss above {plain(e.rules_out_loss_above)} is ruled out, and {short(m)} is the margin"
            )
        return Decision("UNDECIDED", f"{interval} leaves loss and no loss possible")

    def true_world(self, seed: int) -> Evidence:
        """A loss of twice the margin."""
        return Evidence(planted_estimate(-2 * MARGIN, seed), MARGIN)

    def false_world(self, seed: int) -> Evidence:
        """No effect."""
        return Evidence(planted_estimate(0.0, seed), MARGIN)


PART = Harms()
