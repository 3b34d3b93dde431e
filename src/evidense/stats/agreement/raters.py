"""How many independent raters several are worth that correlate."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

_FEWEST_UNITS = 3  # two points always lie on a line


@dataclass(frozen=True)
class EffectiveRaters:
    """`n` is None where no rater's scores vary, and `why` says so."""

    n: float | None
    n_raters: int
    """Raters whose scores vary; one whose scores do not vary tells nothing apart and is left out."""
    mean_correlation: float | None
    """Over pairs of these raters."""
    n_unknown: int
    """Pairs with fewer than three units in common; they count as wholly dependent."""
    why: str = ""


def effective_raters(scores: Float[np.ndarray, "raters units"]) -> EffectiveRaters:
    """Return R² / Σ C over the R × R correlations C of raters' scores: R / (1 + (R − 1)·r̄), with r̄ their mean correlation.

    R equal raters are worth 1, R uncorrelated ones R; negative r̄ is worth no more than R. NaN is a missing score.

    Source: Kish 1965, section 8.2: the variance of a mean of equally correlated values is 1 + (R − 1)·r̄ times that of independent ones.

    >>> scores = np.array([[1, 2, 3.0], [2, 4, 6], [1, -2, 1]])  # two copies, and one that correlates with neither
    >>> round(effective_raters(scores).n, 9)  # 3 / (1 + 2·⅓)
    1.8
    """
    varies = np.array([_spread(row) > 0 for row in scores], dtype=bool)
    live = scores[varies]
    n_raters = len(live)
    if not n_raters:
        return EffectiveRaters(None, 0, None, 0, "no rater's scores vary")
    correlations = [_correlation(live[i], live[j]) for i in range(n_raters) for j in range(i)]
    if not correlations:
        return EffectiveRaters(1.0, 1, None, 0, "one rater's scores vary")
    mean = float(np.mean([1.0 if c is None else c for c in correlations]))
    n = n_raters / (1 + (n_raters - 1) * mean) if mean > 0 else float(n_raters)
    return EffectiveRaters(n, n_raters, mean, sum(c is None for c in correlations))


def _spread(row: Float[np.ndarray, " units"]) -> float:
    given = row[~np.isnan(row)]
    return float(np.ptp(given)) if len(given) else 0.0


def _correlation(left: Float[np.ndarray, " units"], right: Float[np.ndarray, " units"]) -> float | None:
    """Return Pearson's correlation over common units; 0 where one of them is constant there, None for too few units."""
    is_common = ~np.isnan(left) & ~np.isnan(right)
    if is_common.sum() < _FEWEST_UNITS:
        return None
    a, b = _centred(left[is_common]), _centred(right[is_common])
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / norm, -1, 1)) if norm > 0 else 0.0


def _centred(values: Float[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    centred: Float64[np.ndarray, " n"] = values.astype(np.float64) - values.mean()
    return centred
