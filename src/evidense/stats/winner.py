"""Winner: what the best of several systems is worth, once it is known that it was chosen for being the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from evidense.stats.differences import Differences

_PROJECTION = 0.005
"""Error spent on the limits within which the truth is looked for: a tenth of .05, as Andrews, Kitagawa and McCloskey have it."""
_ROUNDING = 1e-9
_HALVINGS = 60


@dataclass(frozen=True)
class Winner:
    """The system with the largest observed mean difference, the first of several equal ones."""

    at: int
    """Its place among the systems."""
    observed: float
    shrunken: float
    """Median-unbiased given that it won: as often above the truth as below."""


def winner(
    family: Sequence[Differences], effects: Float[np.ndarray, " s"], standard_errors: Float[np.ndarray, " s"]
) -> Winner:
    """Name the best system and correct its effect for having been chosen.

    `effects` are the mean differences over the collections of `family`, `standard_errors` theirs; only how the systems move together is
    taken from the differences themselves.
    """
    at = int(np.argmax(effects))
    covariance = _correlation(family) * np.outer(standard_errors, standard_errors)
    return Winner(at, float(effects[at]), hybrid(effects, covariance, at))


def hybrid(effects: Float[np.ndarray, " s"], covariance: Float[np.ndarray, "s s"], at: int) -> float:
    """Return the effect of system `at`, corrected for being the largest of jointly normal estimates.

    Given that it won, and given what the others show beside their correlation with it, its estimate is normal but cut off where another
    would have won. The corrected effect is the mean of that normal for which the estimate is a median. It is looked for within the
    limits that hold for all systems together with .995, without which a photo finish would be corrected without end.

    Source: Andrews, Kitagawa and McCloskey, Inference on Winners, QJE 139(1), 2024: the hybrid estimator.

    >>> alone = hybrid(np.array([0.05, -9.0]), np.eye(2) * 0.01**2, 0)  # nobody near: nothing to correct
    >>> close = hybrid(np.array([0.05, 0.049]), np.eye(2) * 0.01**2, 0)
    >>> round(alone, 3), close < 0.045
    (0.05, True)
    """
    estimate, se = float(effects[at]), float(np.sqrt(covariance[at, at]))
    if se == 0:
        return estimate
    below, above = _cuts(effects, covariance, at)
    reach = -float(ndtri(_PROJECTION / (2 * len(effects)))) * se
    low, high = estimate - reach, estimate + reach
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        cut = max(below, middle - reach), min(above, middle + reach)
        if _share_below(estimate, middle, se, cut) > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _cuts(effects: Float[np.ndarray, " s"], covariance: Float[np.ndarray, "s s"], at: int) -> tuple[float, float]:
    """Between which values the winner's estimate wins, the others moving with it as they are correlated."""
    slope = covariance[:, at] / covariance[at, at]
    rest, lag = effects - slope * effects[at], 1 - slope
    slower, faster = lag > _ROUNDING, lag < -_ROUNDING
    slower[at] = faster[at] = False
    below = np.max(rest[slower] / lag[slower]) if slower.any() else -np.inf
    above = np.min(rest[faster] / lag[faster]) if faster.any() else np.inf
    return float(below), float(above)


def _share_below(estimate: float, mean: float, se: float, cut: tuple[float, float]) -> float:
    """How much of a normal, cut off on both sides, lies below the estimate; it falls from 1 to 0 as the mean grows."""
    at, low, high = ((x - mean) / se for x in (estimate, *cut))
    if low >= high:
        return float(mean < estimate)
    sign = -1.0 if low > 0 else 1.0  # in the lower tail ndtr keeps its digits
    whole = sign * (ndtr(sign * high) - ndtr(sign * low))
    return float(sign * (ndtr(sign * at) - ndtr(sign * low)) / whole) if whole > 0 else float(mean < estimate)


def _correlation(family: Sequence[Differences]) -> Float[np.ndarray, "s s"]:
    """How the systems' mean differences move together, over collections that are independent."""
    covariance = np.sum([np.atleast_2d(np.cov(one.values)) / one.n_queries for one in family], axis=0)
    spread = np.sqrt(np.diag(covariance))
    scale = np.outer(spread, spread)
    correlation: Float[np.ndarray, "s s"] = np.divide(
        covariance, scale, out=np.eye(len(spread)), where=(scale > 0) & ~np.eye(len(spread), dtype=bool)
    )
    return correlation
