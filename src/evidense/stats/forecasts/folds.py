"""Folds that keep together what depends on each other, and forecasts by a calibrator that was fitted on other folds."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from evidense.errors import InvalidInput
from evidense.stats.jackknife import deal_largest_first

Outcomes = Bool[np.ndarray, " n"] | Int[np.ndarray, " n"]
"""Whether each forecast came true, or which column did."""


class Calibrator(Protocol):
    """Maps stated probabilities to calibrated ones of the same shape."""

    def __call__(self, stated: Float[np.ndarray, "..."], /) -> Float64[np.ndarray, "..."]:
        """Return calibrated probabilities."""
        ...


def fold_rows(clusters: Int[np.ndarray, " n"], n_folds: int, rng: np.random.Generator) -> Int64[np.ndarray, " n"]:
    """Return the fold of each row: clusters, such as documents, are dealt whole, largest first, each to the fold with the fewest rows.

    Raises:
        InvalidInput: fewer clusters than folds.

    >>> folds = fold_rows(np.array([7, 7, 7, 8, 9, 9]), 2, np.random.default_rng(0))
    >>> bool(folds[0] == folds[1] == folds[2] != folds[3] == folds[4])
    True
    """
    labels, member, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if len(labels) < n_folds:
        raise InvalidInput(
            f"{len(clusters)} examples in {len(labels)} independent clusters; expected at least {n_folds}, one per fold; take more examples"
        )
    folds: Int64[np.ndarray, " n"] = deal_largest_first(sizes, n_folds, rng)[member]
    return folds


def cross_fitted(
    fit: Callable[[Float[np.ndarray, "..."], Outcomes], Calibrator],
    stated: Float[np.ndarray, "n ..."],
    outcomes: Outcomes,
    folds: Int[np.ndarray, " n"],
) -> Float64[np.ndarray, "n ..."]:
    """Return calibrated probabilities, each row by a calibrator that was fitted on the other folds.

    Raises:
        InvalidInput: rows that do not fit together, or a single fold.
    """
    if len({len(stated), len(outcomes), len(folds)}) > 1 or len(np.unique(folds)) < 2:
        raise InvalidInput(
            f"{len(stated)} forecasts, {len(outcomes)} outcomes and {len(folds)} rows in {len(np.unique(folds))} folds. "
            "Expected one outcome and one fold a forecast, and two folds or more. Give them row by row."
        )
    calibrated = np.empty(stated.shape, np.float64)
    for fold in np.unique(folds):
        is_held_out = folds == fold
        calibrated[is_held_out] = fit(stated[~is_held_out], outcomes[~is_held_out])(stated[is_held_out])
    return calibrated
