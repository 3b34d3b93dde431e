"""Winner: what the best of several systems is worth, once it is known that it was chosen for being the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from evidense.stats.resampling import Draws, combine


@dataclass(frozen=True)
class Winner:
    """The system with the largest observed mean difference, the first of several equal ones."""

    at: int
    """Its place among the systems."""
    observed: float
    shrunken: float
    """Less what the best of such systems is overestimated by."""


def winner(
    draws: Sequence[Draws], effects: Float[np.ndarray, " s"], standard_errors: Float[np.ndarray, " s"]
) -> Winner:
    """Name the best system and shrink its effect by what being chosen adds to it.

    `effects` are the mean differences over the collections of `draws`, `standard_errors` theirs. In each bootstrap resample chance is
    added to systems that differ as much as these seem to (`spread_out`); the mean of the chance that the resamples' winners had is
    taken off. Where one system leads clearly it is 0; where all are equal it is what the largest of so many draws is by chance.

    Source: Sun and Bull 2005, for the bootstrap of a winner's bias; Louis 1984, for the truths that it starts from.
    """
    deviations = _deviations(draws, standard_errors)
    wins = np.argmax(spread_out(effects, deviations) + deviations, axis=1)
    bias = float(np.mean(np.take_along_axis(deviations, wins[:, None], axis=1)))
    at = int(np.argmax(effects))
    return Winner(at, float(effects[at]), float(effects[at]) - max(bias, 0.0))


def spread_out(effects: Float[np.ndarray, " s"], deviations: Float[np.ndarray, "r s"]) -> Float[np.ndarray, " s"]:
    """Return effects drawn towards their mean until they differ as much as true ones may: what is observed, less the part of chance.

    Variances subtract: (spread of the effects)² − (spread that chance alone makes)², and 0 where chance alone makes more.
    """
    n = len(effects)
    apart = effects - effects.mean()
    chance = deviations - deviations.mean(axis=1, keepdims=True)
    observed, by_chance = float(np.sum(apart**2)) / (n - 1), float(np.sum(chance**2)) / len(chance) / (n - 1)
    kept = np.sqrt(max(0.0, 1 - by_chance / observed)) if observed > 0 else 0.0
    truths: Float[np.ndarray, " s"] = effects.mean() + kept * apart
    return truths


def _deviations(draws: Sequence[Draws], standard_errors: Float[np.ndarray, " s"]) -> Float[np.ndarray, "r s"]:
    """Return what chance adds to each system in each resample, scaled to the standard errors in use."""
    mean, _ = combine([(d.boot_mean, d.boot_se) for d in draws], len(draws))
    mean = mean - mean.mean(axis=0)
    spread = np.sqrt(np.mean(mean**2, axis=0))
    scaled: Float[np.ndarray, "r s"] = mean * np.divide(
        standard_errors, spread, out=np.zeros_like(spread), where=spread > 0
    )
    return scaled
