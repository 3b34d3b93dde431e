"""What explains the spread of an effect over families: found where it is planted, covered as often as said, refused where families are too few."""

import numpy as np
import pytest
from moderator_worlds import INTERCEPT, SLOPE, TAU, design, draw
from scipy.stats import binom

from evidense.errors import InvalidInput
from evidense.stats import meta_regression

N_STUDIES = 60
LEAST = int(binom.ppf(0.01, N_STUDIES, 0.95))


def test_an_intercept_alone_agrees_with_statsmodels() -> None:
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    effects, errors = draw(design(8, "within"), 1)
    ours = meta_regression(effects, errors, design(8, "within"))
    theirs = meta.combine_effects(effects, errors**2, method_re="iterated", use_t=True)
    assert ours.tau2 == pytest.approx(theirs.tau2, rel=1e-4)
    low, high = theirs.conf_int()[3]
    assert (ours.lows[0], ours.highs[0]) == pytest.approx((low, high), rel=1e-3)


def test_equal_errors_and_no_other_spread_are_least_squares() -> None:
    columns = design(7, "number")
    effects = np.array([0.1, 0.3, 0.2, 0.5, 0.4, 0.6, 0.9])
    fitted = meta_regression(effects, np.full(7, 1e-4), columns)
    assert fitted.coefficients == pytest.approx(np.linalg.lstsq(columns, effects, rcond=None)[0])
    residuals = effects - columns @ fitted.coefficients
    assert fitted.tau2 == pytest.approx(residuals @ residuals / fitted.df, rel=1e-3)
    assert fitted.explained == pytest.approx(1 - fitted.tau2 / np.var(effects, ddof=1), rel=1e-3)


@pytest.mark.parametrize(("kind", "truth"), [("within", INTERCEPT), ("sides", SLOPE)])
def test_intervals_cover_what_was_planted(kind: str, truth: float) -> None:
    columns = design(6, kind)
    fits = [meta_regression(*draw(columns, seed), columns) for seed in range(N_STUDIES)]
    assert sum(fit.lows[-1] <= truth <= fit.highs[-1] for fit in fits) >= LEAST


@pytest.mark.calibrate
@pytest.mark.parametrize("kind", ["within", "sides", "number"])
def test_intervals_cover_at_every_number_of_families(kind: str) -> None:
    truth = INTERCEPT if kind == "within" else SLOPE
    for k in (5, 6, 8, 12, 20):
        columns = design(k, kind)
        for tau in (0.0, TAU):
            fits = [meta_regression(*draw(columns, seed, tau=tau), columns) for seed in range(200)]
            n_covered = sum(fit.lows[-1] <= truth <= fit.highs[-1] for fit in fits)
            n_found = sum(fit.lows[-1] > 0 for fit in fits)
            print(f"\n{kind}, {k} families, τ {tau}: covered {n_covered / 200}, found {n_found / 200}")
            assert n_covered >= binom.ppf(0.001, 200, 0.95)


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (design(4, "within"), "4 families for 1 columns"),
        (design(4, "sides"), "4 families for 2 columns"),
        (np.ones((6, 2)), "depend on each other"),
    ],
)
def test_too_few_families_and_one_column_twice_are_refused(columns: np.ndarray, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        meta_regression(np.arange(len(columns)) / 10, np.full(len(columns), 0.1), columns)
