"""The rule that turns an estimate and a margin into one of five words."""

import math
from typing import Literal

from evidense.boundary.numerals import plain, short
from evidense.errors import InvalidInput
from evidense.stats.differences import MIN_CLUSTERS
from evidense.stats.estimates import Estimate

_ROUNDING = 1e-12
_MISSED = 0.025
Label = Literal["IDENTICAL", "SAME", "HELPS", "HARMS", "UNDECIDED"]


def label(estimate: Estimate, margin: float) -> Label:
    """Turn the interval [low, high] into a word. The first rule that applies decides.

    1. Fewer than `MIN_CLUSTERS` clusters → UNDECIDED.
    2. The interval reaches all that a poor baseline can lose (`is_at_floor`) → UNDECIDED.
    3. Every difference is zero → IDENTICAL.
    4. −margin ≤ low and high ≤ margin, and enough groups to contain each kind of query that could matter (`sees_all`) → SAME.
    5. low > 0 → HELPS.
    6. high < 0 → HARMS.
    7. Otherwise UNDECIDED.

    Raises:
        InvalidInput: a negative margin or one that is not a number.
    """
    _check(margin)
    if doubt(estimate, margin):
        return "UNDECIDED"
    if estimate.tie == estimate.n:
        return "IDENTICAL"
    if -margin <= estimate.low and estimate.high <= margin and sees_all(groups_of(estimate), margin):
        return "SAME"
    if estimate.low > 0:
        return "HELPS"
    return "HARMS" if estimate.high < 0 else "UNDECIDED"


def is_at_floor(base_mean: float, low: float, margin: float) -> bool:
    """Say whether a loss is ruled out only because the baseline has no more to lose: its mean is within the margin, and the interval reaches it.

    >>> is_at_floor(0.0, 0.0, 0.02), is_at_floor(0.01, -0.01, 0.02), is_at_floor(0.01, -0.004, 0.02), is_at_floor(0.0, 0.05, 0.02)
    (True, True, False, False)
    """
    return base_mean <= margin and low <= -base_mean + _ROUNDING


def rules_out_loss(low: float, base_mean: float, n_clusters: int, margin: float, n_groups: int | None = None) -> bool:
    """Say whether the data rule out a loss beyond the margin: the interval does, from enough groups, and not by the floor alone.

    Without a gain (low > 0) the sample must also be large enough to contain every kind of query that could make up such a loss (`sees_all`).
    """
    inside = low > -margin or low == margin == 0
    if not inside or n_clusters < MIN_CLUSTERS or is_at_floor(base_mean, low, margin):
        return False
    return low > 0 or sees_all(n_clusters if n_groups is None else n_groups, margin)


def unseen(n_groups: int) -> float:
    """Return the largest share that a kind of query can have and be missing from a sample of groups with probability .025.

    >>> round(unseen(50), 3), round(unseen(183), 4)  # 1 − .025^(1/n)
    (0.071, 0.02)
    """
    return 1.0 - float(_MISSED ** (1 / max(n_groups, 1)))


def sees_all(n_groups: int, margin: float) -> bool:
    """Say whether queries that the sample misses, even if they lose everything, make up no more than the margin."""
    return unseen(n_groups) <= margin or margin == 0


def groups_to_see(margin: float) -> int:
    """Return the number of groups that `sees_all` needs.

    >>> groups_to_see(0.02), groups_to_see(0.1)
    (183, 36)
    """
    return math.ceil(math.log(_MISSED) / math.log1p(-margin)) if 0 < margin < 1 else 1


def margin_seen(n_groups: int) -> float:
    """Return the smallest margin, in hundredths, at which so many groups are enough for `sees_all`.

    >>> margin_seen(113), margin_seen(183), margin_seen(20)
    (0.04, 0.02, 0.17)
    """
    return math.ceil(100 * unseen(n_groups) - _ROUNDING) / 100


