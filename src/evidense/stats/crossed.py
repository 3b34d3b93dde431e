"""Seeds and queries as crossed random effects: the uncertainty from each, and the interval from both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr, stdtrit

from evidense.errors import InvalidInput
from evidense.stats.bounds import Bounds
from evidense.stats.dependence.overlap import Grouping, Overlap, effective, labels_of
from evidense.stats.differences import Differences, check_values

_HALVINGS = 60  # of an interval of 37 standard deviations: to the last bit
_FARTHEST = 37.0  # beyond it a two-sided p is below 1e-298


@dataclass(frozen=True)
class Seeded:
    """Per-query values of `k` contrasts in `s` seeds on one collection, paired by seed and by query.

    A contrast is a difference of trained systems of one seed, which share backbone, data order and the checkpoints of the
    stages that they have in common. `clusters` says how queries depend on each other, as in `Differences`. `bounds`, one row a
    contrast, say what its value on a query could be at least and at most.

    Raises:
        InvalidInput: shapes that do not fit, no contrast, no seed, no query, or a value that is not finite.

    >>> one = Seeded(np.array([[[0.1, 0.3], [0.3, 0.5]]]), np.arange(2))
    >>> (one.n_contrasts, one.n_seeds, one.n_queries)
    (1, 2, 2)
    """

    values: Float[np.ndarray, "k s q"]
    clusters: Grouping
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or 0 in self.values.shape[:2]:
            raise InvalidInput(
                f"values have shape {self.values.shape} → expected (contrasts, seeds, queries), at least one of each "
                "→ give every contrast its value in each seed on each query"
            )
        k, s, q = self.values.shape
        check_values(self.values.reshape(k * s, q), labels_of(self.clusters))

    def over_seeds(self) -> Differences:
        """Return each query's mean over the seeds."""
        return Differences(self.values.mean(axis=1), self.clusters, self.bounds)

    def row(self, k: int) -> "Seeded":
        """Return one contrast."""
        return Seeded(self.values[k : k + 1], self.clusters, self.bounds and self.bounds.row(k))

    @property
    def n_contrasts(self) -> int:
        """Return the number of contrasts."""
        return int(self.values.shape[0])

    @property
    def n_seeds(self) -> int:
        """Return the number of training seeds."""
        return int(self.values.shape[1])

    @property
    def n_queries(self) -> int:
        """Return the number of queries."""
        return int(self.values.shape[2])

    @property
    def n_clusters(self) -> int:
        """Return the number of independent groups of queries; with an overlap, the number of effective queries."""
        return effective(self.clusters)


@dataclass(frozen=True)
class Variances:
    """Where the uncertainty of one contrast comes from: ANOVA estimators of the crossed model, floored at 0.

    value = mean + seed + query + rest. `seed_sd` is how far one seed's true effect strays from the mean over all seeds;
    `query_sd` and `rest_sd` are likewise of a query over all seeds, and of a query in one seed. `query_se` is what the
    queries leave uncertain with these seeds; `seed_se` what the seeds leave uncertain with all queries there could be.
    """

    seed_sd: float
    query_sd: float
    rest_sd: float
    seed_se: float
    query_se: float


