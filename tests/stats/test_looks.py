"""The same queries many times: the error is shared by all planned looks, and the chance of one error is bounded."""

import numpy as np
import pytest
from looking_worlds import Nights, at_least_one

from evidense.stats import chance_of_an_error, level, over_looks, resample, simultaneous
from worlds import WORLDS, seldom

RUNS = 60


def test_planned_looks_share_the_error_equally() -> None:
    assert 30 * (1 - level(0.95, 30)) == pytest.approx(0.05)
    assert level(0.95, 1) == level(0.95, 0) == 0.95


def test_interval_and_adjusted_p_agree_over_planned_looks() -> None:
    for seed in range(40):
        one = WORLDS["continuous"](np.random.default_rng(seed), 60, np.array([0.12, 0.0]))
        draws = resample([one], n_resamples=1999, seed=seed)
        found = over_looks(simultaneous([one], confidence=level(0.95, 7), seed=seed, draws=draws)[0], 7)
        assert all((e.low > 0 or e.high < 0) == (e.p_adjusted <= 0.05) for e in found)


def test_the_chance_of_an_error_is_exact_for_independent_looks_and_never_above_their_sum() -> None:
    assert chance_of_an_error([0.05, 0.05]) == pytest.approx(1 - 0.95**2)
    assert chance_of_an_error([0.05 / 30] * 30) < 0.05
    assert chance_of_an_error([]) == 0.0
    assert chance_of_an_error([1.0]) == pytest.approx(1.0)


def test_the_chance_of_an_error_bounds_what_correlated_looks_do() -> None:
    """Ten looks that share half of their variance, and nine tenths."""
    rng = np.random.default_rng(0)
    for shared in (0.5, 0.9):
        t = np.sqrt(shared) * rng.standard_normal((20_000, 1)) + np.sqrt(1 - shared) * rng.standard_normal((20_000, 10))
        assert (np.abs(t) > 1.96).any(axis=1).mean() < chance_of_an_error([0.05] * 10)


def test_a_build_that_loses_the_margin_seldom_passes_on_any_of_ten_planned_nights() -> None:
    nights = Nights(WORLDS["continuous"], 100, 10)
    unplanned, planned = at_least_one(nights, (0, 10), RUNS, 999)
    assert unplanned > 0.1
    assert seldom(planned, 0.05, RUNS)
