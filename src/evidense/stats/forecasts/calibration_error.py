"""Calibration error and Brier score: how far stated probabilities are from the shares that came true."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64
from scipy.special import ndtr

from evidense.errors import InvalidInput

Bins = Literal["mass", "width"]
"""Bins that hold equally many forecasts, equal ones never apart; or bins of equal width from 0 to 1."""


@dataclass(frozen=True)
class Brier:
    """score = reliability − resolution + uncertainty + within, exactly."""

    score: float
    """Mean squared distance of forecast and outcome; lower is better."""
    reliability: float
    """Squared distance of each bin's mean forecast and its share that came true; 0 where all are right."""
    resolution: float
    """Squared distance of each bin's share and the overall share; higher is better."""
    uncertainty: float
    """Of the outcomes alone."""
    within: float
    """What forecasts that differ within a bin add."""


def expected_calibration_error(
    forecasts: Float[np.ndarray, " n"],
    came_true: Bool[np.ndarray, " n"],
    *,
    n_bins: int = 15,
    bins: Bins = "mass",
    debiased: bool = True,
) -> float:
    """Return the mean over forecasts of |mean forecast − share that came true| of their bin.

    Even right forecasts miss the shares of finite bins. `debiased` takes off what the same noise would add once more (normal
    approximation), never more than all: of 400 right forecasts .061 becomes .036, and an error of .18 stays .18.

    Source: Naeini and others 2015; the bias as in Kumar, Liang and Ma 2019, here as the mean of a folded normal instead of simulated.

    Raises:
        InvalidInput: no forecasts, forecasts outside 0 to 1, not one outcome each, or no bin.

    >>> forecasts, came_true = np.array([0.2, 0.2, 0.9, 0.9]), np.array([False, True, True, True])
    >>> round(expected_calibration_error(forecasts, came_true, n_bins=2, debiased=False), 6)  # (|.2 − .5| + |.9 − 1|) / 2
    0.2
    """
    sizes, stated, share = _binned(forecasts, came_true, n_bins, bins)[1:]
    weights, gap = sizes / sizes.sum(), np.abs(stated - share)
    plain = float(weights @ gap)
    if not debiased:
        return plain
    noise = np.sqrt(share * (1 - share) / np.maximum(sizes - 1, 1))
    return max(0.0, 2 * plain - float(weights @ _mean_of_folded(gap, noise)))


def brier(
    forecasts: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"], *, n_bins: int = 15, bins: Bins = "mass"
) -> Brier:
    """Return the Brier score and its parts.

    Source: Brier 1950; Murphy 1973; the part within bins, Stephenson, Coelho and Jolliffe 2008.

    Raises:
        InvalidInput: as `expected_calibration_error`.

    >>> brier(np.array([0.5, 0.5, 1.0]), np.array([True, False, True])).score  # (.25 + .25 + 0) / 3
    0.16666666666666666
    """
    member, sizes, stated, share = _binned(forecasts, came_true, n_bins, bins)
    weights, overall = sizes / sizes.sum(), float(came_true.mean())
    apart, outcomes = forecasts - stated[member], came_true - share[member]
    return Brier(
        float(((forecasts - came_true) ** 2).mean()),
        float(weights @ (stated - share) ** 2),
        float(weights @ (share - overall) ** 2),
        overall * (1 - overall),
        float((apart**2).mean() - 2 * (apart * outcomes).mean()),
    )


def _mean_of_folded(mean: Float64[np.ndarray, " b"], spread: Float64[np.ndarray, " b"]) -> Float64[np.ndarray, " b"]:
    """Return the mean of |x| where x is normal."""
    z = np.divide(mean, spread, out=np.full_like(mean, np.inf), where=spread > 0)
    folded: Float64[np.ndarray, " b"] = spread * np.sqrt(2 / np.pi) * np.exp(
        -np.square(np.minimum(z, 40)) / 2
    ) + mean * (1 - 2 * ndtr(-z))
    return folded


def _binned(
    forecasts: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"], n_bins: int, bins: Bins
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " b"], Float64[np.ndarray, " b"], Float64[np.ndarray, " b"]]:
    """Return each forecast's bin, and of each bin that holds any: how many, their mean, and the share that came true."""
    check(forecasts, came_true)
    if n_bins < 1:
        raise InvalidInput(f"n_bins is {n_bins}. Expected 1 or more. Use 15.")
    if bins == "width":
        places = np.minimum((forecasts * n_bins).astype(np.int64), n_bins - 1)
    else:
        _, of_value, counts = np.unique(forecasts, return_inverse=True, return_counts=True)
        middle = (
            np.cumsum(counts) - (counts + 1) / 2
        )  # equal forecasts stay together, where the middle one of them falls
        places = (middle * n_bins / len(forecasts)).astype(np.int64)[of_value]
    _, member, sizes = np.unique(places, return_inverse=True, return_counts=True)
    stated = np.bincount(member, weights=forecasts) / sizes
    share = np.bincount(member, weights=came_true) / sizes
    return member, sizes.astype(np.float64), stated, share


def check(forecasts: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"]) -> None:
    """Refuse what are no forecasts with outcomes.

    Raises:
        InvalidInput: no forecasts, forecasts outside 0 to 1 or NaN, or not one outcome each.
    """
    if len(forecasts) != len(came_true) or not len(forecasts) or not bool(((forecasts >= 0) & (forecasts <= 1)).all()):
        raise InvalidInput(
            f"{len(forecasts)} forecasts and {len(came_true)} outcomes. Expected at least one forecast, all from 0 to 1, with one outcome each. "
            "Take out what is missing or no probability."
        )
