"""Worlds in which the same queries are looked at many times: nights of a gate, and checkpoints of which the best is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from evidense.stats import Differences, Draws, label, level, resample, simultaneous, winner
from worlds import World

MARGIN = 0.02


@dataclass(frozen=True)
class Nights:
    """A gate that runs on the same queries night after night, each time with another build of the same true effect."""

    world: World
    n: int
    n_nights: int
    effect: float = -MARGIN


def passed(nights: Nights, plans: Sequence[int], i: int, n_resamples: int) -> np.ndarray:
    """Which nights pass `no-harm` in the i-th study, one row a plan: so many looks. Nights share the draws of their queries."""
    rng = np.random.default_rng([i, nights.n, nights.n_nights])
    builds = nights.world(rng, nights.n, np.full(nights.n_nights, nights.effect))
    (drawn,) = resample([builds], n_resamples=n_resamples, seed=i)
    return np.array([[_low(builds, drawn, j, looks) > -MARGIN for j in range(nights.n_nights)] for looks in plans])


def _low(builds: Differences, drawn: Draws, j: int, looks: int) -> float:
    own = Draws(*(np.asarray(getattr(drawn, field.name))[..., j : j + 1] for field in fields(Draws)))
    return simultaneous([builds.row(j)], confidence=level(0.95, looks), seed=0, draws=[own])[0][0].low


def at_least_one(nights: Nights, plans: Sequence[int], runs: int, n_resamples: int) -> list[float]:
    """Share of studies in which at least one night passes, by each plan."""
    seen = [passed(nights, plans, i, n_resamples).any(axis=1) for i in range(runs)]
    return [float(x) for x in np.mean(seen, axis=0)]


TRUTHS: dict[str, Callable[[int], np.ndarray]] = {
    "all equal": np.zeros,
    "one .05 better": lambda k: np.r_[np.zeros(k - 1), 0.05],
    "one .10 better": lambda k: np.r_[np.zeros(k - 1), 0.10],
    "rising to .06": lambda k: np.linspace(0.0, 0.06, k),
    "half .05 better": lambda k: np.repeat([0.0, 0.05], [k - k // 2, k // 2]),
}
"""What the checkpoints are truly worth."""


@dataclass(frozen=True)
class Checkpoints:
    """Several checkpoints of which the best by observed mean is named."""

    world: World
    n: int
    truths: str
    n_checkpoints: int


@dataclass(frozen=True)
class Named:
    """Means over studies."""

    alone: float
    """The best reads HELPS by the interval that it would have by itself, though it gains nothing."""
    helps: float
    """The same by the interval that holds over all checkpoints."""
    holds: float
    """That interval holds the truth of the best."""
    observed: float
    """How much too large the observed effect is."""
    shrunken: float
    """How much too large the shrunken one is."""
    error: float
    """Root mean squared error of the shrunken one, in that of the observed one."""


def name_best(what: Checkpoints, runs: int, n_resamples: int) -> Named:
    """Try it `runs` times."""
    truths = TRUTHS[what.truths](what.n_checkpoints)
    seen = []
    for i in range(runs):
        one = what.world(np.random.default_rng([i, what.n, 5]), what.n, truths)
        seen.append(_look(one, truths, i, n_resamples))
    alone, helps, holds, observed, shrunken = np.array(seen, dtype=float).T
    ratio = np.sqrt(np.mean(shrunken**2) / np.mean(observed**2))
    return Named(
        *(float(x) for x in (alone.mean(), helps.mean(), holds.mean(), observed.mean(), shrunken.mean(), ratio))
    )


def _look(one: Differences, truths: np.ndarray, seed: int, n_resamples: int) -> tuple[float, ...]:
    draws = resample([one], n_resamples=n_resamples, seed=seed)
    every = simultaneous([one], n_resamples=n_resamples, seed=seed, draws=draws)[0]
    best = winner(draws, np.array([e.effect for e in every]), np.array([e.standard_error for e in every]))
    own, truth = every[best.at], truths[best.at]
    (alone,) = simultaneous([one.row(best.at)], n_resamples=n_resamples, seed=seed)[0]
    false = [truth == 0 and label(e, MARGIN) == "HELPS" for e in (alone, own)]
    return (*false, own.low <= truth <= own.high, best.observed - truth, best.shrunken - truth)
