"""Intervals whose ends are known: Student's where a textbook gives them, equal ones of copied queries; and random numbers that no two uses share."""

import numpy as np
import pytest
from scipy.stats import t

from evidense.stats import Differences, Seeded, mean_intervals, random_effects, resample, seeded
from evidense.stats.jackknife import jackknife
from evidense.stats.weights.streams import stream


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n", [5, 20])
def test_the_jackknife_of_a_mean_is_students_interval(n: int, confidence: float) -> None:
    x = np.random.default_rng(n).normal(0.3, 1.0, n)
    dropped = ((x.sum() - x) / (n - 1))[:, None]
    found = jackknife(np.array([x.mean()]), dropped, np.ones(n, int), confidence=confidence, seed=0)
    low, high = t.interval(confidence, n - 1, x.mean(), x.std(ddof=1) / np.sqrt(n))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    assert found.p[0] == pytest.approx(2 * t.sf(abs(x.mean()) / (x.std(ddof=1) / np.sqrt(n)), n - 1))
    assert found.together_low[0] <= found.low[0]


@pytest.mark.parametrize("k", [5, 9])
def test_random_effects_of_exact_effects_are_students_with_one_degree_given_up(k: int) -> None:
    """Where nothing is left to sampling, τ² = Σ(y − ȳ)² / χ² with k − 2 degrees, and the mean over it is Student's."""
    effects = np.random.default_rng(k).normal(0.1, 0.05, k)
    found = random_effects(effects.tolist(), [1e-7] * k)
    scatter = float(((effects - effects.mean()) ** 2).sum())
    half = t.ppf(0.975, k - 2) * np.sqrt(scatter / (k - 2) / k)
    assert found.effect == pytest.approx(effects.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.02)
    assert (found.predict_high - found.predict_low) / 2 == pytest.approx(half * np.sqrt(k + 1), rel=0.02)


@pytest.mark.parametrize("n_seeds", [3, 5])
def test_seeds_without_noise_of_queries_have_students_interval(n_seeds: int) -> None:
    by_seed = np.random.default_rng(n_seeds).normal(0.1, 0.02, n_seeds)
    table = np.repeat(by_seed[None, :, None], 200, axis=2)
    (found,) = seeded([Seeded(table, np.arange(200))], n_resamples=999, seed=0)[0]
    low, high = t.interval(0.95, n_seeds - 1, by_seed.mean(), by_seed.std(ddof=1) / np.sqrt(n_seeds))
    assert found.effect == pytest.approx(by_seed.mean())
    assert found.low <= low + 1e-9
    assert found.high >= high - 1e-9
    assert found.high - found.low == pytest.approx(high - low, rel=0.1)


def test_four_copies_of_each_query_in_one_group_say_what_the_query_says() -> None:
    values = np.random.default_rng(4).random((2, 60))
    once = mean_intervals(values, np.arange(60), n_resamples=499, seed=0)
    copies = mean_intervals(np.repeat(values, 4, axis=1), np.repeat(np.arange(60), 4), n_resamples=499, seed=0)
    alone = mean_intervals(np.repeat(values, 4, axis=1), np.arange(240), n_resamples=499, seed=0)
    for one, copy, other in zip(once, copies, alone, strict=True):
        assert copy == pytest.approx(one)
        assert other[2] - other[1] < 0.7 * (one[2] - one[1])


def test_no_two_uses_share_their_random_numbers() -> None:
    paths = [(0, (0, 0)), (0, (0, 1)), (0, (1, 0)), (0, (1,)), (1, (0, 0))]
    firsts = {stream(seed, *path).random() for seed, path in paths}
    assert len(firsts) == len(paths)
    assert stream(0, 0, 0).random() == stream(0, 0, 0).random()


def test_each_collection_draws_by_itself_and_its_place_names_its_draws() -> None:
    one = Differences(np.random.default_rng(5).normal(0, 1, (1, 40)), np.arange(40))
    first, second = resample([one, one], n_resamples=99, seed=0)
    assert not np.array_equal(first.flip_mean, second.flip_mean)
    assert not np.array_equal(first.boot_mean, second.boot_mean)
    (again,) = resample([one], n_resamples=99, seed=0, first=1)
    assert np.array_equal(again.flip_mean, second.flip_mean)
