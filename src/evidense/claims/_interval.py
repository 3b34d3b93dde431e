"""What the claims that read one interval share: the interval in words, and how a gain is decided."""

from evidense.boundary.numerals import interval, plain, short
from evidense.parts import Decision, Evidence
from evidense.stats import Estimate, label, too_few

NO_DIFFERENCE = "every difference is zero"


def interval_words(estimate: Estimate) -> str:
    """Return the interval in the words of a reason."""
    return f"the interval {interval(estimate.low, estimate.high)}"


def decide_gain(evidence: Evidence, over: str = "") -> Decision:
    """Decide whether there is a gain. `over` ends the reason and says which seeds the interval covers.

    The claim holds where the rule says HELPS. It fails where no value of the interval lies above the margin.
    """
    estimate, margin = evidence.estimate, evidence.margin
    word, words = label(estimate, margin), interval_words(estimate)
    if word == "HELPS":
        return Decision("HOLDS", f"{words} lies above 0{over}")
    if word == "IDENTICAL":
        return Decision("FAILS", NO_DIFFERENCE)
    if few := too_few(estimate.n_clusters):
        return Decision("UNDECIDED", few)
    if estimate.high <= margin:
        excluded = f"a gain above {plain(max(estimate.high, 0))} is ruled out, and {short(margin)} is the margin"
        return Decision("FAILS", f"{excluded}{over}")
    return Decision("UNDECIDED", f"{words} leaves gain and no gain possible{over}")
