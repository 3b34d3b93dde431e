"""Inference: from the draws of a pool to p-values and intervals of its systems, one step after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from evidense.errors import InvalidInput
from evidense.stats.breakdown import CARRY, n_deciding, one_against
from evidense.stats.critical import ReferenceDistribution, adjust, largest_p, t_of, unadjust, widest
from evidense.stats.differences import MIN_CLUSTERS
from evidense.stats.few import FEW, Few, few_nonzero
from evidense.stats.flat import flat
from evidense.stats.resampling import Draws, combine, studentise
from evidense.stats.sharing import Pool


@dataclass(frozen=True)
class Family:
    """The systems of a pool, which share the error `alpha` of one of `n_families` independent families."""

    pool: Pool
    draws: Sequence[Draws]
    alpha: float
    n_families: int

    @cached_property
    def observed(self) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
        """Return the mean over collections of each system, and its standard error."""
        return combine([(d.mean, d.se) for d in self.draws], len(self.draws))

    @cached_property
    def resampled(self) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
        """Return |t| of every sign-flip and of every bootstrap resample."""
        k = len(self.draws)
        flips = studentise(*combine([(d.flip_mean, d.flip_se) for d in self.draws], k))
        boots = studentise(*combine([(d.boot_mean, d.boot_se) for d in self.draws], k))
        return np.abs(flips), np.abs(boots)

    @cached_property
    def few(self) -> list[Few]:
        """Return each system's groups with a difference."""
        parts = self.pool.at_zero
        return [few_nonzero(parts, j) for j in range(parts[0].n_systems)]

    @property
    def is_resampled(self) -> Bool[np.ndarray, " s"]:
        """Say of each system whether enough groups differ to resample them."""
        return np.array([few.n >= FEW for few in self.few])

    @property
    def n_moved(self) -> int:
        """Return the number of systems with any difference: the systems that share the error."""
        return sum(few.n > 0 for few in self.few)

    @property
    def size(self) -> int:
        """Return the number of comparisons that share the error."""
        return self.n_families * max(self.n_moved, 1)

    @cached_property
    def largest(self) -> list[ReferenceDistribution]:
        """Return the references of the largest |t| over the systems that are resampled."""
        return [ReferenceDistribution(t[:, self.is_resampled].max(axis=1)) for t in self.resampled]


@dataclass(frozen=True)
class _Observed:
    """What one system showed, and the distributions that its |t| is compared with."""

    mean: float
    se: float
    in_family: Sequence[ReferenceDistribution]
    alone: Sequence[ReferenceDistribution]
    exponent: float
    """Number of independent comparisons that share the error, besides those within `in_family`."""
    test: str


@dataclass(frozen=True)
class Inference:
    """What was inferred of one system; the fields are those of an `Estimate`."""

    standard_error: float
    p: float
    p_adjusted: float
    low: float
    high: float
    test: str
    is_carried: bool = False
    n_deciding: int | None = None


def check_resamples(draws: Draws, exponent: float, alpha: float) -> None:
    """Refuse a number of resamples with which no comparison of the family could be decided.

    Raises:
        InvalidInput: with the number that is needed.
    """
    check_number(len(draws.flip_mean), exponent, alpha)


def check_number(n_resamples: int, exponent: float, alpha: float) -> None:
    """Refuse a number of resamples with which no comparison of a family of `exponent` comparisons could be decided.

    Raises:
        InvalidInput: with the number that is needed.
    """
    needed = int(np.ceil(1 / unadjust(alpha, exponent)))
    if n_resamples < needed:
        raise InvalidInput(
            f"{n_resamples} resamples cannot decide a family of {round(exponent)} comparisons → expected at least {needed} "
            "→ raise n_resamples, or compare fewer systems or collections at once"
        )