@dataclass(frozen=True)
class Squares:
    """Squared standard errors of `k` means: between seeds, between query clusters, and of what is left.

    In a balanced table without clusters these are the mean squares of the two-way analysis of variance over s·q.
    `between_queries` is the whole covariance over contrasts, since many clusters can tell how contrasts go together.
    `n_seeds` and `n_clusters` give the degrees of freedom.
    """

    mean: Float[np.ndarray, " k"]
    seeds: Float[np.ndarray, " k"]
    between_queries: Float[np.ndarray, "k k"]
    rest: Float[np.ndarray, " k"]
    n_seeds: int
    df_queries: Float[np.ndarray, " k"]

    @property
    def queries(self) -> Float[np.ndarray, " k"]:
        """Return the squared standard error of the mean over these seeds, from queries alone."""
        return np.diagonal(self.between_queries)

    @property
    def queries_only(self) -> Float[np.ndarray, " k"]:
        """Return what queries add to the spread of the seeds' means, which includes `rest` already."""
        left: Float[np.ndarray, " k"] = np.maximum(self.queries - self.rest, 0.0)
        return left

    @property
    def standard_error(self) -> Float[np.ndarray, " k"]:
        """Return the standard error of the mean, over seeds and queries."""
        seeds_only = np.maximum(self.seeds - self.rest, 0.0)
        total: Float[np.ndarray, " k"] = np.sqrt(seeds_only + self.queries_only + self.rest)
        return total

    def half(self, alpha: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        """Return half the width of the interval that errs with `alpha`; seeds and queries each have their own Student's t."""
        t_seeds = -stdtrit(self.n_seeds - 1, alpha / 2)
        t_queries = -stdtrit(self.df_queries, alpha / 2)
        parts = (t_seeds, np.sqrt(self.seeds)), (t_queries, np.sqrt(self.queries_only))
        width: Float[np.ndarray, " k"] = np.hypot(*(_times(t, se) for t, se in parts))
        return width

    def z(self) -> Float[np.ndarray, " k"]:
        """Return each mean's distance from 0 as a normal deviate: its two-sided p is the level at which the interval ends at 0."""
        near, far = np.zeros_like(self.mean), np.full_like(self.mean, _FARTHEST)
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            inside = self.half(two_sided(middle)) < np.abs(self.mean)
            near, far = np.where(inside, middle, near), np.where(inside, far, middle)
        return near


def two_sided(z: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Return the chance that a normal deviate lies at least z from 0, on either side."""
    p: Float[np.ndarray, " k"] = 2 * ndtr(-z)
    return p


def squares(table: Seeded) -> Squares:
    """Split the variance of one collection's table of seeds × queries; it needs two seeds or more.

    Queries and the rest are summed over clusters, which makes them robust to queries that depend on each other.
    """
    s, n, g = table.n_seeds, table.n_queries, table.n_clusters
    by_seed, by_query = table.values.mean(axis=2), table.values.mean(axis=1)
    mean = by_seed.mean(axis=1)
    residual = table.values - by_seed[:, :, None] - by_query[:, None, :] + mean[:, None, None]
    deviation = by_query - mean[:, None]
    if isinstance(table.clusters, Overlap):
        between, within = _overlap_errors(deviation, residual, table.clusters)
    else:
        between, within = _cluster_errors(deviation, residual, table.clusters)
    return Squares(
        mean=mean,
        seeds=((by_seed - mean[:, None]) ** 2).sum(axis=1) / (s * (s - 1)),
        between_queries=between,
        rest=within / (s * (s - 1) * n**2),
        n_seeds=s,
        df_queries=np.full(len(mean), max(g - 1, 1), dtype=np.float64),
    )


def mean_squares(family: Sequence[Seeded]) -> Squares:
    """Split the variance of the plain mean over collections. Seeds are the same on all of them, so each seed's means are averaged first."""
    parts = [squares(table) for table in family]
    s, c = family[0].n_seeds, len(family)
    by_seed = np.mean([table.values.mean(axis=2) for table in family], axis=0)
    mean = by_seed.mean(axis=1)
    each = np.stack([part.queries for part in parts]) / c**2
    total, dfs = each.sum(axis=0), np.stack([part.df_queries for part in parts])
    spread = (each**2 / dfs).sum(axis=0)
    return Squares(
        mean=mean,
        seeds=((by_seed - mean[:, None]) ** 2).sum(axis=1) / (s * (s - 1)),
        between_queries=np.sum([part.between_queries for part in parts], axis=0) / c**2,
        rest=np.sum([part.rest for part in parts], axis=0) / c**2,
        n_seeds=s,
        df_queries=np.divide(total**2, spread, out=dfs.min(axis=0), where=spread > 0),
    )


def variances(table: Seeded) -> list[Variances]:
    """Return the variance components of each contrast; with a single seed, those of seed and rest are 0.

    >>> table = np.array([[[0.0, 0.2, 0.4], [0.2, 0.4, 0.6]]])  # seeds .2 apart, queries .2 apart, nothing else
    >>> found = variances(Seeded(table, np.arange(3)))[0]
    >>> round(found.seed_sd**2, 4), round(found.query_sd**2, 4), round(found.rest_sd**2, 4)  # .2² / 2 and .2²
    (0.02, 0.04, 0.0)
    """
    s, n = table.n_seeds, table.n_queries
    if s == 1:
        doubled = squares(Seeded(np.repeat(table.values, 2, axis=1), table.clusters))
        return [Variances(0.0, float(np.sqrt(q * n)), 0.0, 0.0, float(np.sqrt(q))) for q in doubled.queries]
    components = squares(table)
    results = []
    for seeds, queries, residual in zip(components.seeds, components.queries, components.rest, strict=True):
        seed, query = max(seeds - residual, 0.0), max(queries - residual, 0.0)
        roots = np.sqrt([seed * s, query * n, residual * s * n, seed, queries])
        results.append(Variances(*(float(x) for x in roots)))
    return results


def _cluster_errors(
    by_query: Float[np.ndarray, "k q"], residual: Float[np.ndarray, "k s q"], labels: Int[np.ndarray, " q"]
) -> tuple[Float[np.ndarray, "k k"], Float[np.ndarray, " k"]]:
    """Return squared standard errors from sums over clusters: between all pairs of contrasts, and of the residuals, added over the seeds."""
    _, member = np.unique(labels, return_inverse=True)
    sums, residual_sums = (_cluster_sums(x.reshape(-1, x.shape[-1]), member) for x in (by_query, residual))
    g, n = sums.shape[1], by_query.shape[1]
    inflation = g / (g - 1) if g > 1 else 1.0
    between = inflation * np.einsum("kg,jg->kj", sums, sums) / n**2
    return between, inflation * (residual_sums**2).reshape(len(by_query), -1).sum(axis=1)


def _overlap_errors(
    by_query: Float[np.ndarray, "k q"], residual: Float[np.ndarray, "k s q"], overlap: Overlap
) -> tuple[Float[np.ndarray, "k k"], Float[np.ndarray, " k"]]:
    """Return the same for queries that share documents in part; contrasts correlate as they do over independent queries."""
    plain = by_query @ by_query.T
    between = plain * scales(overlap.squared_error(np.ascontiguousarray(by_query.T)), np.diagonal(plain))
    squared = overlap.squared_error(np.ascontiguousarray(residual.reshape(-1, residual.shape[-1]).T))
    return between, squared.reshape(len(by_query), -1).sum(axis=1) * residual.shape[-1] ** 2


def scales(part: Float[np.ndarray, " k"], whole: Float[np.ndarray, " k"]) -> Float[np.ndarray, "k k"]:
    """Return the factor that turns a covariance with the diagonal `whole` into one with the diagonal `part`."""
    ratio = np.sqrt(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))
    return np.outer(ratio, ratio)


def _cluster_sums(rows: Float[np.ndarray, "r q"], member: Int[np.ndarray, " q"]) -> Float[np.ndarray, "r g"]:
    """Add up each row's values of each cluster, in the order of the queries."""
    g = int(member.max()) + 1
    return np.stack([np.bincount(member, row, minlength=g) for row in rows])


def _times(t: Float[np.ndarray, " k"], error: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Return t · error, and 0 where the error is 0 even if t is infinite."""
    product: Float[np.ndarray, " k"] = np.multiply(
        t, error, out=np.zeros(np.broadcast(t, error).shape), where=error > 0
    )
    return product
