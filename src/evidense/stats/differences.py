"""Paired differences, their sums over clusters, and the grid on which sums do not depend on the order of adding."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.errors import InvalidInput
from evidense.stats.bounds import Bounds
from evidense.stats.dependence.overlap import Grouping, Overlap, effective, labels_of, part_of

MIN_CLUSTERS = 20
"""With fewer independent groups of queries nothing is decided."""
_EXACT_BITS = 52  # float64 adds whole numbers below 2**53 without rounding; one bit is for the doubled sum of a flip


@dataclass(frozen=True)
class Differences:
    """The paired per-query differences of `s` systems against one baseline on one collection.

    `clusters` says how queries depend on each other: queries with equal labels are resampled and flipped together; an overlap joins
    them in part. `bounds` are the least and the most that each difference can be; without them a difference has no limits.
    `base` holds the baseline's values, for verdicts that ask whether it has anything to lose. `by_seed`, if some system was trained
    several times, holds each system's differences in each of its seeds, whose mean is its row of `values`; else it is empty.

    Raises:
        InvalidInput: shapes that do not fit, no query, or a difference that is not finite.

    >>> Differences(np.array([[0.1, 0.0, -0.2]]), np.array([0, 0, 1])).n_clusters
    2
    """

    values: Float[np.ndarray, "s q"]
    clusters: Grouping
    bounds: Bounds | None = None
    base: Float[np.ndarray, " q"] | None = None
    by_seed: tuple[Float[np.ndarray, "_ q"], ...] = ()

    def __post_init__(self) -> None:
        check_values(self.values, self.labels)

    def of(self, queries: Bool[np.ndarray, " q"]) -> "Differences":
        """Return the differences of some queries."""
        bounds, base = self.bounds and self.bounds.of(queries), None if self.base is None else self.base[queries]
        by_seed = tuple(table[:, queries] for table in self.by_seed)
        return Differences(self.values[:, queries], part_of(self.clusters, queries), bounds, base, by_seed)

    def row(self, j: int) -> "Differences":
        """Return the differences of one system."""
        return self.rows([j])

    def rows(self, systems: Sequence[int]) -> "Differences":
        """Return the differences of some systems."""
        bounds = self.bounds and Bounds.stacked([self.bounds.row(j) for j in systems])
        by_seed = tuple(self.by_seed[j] for j in systems) if self.by_seed else ()
        return Differences(self.values[list(systems)], self.clusters, bounds, self.base, by_seed)

    def n_seeds(self, j: int) -> int:
        """Return the number of seeds of system j."""
        return len(self.by_seed[j]) if self.by_seed else 1

    def mean_bounds(self, j: int) -> tuple[float, float]:
        """Return what the mean of system j can be at least and at most."""
        return self.bounds.mean(j) if self.bounds else (-np.inf, np.inf)

    @property
    def base_mean(self) -> float:
        """Return the baseline's mean; infinite where its values are not given."""
        return np.inf if self.base is None else float(self.base.mean())

    @property
    def n_systems(self) -> int:
        """Return the number of systems that are compared with the baseline."""
        return int(self.values.shape[0])

    @property
    def n_queries(self) -> int:
        """Return the number of queries."""
        return int(self.values.shape[1])

    @cached_property
    def n_clusters(self) -> int:
        """Return the number of independent groups of queries; with an overlap, the number of effective queries."""
        return effective(self.clusters)

    @property
    def labels(self) -> Int[np.ndarray, " q"]:
        """Return one label a query, for methods that count groups."""
        return labels_of(self.clusters)

    @cached_property
    def n_groups(self) -> int:
        """Return the number of different labels."""
        return len(np.unique(self.labels))

    @property
    def overlap(self) -> Overlap | None:
        """Return the overlap, or None if queries share all or nothing."""
        return self.clusters if isinstance(self.clusters, Overlap) else None


def check_values(values: Float[np.ndarray, "s q"], clusters: Int[np.ndarray, " q"]) -> None:
    """Refuse an array of per-query values that no statistic should be computed from.

    Raises:
        InvalidInput: with the shape, the number of queries, or the first place that is not finite.
    """
    if values.ndim != 2 or clusters.ndim != 1 or values.shape[1] != len(clusters):
        raise InvalidInput(
            f"values have shape {values.shape} and clusters {clusters.shape} → expected (systems, queries) "
            "and (queries,) → give one row a system and one cluster label a query"
        )
    if values.shape[1] == 0:
        raise InvalidInput("there is no query to compare → expected at least one → check that systems share query ids")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise InvalidInput(
            f"the value of system {row} on query {column} is {values[row, column]} ({len(bad)} such values) "
            "→ expected finite numbers → find the score that is missing and drop or repair that query"
        )


@dataclass(frozen=True)
class ClusterSums:
    """The size of each cluster of a collection and, for each system, its sum of differences."""

    sizes: Float[np.ndarray, " g"]
    sums: Float[np.ndarray, "g s"]

    @property
    def n_queries(self) -> float:
        """Return the number of queries in all clusters."""
        return float(self.sizes.sum())

    @property
    def active(self) -> Bool[np.ndarray, " g"]:
        """Return which clusters have a non-zero sum for some system; only their sign matters."""
        nonzero: Bool[np.ndarray, " g"] = np.any(self.sums != 0, axis=1)
        return nonzero

    @property
    def n_active(self) -> int:
        """Return the number of active clusters."""
        return int(self.active.sum())

    @property
    def inflation(self) -> float:
        """Return the small-sample factor g/(g−1) of the cluster-robust variance, or 1 for a single cluster."""
        g = len(self.sizes)
        return g / (g - 1) if g > 1 else 1.0


def cluster_sums(values: Float[np.ndarray, "s q"], clusters: Int[np.ndarray, " q"]) -> ClusterSums:
    """Add up the differences of each cluster, on the grid of `on_grid`."""
    _, member = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(member).astype(np.float64)
    sums = np.stack([np.bincount(member, row, minlength=len(sizes)) for row in values.astype(np.float64)], axis=1)
    return ClusterSums(sizes, on_grid(sums))


def on_grid(x: Float[np.ndarray, "g s"]) -> Float[np.ndarray, "g s"]:
    """Round each column to multiples of a power of two so coarse that no sum of g of its entries is ever rounded.

    Sums of such numbers are exact in any order. So neither the number of threads nor the matrix library can change a bit of a result,
    and two sums that should be equal are equal. An entry changes by less than g · 2⁻⁵¹ of the largest.

    >>> bool(on_grid(np.array([[0.1], [0.2], [-0.3]])).sum() == 0.0)
    True
    """
    largest = np.abs(x).max(axis=0) * len(x)
    _, exponent = np.frexp(np.where(largest > 0, largest, 1.0))
    unit = np.ldexp(1.0, exponent - _EXACT_BITS)
    rounded: Float[np.ndarray, "g s"] = np.rint(x / unit) * unit
    return rounded
