"""Systems of which some have several seeds: the same numbers as `seeded` and `simultaneous` on each group, together at the stated confidence."""

from dataclasses import replace

import numpy as np
import pytest
from crossed_worlds import QUERY_SD

from evidense.stats import (
    Differences,
    Seeded,
    all_pairs,
    level,
    mean_over,
    mean_over_seeds,
    resample,
    seed_differences,
    seeded,
    seeded_mean_over,
    simultaneous,
    simultaneous_over_seeds,
)
from evidense.stats.sharing import Sharing

SIZES = ((1, 1), (3, 1), (1, 3), (3, 3), (2, 5), (5, 2), (3, 7))


def differences(*tables: np.ndarray, base: np.ndarray) -> Differences:
    """Differences of systems from a baseline, each given by its seeds."""
    by_seed = tuple(seed_differences(table, base) for table in tables)
    values = np.stack([table.mean(axis=0) - base.mean(axis=0) for table in tables])
    return Differences(values, np.arange(values.shape[1]), base=base.mean(axis=0), by_seed=by_seed)


def runs(n_seeds: int, n_queries: int, rng: np.random.Generator, seed_sd: float = 0.02) -> np.ndarray:
    """Values of one system by seed, its true mean .4."""
    own, rest = QUERY_SD * np.sqrt(0.5) * np.ones(2)
    luck, queries = seed_sd * rng.standard_normal((n_seeds, 1)), own * rng.standard_normal((1, n_queries))
    return 0.4 + luck + queries + rest * rng.standard_normal((n_seeds, n_queries))


@pytest.mark.parametrize(("m", "n"), SIZES)
def test_differences_by_seed_have_the_difference_of_the_means(m: int, n: int) -> None:
    rng = np.random.default_rng(m * n)
    system, base = rng.normal(0, 1, (m, 9)), rng.normal(0, 1, (n, 9))
    pairs = seed_differences(system, base)
    assert pairs.mean(axis=0) == pytest.approx(system.mean(axis=0) - base.mean(axis=0))
    assert pairs == pytest.approx(-seed_differences(base, system))


@pytest.mark.parametrize(("m", "n"), [(2, 5), (3, 7), (3, 4)])
def test_unequal_seeds_give_independent_differences_of_one_variance(m: int, n: int) -> None:
    """The weights of the larger side have rows that sum to 1, and their products are (m/n) times the identity."""
    weights = -seed_differences(np.zeros((m, n)), np.eye(n))
    assert weights.sum(axis=1) == pytest.approx(np.ones(m))
    assert weights @ weights.T == pytest.approx(np.eye(m) * m / n)


def test_without_seeds_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    family = [Differences(rng.normal(0.02, 0.2, (2, n)), np.arange(n), base=np.full(n, 0.5)) for n in (60, 80)]
    draws = resample(family, n_resamples=999, seed=3)
    of_second = simultaneous_over_seeds(family[1], n_resamples=999, seed=3, n_collections=2, first=1)
    assert of_second == simultaneous(family, n_resamples=999, seed=3, draws=draws)[1]
    assert mean_over_seeds(family, n_resamples=999, seed=3) == mean_over(family, n_resamples=999, seed=3)


def test_systems_of_one_number_of_seeds_are_those_of_seeded() -> None:
    rng = np.random.default_rng(1)
    base = runs(1, 60, rng)
    family = [differences(runs(3, 60, rng), runs(3, 60, rng), base=base) for _ in range(2)]
    tables = [Seeded(np.stack(d.by_seed), d.clusters) for d in family]
    expected = seeded(tables, n_resamples=999, seed=5)
    for index, d in enumerate(family):
        estimates = simultaneous_over_seeds(d, n_resamples=999, seed=5, n_collections=2, first=index)
        assert estimates == [replace(e, base_mean=base.mean()) for e in expected[index]]
    means = mean_over_seeds(family, n_resamples=999, seed=5, sharing=Sharing.nothing(2))
    assert means == [replace(e, base_mean=base.mean()) for e in seeded_mean_over(tables, n_resamples=999, seed=5)]


