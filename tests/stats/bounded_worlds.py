"""Worlds of values within limits, most of them at one limit: recall of an index, and what it changes in a measure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evidense.stats import Bounds, Differences, Grouping, bounded_mean_interval

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
"""Draws values and the cluster of each."""


def _misses(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Some queries miss: nine in ten of them 1 to 5 of 100 documents, one in ten most of them."""
    much = rng.random(n) < 0.1
    loss = np.where(much, rng.integers(50, 101, n), rng.integers(1, 6, n)) / 100
    return np.where(rng.random(n) < share, 1 - loss, 1.0)


def _clustered(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of 1 to 6 queries fall short together."""
    labels = np.repeat(np.arange(n), rng.integers(1, 7, n))[:n]
    return _misses(rng, n, 0.1)[labels], labels


def _changes(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A measure loses a whole relevant document on 3 % of the queries, and gains a little on 1 %."""
    u = rng.random(n)
    return np.where(u < 0.03, -rng.choice([1, 0.63, 0.5, 0.37], n), np.where(u < 0.04, 0.1, 0.0)), np.arange(n)


@dataclass(frozen=True)
class BoundedWorld:
    """How values are drawn, their true mean, and their limits."""

    draw: Draw
    mean: float
    limits: tuple[float, float] = (0.0, 1.0)


_LOSS = 0.1 * 0.75 + 0.9 * 0.03
WORLDS = {
    "1 % fall short": BoundedWorld(lambda rng, n: (_misses(rng, n, 0.01), np.arange(n)), 1 - 0.01 * _LOSS),
    "5 % fall short": BoundedWorld(lambda rng, n: (_misses(rng, n, 0.05), np.arange(n)), 1 - 0.05 * _LOSS),
    "30 % fall short": BoundedWorld(lambda rng, n: (_misses(rng, n, 0.3), np.arange(n)), 1 - 0.3 * _LOSS),
    "6 % find nothing": BoundedWorld(lambda rng, n: ((rng.random(n) >= 0.06) * 1.0, np.arange(n)), 0.94),
    "all fall short": BoundedWorld(lambda rng, n: (rng.binomial(100, 0.97, n) / 100, np.arange(n)), 0.97),
    "clusters fall short": BoundedWorld(_clustered, 1 - 0.1 * _LOSS),
    "change in a measure": BoundedWorld(_changes, -0.03 * 0.625 + 0.001, (-1.0, 1.0)),
}


def interval(
    values: np.ndarray, clusters: Grouping, limits: tuple[float, float], *, n_resamples: int = 999, seed: int
) -> tuple[float, float, float]:
    row = Differences(values[None], clusters, Bounds.constant(limits, (1, len(values))))
    return bounded_mean_interval(row, n_resamples=n_resamples, seed=seed)


def misses(world: BoundedWorld, n: int, runs: int, seed: int) -> float:
    """Return in what share of samples the interval misses the true mean."""
    rng, n_missed = np.random.default_rng(seed), 0
    for run in range(runs):
        values, labels = world.draw(rng, n)
        _, low, high = interval(values, labels, world.limits, seed=run)
        n_missed += not low <= world.mean <= high
    return n_missed / runs
