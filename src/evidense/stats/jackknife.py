"""The delete-a-group jackknife: intervals for statistics of pairs of rows, which a row bootstrap would destroy.

Rows that are drawn twice are equal to each other, and equal rows are what a similarity of representations looks for; so rows are
only ever left out. Clusters stay whole: a group is some clusters, and one group is left out at a time.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float64, Int, Int64
from scipy.special import stdtr, stdtrit

from evidense.errors import InvalidInput
from evidense.stats.weights.streams import stream

N_GROUPS = 20
_N_DRAWS = 10_000
_DEAL, _MAXIMUM = 11, 12  # streams of random numbers of their own


@dataclass(frozen=True)
class Jackknifed:
    """Some statistics of the same rows, each with its interval, and with one that holds for all of them together."""

    value: Float64[np.ndarray, " s"]
    standard_error: Float64[np.ndarray, " s"]
    low: Float64[np.ndarray, " s"]
    high: Float64[np.ndarray, " s"]
    together_low: Float64[np.ndarray, " s"]
    together_high: Float64[np.ndarray, " s"]
    p: Float64[np.ndarray, " s"]
    """Two-sided, of the statistic being 0; 1 where it is 0 whatever is left out."""
    p_adjusted: Float64[np.ndarray, " s"]
    n_groups: int

    @property
    def test(self) -> str:
        """Say in words what the intervals rest on."""
        return f"delete-a-group jackknife, {self.n_groups} groups of whole clusters, t with {self.n_groups - 1} degrees of freedom"


def deal(clusters: Int[np.ndarray, " n"], *, n_groups: int = N_GROUPS, seed: int) -> Int64[np.ndarray, " n"]:
    """Deal whole clusters, largest first, to groups of about equal size; fewer clusters than groups make as many groups.

    Raises:
        InvalidInput: a single cluster, of which nothing can be left out.

    >>> sorted(np.bincount(deal(np.arange(10), n_groups=5, seed=0)).tolist())  # ten clusters of one row, two a group
    [2, 2, 2, 2, 2]
    """
    labels, member, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if len(labels) < 2:
        raise InvalidInput(
            f"{len(clusters)} rows in {len(labels)} cluster → expected at least 2 clusters, so that one can be left out → take more queries"
        )
    groups = deal_largest_first(sizes, min(n_groups, len(labels)), stream(seed, _DEAL))
    return groups[member]


def deal_largest_first(
    sizes: Int[np.ndarray, " c"], n_groups: int, rng: np.random.Generator
) -> Int64[np.ndarray, " c"]:
    """Return the group of each cluster: largest first, each goes to the group that holds the fewest rows; equal sizes in random order."""
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    held, group_of = np.zeros(n_groups, np.int64), np.empty(len(sizes), np.int64)
    for cluster in order:
        group_of[cluster] = held.argmin()
        held[group_of[cluster]] += sizes[cluster]
    return group_of


def delete_one_error(left_out: Float64[np.ndarray, " g"]) -> float:
    """Return the standard error of a statistic from its values with each cluster left out once.

    It treats clusters as draws of one law, whatever their sizes; `jackknife` weighs groups by their sizes instead.

    Source: Efron and Stein 1981.
    """
    g = len(left_out)
    return float(np.sqrt((g - 1) / g * ((left_out - left_out.mean()) ** 2).sum())) if g > 1 else 0.0


def jackknife(
    whole: Float[np.ndarray, " s"],
    dropped: Float[np.ndarray, "g s"],
    sizes: Int[np.ndarray, " g"],
    *,
    confidence: float = 0.95,
    seed: int,
) -> Jackknifed:
    """Return the interval of each statistic from its values with one group left out.

    `together` is of the largest |t| over the statistics: Gaussian weights on the groups' influences, over a common χ.

    Raises:
        InvalidInput: fewer than two groups.

    Source: Busing, Meijer and van der Leeden 1999 (groups of unequal sizes); Quenouille's and Tukey's where they are equal.

    >>> x = np.arange(20.0)
    >>> one = jackknife(np.array([x.mean()]), ((x.sum() - x) / 19)[:, None], np.ones(20, int), seed=0)
    >>> bool(np.isclose(one.standard_error[0], x.std(ddof=1) / 20**0.5))  # of a mean, it is the textbook's
    True
    """
    g, n = len(sizes), int(sizes.sum())
    if g < 2:
        raise InvalidInput(f"{g} group → expected at least 2 → deal the rows to more groups")
    share = (sizes / n)[:, None]
    pseudo = (whole - (1 - share) * dropped) / share
    centre = g * whole - ((1 - share) * dropped).sum(axis=0)
    influence = (pseudo - centre) / np.sqrt(g * (1 / share - 1))
    unmoved = (dropped == whole).all(axis=0)
    influence = np.where(unmoved, 0.0, influence)
    se = np.sqrt((influence**2).sum(axis=0))
    critical, of_all = _critical(influence, se, confidence, seed)
    t = np.divide(np.abs(whole), se, out=np.where(whole == 0, 0.0, np.inf), where=se > 0)
    p = 2 * stdtr(g - 1, -t)
    return Jackknifed(
        value=whole,
        standard_error=se,
        low=whole - critical * se,
        high=whole + critical * se,
        together_low=whole - of_all[0] * se,
        together_high=whole + of_all[0] * se,
        p=p,
        p_adjusted=np.maximum(p, (1 + (of_all[1][:, None] >= t).sum(axis=0)) / (1 + len(of_all[1]))),
        n_groups=g,
    )


def _critical(
    influence: Float64[np.ndarray, "g s"], se: Float64[np.ndarray, " s"], confidence: float, seed: int
) -> tuple[float, tuple[float, Float64[np.ndarray, " r"]]]:
    """The critical value of one statistic, that of the largest of all, and the draws of the largest."""
    g, live = len(influence), se > 0
    critical = float(stdtrit(g - 1, (1 + confidence) / 2))
    if not live.any():
        return critical, (critical, np.zeros(1))
    weights, chi = _draws(g, seed)
    largest = np.abs(weights @ (influence[:, live] / se[live])).max(axis=1) / chi
    return critical, (max(critical, float(np.quantile(largest, confidence))), largest)


@lru_cache(maxsize=4)
def _draws(g: int, seed: int) -> tuple[Float64[np.ndarray, "r g"], Float64[np.ndarray, " r"]]:
    """Gaussian weights of the groups, and the χ that they are divided by."""
    rng = stream(seed, _MAXIMUM)
    return rng.standard_normal((_N_DRAWS, g)), np.sqrt(rng.chisquare(g - 1, _N_DRAWS) / (g - 1))
