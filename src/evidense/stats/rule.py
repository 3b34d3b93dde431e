"""The rule that turns an estimate and a margin into one of five words."""

import math
from typing import Literal

from evidense.errors import InvalidInput
from evidense.stats.estimates import Estimate

Label = Literal["IDENTICAL", "SAME", "HELPS", "HARMS", "UNDECIDED"]
MIN_CLUSTERS = 20


def label(estimate: Estimate, margin: float) -> Label:
    """Decide what the interval [low, high] says, in this order.

    1. every difference zero → IDENTICAL; 2. fewer than 20 clusters → UNDECIDED; 3. −margin ≤ low and high ≤ margin →
    SAME; 4. low > 0 → HELPS; 5. high < 0 → HARMS; 6. else UNDECIDED.

    Raises:
        InvalidInput: a negative margin or one that is not a number.
    """
    _check(margin)
    if estimate.tie == estimate.n:
        return "IDENTICAL"
    if estimate.n_clusters < MIN_CLUSTERS:
        return "UNDECIDED"
    if -margin <= estimate.low and estimate.high <= margin:
        return "SAME"
    if estimate.low > 0:
        return "HELPS"
    return "HARMS" if estimate.high < 0 else "UNDECIDED"


def queries_to_decide(estimate: Estimate, margin: float) -> int | None:
    """About how many queries would end in a word other than UNDECIDED, if effect and spread stay as observed.

    The interval narrows with the root of n; it decides once it is shorter than the distance from the effect to 0 or to
    the nearer end of the margin, whichever is larger. Two digits are kept, rounded up. None where the label is decided
    already or no number of queries would do (effect and margin both 0).

    Raises:
        InvalidInput: as `label`.
    """
    if label(estimate, margin) != "UNDECIDED":
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
