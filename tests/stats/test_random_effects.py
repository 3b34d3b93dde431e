import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.stats import random_effects

# The thirteen trials of BCG vaccine (Colditz et al. 1994), the worked example of every package: log risk ratios.
VACCINATED = [(4, 119), (6, 300), (3, 228), (62, 13536), (33, 5036), (180, 1361), (8, 2537), (505, 87886), (29, 7470)]
VACCINATED += [(17, 1699), (186, 50448), (5, 2493), (27, 16886)]
CONTROL = [(11, 128), (29, 274), (11, 209), (248, 12619), (47, 5761), (372, 1079), (10, 619), (499, 87892), (45, 7232)]
CONTROL += [(65, 1600), (141, 27197), (3, 2338), (29, 17825)]


def bcg() -> tuple[np.ndarray, np.ndarray]:
    (a, b), (c, d) = np.array(VACCINATED).T, np.array(CONTROL).T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_the_published_example() -> None:
    effects, variances = bcg()
    pooled = random_effects(effects.tolist(), np.sqrt(variances).tolist())
    # statsmodels 0.15.0: combine_effects(y, v, "iterated", use_t=True, atol=1e-12, maxiter=500)
    assert pooled.tau2 == pytest.approx(0.3180684522, abs=1e-9)
    assert pooled.effect == pytest.approx(-0.7149681535, abs=1e-9)
    assert pooled.standard_error == pytest.approx(0.1808921915, abs=1e-9)
    assert (pooled.low, pooled.high) == pytest.approx((-1.1090983812, -0.3208379258), abs=1e-9)
    assert pooled.q == pytest.approx(152.2330080824, abs=1e-8)
    assert pooled.i2 == pytest.approx(0.9211734686, abs=1e-9)
    # by hand: t(12, .975) · sqrt(tau2 + se²) = 2.178813 · .592268
    assert (pooled.predict_low, pooled.predict_high) == pytest.approx((-2.005426, 0.575490), abs=1e-5)


def test_statsmodels_as_oracle() -> None:
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    rng = np.random.default_rng(0)
    for k in (5, 8, 20):
        effects, variances = rng.normal(0, 0.3, k), rng.uniform(0.01, 0.05, k)
        theirs = meta.combine_effects(effects, variances, "iterated", use_t=True, atol=1e-12, maxiter=500)
        ours = random_effects(effects.tolist(), np.sqrt(variances).tolist())
        assert ours.tau2 == pytest.approx(theirs.tau2, abs=1e-8)
        assert ours.effect == pytest.approx(theirs.mean_effect_re, abs=1e-8)
        if theirs.scale_hksj_re >= 1:
            assert ours.standard_error == pytest.approx(theirs.sd_eff_w_re_hksj, abs=1e-8)


def test_effects_that_agree_have_no_spread_and_no_narrower_interval_than_fixed_effects() -> None:
    pooled = random_effects([0.1] * 6, [0.02] * 6)
    assert (pooled.tau2, pooled.i2) == (0, 0)
    assert pooled.effect == pytest.approx(0.1)
    assert pooled.standard_error == pytest.approx(0.02 / np.sqrt(6))
    assert (pooled.predict_low, pooled.predict_high) == pytest.approx((pooled.low, pooled.high))


@pytest.mark.parametrize(
    ("effects", "errors", "message"),
    [
        ([0.1] * 4, [0.1] * 4, "from 5 collections on"),
        ([0.1] * 5, [0.1] * 6, "as many of each"),
        ([0.1] * 5, [0.1, 0.1, 0.1, 0.1, 0.0], "positive standard errors"),
        ([0.1, 0.1, 0.1, 0.1, float("nan")], [0.1] * 5, "finite effects"),
    ],
)
def test_what_cannot_be_pooled_is_refused(effects: list[float], errors: list[float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        random_effects(effects, errors)


def test_coverage_of_the_mean_and_of_a_new_collection() -> None:
    rng = np.random.default_rng(0)
    held, foretold = [], []
    for _ in range(1000):
        truth, errors = rng.normal(0.02, 0.03, 8), rng.uniform(0.005, 0.02, 7)
        pooled = random_effects((truth[:7] + errors * rng.standard_normal(7)).tolist(), errors.tolist())
        held.append(pooled.low <= 0.02 <= pooled.high)
        foretold.append(pooled.predict_low <= truth[7] <= pooled.predict_high)
    assert np.mean(held) >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 1000)
    assert np.mean(foretold) >= 0.93  # the plug-in τ² makes it a little short with few collections; stated in the docs
