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

    - `low` and `high` hold simultaneously over the family. `p_adjusted` belongs to the same family, `p` to this comparison alone.
      `low > 0 or high < 0` exactly if `p_adjusted <= 1 - confidence`. `test` says in words what p is based on.
    - `win`, `tie` and `loss` count queries. `probability_of_improvement` is (wins + ½ ties) / n: P(difference > 0) + ½ P(difference = 0). `d_z` is the effect
      in standard deviations of a query's difference, within ±1000.
    - `n_seeds` is the number of training seeds. With several, the interval is over seeds and queries; all other fields describe each
      query's mean over the seeds.
    - `n_clusters` counts independent groups of queries. If queries share documents in part (`is_overlapping`), it counts effective
      queries. `n_groups` counts groups that are not alike, each of which shows one kind of query; it is then the larger number.
    - `is_carried` says that few differences carried a verdict, and that one more of them with the other sign would overturn it.
      `n_deciding` is the number of groups which, set to 0, would take the verdict away (None for 20 or more).
    - `least` and `most` are the smallest and largest effect that the measure allows; no interval reaches beyond them. `base_mean` is the
      baseline's mean, all that it can lose on these queries; infinite where nobody gave it.
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
    base_mean: float = np.inf

    def within_bounds(self) -> "Estimate":
        """Return this estimate with its interval cut at `least` and `most`. The side of 0 on which it lies does not change."""
        return replace(self, low=max(self.low, self.least), high=min(self.high, self.most))

    @property
    def rules_out_loss_above(self) -> float:
        """Return the largest loss that the interval leaves possible, or 0."""
        return max(0.0, -self.low)

    @property
    def rules_out_gain_above(self) -> float:
        """Return the largest gain that the interval leaves possible, or 0."""
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

    The result is indexed [collection][system]. The systems of a collection share its queries, so each is compared with the distribution
    of their largest statistic (max-T). Collections are independent and share the error by Šidák. `draws`, made by `resample` from the
    same family, avoids drawing twice. `n_collections` is the size of the whole family if `family` is only a part of it, so that each
    collection can be decided as soon as it is ready; its `draws` are then made with `resample(…, first=…)`.

    Raises:
        InvalidInput: an empty family, a confidence outside (0, 1), or too few resamples for the size of the family.

    >>> d = Differences(np.tile([0.1, 0.3], 20)[None], np.arange(40))
    >>> round(simultaneous([d], n_resamples=999, seed=0)[0][0].effect, 3)  # (0.1 + 0.3) / 2
    0.2
    """
    _check(family, confidence)
    drawn = resample(family, n_resamples=n_resamples, seed=seed) if draws is None else draws
    size = len(family) if n_collections is None else n_collections
    pools = [Pool([differences], Sharing.nothing(1)) for differences in family]
    return [_estimates(pool, [of_pool], confidence, size) for pool, of_pool in zip(pools, drawn, strict=True)]


def mean_over(
    family: Sequence[Differences],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    sharing: Sharing | None = None,
    draws: Draws | None = None,
) -> list[Estimate]:
    """Estimate every system's mean effect over *these* collections, each with equal weight; simultaneous over systems.

    The collections are fixed: for other collections, see `random_effects`. Collections that share queries, by `sharing`, are resampled
    together, others independently. `probability_of_improvement` is averaged in the same way; `d_z` divides by the root mean variance.
    `draws` are those of the mean (`MeanDraws`), of the same number and seed; they serve if the collections share nothing.

    Raises:
        InvalidInput: as `simultaneous`, or collections with different numbers of systems.
    """
    _check(family, confidence)
    if len({differences.n_systems for differences in family}) > 1:
        raise InvalidInput(
            f"collections have {[differences.n_systems for differences in family]} systems → expected the same systems everywhere "
            "→ leave out the systems that miss a collection"
        )
    pool = Pool(family, Sharing.nothing(len(family)) if sharing is None else sharing)
    if draws is not None and pool.sharing.shares_nothing:
        return _estimates(pool, [draws], confidence, 1)
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
    rows = [part.values[j] for part in parts]
    win, loss = (sum(int(x.sum()) for x in side) for side in ([r > 0 for r in rows], [r < 0 for r in rows]))
    n = sum(len(r) for r in rows)
    better = float(np.mean([np.mean(r > 0) + np.mean(r == 0) / 2 for r in rows]))
    effect = float(np.mean([r.mean() for r in rows]))
    spread = float(np.sqrt(np.mean([r.var(ddof=1) if len(r) > 1 else 0.0 for r in rows])))
    spread = max(spread, 1e-3 * abs(effect))
    least, most = (float(np.mean(ends)) for ends in zip(*(part.mean_bounds(j) for part in parts), strict=True))
    return Estimate(
        effect=effect,
        low=float(inference.low),
        high=float(inference.high),
        p=float(inference.p),
        p_adjusted=float(inference.p_adjusted),
        standard_error=float(inference.standard_error),
        n=n,
        n_clusters=sum(part.n_clusters for part in pool.at_means),
        test=inference.test,
        is_carried=inference.is_carried,
        n_deciding=inference.n_deciding,
        win=win,
        tie=n - win - loss,
        loss=loss,
        probability_of_improvement=better,
        d_z=effect / spread if spread > 0 else 0.0,
        n_groups=sum(part.n_groups for part in pool.at_means),
        is_overlapping=any(part.overlap is not None for part in pool.at_means),
        least=least,
        most=most,
        base_mean=float(np.mean([part.base_mean for part in parts])),
    ).within_bounds()
