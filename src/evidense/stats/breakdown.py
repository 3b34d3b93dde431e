"""Breakdown: a verdict is withheld if one more query, as large as the largest and against it, would overturn it.

Fifty queries hold no query of a kind that makes up 3 % of all in 22 % of samples, so a few gains may meet no loss by chance alone.
Where fewer than twenty groups of queries differ, the difference is therefore tested a second time, with one more group that is as large
as the largest observed and has the other sign. The larger of both p-values counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidense.stats.critical import ReferenceDistribution
from evidense.stats.differences import ClusterSums, Differences, cluster_sums
from evidense.stats.few import FEW, every_flip
from evidense.stats.resampling import combine, observed
from evidense.stats.sharing import Pool

CARRY = 20
"""With so many groups that differ, no single group is tested for what it could overturn."""


@dataclass(frozen=True)
class OneAgainst:
    """The mean with one more group against it: its |t|, and every |t| by sign-flips where few groups differ.

    `t` is 0 if the mean changes its sign.
    """

    t: float
    enumerated: ReferenceDistribution | None = None

    def p(self, references: Sequence[ReferenceDistribution]) -> float:
        """Return p of |t| by the enumeration, or else the largest p by the references, which hold |t| by chance."""
        return max(r.p(self.t) for r in ([self.enumerated] if self.enumerated else references))


def one_against(pool: Pool, j: int, n_off: int) -> OneAgainst:
    """Add one query against system j's mean; it stands in all collections of its part.

    `n_off` is the number of groups that differ. Fewer than ten are enumerated by all their sign-flips.
    """
    plain = [cluster_sums(part.values[j : j + 1], part.labels) for part in pool.at_zero]
    mean, _ = _mean(plain)
    largest = int(np.argmax([np.abs(sums.sums).max() / sums.n_queries for sums in plain]))
    against = list(plain)
    against[largest] = _against(plain[largest], float(np.sign(mean)), len(pool.sharing.parts[largest].members))
    mean_against, se_against = _mean(against)
    if mean * mean_against <= 0:
        return OneAgainst(0.0)
    if n_off < FEW:
        statistics = every_flip(against, sum(sums.n_active for sums in against))
        return OneAgainst(float(statistics[-1]), ReferenceDistribution(statistics, exact=True))
    return OneAgainst(abs(mean_against) / se_against)


def n_deciding(parts: Sequence[Differences], j: int, critical: float) -> int | None:
    """Return how many groups decide: if the largest that agree with the mean's sign are set to 0, |t| no longer exceeds `critical`.

    None if |t| does not exceed it with them, or if `CARRY` groups or more are needed.
    """
    sums = [cluster_sums(part.values[j : j + 1], part.labels) for part in parts]
    mean, _ = _mean(sums)
    shares = np.concatenate([s.sums[:, 0] / s.n_queries for s in sums]) * np.sign(mean)
    largest_first = np.argsort(-shares, kind="stable")
    part_of_group = np.concatenate([np.full(len(s.sizes), i) for i, s in enumerate(sums)])
    row_of_group = np.concatenate([np.arange(len(s.sizes)) for s in sums])
    for n, group in enumerate(largest_first[:CARRY]):
        left_mean, left_se = _mean(sums)
        if left_mean * mean <= 0 or abs(left_mean) <= critical * left_se:
            return n or None
        sums[part_of_group[group]].sums[row_of_group[group], 0] = 0.0
    return None


def _against(sums: ClusterSums, sign: float, size: int) -> ClusterSums:
    """Add one group of this size, whose mean has the other sign and is as large as the largest mean of a group."""
    largest = np.abs(sums.sums[:, 0] / sums.sizes).max()
    return ClusterSums(np.append(sums.sizes, size), np.append(sums.sums, [[-sign * largest * size]], axis=0))


def _mean(sums: Sequence[ClusterSums]) -> tuple[float, float]:
    mean, se = combine([observed(s) for s in sums], len(sums))
    return float(mean[0]), float(se[0])
