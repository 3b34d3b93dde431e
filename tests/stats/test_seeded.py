import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from crossed_worlds import Crossed, anova
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.stats import (
    Differences,
    Seeded,
    label,
    mean_over,
    random_effects,
    resample,
    seeded,
    seeded_mean_over,
    simultaneous,
    variances,
)
from evidense.stats.crossed import Squares

PROGRAM = """
import numpy as np
from evidense.stats import Seeded, seeded, seeded_mean_over
rng = np.random.default_rng(0)
family = [Seeded(rng.normal(.02, .2, (6, 5, n)), rng.integers(0, n // 2, n)) for n in (700, 90)]
print([e for row in seeded(family, n_resamples=2000, seed=0) for e in row], seeded_mean_over(family, n_resamples=2000, seed=0))
"""


@st.composite
def families(draw: st.DrawFn) -> list[Seeded]:
    """Families as trained systems give them: tied or not, few queries or many, few clusters or many, seeds alike or not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    k, s = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    out = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(1, 50))
        values = rng.normal(draw(st.sampled_from([0.0, 0.1, -0.4])), 0.2, (k, s, n))
        values += draw(st.sampled_from([0.0, 0.02, 0.3])) * rng.standard_normal((k, s, 1))
        values = np.round(values, draw(st.sampled_from([1, 15])))
        values *= rng.random((k, draw(st.sampled_from([1, s])), n)) < draw(st.sampled_from([0.0, 0.1, 1.0]))
        out.append(Seeded(values, rng.integers(0, draw(st.sampled_from([1, 5, 10_000])), n)))
    return out


@settings(max_examples=80, deadline=None)
@given(families(), st.sampled_from([0.8, 0.95]))
def test_interval_and_p_never_disagree(family: list[Seeded], confidence: float) -> None:
    every = [e for row in seeded(family, confidence=confidence, n_resamples=399, seed=0) for e in row]
    for e in [*every, *seeded_mean_over(family, confidence=confidence, n_resamples=399, seed=0)]:
        assert (e.low > 0 or e.high < 0) == (e.p_adjusted <= 1 - confidence), e
        assert 0 < e.p <= e.p_adjusted <= 1
        assert e.low - 1e-12 <= e.effect <= e.high + 1e-12
        assert all(math.isfinite(x) for x in (e.effect, e.low, e.high, e.standard_error, e.d_z))
        assert e.win + e.tie + e.loss == e.n
        assert e.n_seeds == family[0].n_seeds


@settings(max_examples=30, deadline=None)
@given(families())
def test_swapping_the_sides_mirrors_everything(family: list[Seeded]) -> None:
    mirrored = [Seeded(-one.values, one.clusters) for one in family]
    for e, m in zip(
        seeded(family, n_resamples=199, seed=0)[0], seeded(mirrored, n_resamples=199, seed=0)[0], strict=True
    ):
        assert (e.effect, e.low, e.high, e.p_adjusted, e.win) == (-m.effect, -m.high, -m.low, m.p_adjusted, m.loss)


@settings(max_examples=30, deadline=None)
@given(families())
def test_seeds_never_narrow_the_interval_over_queries(family: list[Seeded]) -> None:
    alone = [Differences(one.values.mean(axis=1), one.clusters) for one in family]
    for wide, narrow in zip(
        seeded(family, n_resamples=199, seed=0), simultaneous(alone, n_resamples=199, seed=0), strict=True
    ):
        for e, q in zip(wide, narrow, strict=True):
            assert (e.effect, e.win, e.d_z) == (q.effect, q.win, q.d_z)
            assert e.low <= q.low
            assert e.high >= q.high
            assert e.p_adjusted >= q.p_adjusted


@pytest.mark.parametrize("world", [Crossed(3, 40, 0.05), Crossed(5, 60, 0.0, 0.2), Crossed(10, 30, 0.02, 1.0)])
def test_seeded_interval_equals_the_formulas_written_out(world: Crossed) -> None:
    x = 0.03 + world.draw(np.random.default_rng(4))
    s, q = x.shape
    seeds, queries, rest = anova(x)
    e = seeded([Seeded(x[None], np.arange(q))], seed=0)[0][0]
    alone = simultaneous([Differences(x.mean(axis=0)[None], np.arange(q))], seed=0)[0][0]

    def half(p: float) -> float:
        each = (
            scipy.stats.t.isf(p / 2, s - 1) ** 2 * seeds,
            scipy.stats.t.isf(p / 2, q - 1) ** 2 * max(queries - rest, 0),
        )
        return float(np.sqrt(sum(each)))

    assert e.low == pytest.approx(min(alone.low, x.mean() - half(0.05)), rel=0.02)  # rel: 10,000 draws stand for ∞
    assert e.high == pytest.approx(max(alone.high, x.mean() + half(0.05)), rel=0.02)
    p = scipy.optimize.brentq(lambda p: half(p) - abs(x.mean()), 1e-12, 1 - 1e-12)
    assert e.p == pytest.approx(max(p, alone.p), abs=1e-9)
    assert e.standard_error == pytest.approx(np.sqrt(max(seeds - rest, 0) + max(queries - rest, 0) + rest))
    v = variances(Seeded(x[None], np.arange(q)))[0]
    parts = (max(seeds - rest, 0) * s, max(queries - rest, 0) * q, rest * s * q, max(seeds - rest, 0), queries)
    assert (v.seed_sd, v.query_sd, v.rest_sd, v.seed_se, v.query_se) == pytest.approx(np.sqrt(parts))


def test_variance_components_are_found() -> None:
    found = [variances(Seeded(Crossed(5, 200, 0.02).draw(np.random.default_rng(i))[None], np.arange(200)))[0] for i in range(200)]  # fmt: skip
    assert np.mean([v.seed_sd**2 for v in found]) == pytest.approx(0.0004, rel=0.15)
    assert np.mean([v.query_sd**2 for v in found]) == pytest.approx(0.045, rel=0.05)  # .3² / 2
    assert np.mean([v.rest_sd**2 for v in found]) == pytest.approx(0.045, rel=0.05)


def test_one_seed_is_a_comparison_over_queries_and_says_so() -> None:
    values = np.random.default_rng(0).normal(0.03, 0.2, (2, 1, 80))
    e = seeded([Seeded(values, np.arange(80))], n_resamples=999, seed=5)[0][1]
    alone = simultaneous([Differences(values[:, 0], np.arange(80))], n_resamples=999, seed=5)[0][1]
    assert e == replace(alone, test=e.test)
    assert e.test.endswith("one seed: says nothing of other seeds")
    assert e.n_seeds == 1
    v = variances(Seeded(values, np.arange(80)))[1]
    assert (v.seed_sd, v.seed_se, v.rest_sd) == (0, 0, 0)
    assert v.query_se == pytest.approx(alone.standard_error)


def test_copies_of_a_query_add_nothing() -> None:
    x = np.random.default_rng(0).normal(0.02, 0.2, (2, 5, 60))
    once = seeded([Seeded(x, np.arange(60))], n_resamples=1999, seed=0)[0]
    many = seeded([Seeded(np.repeat(x, 8, axis=2), np.repeat(np.arange(60), 8))], n_resamples=1999, seed=0)[0]
    for a, b in zip(once, many, strict=True):
        assert (b.n, b.n_clusters) == (480, 60)
        assert (a.low, a.high, a.standard_error) == pytest.approx((b.low, b.high, b.standard_error))


def test_a_contrast_without_differences_does_not_widen_the_others() -> None:
    x = np.random.default_rng(0).normal(0.05, 0.2, (1, 4, 100))
    alone = seeded([Seeded(x, np.arange(100))], n_resamples=999, seed=0)[0][0]
    beside, nothing = seeded([Seeded(np.vstack([x, 0 * x]), np.arange(100))], n_resamples=999, seed=0)[0]
    assert alone == beside
    assert (nothing.low, nothing.high, nothing.p, label(nothing, 0.02)) == (0, 0, 1, "IDENTICAL")


def test_a_family_widens_its_intervals() -> None:
    x = np.random.default_rng(0).normal(0, 0.2, (3, 5, 200))
    widths = []
    for family, size in (([x[:1]], 1), ([x], 1), ([x], 4)):
        e = seeded([Seeded(v, np.arange(200)) for v in family], seed=0, n_collections=size)[0][0]
        widths.append(e.high - e.low)
    assert widths == sorted(set(widths))


def test_collections_may_come_one_by_one() -> None:
    rng = np.random.default_rng(0)
    family = [Seeded(rng.normal(0, 0.2, (2, 3, n)), np.arange(n)) for n in (50, 70)]
    together = seeded(family, n_resamples=999, seed=3)
    apart = [seeded([one], n_resamples=999, seed=3, n_collections=2, first=at)[0] for at, one in enumerate(family)]
    assert together == apart


def test_a_lucky_seed_is_lucky_on_every_collection() -> None:
    """Ten collections say no more about the seeds than one does, if a seed does the same on each."""
    rng = np.random.default_rng(0)
    luck = 0.05 * rng.standard_normal((1, 5, 1))
    family = [Seeded(luck + 0.02 * rng.standard_normal((1, 5, 200)), np.arange(200)) for _ in range(10)]
    one = seeded(family[:1], seed=0)[0][0]
    mean = seeded_mean_over(family, seed=0)[0]
    assert mean.standard_error == pytest.approx(one.standard_error, rel=0.1)
    assert mean.standard_error > 2 * mean_over([Differences(x.values.mean(axis=1), x.clusters) for x in family], seed=0)[0].standard_error  # fmt: skip
    assert (mean.n, mean.n_seeds) == (2000, 5)


def test_the_mean_over_one_collection_is_that_collection() -> None:
    one = [Seeded(np.random.default_rng(0).normal(0.02, 0.2, (2, 4, 70)), np.arange(70))]
    for a, b in zip(seeded_mean_over(one, seed=0), seeded(one, seed=0)[0], strict=True):
        assert (a.effect, a.standard_error, a.p) == pytest.approx((b.effect, b.standard_error, b.p))
        assert (a.low, a.high) == pytest.approx((b.low, b.high), rel=0.03)  # other draws


def test_five_collections_are_pooled_by_random_effects() -> None:
    rng = np.random.default_rng(0)
    family = [Seeded(0.1 + rng.normal(0, 0.1, (1, 5, 60)), np.arange(60)) for _ in range(6)]
    rows = seeded(family, n_resamples=999, seed=0)
    pooled = random_effects([r[0].effect for r in rows], [r[0].standard_error for r in rows])
    assert pooled.low < 0.1 < pooled.high
    assert pooled.k == 6


def test_the_number_of_threads_changes_no_bit() -> None:
    digests = set()
    for threads in ("1", "5"):
        env = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop()) > 1000


def test_invalid_input_is_refused(shapes_unchecked: None) -> None:
    with pytest.raises(InvalidInput, match=r"shape \(2, 30\)"):
        Seeded(np.zeros((2, 30)), np.arange(30))
    with pytest.raises(InvalidInput, match="no query"):
        Seeded(np.zeros((1, 2, 0)), np.arange(0))
    with pytest.raises(InvalidInput, match="nan"):
        Seeded(np.full((1, 2, 3), np.nan), np.arange(3))
    with pytest.raises(InvalidInput, match=r"\[2, 3\] seeds"):
        seeded_mean_over([Seeded(np.ones((1, s, 30)), np.arange(30)) for s in (2, 3)], seed=0)
    with pytest.raises(InvalidInput, match="no collection"):
        seeded_mean_over([], seed=0)
    one = Seeded(np.random.default_rng(0).normal(0, 1, (3, 2, 30)), np.arange(30))
    with pytest.raises(InvalidInput, match="expected at least 235"):
        seeded([one], n_resamples=100, seed=0, n_collections=4)
    assert resample([Differences(one.values[:, 0], one.clusters)], n_resamples=9, seed=0)


def test_without_variation_the_interval_is_a_point() -> None:
    """Of a share that errs so small that Student's t is infinite, 0 times it is 0."""
    squares = Squares(np.array([0.2, 0.0]), np.zeros(2), np.zeros((2, 2)), np.zeros(2), 2, np.array([3.0, 3.0]))
    assert squares.half(np.array([0.0, 0.05])).tolist() == [0.0, 0.0]
    assert squares.z()[0] > 30
    assert squares.z()[1] == 0
