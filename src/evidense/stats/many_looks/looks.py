"""Looks: the error of one set of queries, shared by all the times that they are used."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from evidense.stats.estimates import Estimate


def level(confidence: float, looks: int) -> float:
    """Return the confidence of each look, so that all of `looks` together hold with `confidence` (Bonferroni); 0 looks: nothing is shared.

    >>> round(level(0.95, 30), 5), level(0.95, 0)
    (0.99833, 0.95)
    """
    return 1 - (1 - confidence) / looks if looks > 1 else confidence


def over_looks(estimates: Sequence[Estimate], looks: int) -> list[Estimate]:
    """Return estimates of one look with their adjusted p-values adjusted over all planned looks too.

    Their intervals are to be of `level(confidence, looks)`; then `low > 0 or high < 0` exactly where `p_adjusted <= 1 - confidence`.
    """
    return [replace(e, p_adjusted=min(1.0, e.p_adjusted * max(looks, 1))) for e in estimates]


def chance_of_an_error(errors: Iterable[float]) -> float:
    """Return the most that the chance of at least one error can be over several looks, each of which errs with at most its own.

    1 − Π (1 − error): exact for independent looks, and an upper bound where they share queries. Each look is right while every |t| of
    its family stays below a critical value, and such sets, symmetric about 0, of jointly normal means are never less likely together
    than independent ones.

    Source: Šidák 1967, for single comparisons; Royen 2014, for families.

    >>> round(chance_of_an_error([0.05] * 34), 3)
    0.825
    """
    return float(-np.expm1(np.sum(np.log1p([-min(e, 1 - 1e-12) for e in errors]))))
