import numpy as np
import pytest
import scipy.stats

from evidense.errors import InvalidInput
from evidense.stats import Differences, mean_over, overlap_of, random_effects
from stats.sharing_worlds import NEW_WORLDS
from worlds import seldom

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
    assert pooled.q == pytest.approx(152.2330080824, abs=1e-8)
    assert pooled.i2 == pytest.approx(0.9211734686, abs=1e-9)
    assert pooled.effect == pytest.approx(np.mean(effects))


def test_statsmodels_as_oracle() -> None:
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    rng = np.random.default_rng(0)
    for k in (5, 8, 20):
        effects, variances = rng.normal(0, 0.3, k), rng.uniform(0.01, 0.05, k)
        theirs = meta.combine_effects(effects, variances, "iterated", use_t=True, atol=1e-12, maxiter=500)
        ours = random_effects(effects.tolist(), np.sqrt(variances).tolist())
        assert ours.tau2 == pytest.approx(theirs.tau2, abs=1e-8)


def test_effects_that_agree_leave_what_sampling_leaves() -> None:
    pooled = random_effects([0.1] * 6, [0.02] * 6)
    assert (pooled.tau2, pooled.i2) == (0, 0)
    assert pooled.effect == pytest.approx(0.1)
    half = 1.959964 * 0.02 / np.sqrt(6)  # no τ² fits better than 0
    ends = (pooled.low, pooled.high, pooled.predict_low, pooled.predict_high)
    assert ends == pytest.approx([0.1 - half, 0.1 + half] * 2, abs=1e-7)


def test_exact_effects_give_the_interval_of_t_with_one_degree_given_up() -> None:
    effects = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    pooled = random_effects(effects.tolist(), [1e-9] * 5)
    scale = scipy.stats.t.ppf(0.975, 3) * np.sqrt(((effects - 0.3) ** 2).sum() / 3)
    assert pooled.high - 0.3 == pytest.approx(scale / np.sqrt(5), rel=2e-3)
    assert pooled.predict_high - 0.3 == pytest.approx(scale * np.sqrt(1 + 1 / 5), rel=2e-3)


@pytest.mark.parametrize(
    ("effects", "errors", "message"),
    [
        ([0.1] * 4, [0.1] * 4, "from 5 collections on"),
        ([0.1] * 5, [0.1] * 6, "as many of each"),
        ([0.1] * 5, [0.1, 0.1, 0.1, 0.1, 0.0], "positive standard errors"),
        ([0.1, 0.1, 0.1, 0.1, float("nan")], [0.1] * 5, "finite effects"),
    ],
)
def test_pooling_refuses_invalid_input(effects: list[float], errors: list[float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        random_effects(effects, errors)


@pytest.mark.parametrize("is_skewed", [False, True])
def test_coverage_of_the_mean_and_of_a_new_collection(is_skewed: bool) -> None:
    """In each world and in all together; `make calibrate` draws each far more often."""
    worlds, n = [w for w in NEW_WORLDS if w.k in (5, 12) and w.is_skewed == is_skewed], 60
    missed = 1 - np.array([world.coverage(n, seed=at) for at, world in enumerate(worlds)])
    for of_mean_or_new in missed.T:
        assert all(seldom(rate, 1 - worlds[0].least, n) for rate in of_mean_or_new), missed
        assert seldom(of_mean_or_new.mean(), 1 - worlds[0].least, n * len(worlds)), missed


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("overlapping", [False, True])
def test_effect_and_standard_error_do_not_depend_on_the_number_of_draws(share: float, overlapping: bool) -> None:
    rng = np.random.default_rng([3, int(100 * share), overlapping])
    judged = {f"q{i}": {f"d{i}": 1, f"d{i + 1}": 1} for i in range(120)}
    tables = []
    for _ in range(2):
        values = np.where(rng.random((1, 120)) < share, rng.normal(0.1, 0.2, (1, 120)), 0.0)
        clusters = overlap_of([*judged], judged, {}) if overlapping else np.arange(120) // 2
        tables.append(Differences(values, clusters))
    few, many = (mean_over(tables, n_resamples=n, seed=1)[0] for n in (199, 4_999))
    assert (few.effect, few.standard_error, few.n, few.n_clusters) == (
        many.effect,
        many.standard_error,
        many.n,
        many.n_clusters,
    )
