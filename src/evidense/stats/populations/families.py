"""Families: the effect on each independent family of collections, and the prediction for a new collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scipy.special import ndtri

from evidense.stats.differences import Differences
from evidense.stats.estimates import Estimate
from evidense.stats.flat import flat
from evidense.stats.populations.pooling import MIN_COLLECTIONS, Pooled, random_effects
from evidense.stats.sharing import Pool, Sharing

Estimated = Callable[[tuple[int, ...], Sharing], Estimate]
"""(places of a family, what these share) → the mean effect over them."""


@dataclass(frozen=True)
class NewCollection:
    """The prediction for a new collection, from `n_families` families. Collections in `left_out` show no spread and have no bound."""

    pooled: Pooled
    n: int
    n_clusters: int
    left_out: tuple[int, ...]

    def within(self, least: float, most: float) -> "NewCollection":
        """Return the same with its intervals cut at `least` and `most`."""
        return replace(self, pooled=self.pooled.within(least, most))

    @property
    def n_families(self) -> int:
        """Return the number of independent families of collections."""
        return self.pooled.k


def new_collection(
    rows: Sequence[Differences], sharing: Sharing, estimated: Estimated, confidence: float
) -> NewCollection | None:
    """Pool one system's effects over families of collections; None if fewer than five families have a standard error.

    The standard error of a family without spread (no query differs) is derived from the exact bound of what was not sampled.
    """
    sizes = [row.n_queries for row in rows]
    estimates, left_out = [], list[int]()
    for members in sharing.families(sizes):
        within = sharing.of(members, sizes)
        estimate = estimated(members, within)
        error = max(estimate.standard_error, _unseen([rows[member] for member in members], within, confidence))
        if error > 0:
            estimates.append((estimate, error))
        else:
            left_out += members
    if len(estimates) < MIN_COLLECTIONS:
        return None
    pooled = random_effects(
        [estimate.effect for estimate, _ in estimates], [error for _, error in estimates], confidence
    )
    return NewCollection(
        pooled,
        sum(estimate.n for estimate, _ in estimates),
        sum(estimate.n_clusters for estimate, _ in estimates),
        tuple(left_out),
    )


def _unseen(rows: Sequence[Differences], within: Sharing, confidence: float) -> float:
    """Return the standard error derived from the exact bound of what was not sampled; 0 if there is spread, or no bound."""
    tail = (1 - confidence) / 2
    spreadless = flat(Pool(rows, within).at_modes, 0)
    if spreadless is None:
        return 0.0
    low, high = spreadless.interval(tail)
    return max(spreadless.at - low, high - spreadless.at) / -float(ndtri(tail))
