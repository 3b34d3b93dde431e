"""Families: what each independent family of collections shows, the ground of what is said of a new collection."""

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
    """What a new collection would show, by `n_families` families; `left_out` collections say nothing, not even how large a difference could hide."""

    pooled: Pooled
    n: int
    n_clusters: int
    left_out: tuple[int, ...]

    def within(self, least: float, most: float) -> "NewCollection":
        """Return the same with its intervals cut at what is possible."""
        return replace(self, pooled=self.pooled.within(least, most))

    @property
    def n_families(self) -> int:
        """How many independent families of collections there are."""
        return self.pooled.k


def new_collection(
    rows: Sequence[Differences], sharing: Sharing, estimated: Estimated, confidence: float
) -> NewCollection | None:
    """Pool one system's effects over families of collections; None below five that say anything.

    A family that shows no spread (no query differs) has for standard error what its exact bound leaves possible.
    """
    sizes = [one.n_queries for one in rows]
    found, left_out = [], list[int]()
    for places in sharing.families(sizes):
        within = sharing.of(places, sizes)
        e = estimated(places, within)
        error = max(e.standard_error, _unseen([rows[at] for at in places], within, confidence))
        if error > 0:
            found.append((e, error))
        else:
            left_out += places
    if len(found) < MIN_COLLECTIONS:
        return None
    pooled = random_effects([e.effect for e, _ in found], [error for _, error in found], confidence)
    return NewCollection(pooled, sum(e.n for e, _ in found), sum(e.n_clusters for e, _ in found), tuple(left_out))


def _unseen(rows: Sequence[Differences], within: Sharing, confidence: float) -> float:
    """Return the standard error that the exact bound of what was not sampled stands for; 0 where there is spread, or no bound."""
    tail = (1 - confidence) / 2
    spreadless = flat(Pool(rows, within).at_modes, 0)
    if spreadless is None:
        return 0.0
    low, high = spreadless.interval(tail)
    return max(spreadless.at - low, high - spreadless.at) / -float(ndtri(tail))
