"""Overlap of the strongest neurons of two encoders, compared with chance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from evidense.dissection.neurons.concentration import shares
from evidense.errors import InvalidInput


@dataclass(frozen=True)
class NeuronOverlap:
    """How many of the k strongest neurons two encoders have in common."""

    share: float
    """Of k."""
    low: float
    high: float
    chance: float
    """Expected share of two independent draws of k of f: k / f."""
    p: float
    """Probability that chance gives at least this overlap (upper tail of the hypergeometric distribution)."""
    k: int
    n_neurons: int


@dataclass(frozen=True)
class OverlapSettings:
    """How many neurons are compared, and the settings of the interval."""

    k: int
    seed: int
    n_resamples: int = 200
    confidence: float = 0.95


def strongest(strengths: Float[np.ndarray, "x f"], k: int) -> Int64[np.ndarray, " k"]:
    """Return the k neurons with the largest mean share over examples, strongest first; ties are ordered by number."""
    mean = shares(np.abs(strengths)).mean(axis=0)
    return np.argsort(-mean, kind="stable")[:k]


def overlap(
    a: Float[np.ndarray, "x f"], b: Float[np.ndarray, "x f"], clusters: Int64[np.ndarray, " x"], how: OverlapSettings
) -> NeuronOverlap:
    """Return the overlap of the k strongest neurons of two encoders on the same examples.

    The interval is the value ± a multiple of the bootstrap's standard error. Resampled means are noisier, so percentiles would be too low.

    Raises:
        InvalidInput: numbers of neurons or examples differ, or k is out of range.
    """
    from scipy.stats import hypergeom, norm

    k = how.k
    if a.shape != b.shape or not 1 <= k <= a.shape[1]:
        raise InvalidInput(
            f"strengths of shapes {a.shape} and {b.shape}, k = {k}; expected the same examples and numbers of neurons, and 1 ≤ k ≤ f; "
            "only encoders of one architecture share neurons"
        )
    scaled = [shares(np.abs(x)) for x in (a, b)]
    common = _common([s.mean(axis=0) for s in scaled], k)
    labels, member = np.unique(clusters, return_inverse=True)
    rng = np.random.default_rng([how.seed, 41])
    drawn = []
    for _ in range(how.n_resamples):
        counts = np.bincount(rng.integers(0, len(labels), len(labels)), minlength=len(labels))[member]
        drawn.append(_common([counts @ s for s in scaled], k))
    half = float(norm.ppf(0.5 + how.confidence / 2)) * float(np.std(drawn)) / k
    share, f = common / k, a.shape[1]
    p = float(hypergeom.sf(common - 1, f, k, k))
    return NeuronOverlap(share, max(0.0, share - half), min(1.0, share + half), k / f, p, k, f)


def _common(means: list[np.ndarray], k: int) -> int:
    a, b = (set(np.argsort(-mean, kind="stable")[:k].tolist()) for mean in means)
    return len(a & b)
