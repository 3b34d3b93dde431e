"""What the collections at hand say about a new collection like them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import chdtrc, stdtrit

from evidense.errors import InvalidInput

MIN_COLLECTIONS = 5


@dataclass(frozen=True)
class Pooled:
    """The mean effect over collections like these, and how far one of them may stray from it.

    `low`, `high` bound the mean effect (Hartung-Knapp); `predict_low`, `predict_high` bound the effect in one new
    collection. `tau2` is the variance of true effects between collections; `i2`, from 0 to 1, is the share of the spread
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
        """Return the same with its intervals cut at what is possible."""
        ends = {
            name: min(max(getattr(self, name), least), most) for name in ("low", "high", "predict_low", "predict_high")
        }
        return replace(self, **ends)


def random_effects(effects: Sequence[float], standard_errors: Sequence[float], confidence: float = 0.95) -> Pooled:
    """Pool the effects of five or more collections by random effects: Paule-Mandel's τ² and Hartung-Knapp's interval.

    The Hartung-Knapp factor is kept at 1 or more, so that a lucky agreement never narrows the interval below the usual
    one. The prediction interval has k − 1 degrees of freedom.

    Raises:
        InvalidInput: fewer than five collections, lengths that differ, or standard errors that are not all positive. (A
            collection without any difference has none; leave it out and say so.)

    Source: Paule and Mandel 1982; Knapp and Hartung 2003; Röver, Knapp and Friede 2015 (factor ≥ 1); Higgins, Thompson
    and Spiegelhalter 2009 (prediction); Higgins and Thompson 2002 (I²).

    >>> round(random_effects([0.1, 0.2, 0.3, 0.4, 0.5], [0.01] * 5).tau2, 4)  # .025 less .0001
    0.0249
    """
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64) ** 2
    _check(y, v, confidence)
    k = len(y)
    tau2 = _paule_mandel(y, v)
    weights = 1 / (v + tau2)
    mean = float((weights * y).sum() / weights.sum())
    factor = max(1.0, _q(y, v, tau2) / (k - 1))
    variance = factor / float(weights.sum())
    t = float(stdtrit(k - 1, (1 + confidence) / 2))
    half, far = t * np.sqrt(variance), t * np.sqrt(tau2 + variance)
    q = _q(y, v, 0.0)
    i2 = max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0
    ends = (mean - half, mean + half, mean - far, mean + far)
    low, high, predict_low, predict_high = (float(x) for x in ends)
    return Pooled(
        mean, low, high, float(np.sqrt(variance)), tau2, i2, q, float(chdtrc(k - 1, q)),
        predict_low, predict_high, k,
    )  # fmt: skip


def _check(y: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."], confidence: float) -> None:
    if y.shape != v.shape or y.ndim != 1 or len(y) < MIN_COLLECTIONS:
        raise InvalidInput(
            f"{y.size} effects and {v.size} standard errors → expected as many of each, from {MIN_COLLECTIONS} "
            "collections on → with fewer, report the mean over these collections only"
        )
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all() and 0 < confidence < 1):
        raise InvalidInput(
            f"effects {y.tolist()}, standard errors {np.sqrt(v).tolist()}, confidence {confidence} → expected "
            "finite effects, positive standard errors, a confidence between 0 and 1 → leave out collections without any "
            "difference"
        )


def _q(y: Float[np.ndarray, " k"], v: Float[np.ndarray, " k"], tau2: float) -> float:
    """Weighted squared distance of the effects from their weighted mean."""
    w = 1 / (v + tau2)
    return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())


def _paule_mandel(y: Float[np.ndarray, " k"], v: Float[np.ndarray, " k"]) -> float:
    """The τ² at which the weighted spread is what it should be, k − 1; 0 where it is smaller already."""
    k = len(y)
    if _q(y, v, 0.0) <= k - 1:
        return 0.0
    top = float(np.var(y, ddof=1)) * k  # at this τ² the spread is certainly below k − 1
    return float(brentq(lambda tau2: _q(y, v, tau2) - (k - 1), 0.0, top, xtol=1e-14 * top, rtol=1e-12))
