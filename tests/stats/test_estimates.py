import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.stats import Differences, Estimate, mean_over, simultaneous
from evidense.stats.critical import steady_draws
from evidense.stats.few import poisson_upper


@st.composite
def families(draw: st.DrawFn) -> list[Differences]:
    """Families as retrieval gives them: few or many queries, tied or not, discrete or not, clustered or not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    out = []
    s = draw(st.integers(1, 3))
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(1, 60))
        values = rng.normal(draw(st.sampled_from([0.0, 0.1, -0.3])), 0.2, (s, n))
        values = np.round(values, draw(st.sampled_from([1, 15])))
        values *= rng.random((s, n)) < draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
        out.append(Differences(values, rng.integers(0, draw(st.sampled_from([1, 5, 60, 10_000])), n)))
    return out


@settings(max_examples=80, deadline=None)
@given(families(), st.sampled_from([0.8, 0.95]), st.integers(0, 99))
def test_interval_and_p_never_disagree(family: list[Differences], confidence: float, seed: int) -> None:
    every = [e for row in simultaneous(family, confidence=confidence, n_resamples=399, seed=seed) for e in row]
    for e in [*every, *mean_over(family, confidence=confidence, n_resamples=399, seed=seed)]:
        assert (e.low > 0 or e.high < 0) == (e.p_adjusted <= 1 - confidence), e
        assert 0 < e.p <= e.p_adjusted <= 1
        assert e.low - 1e-12 <= e.effect <= e.high + 1e-12
        assert all(math.isfinite(x) for x in (e.effect, e.low, e.high, e.standard_error, e.d_z))
        assert e.win + e.tie + e.loss == e.n


@settings(max_examples=40, deadline=None)
@given(families())
def test_swapping_the_systems_mirrors_everything(family: list[Differences]) -> None:
    for e, m in zip(
        simultaneous(family, n_resamples=199, seed=0)[0],
        simultaneous([Differences(-f.values, f.clusters) for f in family], n_resamples=199, seed=0)[0],
        strict=True,
    ):
        assert (e.effect, e.low, e.high, e.p_adjusted) == (-m.effect, -m.high, -m.low, m.p_adjusted)
        assert (e.win, e.loss) == (m.loss, m.win)
        assert e.probability_of_improvement == pytest.approx(1 - m.probability_of_improvement)


def test_a_system_against_itself_needs_no_resampling() -> None:
    e = simultaneous([Differences(np.zeros((1, 50)), np.arange(50))], seed=0)[0][0]
    assert (e.effect, e.low, e.high, e.p, e.p_adjusted, e.tie) == (0, 0, 0, 1, 1, 50)
    assert e.test == "none needed: every difference is zero"


def test_an_identical_system_does_not_widen_the_intervals_of_others() -> None:
    d = np.random.default_rng(0).normal(0.05, 0.2, (1, 100))
    alone = simultaneous([Differences(d, np.arange(100))], n_resamples=999, seed=0)[0][0]
    beside = simultaneous([Differences(np.vstack([d, 0 * d]), np.arange(100))], n_resamples=999, seed=0)[0][0]
    assert alone == beside


def test_few_differences_are_enumerated() -> None:
    values = np.zeros((1, 300))
    values[0, :9] = [0.3, 0.3, 0.2, 0.4, 0.3, 0.3, 0.4, 0.3, 0.4]
    e = simultaneous([Differences(values, np.arange(300))], n_resamples=9999, seed=0)[0][0]
    assert e.test == "exact enumeration of 2^9 sign-flips"
    against = np.append(values[0, :9], -0.4)  # one more as large as the largest: what p is of
    sums = np.array([abs(np.sum(np.where(s, 1, -1) * against)) for s in np.ndindex(*(2,) * 10)])
    assert e.p == pytest.approx(np.mean(sums >= against.sum() - 1e-12))
    assert e.low > 0
    assert e.high >= poisson_upper(9, 0.025) * 0.4 / 300
    values[0, :2] *= -1
    e = simultaneous([Differences(values, np.arange(300))], seed=0)[0][0]
    t = [abs(np.sum(s * values[0, :9])) for s in np.ndindex(*(2,) * 9) for s in [2 * np.array(s) - 1]]
    assert e.p == pytest.approx(np.mean(np.array(t) >= abs(values.sum()) - 1e-12))
    assert e.low < 0 < e.high
    assert not e.is_carried
    assert e.high == pytest.approx(poisson_upper(7, 0.025) * 0.4 * (1 + 1 / 9) / 300)  # 7 up of 9; the largest is .4


def test_a_verdict_that_one_more_query_would_overturn_is_withheld() -> None:
    """Seven gains of seven: p = 2/2⁷ by themselves; with one more like the largest against them, 10 of 256 sums are as large."""
    values = np.zeros((1, 300))
    values[0, :7] = 0.3
    e = simultaneous([Differences(values, np.arange(300))], seed=0)[0][0]
    assert e.p == pytest.approx(2 * (1 + 8) / 2**8)
    assert e.is_carried
    assert e.low < 0 < e.high
    values[0, :19] = 0.3  # so many stand it
    assert simultaneous([Differences(values, np.arange(300))], seed=0)[0][0].low > 0
    values[0, 19:21] = -2.0  # twenty-one differ: no single one is asked, and the spread says it all
    assert not simultaneous([Differences(values, np.arange(300))], seed=0)[0][0].is_carried


@pytest.mark.parametrize(("n", "n_collections", "n_systems"), [(50, 1, 1), (50, 4, 3)])
def test_rare_large_losses_beside_small_gains_are_rarely_called_helps(
    n: int, n_collections: int, n_systems: int
) -> None:
    """3 % lose .4 and 12 % gain .1, so the mean is 0: without the further query .13 and .27 of samples read HELPS somewhere."""
    wrong = []
    for seed in range(100):
        rng = np.random.default_rng([seed, n])
        kinds = rng.random((n_collections, n_systems, n))
        family = [Differences(np.where(k < 0.03, -0.4, np.where(k < 0.15, 0.1, 0.0)), np.arange(n)) for k in kinds]
        wrong.append(
            any(e.low > 0 or e.high < 0 for row in simultaneous(family, n_resamples=399, seed=seed) for e in row)
        )
    assert np.mean(wrong) <= 0.1


def test_few_differences_share_the_error_with_the_other_systems() -> None:
    values = np.random.default_rng(1).normal(0, 0.2, (2, 100))
    values[1] = 0
    values[1, :9] = [0.1] * 7 + [-0.1] * 2
    e = simultaneous([Differences(values, np.arange(100))] * 3, seed=0)[0][1]
    assert e.p_adjusted > e.p  # 3 collections × 2 systems
    assert e.p_adjusted == pytest.approx(1 - (1 - e.p) ** 6)


def test_clusters_are_counted_not_queries() -> None:
    """Ten copies of each query change neither the effect nor what is known of it."""
    d = np.random.default_rng(0).normal(0.05, 0.2, (1, 80))
    once = simultaneous([Differences(d, np.arange(80))], n_resamples=1999, seed=0)[0][0]
    copies = Differences(np.repeat(d, 10, axis=1), np.repeat(np.arange(80), 10))
    tenfold = simultaneous([copies], n_resamples=1999, seed=0)[0][0]
    assert (tenfold.n, tenfold.n_clusters) == (800, 80)
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    assert tenfold.standard_error == pytest.approx(once.standard_error)


def test_the_effect_is_the_mean_over_queries() -> None:
    values = np.concatenate([np.full(30, 0.1), np.arange(30) / 10])[None]
    e = simultaneous([Differences(values, np.concatenate([np.zeros(30, int), np.arange(1, 31)]))], seed=0)[0][0]
    assert e.effect == pytest.approx(values.mean())
    assert (e.low + e.high) / 2 == pytest.approx(values.mean())
    assert e.d_z == pytest.approx(values.mean() / values.std(ddof=1))
    assert e.probability_of_improvement == pytest.approx((59 + 0.5) / 60)
    assert (e.rules_out_loss_above, e.rules_out_gain_above) == (max(0, -e.low), max(0, e.high))


def test_a_family_widens_its_intervals() -> None:
    d = np.random.default_rng(0).normal(0, 0.2, (3, 200))
    one = Differences(d, np.arange(200))
    widths = []
    for family in ([Differences(d[:1], np.arange(200))], [one], [one] * 4):
        e = simultaneous(family, seed=0)[0][0]
        widths.append(e.high - e.low)
    assert widths == sorted(widths)
    # normal limits: one; the largest of 3; of 12 (Šidák): 1.96, 2.39, 2.86 standard errors to each side
    for width, z in zip(widths, (1.96, 2.39, 2.86), strict=True):
        assert width == pytest.approx(2 * z * e.standard_error, rel=0.04)


def test_the_mean_over_one_collection_is_that_collection() -> None:
    one = [Differences(np.random.default_rng(0).normal(0.02, 0.2, (2, 70)), np.arange(70))]
    assert mean_over(one, n_resamples=999, seed=0) == simultaneous(one, n_resamples=999, seed=0)[0]


def test_the_mean_over_collections_weighs_them_equally() -> None:
    rng = np.random.default_rng(0)
    small, large = (Differences(rng.normal(m, 0.1, (1, n)), np.arange(n)) for m, n in ((0.1, 40), (-0.1, 900)))
    e = mean_over([small, large], seed=0)[0]
    assert e.effect == pytest.approx((small.values.mean() + large.values.mean()) / 2)
    errors = [one.values.std(ddof=1) / np.sqrt(one.n_queries) for one in (small, large)]
    assert e.standard_error == pytest.approx(np.hypot(*errors) / 2)
    assert (e.n, e.n_clusters) == (940, 940)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: simultaneous([], seed=0), "no collection"),
        (lambda d: simultaneous([d], confidence=95, seed=0), "confidence is 95"),
        (lambda d: simultaneous([d], seed=-1), "seed=-1"),
        (lambda d: simultaneous([d] * 4, n_resamples=100, seed=0), "expected at least 235"),
        (lambda d: mean_over([d, Differences(d.values[:1], d.clusters)], seed=0), "expected the same systems"),
    ],
)
def test_invalid_input_is_refused(call: object, message: str) -> None:
    d = Differences(np.random.default_rng(0).normal(0, 1, (3, 30)), np.arange(30))
    with pytest.raises(InvalidInput, match=message):
        call(d)  # type: ignore[operator]


def test_estimates_are_frozen() -> None:
    e = simultaneous([Differences(np.ones((1, 30)), np.arange(30))], n_resamples=99, seed=0)[0][0]
    assert isinstance(e, Estimate)
    with pytest.raises(AttributeError):
        e.effect = 0.0  # type: ignore[misc]


def test_with_enough_draws_the_seed_hardly_changes_an_interval() -> None:
    """Half-widths differ by less than 1 % (standard deviation) between seeds; with 10,000 draws by up to 2 %."""
    values = np.random.default_rng(0).normal(0.02, 0.25, (1, 200))
    one = [Differences(values, np.arange(200))]
    n = steady_draws(1)
    widths = [e.high - e.low for seed in range(6) for e in simultaneous(one, n_resamples=n, seed=seed)[0]]
    assert np.std(widths) / np.mean(widths) < 0.01
