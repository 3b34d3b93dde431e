"""Calibrators: temperature scaling of class probabilities; logistic and isotonic regression of a confidence."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.special import expit, logit

from evidense.errors import InvalidInput
from evidense.stats.forecasts.calibration_error import check

_LEAST = 1e-12  # probabilities below are raised to it: log 0 would rule a class out at every temperature
_COLDEST, _HOTTEST = -3.0, 3.0  # log10 of temperatures
_FARTHEST = (
    1e-6  # confidences nearer to 0 or 1 count as this far from it: one wrong one among them would rule the curve
)
_STEEPEST = 100.0


@dataclass(frozen=True)
class TemperatureScaling:
    """Divides log-probabilities by `value`: above 1 it doubts, below 1 it trusts; the order of classes never changes."""

    value: float

    def __call__(self, stated: Float[np.ndarray, "n c"], /) -> Float64[np.ndarray, "n c"]:
        """Return calibrated class probabilities; rows sum to one."""
        calibrated: Float64[np.ndarray, "n c"] = np.exp(_logs(stated, 1 / self.value))
        return calibrated


@dataclass(frozen=True)
class LogisticScaling:
    """A logistic curve of the confidence's log-odds: slope 1 and offset 0 leave it as it is."""

    slope: float
    offset: float

    def __call__(self, stated: Float[np.ndarray, " n"], /) -> Float64[np.ndarray, " n"]:
        """Return the share that comes true at each confidence."""
        return np.asarray(expit(self.slope * _log_odds(stated) + self.offset))


@dataclass(frozen=True)
class IsotonicRegression:
    """A rising function of the confidence: straight lines between knots, level outside."""

    confidences: Float64[np.ndarray, " k"]
    shares: Float64[np.ndarray, " k"]

    def __call__(self, stated: Float[np.ndarray, " n"], /) -> Float64[np.ndarray, " n"]:
        """Return the share that comes true at each confidence."""
        return np.asarray(np.interp(stated, self.confidences, self.shares))


def fit_temperature(stated: Float[np.ndarray, "n c"], labels: Int[np.ndarray, " n"]) -> TemperatureScaling:
    """Find the temperature with the largest likelihood of the labels, which are columns.

    Source: Guo and others 2017. The log-likelihood is concave in 1 / temperature, so there is one best.

    Raises:
        InvalidInput: no rows, rows that are no probabilities, or labels that are no columns.

    >>> sure, labels = np.array([[0.99, 0.01]] * 4), np.array([0, 0, 0, 1])  # right in three of four
    >>> fit_temperature(sure, labels)(sure)[0].round(3).tolist()
    [0.75, 0.25]
    """
    from scipy.optimize import minimize_scalar

    is_given = len(stated) == len(labels) > 0 and bool((stated >= 0).all()) and np.allclose(stated.sum(axis=1), 1)
    if not is_given or labels.min() < 0 or labels.max() >= stated.shape[1]:
        raise InvalidInput(
            f"{len(stated)} rows of probabilities and {len(labels)} labels. Expected rows that sum to one, with one label each that is a column. "
            "Check both."
        )
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(_logs(stated, 10.0**-log_temperature)[rows, labels].mean())

    best = minimize_scalar(loss, bounds=(_COLDEST, _HOTTEST), method="bounded", options={"xatol": 1e-8})
    return TemperatureScaling(float(10.0**best.x))


def fit_logistic(stated: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"]) -> LogisticScaling:
    """Find the rising logistic curve with the largest likelihood of the outcomes.

    Source: Platt 1999, over log-odds as in Guo and others 2017; without his prior counts.

    Raises:
        InvalidInput: no confidences, confidences outside 0 to 1, or not one outcome each.

    >>> sure, came_true = np.array([0.99] * 4 + [0.5] * 4), np.array([True, True, True, False, True, False, True, False])
    >>> fit_logistic(sure, came_true)(np.array([0.99, 0.5])).round(3).tolist()
    [0.75, 0.5]
    """
    from scipy.optimize import minimize

    came_true = np.asarray(came_true, dtype=bool)
    check(stated, came_true)
    odds = _log_odds(stated)

    def loss(parameters: Float64[np.ndarray, " 2"]) -> tuple[float, Float64[np.ndarray, " 2"]]:
        logits = parameters[0] * odds + parameters[1]
        slope = expit(logits) - came_true
        return float((np.logaddexp(0, logits) - came_true * logits).mean()), np.array(
            [(slope * odds).mean(), slope.mean()]
        )

    start, bounds = np.array([1.0, 0.0]), [(0.0, _STEEPEST), (-_STEEPEST, _STEEPEST)]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-10})
    return LogisticScaling(float(best.x[0]), float(best.x[1]))


def fit_isotonic(stated: Float[np.ndarray, " n"], came_true: Bool[np.ndarray, " n"]) -> IsotonicRegression:
    """Find the rising function of the confidence that is closest to the outcomes, by pooling adjacent violators.

    Equal confidences are pooled first. Between two confidences it is a straight line, as in scikit-learn.

    Source: Ayer and others 1955; Zadrozny and Elkan 2002.

    Raises:
        InvalidInput: no confidences, confidences outside 0 to 1, or not one outcome each.

    >>> fit_isotonic(np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, True, False, True])).shares.tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    came_true = np.asarray(came_true, dtype=bool)
    check(stated, came_true)
    values, member, counts = np.unique(stated, return_inverse=True, return_counts=True)
    shares = np.bincount(member, weights=came_true) / counts
    return IsotonicRegression(values.astype(np.float64), pool_adjacent_violators(shares, counts.astype(np.float64)))


def pool_adjacent_violators(
    values: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Return the rising sequence with the least weighted squared distance to `values`.

    >>> pool_adjacent_violators(np.array([1.0, 0.0, 2.0]), np.array([3.0, 1.0, 1.0])).tolist()
    [0.75, 0.75, 2.0]
    """
    means: list[float] = []
    held: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        size = 1
        while means and means[-1] >= value:
            value = (means[-1] * held[-1] + value * weight) / (held[-1] + weight)
            weight, size = weight + held.pop(), size + sizes.pop()
            means.pop()
        means.append(value)
        held.append(weight)
        sizes.append(size)
    return np.repeat(np.array(means, np.float64), sizes)


def _log_odds(stated: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    odds: Float64[np.ndarray, " n"] = logit(np.clip(stated.astype(np.float64), _FARTHEST, 1 - _FARTHEST))
    return odds


def _logs(stated: Float[np.ndarray, "n c"], power: float) -> Float64[np.ndarray, "n c"]:
    """Return the logarithms of probabilities to a power, scaled to sum to one."""
    logs = power * np.log(np.maximum(stated.astype(np.float64), _LEAST))
    logs -= logs.max(axis=1, keepdims=True)
    scaled: Float64[np.ndarray, "n c"] = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    return scaled
