"""Random effects: what the collections at hand say about a new collection like them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.special import chdtrc, chdtri, ndtr

from evidense.errors import InvalidInput

MIN_COLLECTIONS = 5
"""With fewer independent collections nothing is said about a new one."""
_N_MIXED = 400
_HALVINGS = 60
_FARTHEST = 40.0


@dataclass(frozen=True)
class Pooled:
    """The mean effect over collections like these, and how far one of them may stray from it.

    `effect` is the plain mean; `low`, `high` bound the mean effect; `predict_low`, `predict_high` bound the effect in one new
    collection. `tau2` is the variance of true effects between collections (Paule-Mandel); `i2`, from 0 to 1, is the share of the spread
    that sampling does not explain; `q`, with `q_p`, is Cochran's test that there is none.
    """

    effect: float
    low: float
    high: float
    standard_error: float
    tau2: float
    i2: float
    q: float
    q_p: float
    predict_low: float
    predict_high: float
    k: int

    def within(self, least: float, most: float) -> "Pooled":
        """Return the same with its intervals cut at `least` and `most`."""
        ends = {
            name: min(max(getattr(self, name), least), most) for name in ("low", "high", "predict_low", "predict_high")
        }
        return replace(self, **ends)


def random_effects(effects: Sequence[float], standard_errors: Sequence[float], confidence: float = 0.95) -> Pooled:
    """Pool the effects of five or more independent collections: their plain mean, and what their spread leaves possible.

    The intervals know that τ² is uncertain: every τ² counts by how well it fits (the weighted spread at the true τ² is χ²
    distributed), and the limits are those of the mixture. One degree of freedom, k − 2, is given up for effects that are not normal. The
    plain mean, unlike one that weighs by standard errors, is not drawn to collections that differ little.

    Raises:
        InvalidInput: fewer than five collections, lengths that differ, or standard errors that are not all positive. (A
            collection without any difference has an exact bound instead of one.)

    Source: Paule and Mandel 1982; Viechtbauer 2007 (Q-profile); Iyer, Wang and Mathew 2004 (generalised intervals); Nagashima, Noma and
    Furukawa 2019 (prediction by the confidence distribution of τ²); Higgins and Thompson 2002 (I²).

    >>> round(random_effects([0.1, 0.2, 0.3, 0.4, 0.5], [0.01] * 5).tau2, 4)  # .025 less .0001
    0.0249
    """
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64) ** 2
    _check(y, v, confidence)
    k, mean = len(y), float(np.mean(y))
    tau2, q = float(_tau2(y, v, np.array([k - 1.0]))[0]), float(_q(y, v, np.zeros(1))[0])
    likely = _tau2(y, v, chdtri(k - 2, (np.arange(_N_MIXED) + 0.5) / _N_MIXED))
    variances = (v.sum() + k * likely) / k**2
    half, far = (_half(np.sqrt(spread), confidence) for spread in (variances, variances + likely))
    i2 = max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0
    error = float(np.sqrt(v.sum() + k * tau2)) / k
    ends = (mean - half, mean + half)
    return Pooled(mean, *ends, error, tau2, i2, q, float(chdtrc(k - 1, q)), mean - far, mean + far, k)


def _check(y: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."], confidence: float) -> None:
    if y.shape != v.shape or y.ndim != 1 or len(y) < MIN_COLLECTIONS:
        raise InvalidInput(
            f"{y.size} effects and {v.size} standard errors → expected as many of each, from {MIN_COLLECTIONS} "
            "collections on → with fewer, report the mean over these collections only"
        )
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all() and 0 < confidence < 1):
        raise InvalidInput(
            f"effects {y.tolist()}, standard errors {np.sqrt(v).tolist()}, confidence {confidence} → expected "
            "finite effects, positive standard errors, a confidence between 0 and 1 → give collections without any "
            "difference the bound of what was not sampled"
        )


def _q(
    y: Float[np.ndarray, " k"], v: Float[np.ndarray, " k"], tau2: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Return the weighted squared distance of the effects from their weighted mean, for each τ²."""
    w = 1 / (v + tau2[:, None])
    off = y - ((w * y).sum(axis=1) / w.sum(axis=1))[:, None]
    distance: Float[np.ndarray, " m"] = (w * off**2).sum(axis=1)
    return distance


def _tau2(
    y: Float[np.ndarray, " k"], v: Float[np.ndarray, " k"], spread: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Return the τ² at which the weighted spread equals each `spread`, or 0 if it is smaller at τ² = 0. k − 1 gives Paule and Mandel's τ²."""
    scatter = float(((y - y.mean()) ** 2).sum())
    low, high = np.zeros_like(spread), scatter / spread  # at this τ² the spread is certainly smaller
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _q(y, v, middle) > spread
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(_q(y, v, np.zeros(1)) <= spread, 0.0, (low + high) / 2)


def _half(errors: Float[np.ndarray, " m"], confidence: float) -> float:
    """Return half the width of the interval that holds `confidence` of an equal mixture of normals around 0 with these standard errors."""
    near, far = 0.0, float(errors.max()) * _FARTHEST
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        inside = float(np.mean(1 - 2 * ndtr(-middle / errors)))
        near, far = (middle, far) if inside < confidence else (near, middle)
    return (near + far) / 2