def test_groups_of_systems_share_the_error() -> None:
    """Each group is what it would be alone at confidence 1 − .05/2, and its p-values are doubled."""
    rng = np.random.default_rng(2)
    base, one, three = runs(1, 60, rng), runs(1, 60, rng), runs(3, 60, rng)
    together = simultaneous_over_seeds(differences(three, one, base=base), n_resamples=1999, seed=5)
    alone = [
        simultaneous_over_seeds(differences(x, base=base), confidence=level(0.95, 2), n_resamples=1999, seed=5)[0]
        for x in (three, one)
    ]
    for e, by_itself in zip(together, alone, strict=True):
        assert (e.effect, e.p, e.n_seeds) == (by_itself.effect, by_itself.p, by_itself.n_seeds)
        assert (e.low, e.high) == pytest.approx((by_itself.low, by_itself.high), abs=0.003)  # other draws of one run
        assert (e.low > 0 or e.high < 0) == (e.p_adjusted <= 0.05)
    assert together[0].p_adjusted == min(1.0, 2 * alone[0].p_adjusted)


def test_a_part_of_the_queries_and_a_row_keep_their_seeds() -> None:
    rng = np.random.default_rng(3)
    base, three = runs(1, 60, rng), runs(3, 60, rng)
    whole = differences(runs(1, 60, rng), three, base=base)
    mask = np.arange(60) < 40
    (e,) = simultaneous_over_seeds(whole.of(mask).row(1), n_resamples=999, seed=0)
    (reference,) = seeded([Seeded((three - base)[None, :, :40], np.arange(40))], n_resamples=999, seed=0)[0]
    assert (e.effect, e.low, e.high) == pytest.approx((reference.effect, reference.low, reference.high))


def test_ranks_of_systems_with_seeds_are_over_seeds() -> None:
    """What one lucky seed makes look better is no rank: a system whose seeds are far apart may have any."""
    rng = np.random.default_rng(4)
    queries = rng.normal(0, 0.05, 100)
    apart = 0.5 + queries + np.array([[0.2], [0.0], [-0.05]])
    steady = 0.4 + queries + 0.001 * rng.normal(0, 1, (3, 100))
    poor = 0.1 + queries[None]
    systems = [apart, steady, poor]
    table = np.stack([x.mean(axis=0) for x in systems])
    over_queries = all_pairs([table], [np.arange(100)], n_resamples=999, seed=0)
    over_seeds = all_pairs([table], [np.arange(100)], n_resamples=999, seed=0, by_seed=[systems])
    assert over_queries.ranks() == [(1, 1), (2, 2), (3, 3)]
    assert over_seeds.ranks()[:2] == [(1, 3), (1, 2)]
    means = all_pairs([table] * 2, [np.arange(100)] * 2, n_resamples=999, seed=0, by_seed=[systems] * 2)
    assert means.ranks()[:2] == [(1, 3), (1, 2)]


def held_together(seeds: tuple[int, ...], n_base: int, n_worlds: int, seed_sd: float = 0.03) -> float:
    """Return the share of worlds without any effect in which all intervals hold 0: systems with so many seeds each, 60 queries.

    What has one run is not trained and has no luck, as BM25.
    """
    holds = []
    for i in range(n_worlds):
        rng = np.random.default_rng([i, n_base])
        base, *systems = (runs(n, 60, rng, seed_sd if n > 1 else 0.0) for n in (n_base, *seeds))
        estimates = simultaneous_over_seeds(differences(*systems, base=base), n_resamples=199, seed=i)
        holds.append(all(e.low <= 0 <= e.high for e in estimates))
    return float(np.mean(holds))


@pytest.mark.parametrize(("seeds", "n_base"), [((3,), 1), ((3,), 5), ((1, 3, 5), 1), ((2, 4), 3)])
def test_intervals_hold_together_as_often_as_they_say(seeds: tuple[int, ...], n_base: int) -> None:
    n_worlds = 250
    assert held_together(seeds, n_base, n_worlds) >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / n_worlds)


@pytest.mark.calibrate
@pytest.mark.parametrize("seeds", [(2,), (3,), (5,), (1, 3), (3, 3, 5)])
@pytest.mark.parametrize("n_base", [1, 3, 4])
@pytest.mark.parametrize("seed_sd", [0.0, 0.03])
def test_intervals_hold_together_in_many_worlds(seeds: tuple[int, ...], n_base: int, seed_sd: float) -> None:
    n_worlds = 1000
    assert held_together(seeds, n_base, n_worlds, seed_sd) >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / n_worlds)
