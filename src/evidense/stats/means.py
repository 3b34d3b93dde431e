"""The mean of a system, with an interval."""

import numpy as np
from jaxtyping import Float

from evidense.errors import InvalidInput
from evidense.stats.bounds import Bounds
from evidense.stats.critical import ReferenceDistribution
from evidense.stats.dependence.overlap import Grouping
from evidense.stats.differences import Differences, cluster_sums
from evidense.stats.few import FEW, few_nonzero
from evidense.stats.flat import commonest, flat
from evidense.stats.resampling import observed, overlap_observed, shared_bootstrap_moments, studentise


def mean_interval(
    values: Float[np.ndarray, " q"],
    clusters: Grouping,
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    bounds: Bounds | None = None,
) -> tuple[float, float, float]:
    """Return mean, low and high of one system's per-query values; see `mean_intervals`."""
    return mean_intervals(
        values[None], clusters, confidence=confidence, n_resamples=n_resamples, seed=seed, bounds=bounds
    )[0]


def mean_intervals(
    values: Float[np.ndarray, "s q"],
    clusters: Grouping,
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    bounds: Bounds | None = None,
) -> list[tuple[float, float, float]]:
    """Return mean, low and high of each row, by the studentised cluster bootstrap; the intervals are not simultaneous.

    A row's interval does not depend on the other rows. If fewer than ten clusters differ from the commonest value, the exact bound of
    `few` replaces the bootstrap. `bounds` are the limits of each value: no interval leaves them, and if all values are equal they
    determine its width. Without bounds an end may lie anywhere, and the interval of equal values has no width.

    Raises:
        InvalidInput: shapes that do not fit, no query, or a value that is not finite.

    >>> mean_intervals(np.full((1, 30), 0.5), np.arange(30), seed=0)  # every query the same
    [(0.5, 0.5, 0.5)]
    """
    modes = np.array([commonest(row) for row in values])
    residuals = Differences(values - modes[:, None], clusters, bounds and bounds.minus(modes))
    sums = cluster_sums(residuals.values, residuals.labels)
    mean, se = observed(sums) if residuals.overlap is None else overlap_observed(residuals.values, residuals.overlap)
    alpha = 1 - confidence
    if not 0 < alpha < 1:
        raise InvalidInput(f"confidence is {confidence} → expected a number between 0 and 1 → use 0.95")
    boot = np.zeros((1, residuals.n_systems))
    if sums.n_active:
        boot = np.abs(studentise(*shared_bootstrap_moments(sums, n_resamples, seed)))
    intervals = []
    for j, row in enumerate(values):
        low, high = _around(residuals, j, (mean[j], se[j]), boot[:, j], alpha)
        least, most = bounds.mean(j) if bounds else (-np.inf, np.inf)
        intervals.append((float(row.mean()), max(float(modes[j] + low), least), min(float(modes[j] + high), most)))
    return intervals


def _weights(residuals: Differences, j: int) -> tuple[float, float]:
    """Return the most that one cluster can change the mean, below and above the commonest value."""
    if residuals.bounds is None:
        return np.inf, np.inf
    share = float(np.unique(residuals.labels, return_counts=True)[1].max()) / residuals.n_queries
    return -float(residuals.bounds.least[j].min()) * share, float(residuals.bounds.most[j].max()) * share


def _around(
    residuals: Differences, j: int, observed_: tuple[float, float], boot: Float[np.ndarray, " r"], alpha: float
) -> tuple[float, float]:
    """Return the interval of the mean distance from the commonest value."""
    few = few_nonzero([residuals], j)
    if few.n == 0:
        equal = flat([residuals], j) if residuals.bounds else None
        return equal.interval(alpha / 2) if equal else (0.0, 0.0)
    if few.n < FEW:
        return few.around(alpha / 2, *_weights(residuals, j))
    mean, se = observed_
    half = se * ReferenceDistribution(boot).critical(1, alpha)
    return mean - half, mean + half
