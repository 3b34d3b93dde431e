"""Samples with no spread, or hardly any: the interval has the width of what was not sampled, and stays in the possible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import measures
from evidense.stats import Bounds, Differences, Estimate, label, mean_interval, mean_over, seeded, simultaneous
from evidense.stats.crossed import Seeded

SHARE = (0.0, 1.0)


def estimate(base: np.ndarray, system: np.ndarray, **settings: object) -> Estimate:
    n = len(base)
    one = Differences((system - base)[None], np.arange(n), Bounds.differences(SHARE, (1, n)), base)
    return simultaneous([one], n_resamples=999, seed=0, **settings)[0][0]  # type: ignore[arg-type]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 60))
    steps = draw(st.sampled_from([1, 2, 10, 1000]))
    base, system = (np.round(rng.random(n) ** draw(st.sampled_from([0.1, 1, 10])) * steps) / steps for _ in range(2))
    return base, system, rng.integers(0, draw(st.sampled_from([1, 5, 10_000])), n)


@settings(max_examples=50, deadline=None)
@given(pairs())
def test_no_interval_reaches_beyond_the_measure(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    base, system, clusters = drawn
    one = Differences((system - base)[None], clusters, Bounds.differences(SHARE, (1, len(base))), base)
    for e in (simultaneous([one], n_resamples=199, seed=0)[0][0], mean_over([one, one], n_resamples=199, seed=0)[0]):
        assert -1 <= e.low <= e.effect + 1e-12
        assert e.effect - 1e-12 <= e.high <= 1
        assert (e.low > 0 or e.high < 0) == (e.p_adjusted <= 0.05)
    mean, low, high = mean_interval(
        system, clusters, n_resamples=199, seed=0, bounds=Bounds.constant(SHARE, (1, len(base)))
    )
    assert 0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1
    assert high > low


def test_twenty_equal_differences_leave_room_for_others() -> None:
    e = estimate(np.full(20, 0.5), np.ones(20))
    unseen = 1 - 0.025 ** (1 / 20)
    assert (e.effect, e.high) == (0.5, pytest.approx(0.5 + unseen * 0.5))  # up to .168 of others, each from 0 up to 1
    assert e.low == pytest.approx(0.5 - unseen * 1.5)  # or from 1 down to 0
    assert label(e, 0.02) == "HELPS"


def test_a_system_that_is_right_on_every_query_has_an_interval_that_holds_the_true_gain() -> None:
    """The sample's baseline is not that of all queries: an interval cut at one minus its mean missed a third of the true gains."""
    rng, gain = np.random.default_rng(0), 1 - 1 / np.log2(3)  # of rank 2 → 1, for .3 of all queries
    samples = [np.where(rng.random(200) < 0.3, 1 - gain, 1.0) for _ in range(200)]
    estimates = [estimate(base, np.ones(200)) for base in samples]
    misses_above, misses_below = (
        np.mean(side) for side in zip(*((e.high < 0.3 * gain, e.low > 0.3 * gain) for e in estimates), strict=True)
    )
    assert misses_above <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / 200)
    assert misses_below <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / 200)


def test_equal_differences_get_narrower_with_queries() -> None:
    widths = [(e := estimate(np.full(n, 0.5), np.full(n, 0.6))).high - e.low for n in (20, 80, 320)]
    assert widths[0] > 3 * widths[1] > 9 * widths[2] > 0


def test_small_equal_gains_of_few_queries_do_not_help_for_certain() -> None:
    e = estimate(np.full(20, 0.5), np.full(20, 0.55))
    assert e.low < 0 < e.p_adjusted - 0.05  # .168 of other queries could lose everything
    assert label(estimate(np.full(400, 0.5), np.full(400, 0.55)), 0.02) == "HELPS"


def test_one_query_leaves_nearly_everything_possible() -> None:
    e = estimate(np.array([0.5]), np.array([1.0]))
    assert (e.low, e.high) == (-1.0, 1.0)
    mean, low, high = mean_interval(np.array([0.5]), np.arange(1), seed=0, bounds=Bounds.constant(SHARE, (1, 1)))
    assert (mean, low, high) == (0.5, pytest.approx(0.0125), pytest.approx(0.9875))


def test_identical_systems_on_few_queries_are_undecided_with_a_wide_interval() -> None:
    few, enough = (estimate(np.full(n, 0.5), np.full(n, 0.5)) for n in (19, 20))
    assert few.low < 0 < few.high
    assert label(few, 0.02) == "UNDECIDED"
    assert (enough.low, enough.high, label(enough, 0.02)) == (0.0, 0.0, "IDENTICAL")


def test_measures_without_an_upper_end_keep_their_own_range() -> None:
    values = np.array([5.0, 3.0, 9.0])
    _, low, high = mean_interval(
        values, np.arange(3), seed=0, bounds=Bounds.constant(measures.limits("NumRet"), (1, 3))
    )
    assert low >= 0
    assert high > 9


def test_ordinary_differences_have_the_same_interval_with_bounds_and_without() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(200)
    system = np.clip(base + rng.normal(0.02, 0.1, 200), 0, 1)
    plain = simultaneous([Differences((system - base)[None], np.arange(200))], n_resamples=999, seed=0)[0][0]
    bounded = estimate(base, system)
    assert (plain.low, plain.high, plain.p_adjusted, plain.test) == (
        bounded.low,
        bounded.high,
        bounded.p_adjusted,
        bounded.test,
    )


def test_seeds_cannot_leave_the_measure_either() -> None:
    table = np.stack([np.full((1, 30), value) for value in (0.0, 0.9)], axis=1)
    (e,) = seeded([Seeded(table, np.arange(30), Bounds.weighted(np.array([[1.0, -1.0]]), SHARE, 30))], seed=0)[0]
    assert (e.low, e.high) == (-1.0, 1.0)
    assert Bounds.weighted(np.array([[1.0, -1.0, -1.0, 1.0]]), SHARE, 1).most.item() == 2.0
