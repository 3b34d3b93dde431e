"""What few differences carry: a verdict that one more query like the largest, the other way, would overturn is none.

Fifty queries hold no query of a kind that makes up 3 % of all in 22 % of samples, so that a few gains stand against nothing.
Where fewer than twenty groups of queries differ, the difference is therefore also tested with one more group, as large as the
largest seen and against it; the larger p counts.
"""

from collections.abc import Sequence

import numpy as np

from evidense.stats.critical import Sample
from evidense.stats.differences import ClusterSums, Differences, cluster_sums
from evidense.stats.few import FEW, every_flip
from evidense.stats.resampling import combine, observed
from evidense.stats.sharing import Pool

CARRY = 20
"""Groups with a difference, from which on no single one is asked what it could overturn."""


def with_one_against(pool: Pool, j: int, n_off: int, references: Sequence[Sample]) -> float:
    """Return p of system j's mean over a pool with one more query against it, which stands in all collections of its part.

    `n_off` groups differ. Where they are fewer than ten all sign-flips are enumerated, else `references` say how large |t| gets by chance.
    """
    plain = [cluster_sums(one.values[j : j + 1], one.labels) for one in pool.at_zero]
    mean, _ = _mean(plain)
    at = int(np.argmax([np.abs(sums.sums).max() / sums.n_queries for sums in plain]))
    against = [
        _against(sums, float(np.sign(mean)), len(pool.sharing.parts[i].places)) if i == at else sums
        for i, sums in enumerate(plain)
    ]
    mean_against, se_against = _mean(against)
    if mean * mean_against <= 0:
        return 1.0
    if n_off < FEW:
        t = every_flip(against, sum(sums.n_active for sums in against))
        return Sample(t, exact=True).p(float(t[-1]))
    return max(sample.p(abs(mean_against) / se_against) for sample in references)


def n_deciding(parts: Sequence[Differences], j: int, critical: float) -> int | None:
    """Return how many groups decide: without these, the largest that speak for the sign of the mean, |t| is no longer above `critical`.

    None where it is not above it with them, or where they are `CARRY` or more.
    """
    sums = [cluster_sums(one.values[j : j + 1], one.labels) for one in parts]
    mean, _ = _mean(sums)
    shares = np.concatenate([s.sums[:, 0] / s.n_queries for s in sums]) * np.sign(mean)
    order = np.argsort(-shares, kind="stable")
    owner = np.concatenate([np.full(len(s.sizes), i) for i, s in enumerate(sums)])
    place = np.concatenate([np.arange(len(s.sizes)) for s in sums])
    for n in range(min(CARRY, len(order))):
        left_mean, left_se = _mean(sums)
        if left_mean * mean <= 0 or abs(left_mean) <= critical * left_se:
            return n or None
        sums[owner[order[n]]].sums[place[order[n]], 0] = 0.0
    return None


def _against(sums: ClusterSums, sign: float, size: int) -> ClusterSums:
    """Add one group by itself of this size, whose mean is as large as the largest of a group, against the sign."""
    largest = np.abs(sums.sums[:, 0] / sums.sizes).max()
    return ClusterSums(np.append(sums.sizes, size), np.append(sums.sums, [[-sign * largest * size]], axis=0))


def _mean(sums: Sequence[ClusterSums]) -> tuple[float, float]:
    mean, se = combine([observed(s) for s in sums], len(sums))
    return float(mean[0]), float(se[0])
