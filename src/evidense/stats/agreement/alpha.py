"""Krippendorff's α: agreement of raters beyond chance, with missing ratings, and its interval over units."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64

from evidense.errors import InvalidInput
from evidense.stats.weights.streams import stream

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
"""How far two ratings are apart: equal or not; by the ratings between them; by difference; by difference over sum."""

_ALPHA = 3  # the stream of random numbers that is only for α
_MOST_UNDEFINED = 0.05


@dataclass(frozen=True)
class Agreement:
    """α of several raters. `alpha`, `low` and `high` are None where they are not defined, and `why` says so."""

    alpha: float | None
    low: float | None
    high: float | None
    n_raters: int
    n_units: int
    """Units with two or more ratings; others say nothing about agreement."""
    n_ratings: int
    """Ratings of these units."""
    why: str = ""


@dataclass(frozen=True)
class _Table:
    """How many raters gave each unit each value."""

    values: Float64[np.ndarray, " v"]
    counts: Float64[np.ndarray, "u v"]

    @property
    def sizes(self) -> Float64[np.ndarray, " u"]:
        """Count the ratings of each unit."""
        return np.asarray(self.counts.sum(axis=1))


def krippendorff_alpha(
    ratings: Float[np.ndarray, "raters units"],
    scale: Scale = "ordinal",
    *,
    confidence: float = 0.95,
    n_resamples: int = 2_000,
    seed: int = 0,
) -> Agreement:
    """Return α = 1 − observed / expected disagreement, and its percentile interval from resampled units. NaN is a missing rating.

    α is not defined where fewer than two raters rated a unit, or where all of these ratings are equal: chance alone would agree too.
    The interval needs two units; it is left out where more than one resample in twenty has no α.

    Source: Krippendorff 2019, chapter 12; units are resampled as in Zapf and others 2016, for ratings within a unit depend on each other.

    Raises:
        InvalidInput: infinite ratings, negative ones on a ratio scale, or a confidence outside 0 to 1.

    >>> ratings = np.array([[1, 2, 3, 3], [1, 2, 3, 4.0]])  # 2, 2, 3 and 1 ratings of 1, 2, 3 and 4
    >>> round(krippendorff_alpha(ratings, "nominal").alpha, 4)  # 1 − (8 − 1)·2 / (8² − 2² − 2² − 3² − 1²)
    0.6957
    """
    table = _counted(ratings, scale, confidence)
    is_rated = table.sizes >= 2
    table = _Table(table.values, table.counts[is_rated])
    shape = len(ratings), len(table.counts), int(table.counts.sum())
    if not len(table.counts):
        return Agreement(None, None, None, *shape, "no unit has two ratings")
    alpha = _alphas(table, np.ones((1, len(table.counts))), scale)[0]
    if np.isnan(alpha):
        return Agreement(None, None, None, *shape, "all ratings are equal, and chance would agree too")
    low, high, why = _interval(table, scale, (confidence, n_resamples, seed))
    return Agreement(float(alpha), low, high, *shape, why)


def _counted(ratings: Float[np.ndarray, "raters units"], scale: Scale, confidence: float) -> _Table:
    is_given = ~np.isnan(ratings)
    given = ratings[is_given].astype(np.float64)
    if bool(np.isinf(given).any()) or (scale == "ratio" and bool((given < 0).any())) or not 0 < confidence < 1:
        raise InvalidInput(
            f"Ratings on a scale of the kind '{scale}' with confidence {confidence} hold values that it cannot take. "
            "Expected finite ratings, none below 0 for 'ratio', and a confidence between 0 and 1. Take them out or choose another scale."
        )
    values, columns = np.unique(given, return_inverse=True)
    counts = np.zeros((ratings.shape[1], len(values)))
    np.add.at(counts, (np.nonzero(is_given)[1], columns), 1.0)
    return _Table(values, counts)


def _interval(table: _Table, scale: Scale, drawn: tuple[float, int, int]) -> tuple[float | None, float | None, str]:
    confidence, n_resamples, seed = drawn
    n_units = len(table.counts)
    if n_units < 2:
        return None, None, "one unit has no interval"
    weights = stream(seed, 0, _ALPHA).multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    alphas = _alphas(table, weights.astype(np.float64), scale)
    defined = alphas[~np.isnan(alphas)]
    if len(defined) < (1 - _MOST_UNDEFINED) * n_resamples:
        n_undefined = n_resamples - len(defined)
        return None, None, f"{n_undefined} of {n_resamples} resamples hold equal ratings only, so there is no interval"
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high), ""


def _alphas(table: _Table, weights: Float64[np.ndarray, "r u"], scale: Scale) -> Float64[np.ndarray, " r"]:
    """Return α for each row of weights of the units; NaN where nothing is expected to disagree."""
    totals = weights @ table.counts
    if scale != "ordinal":  # the distances do not depend on the weights
        apart = _apart(table.values, totals[0], scale)
        observed = weights @ _within_units(table, apart)
        expected = np.einsum("rv,rv->r", totals @ apart, totals)
    else:
        both = [_ordinal(table, row, total) for row, total in zip(weights, totals, strict=True)]
        observed, expected = np.array(both).T
    alphas = np.full(len(weights), np.nan)
    is_defined: Bool[np.ndarray, " r"] = expected > 0
    n_ratings = totals.sum(axis=1)
    alphas[is_defined] = 1 - (n_ratings[is_defined] - 1) * observed[is_defined] / expected[is_defined]
    return alphas


def _ordinal(
    table: _Table, weights: Float64[np.ndarray, " u"], totals: Float64[np.ndarray, " v"]
) -> tuple[float, float]:
    apart = _apart(table.values, totals, "ordinal")
    return float(weights @ _within_units(table, apart)), float(totals @ apart @ totals)


def _within_units(table: _Table, apart: Float64[np.ndarray, "v v"]) -> Float64[np.ndarray, " u"]:
    """Return each unit's sum of distances over ordered pairs of its ratings, by its number of ratings less one."""
    sums: Float64[np.ndarray, " u"] = np.einsum("uv,uv->u", table.counts @ apart, table.counts) / (table.sizes - 1)
    return sums


def _apart(
    values: Float64[np.ndarray, " v"], totals: Float64[np.ndarray, " v"], scale: Scale
) -> Float64[np.ndarray, "v v"]:
    """Return the squared distances of values; on an ordinal scale a value stands at the middle rank of the ratings that gave it."""
    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    places = np.cumsum(totals) - totals / 2 if scale == "ordinal" else values
    apart = (places[:, None] - places[None, :]) ** 2
    if scale != "ratio":
        return np.asarray(apart)
    sums = (values[:, None] + values[None, :]) ** 2
    return np.asarray(np.divide(apart, sums, out=np.zeros_like(apart), where=sums > 0))
