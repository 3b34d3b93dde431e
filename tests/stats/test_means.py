import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.stats import Bounds, mean_interval, mean_intervals


def test_rows_share_draws_but_not_each_others_values() -> None:
    values = np.random.default_rng(0).random((3, 90))
    together = mean_intervals(values, np.arange(90), n_resamples=999, seed=0)
    assert [mean_interval(row, np.arange(90), n_resamples=999, seed=0) for row in values] == together
    for row, (mean, low, high) in zip(values, together, strict=True):
        assert mean == row.mean()
        half = 1.99 * row.std(ddof=1) / np.sqrt(90)
        assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.006)


def test_values_that_are_all_alike_but_few() -> None:
    values = np.ones(400)
    values[:3] = 0.0
    mean, low, high = mean_interval(values, np.arange(400), seed=0)
    assert mean == pytest.approx(397 / 400)
    assert low < 1 - 7.5 / 400  # three misses seen; up to 8.8 expected ones are possible (Garwood)
    assert high >= mean


def test_coverage_of_a_skewed_measure() -> None:
    rng = np.random.default_rng(0)
    held = []
    for seed in range(400):
        values = rng.beta(0.4, 0.8, 60) * (rng.random(60) < 0.7)  # much like nDCG: a third zero, the rest anywhere
        _, low, high = mean_interval(values, np.arange(60), n_resamples=299, seed=seed)
        held.append(low <= 0.7 / 3 <= high)
    assert np.mean(held) >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 400)


def test_bad_values_are_refused() -> None:
    with pytest.raises(InvalidInput, match="nan"):
        mean_interval(np.array([0.1, np.nan]), np.arange(2), seed=0)
    with pytest.raises(InvalidInput, match="confidence"):
        mean_interval(np.array([0.1, 0.2]), np.arange(2), confidence=2, seed=0)


def test_few_misses_leave_out_the_perfect_score_and_more_misses_never_look_better() -> None:
    """Success@1 of 100 queries. Exact (Clopper-Pearson) for 9 misses: [.836, .958]."""
    bounds = Bounds.constant((0.0, 1.0), (1, 100))
    intervals = []
    for n_misses in (1, 5, 9, 10, 11, 20):
        row = np.ones((1, 100))
        row[0, :n_misses] = 0
        intervals.append(mean_intervals(row, np.arange(100), n_resamples=4999, seed=0, bounds=bounds)[0][1:])
    lows, highs = zip(*intervals, strict=True)
    assert lows[2] == pytest.approx(0.829, abs=0.002)
    assert all(high < 1 for high in highs)
    assert list(lows) == sorted(lows, reverse=True) or max(np.diff(lows)) < 0.005


def test_intervals_of_few_misses_hold_the_truth() -> None:
    bounds = Bounds.constant((0.0, 1.0), (400, 100))
    for truth in (0.02, 0.05, 0.08):
        rows = (np.random.default_rng(0).random((400, 100)) >= truth).astype(float)
        held = [
            low <= 1 - truth <= high
            for _, low, high in mean_intervals(rows, np.arange(100), n_resamples=499, seed=0, bounds=bounds)
        ]
        assert np.mean(held) >= 0.95