def unseen_sentence(n_groups: int, margin: float, n: int) -> str:
    """Say that an interval above −margin comes from too few queries to rely on it, or return an empty text. `n` counts all queries.

    >>> unseen_sentence(50, 0.02, 50)
    'the interval shows no loss beyond .02, but 50 queries are too few to rely on that: a kind that makes up 7.1 % of all may be missing among \
them; 183 are needed at this margin, or a gain that is shown'
    """
    if sees_all(n_groups, margin):
        return ""
    share = f"{100 * unseen(n_groups):.1f} %"
    return (
        f"the interval shows no loss beyond {short(margin)}, but {different_queries(n_groups, n)} are too few to rely on that: a kind that "
        f"makes up {share} of all may be missing among them; {groups_to_see(margin):,} are needed at this margin, or a gain that is shown"
    )


def identical_sentence(n_groups: int, margin: float, n: int) -> str:
    """Say of equal values on all queries how many queries the margin needs, or return an empty text if there are enough.

    >>> identical_sentence(113, 0.02, 113)
    'identical on all 113 queries, but 183 are needed at a margin of .02: use --margin .04, or more queries'
    >>> identical_sentence(100, 0.02, 113)
    'identical on all 113 queries (100 different ones), but 183 are needed at a margin of .02: use --margin .04, or more queries'
    """
    if sees_all(n_groups, margin):
        return ""
    different = f" ({n_groups:,} different ones)" if n_groups != n else ""
    return (
        f"identical on all {n:,} queries{different}, but {groups_to_see(margin):,} are needed at a margin of {short(margin)}: "
        f"use --margin {short(margin_seen(n_groups))}, or more queries"
    )


def different_queries(n_groups: int, n: int) -> str:
    """Count queries; if some are of one kind, count the kinds and say so.

    >>> different_queries(40, 40), different_queries(148, 150)
    ('40 queries', '148 different queries')
    """
    return f"{n_groups:,} {'' if n_groups == n else 'different '}queries"


def groups_of(estimate: Estimate) -> int:
    """Return the number of groups of queries that are not alike."""
    return estimate.n_groups or estimate.n_clusters


def too_few(n_clusters: int) -> str:
    """Say that there are too few groups of queries to decide, or return an empty text.

    >>> too_few(1)
    'too few to decide: 1 independent group of queries, at least 20 are needed'
    """
    if n_clusters >= MIN_CLUSTERS:
        return ""
    groups = f"{n_clusters} independent group{'' if n_clusters == 1 else 's'} of queries"
    return f"too few to decide: {groups}, at least {MIN_CLUSTERS} are needed"


def reservation(estimate: Estimate, margin: float) -> str:
    """Say why an interval that seems to decide does not: few differences carry it, or a kind of query may be missing. Else return an empty text."""
    if estimate.is_carried:
        n = estimate.win + estimate.loss
        return f"only {n} queries differ; one more large change in the other direction would change the verdict"
    inside = -margin <= estimate.low and estimate.high <= margin
    return unseen_sentence(groups_of(estimate), margin, estimate.n) if inside else ""


def doubt(estimate: Estimate, margin: float) -> str:
    """Say why nothing can be decided by any interval: too few groups, or a baseline with nothing to lose. Else return an empty text."""
    at_floor = is_at_floor(estimate.base_mean, estimate.low, margin)
    return too_few(estimate.n_clusters) or (floor_sentence(estimate.base_mean, margin) if at_floor else "")


def floor_sentence(base_mean: float, margin: float) -> str:
    """Say that the baseline scores too little to lose anything.

    >>> floor_sentence(0.0, 0.02)
    'the baseline scores 0 on every query: no loss could show'
    """
    if base_mean == 0:
        return "the baseline scores 0 on every query: no loss could show"
    return f"the baseline scores no more than {plain(base_mean)}, within the margin of {short(margin)}: no loss beyond it could show"


def _check(margin: float) -> None:
    if not margin >= 0:
        raise InvalidInput(f"the margin is {margin} → expected 0 or more → say how small a difference does not matter")
