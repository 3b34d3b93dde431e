"""Forecasts: calibration error, Brier score, calibrators, folds; against slow references, scikit-learn, and planted truths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression as SklearnIsotonic

from evidense.errors import InvalidInput
from evidense.stats import (
    brier,
    cross_fitted,
    expected_calibration_error,
    fit_isotonic,
    fit_logistic,
    fit_temperature,
    fold_rows,
)
from evidense.stats.forecasts.calibrators import pool_adjacent_violators


def _case(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 21, n) / 20, rng.random(n) < 0.5


CASE = st.builds(_case, st.integers(1, 40), st.integers(0, 2**32))


def slow_error(forecasts: np.ndarray, came_true: np.ndarray, n_bins: int) -> float:
    """Equal-width bins, one after the other."""
    total = 0.0
    for k in range(n_bins):
        is_in = np.array([min(int(p * n_bins), n_bins - 1) == k for p in forecasts])
        if is_in.any():
            total += is_in.sum() * abs(forecasts[is_in].mean() - came_true[is_in].mean())
    return total / len(forecasts)


@settings(max_examples=100, deadline=None)
@given(case=CASE, n_bins=st.integers(1, 12))
def test_the_error_by_equal_widths_equals_the_slow_one(case, n_bins: int) -> None:
    found = expected_calibration_error(*case, n_bins=n_bins, bins="width", debiased=False)
    assert found == pytest.approx(slow_error(*case, n_bins))


@settings(max_examples=100, deadline=None)
@given(case=CASE, n_bins=st.integers(1, 12), bins=st.sampled_from(["mass", "width"]), seed=st.integers(0, 9))
def test_errors_lie_between_0_and_1_and_do_not_depend_on_the_order(case, n_bins: int, bins, seed: int) -> None:
    forecasts, came_true = case
    order = np.random.default_rng(seed).permutation(len(forecasts))
    for debiased in (False, True):
        found = expected_calibration_error(forecasts, came_true, n_bins=n_bins, bins=bins, debiased=debiased)
        again = expected_calibration_error(
            forecasts[order], came_true[order], n_bins=n_bins, bins=bins, debiased=debiased
        )
        assert 0 <= found <= 1
        assert again == pytest.approx(found)


@settings(max_examples=100, deadline=None)
@given(case=CASE, n_bins=st.integers(1, 12), bins=st.sampled_from(["mass", "width"]))
def test_the_parts_of_the_brier_score_sum_to_it(case, n_bins: int, bins) -> None:
    forecasts, came_true = case
    parts = brier(forecasts, came_true, n_bins=n_bins, bins=bins)
    assert parts.score == pytest.approx(np.mean((forecasts - came_true) ** 2))
    assert parts.reliability - parts.resolution + parts.uncertainty + parts.within == pytest.approx(parts.score)


def test_bins_of_equal_mass_are_even_and_keep_equal_forecasts_together() -> None:
    forecasts = np.concatenate([np.full(50, 0.3), np.linspace(0.4, 0.9, 50)])
    came_true = np.arange(100) % 2 == 0
    two = expected_calibration_error(forecasts, came_true, n_bins=2, debiased=False)
    assert two == pytest.approx((abs(0.3 - 0.5) + abs(forecasts[50:].mean() - 0.5)) / 2)


@pytest.mark.parametrize("bins", ["mass", "width"])
def test_debiasing_lowers_the_error_of_right_forecasts_and_keeps_that_of_wrong_ones(bins) -> None:
    plain, debiased, off = [], [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        forecasts = rng.random(400)
        came_true = rng.random(400) < forecasts
        plain.append(expected_calibration_error(forecasts, came_true, bins=bins, debiased=False))
        debiased.append(expected_calibration_error(forecasts, came_true, bins=bins))
        shifted = rng.random(400) < np.clip(forecasts - 0.2, 0, 1)
        off.append(expected_calibration_error(forecasts, shifted, bins=bins))
    assert np.mean(plain) == pytest.approx(0.061, abs=0.01)
    assert np.mean(debiased) == pytest.approx(0.036, abs=0.01)
    assert np.mean(off) == pytest.approx(0.18, abs=0.01)  # ∫ min(p, .2) dp


def test_the_bias_is_the_mean_of_a_folded_normal() -> None:
    from evidense.stats.forecasts.calibration_error import _mean_of_folded

    mean, spread = np.array([0.0, 0.1, 0.3, 0.2]), np.array([0.2, 0.1, 0.01, 0.0])
    x = np.linspace(-8, 8, 200_001)
    slow = [np.trapezoid(np.abs(m + s * x) * norm.pdf(x), x) for m, s in zip(mean, spread, strict=True)]
    assert _mean_of_folded(mean, spread) == pytest.approx(np.array(slow), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(case=CASE)
def test_isotonic_equals_scikit_learn(case) -> None:
    forecasts, came_true = case
    theirs = SklearnIsotonic(out_of_bounds="clip").fit(forecasts, came_true)
    asked = np.linspace(0, 1, 33)
    assert fit_isotonic(forecasts, came_true)(asked) == pytest.approx(theirs.predict(asked), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, st.integers(1, 9), elements=st.floats(-5, 5)), st.integers(0, 99))
def test_pooling_equals_the_largest_least_mean(values: np.ndarray, seed: int) -> None:
    """max over left ends of the min over right ends of the weighted mean between: the definition of the best rising sequence."""
    weights = np.random.default_rng(seed).integers(1, 5, len(values)).astype(float)
    n = len(values)

    def mean(a: int, b: int) -> float:
        return float(np.average(values[a : b + 1], weights=weights[a : b + 1]))

    slow = [max(min(mean(a, b) for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    assert pool_adjacent_violators(values, weights) == pytest.approx(np.array(slow), abs=1e-9)


def test_logistic_scaling_is_that_of_scikit_learn_and_never_falls() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    stated = rng.uniform(0.02, 0.98, 300)
    came_true = rng.random(300) < stated**2
    odds = np.log(stated / (1 - stated))[:, None]
    peer = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, came_true).predict_proba(odds)[:, 1]
    assert fit_logistic(stated, came_true)(stated) == pytest.approx(peer, abs=1e-5)
    falling = fit_logistic(stated, rng.random(300) > stated)
    assert falling.slope == 0.0
    assert (np.diff(fit_logistic(np.array([0.0, 1.0]), np.array([False, True]))(np.linspace(0, 1, 9))) >= 0).all()


def test_temperature_finds_what_sharpened_the_probabilities() -> None:
    rng = np.random.default_rng(0)
    right = rng.dirichlet(np.ones(3), 20_000)
    labels = np.array([rng.choice(3, p=row) for row in right])
    sharpened = right**2.5 / (right**2.5).sum(axis=1, keepdims=True)
    found = fit_temperature(sharpened, labels)
    assert found.value == pytest.approx(2.5, rel=0.05)
    assert found(sharpened).sum(axis=1) == pytest.approx(np.ones(20_000))
    assert (found(sharpened).argmax(axis=1) == sharpened.argmax(axis=1)).all()


def test_temperature_is_the_best_of_a_fine_grid() -> None:
    rng = np.random.default_rng(1)
    stated, labels = rng.dirichlet(np.full(3, 0.3), 60), rng.integers(0, 3, 60)
    grid = 10 ** np.linspace(-3, 3, 6001)

    def loss(value: float) -> float:
        logs = np.log(np.maximum(stated, 1e-12)) / value
        return -float((logs[np.arange(60), labels] - np.log(np.exp(logs).sum(axis=1))).mean())

    assert loss(fit_temperature(stated, labels).value) <= min(map(loss, grid[grid > 0.05])) + 1e-9


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), min_size=13, max_size=60), st.integers(2, 5), st.integers(0, 99))
def test_folds_keep_documents_together_and_are_even(documents: list[int], n_folds: int, seed: int) -> None:
    labels = np.array([*documents, *range(13)])
    folds = fold_rows(labels, n_folds, np.random.default_rng(seed))
    assert all(len(set(folds[labels == document])) == 1 for document in labels)
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= np.bincount(labels).max()


def test_each_row_is_calibrated_by_the_other_folds_only() -> None:
    stated, folds = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 0, 1, 1])
    came_true = np.array([True, True, False, False])
    assert cross_fitted(fit_isotonic, stated, came_true, folds).tolist() == [
        0,
        0,
        1,
        1,
    ]  # each learns from the others alone
    three = np.random.default_rng(0).dirichlet(np.ones(3), 12)
    assert cross_fitted(fit_temperature, three, three.argmax(axis=1), np.arange(12) % 3).shape == (12, 3)


def test_calibrators_on_folds_bring_the_error_down() -> None:
    rng = np.random.default_rng(5)
    documents = rng.integers(0, 300, 1200)
    truth = rng.random(1200)
    came_true, overconfident = rng.random(1200) < truth, truth**3 / (truth**3 + (1 - truth) ** 3)
    folds = fold_rows(np.unique(documents, return_inverse=True)[1], 5, rng)
    before = expected_calibration_error(overconfident, came_true)
    after = expected_calibration_error(cross_fitted(fit_isotonic, overconfident, came_true, folds), came_true)
    assert before > 0.1
    assert after < 0.05


@pytest.mark.usefixtures("shapes_unchecked")
def test_what_is_no_forecast_is_refused() -> None:
    one, two = np.array([0.5]), np.array([True, False])
    for call in (
        lambda: expected_calibration_error(one, two),
        lambda: brier(np.array([1.5]), two[:1]),
        lambda: fit_isotonic(np.array([np.nan]), two[:1]),
        lambda: fit_temperature(np.array([[0.5, 0.4]]), np.array([0])),
        lambda: fit_temperature(np.array([[0.5, 0.5]]), np.array([2])),
        lambda: expected_calibration_error(one, two[:1], n_bins=0),
        lambda: cross_fitted(fit_isotonic, one, two[:1], np.array([0])),
        lambda: fold_rows(np.zeros(5, np.int64), 2, np.random.default_rng(0)),
    ):
        with pytest.raises(InvalidInput, match=r"[Ee]xpected"):
            call()
