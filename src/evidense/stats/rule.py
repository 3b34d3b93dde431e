"""The rule that turns an estimate and a margin into one of five words."""

import math
from typing import Literal

from evidense.errors import InvalidInput
from evidense.stats.differences import MIN_CLUSTERS
from evidense.stats.estimates import Estimate

__all__ = [
    "MIN_CLUSTERS",
    "Label",
    "doubt",
    "floor_sentence",
    "is_at_floor",
    "label",
    "queries_to_decide",
    "rules_out_loss",
    "too_few",
]

_ROUNDING = 1e-12
Label = Literal["IDENTICAL", "SAME", "HELPS", "HARMS", "UNDECIDED"]


def label(estimate: Estimate, margin: float) -> Label:
    """Decide what the interval [low, high] says, in this order.

    1. fewer than 20 clusters → UNDECIDED; 2. at the floor, where the interval reaches all that a poor baseline has to lose
    (`is_at_floor`) → UNDECIDED; 3. every difference zero → IDENTICAL; 4. −margin ≤ low and high ≤ margin → SAME; 5. low > 0 → HELPS;
    6. high < 0 → HARMS; 7. else UNDECIDED.

    Raises:
        InvalidInput: a negative margin or one that is not a number.
    """
    _check(margin)
    if doubt(estimate, margin):
        return "UNDECIDED"
    if estimate.tie == estimate.n:
        return "IDENTICAL"
    if -margin <= estimate.low and estimate.high <= margin:
        return "SAME"
    if estimate.low > 0:
        return "HELPS"
    return "HARMS" if estimate.high < 0 else "UNDECIDED"


def is_at_floor(base_mean: float, low: float, margin: float) -> bool:
    """Say whether nothing but the baseline's poverty rules a loss out: the interval reaches all it has, which is within the margin.

    >>> is_at_floor(0.0, 0.0, 0.02), is_at_floor(0.01, -0.01, 0.02), is_at_floor(0.01, -0.004, 0.02), is_at_floor(0.0, 0.05, 0.02)
    (True, True, False, False)
    """
    return base_mean <= margin and low <= -base_mean + _ROUNDING


def rules_out_loss(low: float, base_mean: float, n_clusters: int, margin: float) -> bool:
    """Say whether the data rule out a loss beyond the margin: by the interval, from enough groups, and not by the floor alone."""
    inside = low > -margin or low == margin == 0
    return inside and n_clusters >= MIN_CLUSTERS and not is_at_floor(base_mean, low, margin)


def too_few(n_clusters: int) -> str:
    """Say that there are too few groups of queries to decide, or nothing.

    >>> too_few(1)
    'too few to decide: 1 independent group of queries, at least 20 are needed'
    """
    if n_clusters >= MIN_CLUSTERS:
        return ""
    groups = f"{n_clusters} independent group{'' if n_clusters == 1 else 's'} of queries"
    return f"too few to decide: {groups}, at least {MIN_CLUSTERS} are needed"


def doubt(estimate: Estimate, margin: float) -> str:
    """Say why nothing can be decided whatever the interval, or nothing: too few groups, or a baseline with nothing to lose."""
    at_floor = is_at_floor(-estimate.least, estimate.low, margin)
    return too_few(estimate.n_clusters) or (floor_sentence(-estimate.least, margin) if at_floor else "")


def floor_sentence(base_mean: float, margin: float) -> str:
    """Say that the baseline scores too little to lose anything.

    >>> floor_sentence(0.0, 0.02)
    'the baseline scores 0 on every query: no loss could show'
    """
    if base_mean == 0:
        return "the baseline scores 0 on every query: no loss could show"
    return f"the baseline scores no more than {base_mean:.3f}, within the margin of {margin:g}: no loss beyond it could show"


def queries_to_decide(estimate: Estimate, margin: float) -> int | None:
    """About how many queries would end in a word other than UNDECIDED, if effect and spread stay as observed.

    The interval narrows with the root of n; it decides once it is shorter than the distance from the effect to 0 or to
    the nearer end of the margin, whichever is larger. Two digits are kept, rounded up. None where the label is decided
    already or no number of queries would do (effect and margin both 0; a baseline that has nothing to lose).

    Raises:
        InvalidInput: as `label`.
    """
    if label(estimate, margin) != "UNDECIDED" or is_at_floor(-estimate.least, estimate.low, margin):
        return None
    width = max(estimate.high - estimate.effect, estimate.effect - estimate.low)
    room = max(abs(estimate.effect), margin - abs(estimate.effect))
    if room <= 0:
        return None
    needed = estimate.n * max((width / room) ** 2, MIN_CLUSTERS / estimate.n_clusters)
    unit: int = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    return max(math.ceil(needed / unit) * unit, estimate.n + 1)


def _check(margin: float) -> None:
    if not margin >= 0:
        raise InvalidInput(f"the margin is {margin} → expected 0 or more → say how small a difference does not matter")
