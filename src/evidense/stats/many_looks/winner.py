"""Winner: the effect of the best of several systems, corrected for having been chosen as the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from evidense.stats.resampling import Draws, combine


@dataclass(frozen=True)
class Winner:
    """The system with the largest observed mean difference, the first of several equal ones."""

    at: int
    """Its index among the systems."""
    observed: float
    shrunken: float
    """The observed effect less the mean overestimate of the best of such systems."""


def winner(
    draws: Sequence[Draws], effects: Float[np.ndarray, " s"], standard_errors: Float[np.ndarray, " s"]
) -> Winner:
    """Return the best system with its effect shrunk by what the selection adds to it.

    `effects` are the mean differences over the collections of `draws`, `standard_errors` their standard errors. Each bootstrap resample
    adds a random deviation to systems that differ as much as these seem to (`spread_out`). The mean deviation of the resamples' winners
    is subtracted. It is near 0 if one system leads clearly; if all are equal, it is the expected maximum of so many deviations.

    Source: Sun and Bull 2005, for the bootstrap of a winner's bias; Louis 1984, for the truths that it starts from.
    """
    deviations = _deviations(draws, standard_errors)
    wins = np.argmax(spread_out(effects, deviations) + deviations, axis=1)
    bias = float(np.mean(np.take_along_axis(deviations, wins[:, None], axis=1)))
    best = int(np.argmax(effects))
    return Winner(best, float(effects[best]), float(effects[best]) - max(bias, 0.0))


def spread_out(effects: Float[np.ndarray, " s"], deviations: Float[np.ndarray, "r s"]) -> Float[np.ndarray, " s"]:
    """Return effects shrunk towards their mean, so that their variance is the observed one less the part that chance explains.

    If chance explains all of it, the effects are equal.
    """
    n = len(effects)
    apart = effects - effects.mean()
    chance = deviations - deviations.mean(axis=1, keepdims=True)
    observed, by_chance = float(np.sum(apart**2)) / (n - 1), float(np.sum(chance**2)) / len(chance) / (n - 1)
    factor = np.sqrt(max(0.0, 1 - by_chance / observed)) if observed > 0 else 0.0
    truths: Float[np.ndarray, " s"] = effects.mean() + factor * apart
    return truths


def _deviations(draws: Sequence[Draws], standard_errors: Float[np.ndarray, " s"]) -> Float[np.ndarray, "r s"]:
    """Return the deviation of each system in each resample, scaled to its standard error."""
    mean, _ = combine([(d.boot_mean, d.boot_se) for d in draws], len(draws))
    mean = mean - mean.mean(axis=0)
    spread = np.sqrt(np.mean(mean**2, axis=0))
    scaled: Float[np.ndarray, "r s"] = mean * np.divide(
        standard_errors, spread, out=np.zeros_like(spread), where=spread > 0
    )
    return scaled
