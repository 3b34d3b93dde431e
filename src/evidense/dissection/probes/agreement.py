"""Do two encoders get the same queries right? Cohen's κ of per-query correctness, with cluster bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from evidense.dissection.findings import IntervalSettings


@dataclass(frozen=True)
class KappaEstimates:
    """κ of every row with its own interval and one that holds for all rows together."""

    value: Float64[np.ndarray, " l"]
    low: Float64[np.ndarray, " l"]
    high: Float64[np.ndarray, " l"]
    together: Float64[np.ndarray, "2 l"]


def kappa(
    both: Float64[np.ndarray, "*b"], first: Float64[np.ndarray, "*b"], second: Float64[np.ndarray, "*b"]
) -> Float64[np.ndarray, "*b"]:
    """Return Cohen's κ from the shares that both, the first and the second get right; 1 if both are always equal.

    Source: Cohen 1960.

    >>> round(float(kappa(np.array(0.4), np.array(0.5), np.array(0.6))), 3)  # agree .4 + .3, by chance .5
    0.4
    """
    agree, chance = 1 - first - second + 2 * both, first * second + (1 - first) * (1 - second)
    certain = chance >= 1 - 1e-12
    values: Float64[np.ndarray, "*b"] = np.where(certain, 1.0, (agree - chance) / np.where(certain, 1, 1 - chance))
    return values


def agreement(
    pairs: Sequence[tuple[Float64[np.ndarray, "l n"], Float64[np.ndarray, "l n"]]],
    clusters: Int64[np.ndarray, " n"],
    settings: IntervalSettings,
) -> KappaEstimates:
    """Return κ of a pair of encoders, layer by layer; of two pairs, the difference of their κ, from the same resamples.

    Intervals are the value ± a quantile of the bootstrap deviations in standard errors; joint ones use the largest deviation over layers.
    """
    _, member = np.unique(clusters, return_inverse=True)
    g = int(member.max()) + 1
    counts = (
        np.random.default_rng([settings.seed, 53])
        .multinomial(g, np.full(g, 1 / g), size=settings.n_resamples)
        .astype(np.float64)
    )
    weights = np.vstack([np.ones(g), counts])
    sizes = np.bincount(member).astype(np.float64)
    total = weights @ sizes
    kappas = []
    for first, second in pairs:
        parts = [_sums(rows, member, g) for rows in (first * second, first, second)]
        kappas.append(kappa(*(weights @ part / total[:, None] for part in parts)))
    differences = kappas[0] - kappas[1] if len(kappas) == 2 else kappas[0]
    value, drawn = differences[0], differences[1:]
    error = drawn.std(axis=0, ddof=1)
    deviation = np.abs(np.divide(drawn - value, error, out=np.zeros_like(drawn), where=error > 0))
    alone = np.quantile(deviation, settings.confidence, axis=0) * error
    joint = float(np.quantile(deviation.max(axis=1), settings.confidence)) * error
    return KappaEstimates(value, value - alone, value + alone, np.stack([value - joint, value + joint]))


def _sums(rows: Float64[np.ndarray, "l n"], member: Int64[np.ndarray, " n"], g: int) -> Float64[np.ndarray, "g l"]:
    return np.stack([np.bincount(member, row, minlength=g) for row in rows], axis=1)
