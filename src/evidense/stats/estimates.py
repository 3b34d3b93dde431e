"""From paired differences to estimates whose intervals and p-values are simultaneous over a family."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evidense.errors import InvalidInput
from evidense.stats.differences import Differences
from evidense.stats.inference import Family, Inference, check_resamples, infer
from evidense.stats.resampling import Draws, resample
from evidense.stats.sharing import Pool, Sharing


@dataclass(frozen=True)
class Estimate:
    """One system's mean difference from the baseline, in the unit of the measure.

    `low` and `high` hold simultaneously over the family; `p_adjusted` is of the same family, `p` of this comparison
    alone. `low > 0 or high < 0` exactly where `p_adjusted <= 1 - confidence`. `test` says in words what p is based on.
    `win`, `tie`, `loss` count queries; `probability_of_improvement` is P(difference > 0) + ½ P(difference = 0);
    `d_z` is the effect in standard deviations of a query's difference, within ±1000. Where systems were trained in several
    seeds, `n_seeds` says how many; the interval is over seeds and queries, and all else is of a query's mean over seeds.
    `n_groups` counts the groups of queries that are not alike, each of which shows one kind of query: `n_clusters`, and more
    where queries share documents in part. `is_carried` says that a verdict was there, carried by few differences, which one more
    of them, the other way, would overturn; `n_deciding` how many groups, set to 0, would take a
    verdict away (None from 20 on). `is_overlapping` says that queries share in part, so that `n_clusters` is of effective
    queries. `least` and `most` are what the effect could be on these queries: no interval reaches beyond them.
    """

    effect: float
    low: float
    high: float
    p: float
    p_adjusted: float
    standard_error: float
    n: int
    n_clusters: int
    test: str
    win: int
    tie: int
    loss: int
    probability_of_improvement: float
    d_z: float
    n_seeds: int = 1
    n_groups: int = 0
    is_carried: bool = False
    n_deciding: int | None = None
    is_overlapping: bool = False
    least: float = -np.inf
    most: float = np.inf

    def within_bounds(self) -> "Estimate":
        """Return the same with its interval cut at what is possible; which side of 0 it lies on does not change."""
        return replace(self, low=max(self.low, self.least), high=min(self.high, self.most))

    @property
    def rules_out_loss_above(self) -> float:
        """The largest loss that the interval leaves possible; 0 where it leaves none."""
        return max(0.0, -self.low)

    @property
    def rules_out_gain_above(self) -> float:
        """The largest gain that the interval leaves possible; 0 where it leaves none."""
        return max(0.0, self.high)


def simultaneous(
    family: Sequence[Differences],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    draws: Sequence[Draws] | None = None,
    n_collections: int | None = None,
) -> list[list[Estimate]]:
    """Estimate every system on every collection, with intervals that all hold together with `confidence`.

    The result is indexed [collection][system]. Over the systems of a collection, which share its queries, the largest
    statistic is compared (max-T); collections are independent and share the error by Šidák. `draws`, from `resample` on
    the same family, saves drawing twice. `n_collections` is the size of the whole family where `family` is a part of it,
    so that a collection can be decided as soon as it is ready; its `draws` then name its place (`resample(…, first=…)`).

    Raises:
        InvalidInput: an empty family, a confidence outside (0, 1), or too few resamples for the size of the family.

    >>> d = Differences(np.tile([0.1, 0.3], 20)[None], np.arange(40))
    >>> round(simultaneous([d], n_resamples=999, seed=0)[0][0].effect, 3)  # (0.1 + 0.3) / 2
    0.2
    """
    _check(family, confidence)
    drawn = resample(family, n_resamples=n_resamples, seed=seed) if draws is None else draws
    size = len(family) if n_collections is None else n_collections
    pools = [Pool([one], Sharing.nothing(1)) for one in family]
    return [_estimates(one, [d], confidence, size) for one, d in zip(pools, drawn, strict=True)]


def mean_over(
    family: Sequence[Differences],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    sharing: Sharing | None = None,
) -> list[Estimate]:
    """Estimate every system's mean effect over *these* collections, each with equal weight; simultaneous over systems.

    The collections are fixed; those that share queries, by `sharing`, are resampled together, others independently. Nothing is said of
    collections that are not here (for that, see `random_effects`). `probability_of_improvement` is averaged likewise; `d_z` divides by the root mean variance.

    Raises:
        InvalidInput: as `simultaneous`, or collections with different numbers of systems.
    """
    _check(family, confidence)
    if len({one.n_systems for one in family}) > 1:
        raise InvalidInput(
            f"collections have {[one.n_systems for one in family]} systems → expected the same systems everywhere "
            "→ leave out the systems that miss a collection"
        )
    pool = Pool(family, Sharing.nothing(len(family)) if sharing is None else sharing)
    return _estimates(pool, resample(pool.at_means, n_resamples=n_resamples, seed=seed), confidence, 1)


def _check(family: Sequence[Differences], confidence: float) -> None:
    if not family:
        raise InvalidInput("the family holds no collection → expected at least one → name a collection to decide on")
    if not 0 < confidence < 1:
        raise InvalidInput(f"confidence is {confidence} → expected a number between 0 and 1 → use 0.95")


def _estimates(pool: Pool, draws: Sequence[Draws], confidence: float, n_families: int) -> list[Estimate]:
    """Estimate the mean over a pool; the systems share the error of one of `n_families` independent families."""
    family = Family(pool, draws, 1 - confidence, n_families)
    check_resamples(draws[0], family.size, family.alpha)
    return [_described(pool, j, infer(family, j)) for j in range(len(family.few))]


def _described(pool: Pool, j: int, inference: Inference) -> Estimate:
    """Add the plain descriptions of the differences to what was inferred."""
    parts = pool.given
    rows = [one.values[j] for one in parts]
    win, loss = (sum(int(x.sum()) for x in side) for side in ([r > 0 for r in rows], [r < 0 for r in rows]))
    n = sum(len(r) for r in rows)
    better = float(np.mean([np.mean(r > 0) + np.mean(r == 0) / 2 for r in rows]))
    effect = float(np.mean([r.mean() for r in rows]))
    spread = float(np.sqrt(np.mean([r.var(ddof=1) if len(r) > 1 else 0.0 for r in rows])))
    spread = max(spread, 1e-3 * abs(effect))
    least, most = (float(np.mean(ends)) for ends in zip(*(one.mean_bounds(j) for one in parts), strict=True))
    return Estimate(
        effect=effect,
        low=float(inference.low),
        high=float(inference.high),
        p=float(inference.p),
        p_adjusted=float(inference.p_adjusted),
        standard_error=float(inference.standard_error),
        n=n,
        n_clusters=sum(one.n_clusters for one in pool.at_means),
        test=inference.test,
        is_carried=inference.is_carried,
        n_deciding=inference.n_deciding,
        win=win,
        tie=n - win - loss,
        loss=loss,
        probability_of_improvement=better,
        d_z=effect / spread if spread > 0 else 0.0,
        n_groups=sum(one.n_groups for one in pool.at_means),
        is_overlapping=any(one.overlap is not None for one in pool.at_means),
        least=least,
        most=most,
    ).within_bounds()
