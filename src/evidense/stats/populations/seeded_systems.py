"""Systems of which some were trained with several seeds: every system is judged over its seeds, and all intervals hold together.

Systems with equally many seeds are one group. The groups share the error equally (Bonferroni), since each has its own reference distribution.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from evidense.stats.crossed import Seeded
from evidense.stats.differences import Differences
from evidense.stats.estimates import Estimate, mean_over, simultaneous
from evidense.stats.many_looks.looks import level, over_looks
from evidense.stats.populations.seeded import seeded, seeded_mean_over
from evidense.stats.resampling import Draws, resample
from evidense.stats.sharing import Sharing


def seed_differences(system: Float[np.ndarray, "m q"], baseline: Float[np.ndarray, "n q"]) -> Float[np.ndarray, "s q"]:
    """Return differences by seed, whose mean is the mean over the system's seeds less the mean over the baseline's.

    A side with one run is the same in every seed. Equally many seeds are paired by position. Of unequal numbers, the smaller one is the
    number of differences: each takes one seed of either side, and the further seeds enter with weights that leave the differences
    independent and of one variance, so that Student's t of the smaller number is exact for normal luck of the seeds.

    Source: Scheffé 1943, On solutions of the Behrens-Fisher problem, based on the t-distribution.

    >>> seed_differences(np.array([[0.5], [0.7]]), np.array([[0.4]])).round(3).tolist()
    [[0.1], [0.3]]
    >>> seed_differences(np.array([[0.5], [0.7]]), np.array([[0.4], [0.4], [0.1]])).mean().round(3)  # .6 − .3
    np.float64(0.3)
    """
    if len(system) > len(baseline) > 1:
        return -seed_differences(baseline, system)
    m, n = len(system), len(baseline)
    differences: Float[np.ndarray, "s q"]
    if m == n or 1 in (m, n):
        differences = system - baseline
    else:
        differences = (
            system - np.sqrt(m / n) * baseline[:m] + baseline[:m].sum(axis=0) / np.sqrt(m * n) - baseline.mean(axis=0)
        )
    return differences


def simultaneous_over_seeds(
    differences: Differences,
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    n_collections: int = 1,
    first: int = 0,
    draws: Draws | None = None,
) -> list[Estimate]:
    """Estimate every system on one collection, over queries and, where it has several, over seeds; see `simultaneous` and `seeded`.

    `n_collections` is the size of the family, `first` the place of this collection in it. `draws` are those of `differences`.

    Raises:
        InvalidInput: as `simultaneous`.

    >>> noise = np.random.default_rng(0).normal(0.1, 0.2, (3, 60))
    >>> d = Differences(np.stack([noise[0], noise.mean(axis=0)]), np.arange(60), by_seed=(noise[:1], noise))
    >>> [e.n_seeds for e in simultaneous_over_seeds(d, n_resamples=999, seed=0)]
    [1, 3]
    """

    def estimates(systems: Sequence[int], n_seeds: int, confidence: float) -> list[Estimate]:
        rows = differences.rows(systems)
        if n_seeds == 1:
            drawn = resample([rows], n_resamples=n_resamples, seed=seed, first=first) if draws is None else [draws.of(list(systems))]  # fmt: skip
            return simultaneous([rows], confidence=confidence, n_resamples=n_resamples, seed=seed, draws=drawn, n_collections=n_collections)[0]  # fmt: skip
        return seeded([_table(rows)], confidence=confidence, n_resamples=n_resamples, seed=seed, n_collections=n_collections, first=first)[0]  # fmt: skip

    if not differences.by_seed:
        known = resample([differences], n_resamples=n_resamples, seed=seed, first=first) if draws is None else [draws]
        return simultaneous([differences], confidence=confidence, n_resamples=n_resamples, seed=seed, draws=known, n_collections=n_collections)[0]  # fmt: skip
    return _by_group([differences], estimates, confidence)


def mean_over_seeds(
    family: Sequence[Differences],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    sharing: Sharing | None = None,
    draws: Draws | None = None,
) -> list[Estimate]:
    """Estimate every system's mean over *these* collections, over queries and, where it has several, over seeds; see `mean_over`, `seeded_mean_over`.

    Raises:
        InvalidInput: as `mean_over`.
    """

    def estimates(systems: Sequence[int], n_seeds: int, confidence: float) -> list[Estimate]:
        rows = [differences.rows(systems) for differences in family]
        if n_seeds == 1:
            drawn = None if draws is None else draws.of(list(systems))
            return mean_over(rows, confidence=confidence, n_resamples=n_resamples, seed=seed, sharing=sharing, draws=drawn)  # fmt: skip
        tables = [_table(of_collection) for of_collection in rows]
        return seeded_mean_over(tables, confidence=confidence, n_resamples=n_resamples, seed=seed, sharing=sharing)

    if not family[0].by_seed:
        return mean_over(family, confidence=confidence, n_resamples=n_resamples, seed=seed, sharing=sharing, draws=draws)  # fmt: skip
    return _by_group(family, estimates, confidence)


def _by_group(
    family: Sequence[Differences],
    estimates: Callable[[Sequence[int], int, float], list[Estimate]],
    confidence: float,
) -> list[Estimate]:
    """Estimate the systems with equally many seeds together, and return all in the order of the systems."""
    systems_of: dict[int, list[int]] = {}
    for j in range(family[0].n_systems):
        systems_of.setdefault(family[0].n_seeds(j), []).append(j)
    base_mean = float(np.mean([differences.base_mean for differences in family]))
    by_system: dict[int, Estimate] = {}
    for n_seeds, systems in systems_of.items():
        of_group = estimates(systems, n_seeds, level(confidence, len(systems_of)))
        by_system |= zip(systems, over_looks(of_group, len(systems_of)), strict=True)
    return [replace(by_system[j], base_mean=base_mean) for j in sorted(by_system)]


def _table(rows: Differences) -> Seeded:
    return Seeded(np.stack(rows.by_seed), rows.clusters, rows.bounds)
