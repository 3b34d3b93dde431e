"""How concentrated a score is on few neurons: scale-free measures, and the published count for comparison.

All take strengths s[x, f] ≥ 0 (the weight path, or |activation path|) of x examples and f neurons. Rescaling a single neuron changes them
only through that neuron's share; the published count is the exception.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from evidense.dissection.matrices import effective_number
from evidense.errors import InvalidInput

Strengths = Float[np.ndarray, "x f"]


def shares(strengths: Strengths) -> Float64[np.ndarray, "x f"]:
    """Return each neuron's share of its example's total; if all strengths of an example are 0, the shares are equal.

    Raises:
        InvalidInput: a strength is negative or not finite.
    """
    s = np.asarray(strengths, np.float64)
    if not np.isfinite(s).all() or (s < 0).any():
        raise InvalidInput(
            "strengths of neurons are negative or not finite; expected numbers ≥ 0; take the weight path, or the absolute activation path"
        )
    total = s.sum(axis=1, keepdims=True)
    return np.where(total > 0, s / np.where(total > 0, total, 1), 1 / s.shape[1])


def hill(strengths: Strengths, order: int) -> Float64[np.ndarray, " x"]:
    """Return the effective number of neurons: N1 = exp(entropy), N2 = 1 / Σ p² (participation ratio).

    Source: Hill 1973.

    >>> hill(np.array([[1.0, 1.0, 0.0, 0.0]]), 2).tolist()   # two equal neurons of four
    [2.0]
    """
    p = shares(strengths)
    if order == 2:
        return np.asarray(1 / (p**2).sum(axis=1))
    if order != 1:
        raise InvalidInput(f"the order of the Hill number is {order}; expected 1 or 2")
    return np.asarray(effective_number(p))


def gini(strengths: Strengths) -> Float64[np.ndarray, " x"]:
    """Return the Gini coefficient: 0 if all neurons are equal, 1 − 1/f if one holds everything.

    >>> gini(np.array([[1.0, 1.0], [0.0, 1.0]])).tolist()
    [0.0, 0.5]
    """
    p = np.sort(shares(strengths), axis=1)
    f = p.shape[1]
    ranks = np.arange(1, f + 1)
    return np.asarray((2 * ranks - f - 1) @ p.T / f)


def lorenz(strengths: Strengths, n_points: int = 11) -> list[list[float]]:
    """Return points of the Lorenz curve, averaged over examples: (share of neurons, weakest first; their share of the total)."""
    grown = np.cumsum(np.sort(shares(strengths), axis=1), axis=1).mean(axis=0)
    grown = np.concatenate([[0.0], grown])
    points = np.linspace(0, len(grown) - 1, n_points)
    return [
        [float(point / (len(grown) - 1)), float(np.interp(point, np.arange(len(grown)), grown))] for point in points
    ]


def top_mass(strengths: Strengths, part: float = 0.01) -> Float64[np.ndarray, " x"]:
    """Return the share of the total that the strongest neurons hold: `part` of all neurons, at least one.

    >>> top_mass(np.array([[3.0, 1.0, 0.0, 0.0]]), 0.25).tolist()
    [0.75]
    """
    p = shares(strengths)
    k = max(1, round(part * p.shape[1]))
    return np.asarray(np.sort(p, axis=1)[:, -k:].sum(axis=1))


def active(strengths: Strengths, largest: Float[np.ndarray, " x"], threshold: float = 0.1) -> Bool[np.ndarray, "x f"]:
    """Return which neurons the published count calls active: s > threshold × the example's largest over *all* modules and layers."""
    return np.asarray(np.asarray(strengths) > threshold * np.asarray(largest)[:, None])


def published_count(is_active: Bool[np.ndarray, "x f"]) -> int:
    """Return the number of neurons that are active in at least one example, as published."""
    return int(is_active.any(axis=0).sum())


def rarefied(is_active: Bool[np.ndarray, "x f"], sizes: Sequence[int]) -> list[float]:
    """Return the expected count for each number of examples drawn without replacement from these.

    Source: Hurlbert 1971 in its form for samples (Mao Tau; Colwell et al. 2004, eq. 5).

    >>> rarefied(np.array([[True, True], [True, False]]), [1, 2])   # one example: 2 or 1
    [1.5, 2.0]
    """
    n = len(is_active)
    counts = []
    for m in sizes:
        if not 1 <= m <= n:
            raise InvalidInput(f"{m} examples cannot be drawn from {n}; expected 1 … {n}")
        counts.append(float((1 - _missing(is_active.sum(axis=0), n, m)).sum()))
    return counts


def _missing(times: Int64[np.ndarray, " f"], n: int, m: int) -> Float64[np.ndarray, " f"]:
    """Return the probability that m of n examples miss all `times` examples in which a neuron is active."""
    from scipy.special import gammaln

    log = (
        gammaln(n - times + 1.0) - gammaln(np.maximum(n - times - m, 0) + 1.0) - gammaln(n + 1.0) + gammaln(n - m + 1.0)
    )
    return np.asarray(np.where(n - times >= m, np.exp(log), 0.0))


def jackknife_counts(
    is_active: Bool[np.ndarray, "x f"], clusters: Int64[np.ndarray, " x"]
) -> Float64[np.ndarray, " g"]:
    """Return the published count with each cluster of examples left out in turn."""
    labels, member = np.unique(clusters, return_inverse=True)
    times = np.zeros((len(labels), is_active.shape[1]))
    np.add.at(times, member, is_active)
    total = times.sum(axis=0)
    return np.asarray([float((total - times_in_cluster > 0).sum()) for times_in_cluster in times])
