"""The mean of values between known limits, most of them at one limit: an interval that also holds where failures are rare.

Recall of an index is 1 on most queries. Where a twentieth of them fall short, mostly a little and seldom much, the studentised bootstrap
covers such a mean in 62 of 100 samples of 200: the rare large failures are not in the sample. Gaffke's bound asks no more than the limits.
"""

import numpy as np

from evidense.errors import InvalidInput
from evidense.stats.differences import ClusterSums, Differences, cluster_sums
from evidense.stats.means import mean_interval

_MOST_DRAWS = 20_000
_BLOCK = 1 << 22
"""Random numbers that are drawn at a time."""


def bounded_mean_interval(
    row: Differences, *, confidence: float = 0.95, n_resamples: int = 10_000, seed: int
) -> tuple[float, float, float]:
    """Return mean, low and high of one row of values within finite bounds, by Gaffke's bound; each end errs with half of the rest.

    Where queries share documents in part, each end is also at least as far out as that of `mean_interval`, which knows how much they share.

    Raises:
        InvalidInput: a row without finite bounds.

    >>> from evidense.stats.bounds import Bounds
    >>> found = Differences(np.ones((1, 200)), np.arange(200), Bounds.constant((0.0, 1.0), (1, 200)))  # nothing fell short
    >>> mean, low, high = bounded_mean_interval(found, seed=0)
    >>> mean, round(low, 2), high  # .025^(1/200) = .982
    (1.0, 0.98, 1.0)
    """
    if row.bounds is None:
        raise InvalidInput(
            "the values have no bounds → expected the limits of the measure → give them, or use mean_interval"
        )
    limits = float(row.bounds.least.min()), float(row.bounds.most.max())
    if not np.isfinite(limits).all():
        raise InvalidInput(f"the bounds are {limits} → expected finite ones → use mean_interval")
    sums = cluster_sums(row.values, row.labels)
    low, high = gaffke(sums, limits, (1 - confidence) / 2, n_draws=min(n_resamples, _MOST_DRAWS), seed=seed)
    if row.overlap is not None:
        _, least, most = mean_interval(
            row.values[0], row.clusters, confidence=confidence, n_resamples=n_resamples, seed=seed, bounds=row.bounds
        )
        low, high = min(low, least), max(high, most)
    return float(row.values[0].mean()), max(limits[0], low), min(limits[1], high)


def gaffke(
    sums: ClusterSums, limits: tuple[float, float], tail: float, *, n_draws: int, seed: int
) -> tuple[float, float]:
    """Return the ends of an interval of the mean; each end errs with probability `tail`.

    Each group of queries gets a random weight, uniform over all that sum to 1, and so does one more group at the limit; the end is the
    quantile `tail` of the weighted means. Of values that are 0 or 1 it is Clopper and Pearson's bound. Groups of unequal sizes enter as a
    ratio, the one at the limit with the mean size.

    Source: Gaffke 2005, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable; Learned-Miller
    and Thomas 2019, A New Confidence Interval for the Mean of a Bounded Random Variable.
    """
    rng, sizes, totals = np.random.default_rng([seed, len(sums.sizes)]), sums.sizes, sums.sums[:, 0]
    lows, highs = [], []
    step = max(1, _BLOCK // (len(sizes) + 1))
    for start in range(0, n_draws, step):
        weights = rng.standard_exponential((min(step, n_draws - start), len(sizes) + 1))
        more = weights[:, -1] * sizes.mean()
        total, size = (np.einsum("rg,g->r", weights[:, :-1], column) for column in (totals, sizes))
        lows.append((total + more * limits[0]) / (size + more))
        highs.append((total + more * limits[1]) / (size + more))
    place = int(tail * n_draws)
    low, high = np.concatenate(lows), np.concatenate(highs)
    return float(np.partition(low, place)[place]), float(np.partition(high, n_draws - 1 - place)[n_draws - 1 - place])
