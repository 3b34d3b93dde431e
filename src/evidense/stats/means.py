"""The absolute value of a system, with an interval."""

import numpy as np
from jaxtyping import Float

from evidense.errors import InvalidInput
from evidense.stats.bounds import Bounds
from evidense.stats.critical import ReferenceDistribution
from evidense.stats.dependence.overlap import Grouping
from evidense.stats.differences import Differences, cluster_sums
from evidense.stats.few import FEW, few_nonzero
from evidense.stats.flat import commonest, flat
from evidense.stats.resampling import bootstrap_moments, observed, overlap_observed, stream, studentise

_MEAN = 2  # the stream of random numbers that is only for absolute values


def mean_interval(
    values: Float[np.ndarray, " q"],
    clusters: Grouping,
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    bounds: Bounds | None = None,
) -> tuple[float, float, float]:
    """Mean, low and high of one system's per-query values; see `mean_intervals`."""
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
    """Mean, low and high of each row, by the studentised cluster bootstrap; each interval holds for itself.

    A row's interval does not depend on the other rows. Where fewer than ten clusters differ from the commonest value, the
    exact bound of `few` takes the bootstrap's place. `bounds` say what each value could have been: no interval leaves them, and
    where all values are equal they give it its width. Without bounds an end may lie anywhere, and equal values have no width.

    Raises:
        InvalidInput: shapes that do not fit, no query, or a value that is not finite.

    >>> mean_intervals(np.full((1, 30), 0.5), np.arange(30), seed=0)  # every query the same
    [(0.5, 0.5, 0.5)]
    """
    modes = np.array([commonest(row) for row in values])
    one = Differences(values - modes[:, None], clusters, bounds and bounds.minus(modes))
    sums = cluster_sums(one.values, one.labels)
    mean, se = observed(sums) if one.overlap is None else overlap_observed(one.values, one.overlap)
    alpha = 1 - confidence
    if not 0 < alpha < 1:
        raise InvalidInput(f"confidence is {confidence} → expected a number between 0 and 1 → use 0.95")
    boot = np.zeros((1, one.n_systems))
    if sums.n_active:
        boot = np.abs(studentise(*bootstrap_moments(sums, n_resamples, stream(seed, 0, _MEAN), pool=False)))
    out = []
    for j, row in enumerate(values):
        low, high = _around(one, j, (mean[j], se[j]), boot[:, j], alpha)
        least, most = bounds.mean(j) if bounds else (-np.inf, np.inf)
        out.append((float(row.mean()), max(float(modes[j] + low), least), min(float(modes[j] + high), most)))
    return out


def _weights(one: Differences, j: int) -> tuple[float, float]:
    """The most that one cluster can weigh in the mean, below and above the commonest value."""
    if one.bounds is None:
        return np.inf, np.inf
    share = float(np.unique(one.labels, return_counts=True)[1].max()) / one.n_queries
    return -float(one.bounds.least[j].min()) * share, float(one.bounds.most[j].max()) * share


def _around(
    one: Differences, j: int, observed_: tuple[float, float], boot: Float[np.ndarray, " r"], alpha: float
) -> tuple[float, float]:
    """The interval of the mean of what was left after the commonest value was taken off."""
    few = few_nonzero([one], j)
    if few.n == 0:
        equal = flat([one], j) if one.bounds else None
        return equal.interval(alpha / 2) if equal else (0.0, 0.0)
    if few.n < FEW:
        return few.around(alpha / 2, *_weights(one, j))
    mean, se = observed_
    half = se * ReferenceDistribution(boot).critical(1, alpha)
    return mean - half, mean + half
