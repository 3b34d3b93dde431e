"""The share of a change that one part makes: a ratio of sums, with an interval that accounts for the uncertain denominator."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import stdtrit

from evidense.dissection.findings import IntervalSettings
from evidense.errors import InvalidInput
from evidense.stats import Differences


@dataclass(frozen=True)
class Share:
    """A ratio of sums with its interval; it has no value if the denominator cannot be told from 0."""

    value: float | None
    low: float | None
    high: float | None
    together: tuple[float, float] | None = None
    """An interval that holds for all shares of the family at once; None if the denominator is too uncertain."""
    reason: str = ""
    """The reason why there is no value."""


def shares(
    parts: Float[np.ndarray, "k q"],
    whole: Float[np.ndarray, " q"],
    clusters: Int[np.ndarray, " q"],
    settings: IntervalSettings,
) -> list[Share]:
    """Estimate Σ part / Σ whole for each row, by Fieller's theorem on sums over clusters.

    Each interval uses t with g − 1 degrees of freedom. `together` uses the largest |t| over the rows, whose null distribution comes from
    flipping the signs of the clusters' residuals. If the denominator's own interval covers 0, the ratio's interval would be unbounded, and
    there is no value.

    Raises:
        InvalidInput: shapes do not match, or a value is not finite.

    Source: Fieller 1954, "Some problems in interval estimation", §4; max-T: Westfall and Young 1993.

    >>> rng = np.random.default_rng(0)
    >>> whole = 0.4 + 0.1 * rng.standard_normal(200)
    >>> share = shares(0.25 * whole[None] + 0.02 * rng.standard_normal((1, 200)), whole, np.arange(200), IntervalSettings())[0]
    >>> round(share.value, 2), bool(share.low < 0.25 < share.high)   # a quarter of every query's change
    (0.25, True)
    """
    both = Differences(np.vstack([parts, whole[None]]), clusters)
    labels, member = np.unique(clusters, return_inverse=True)
    if len(labels) < 2:
        return [_none(f"{len(labels)} cluster of queries; at least 2 are needed for an interval")] * len(parts)
    sums = np.stack([np.bincount(member, row, minlength=len(labels)) for row in both.values.astype(np.float64)])
    critical = float(stdtrit(len(labels) - 1, 0.5 + settings.confidence / 2))
    if reason := _doubtful(sums[-1], critical):
        return [_none(reason)] * len(parts)
    largest = max(critical, _largest(sums, settings))
    return [_share(row, sums[-1], critical, largest) for row in sums[:-1]]


def _none(reason: str) -> Share:
    return Share(None, None, None, None, reason)


def _doubtful(whole: Float[np.ndarray, " g"], critical: float) -> str:
    """Say why the denominator cannot be used; "" if its interval excludes 0."""
    mean, half = float(whole.mean()), critical * float(np.sqrt(whole.var(ddof=1) / len(whole)))
    if not whole.any():
        return "base and tuned do not differ on any query, so there is no change to take shares of"
    if abs(mean) > half:
        return ""
    return (
        f"the change as a whole cannot be told from 0 (sum over clusters of queries, mean {mean:.4g} ± {half:.4g}), so that a share of it "
        "could be anything"
    )


def _share(part: Float[np.ndarray, " g"], whole: Float[np.ndarray, " g"], critical: float, largest: float) -> Share:
    interval = _interval(part, whole, critical)
    if interval is None:  # the check of the denominator is the same condition up to rounding
        return _none("the interval of the share is unbounded")
    return Share(float(part.sum() / whole.sum()), *interval, together=_interval(part, whole, largest))


def _interval(
    part: Float[np.ndarray, " g"], whole: Float[np.ndarray, " g"], critical: float
) -> tuple[float, float] | None:
    """Solve (ā − e b̄)² = t² var(ā − e b̄) for e."""
    a, b = float(part.mean()), float(whole.mean())
    v = np.cov(part, whole) * critical**2 / len(part)
    top, middle, bottom = a * a - v[0, 0], a * b - v[0, 1], b * b - v[1, 1]
    if bottom <= 0:
        return None
    root = float(np.sqrt(max(0.0, middle * middle - top * bottom)))
    low, high, value = (middle - root) / bottom, (middle + root) / bottom, a / b
    return min(low, value), max(high, value)


def _largest(sums: Float[np.ndarray, "k_plus_1 g"], settings: IntervalSettings) -> float:
    """Return the critical value of the maximum of |t| over the rows."""
    residuals = sums[:-1] - (sums[:-1].sum(axis=1) / sums[-1].sum())[:, None] * sums[-1]
    lengths = np.sqrt((residuals**2).sum(axis=1))
    alive = residuals[lengths > 1e-12 * np.abs(sums).max()]
    if not len(alive):
        return 0.0
    alive = alive / np.sqrt((alive**2).sum(axis=1))[:, None]
    rng = np.random.Generator(np.random.Philox(key=[settings.seed, 23]))
    maxima = []
    for start in range(0, settings.n_resamples, 1000):
        signs = rng.integers(0, 2, (min(1000, settings.n_resamples - start), alive.shape[1])) * 2.0 - 1
        maxima.append(np.abs(signs @ alive.T).max(axis=1))
    return float(np.quantile(np.concatenate(maxima), settings.confidence))


def both_orders(added: Sequence[Float[np.ndarray, "k q"]]) -> Float[np.ndarray, "k q"]:
    """Return the mean of the gain from adding a part and the loss from removing it; with two parts this is the Shapley value.

    Raises:
        InvalidInput: there are not two tables of one shape.
    """
    if len(added) != 2 or added[0].shape != added[1].shape:
        raise InvalidInput(
            f"{len(added)} tables of shapes {[a.shape for a in added]}; expected two of one shape, one per order; patch both ways"
        )
    mean: Float[np.ndarray, "k q"] = (added[0] + added[1]) / 2
    return mean
