"""Moderators: what differs between collections on which an effect is large and those on which it is small.

A random-effects regression over independent families of collections: effect = X β + what one family strays (τ²) + what sampling strays.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtr, stdtrit

from evidense.errors import InvalidInput
from evidense.stats.populations.pooling import MIN_COLLECTIONS

_HALVINGS = 60


@dataclass(frozen=True)
class MetaRegression:
    """Coefficients with their intervals, one a column of the design; what is left of the spread between families, and without moderators."""

    coefficients: Float[np.ndarray, " p"]
    lows: Float[np.ndarray, " p"]
    highs: Float[np.ndarray, " p"]
    p: Float[np.ndarray, " p"]
    """Two-sided, of no effect of a column."""
    tau2: float
    """Variance of true effects between families that the columns do not explain (Paule-Mandel)."""
    tau2_alone: float
    """The same with an intercept alone."""
    k: int
    """Number of independent families."""

    @property
    def df(self) -> int:
        """Degrees of freedom: families less columns."""
        return self.k - len(self.coefficients)

    @property
    def explained(self) -> float | None:
        """Share of the variance between families that the columns explain, from 0 to 1; None where there is none to explain."""
        return max(0.0, 1 - self.tau2 / self.tau2_alone) if self.tau2_alone > 0 else None


def meta_regression(
    effects: Float[np.ndarray, " k"],
    standard_errors: Float[np.ndarray, " k"],
    design: Float[np.ndarray, "k p"],
    confidence: float = 0.95,
) -> MetaRegression:
    """Regress the effects of independent families on the columns of a design, the first of which is usually all ones.

    Weights are 1 / (se² + τ²); intervals are Student's t with k − p degrees of freedom on the Knapp-Hartung variance, whose factor is never
    taken below 1. (With Paule and Mandel's τ² it is 1 wherever τ² > 0.)

    Raises:
        InvalidInput: fewer than five families, fewer than three more families than columns, columns that depend on each other, or
            numbers that are not finite, or standard errors that are not positive.

    Source: Knapp and Hartung 2003; Paule and Mandel 1982; Röver, Knapp and Friede 2015 (the factor of at least 1).

    >>> x = np.arange(6.0)
    >>> fitted = meta_regression(0.1 + 0.02 * x, np.full(6, 0.01), np.stack([np.ones(6), x], axis=1))
    >>> fitted.coefficients.round(3).tolist(), fitted.df, fitted.tau2
    ([0.1, 0.02], 4, 0.0)
    """
    y, v, x = np.asarray(effects, float), np.asarray(standard_errors, float) ** 2, np.asarray(design, float)
    _check(y, v, x)
    tau2, alone = _tau2(y, v, x), _tau2(y, v, np.ones((len(y), 1)))
    weights = 1 / (v + tau2)
    beta, covariance = _fit(y, weights, x)
    df = len(y) - x.shape[1]
    factor = max(1.0, _spread(y, weights, x) / df)
    errors = np.sqrt(factor * np.diagonal(covariance))
    half = stdtrit(df, (1 + confidence) / 2) * errors
    return MetaRegression(beta, beta - half, beta + half, 2 * stdtr(df, -np.abs(beta) / errors), tau2, alone, len(y))


def _check(y: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]) -> None:
    if y.ndim != 1 or v.shape != y.shape or x.ndim != 2 or len(x) != len(y):
        raise InvalidInput(
            f"{y.shape} effects, {v.shape} standard errors and a design of shape {x.shape} → expected one row a family in each → align them"
        )
    k, n_columns = x.shape
    if k < MIN_COLLECTIONS or k - n_columns < MIN_COLLECTIONS - 2:
        raise InvalidInput(
            f"{k} families for {n_columns} columns → expected at least {MIN_COLLECTIONS}, and {MIN_COLLECTIONS - 2} more than columns → say "
            "that it is not decided"
        )
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all() and np.isfinite(x).all()):
        raise InvalidInput(
            "effects, standard errors or the design hold what is not finite or positive → expected finite numbers → correct them"
        )
    if np.linalg.matrix_rank(x) < n_columns:
        raise InvalidInput(
            f"the {n_columns} columns of the design depend on each other → expected independent ones → leave one out"
        )


def _fit(
    y: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"], x: Float[np.ndarray, "k p"]
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, "p p"]]:
    covariance = np.linalg.inv(x.T @ (weights[:, None] * x))
    return covariance @ (x.T @ (weights * y)), covariance


def _spread(y: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"], x: Float[np.ndarray, "k p"]) -> float:
    beta, _ = _fit(y, weights, x)
    return float((weights * (y - x @ beta) ** 2).sum())


def _tau2(y: Float[np.ndarray, " k"], v: Float[np.ndarray, " k"], x: Float[np.ndarray, "k p"]) -> float:
    """Return the τ² at which the weighted spread around the fit is k − p; 0 if it is smaller without any."""
    wanted = len(y) - x.shape[1]
    if _spread(y, 1 / v, x) <= wanted:
        return 0.0
    low, high = 0.0, float(((y - y.mean()) ** 2).sum())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _spread(y, 1 / (v + middle), x) > wanted else (low, middle)
    return (low + high) / 2