def infer(family: Family, j: int) -> Inference:
    """Test system j, then make the result more cautious where few groups differ or nearly all are equal."""
    if family.few[j].n == 0:
        return _identical(family, j)
    shown = _observed(family, j)
    inference = _tested(family, shown)
    inference = _against_one_more(family, j, shown, inference)
    inference = _widened_by_few(family, j, shown, inference)
    inference = _widened_by_flat(family, j, inference)
    nearest = max(inference.low, -inference.high)
    if nearest <= 0 or shown.se <= 0:
        return inference
    critical = (abs(shown.mean) - nearest) / shown.se
    return replace(inference, n_deciding=n_deciding(family.pool.at_zero, j, critical))


def _observed(family: Family, j: int) -> _Observed:
    """Choose the references: resamples where enough groups differ, else all sign-flips."""
    (means, errors), few = family.observed, family.few[j]
    size = family.n_families * family.n_moved
    if family.is_resampled[j]:
        flips, boots = family.resampled
        alone = [ReferenceDistribution(t[:, j]) for t in (flips, boots)]
        test = f"sign-flip and bootstrap, {len(flips):,} resamples"
        return _Observed(means[j], errors[j], family.largest, alone, size / int(family.is_resampled.sum()), test)
    every = [ReferenceDistribution(few.statistics, exact=True)]
    se = few.standard_error(means[j], family.pool.at_zero, errors[j])
    return _Observed(means[j], se, every, every, size / 1, f"exact enumeration of 2^{few.n_signs} sign-flips")


def _tested(family: Family, shown: _Observed) -> Inference:
    """Compare |t| with the references."""
    t = t_of(shown.mean, shown.se)
    low, high = widest(shown.in_family, t, shown.se, shown.exponent, family.alpha)
    p, p_adjusted = largest_p(shown.alone, t, 1), largest_p(shown.in_family, t, shown.exponent)
    return Inference(shown.se, p, p_adjusted, low, high, shown.test)


def _against_one_more(family: Family, j: int, shown: _Observed, inference: Inference) -> Inference:
    """Where few groups differ and p is small, test again with one more group against the mean; a verdict must pass both."""
    n = family.few[j].n
    if n >= CARRY or inference.p > family.alpha:
        return inference
    against = one_against(family.pool, j, n)
    p = max(inference.p, against.p(shown.alone))
    p_adjusted = max(inference.p_adjusted, p, adjust(against.p(shown.in_family), shown.exponent))
    tested = replace(inference, p=p, p_adjusted=p_adjusted)
    is_carried = bool((tested.low > 0 or tested.high < 0) and p_adjusted > family.alpha)
    if not is_carried:
        return tested
    return replace(tested, low=min(tested.low, 0.0), high=max(tested.high, 0.0), is_carried=True)


def _widened_by_few(family: Family, j: int, shown: _Observed, inference: Inference) -> Inference:
    """Where the sign-flips were enumerated, widen the interval to what so few groups leave possible."""
    if family.is_resampled[j]:
        return inference
    low, high = family.few[j].widen(inference.low, inference.high, family.alpha, shown.exponent)
    return replace(inference, low=low, high=high)


def _widened_by_flat(family: Family, j: int, inference: Inference) -> Inference:
    """Where nearly all differences are equal, widen the interval to the exact bound of what was not sampled."""
    spreadless = flat(family.pool.at_modes, j)
    if not spreadless:
        return inference
    least, most = spreadless.interval(unadjust(family.alpha, family.size) / 2)
    p = spreadless.p()
    return replace(
        inference,
        p=max(inference.p, p),
        p_adjusted=max(inference.p_adjusted, adjust(p, family.size)),
        low=min(inference.low, least),
        high=max(inference.high, most),
        test=f"{inference.test}; exact bound of what was not sampled",
    )


def _identical(family: Family, j: int) -> Inference:
    """Return no difference: from few groups with the interval that they leave possible, from enough without any width."""
    spreadless = flat(family.pool.at_modes, j)
    low, high = 0.0, 0.0
    if spreadless is not None and spreadless.n < MIN_CLUSTERS:
        low, high = spreadless.interval(unadjust(family.alpha, family.n_families) / 2)
    return Inference(0.0, 1.0, 1.0, low, high, "none needed: every difference is zero")
