"""Each fast path against a slow reference that can be read at a glance, and against scipy."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from evidense.stats import Differences, resample, sign_flips, simultaneous
from evidense.stats import resampling as fast
from evidense.stats.critical import ReferenceDistribution, adjust
from evidense.stats.differences import cluster_sums
from evidense.stats.weights import blocks
from evidense.stats.weights import counts as counts_of
from evidense.stats.weights.signs import random_signs
from evidense.stats.weights.streams import stream


def slow_mean_and_error(d: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Mean over queries and its cluster-robust standard error, straight from the definition."""
    mean = d.mean()
    residuals = np.array([(d[clusters == c] - mean).sum() for c in np.unique(clusters)])
    g = len(residuals)
    return mean, np.sqrt(g / (g - 1) * (residuals**2).sum()) / len(d)


def one_collection(seed: int = 0, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.05, 0.2, (2, n)) * (rng.random(n) < 0.7), rng.integers(0, 25, n)


def test_the_standard_error_of_single_queries_is_the_textbook_one() -> None:
    values, _ = one_collection()
    draws = resample([Differences(values, np.arange(60))], n_resamples=1, seed=0)[0]
    np.testing.assert_allclose(draws.se, scipy.stats.sem(values, axis=1), rtol=1e-10)


def test_flips_equal_a_loop_over_flips() -> None:
    values, clusters = one_collection()
    sums = cluster_sums(values, clusters)
    signs = np.vstack(list(random_signs(sums.n_active, 200, stream(5, 0, 0))))
    draws = resample([Differences(values, clusters)], n_resamples=200, seed=5)[0]
    labels = np.unique(clusters)[sums.active]
    for r in range(200):
        sign = dict(zip(labels, np.where(signs[r], 1.0, -1.0), strict=True))
        flipped = values * np.array([sign.get(c, 1.0) for c in clusters])
        for j in range(2):
            expected = slow_mean_and_error(flipped[j], clusters)
            np.testing.assert_allclose((draws.flip_mean[r, j], draws.flip_se[r, j]), expected, atol=1e-12)


@pytest.mark.parametrize("clustered", [True, False])
def test_bootstrap_equals_a_loop_over_resampled_clusters(clustered: bool) -> None:
    values, clusters = one_collection()
    clusters = clusters if clustered else np.arange(60)
    sums = cluster_sums(values, clusters)
    plain = ~sums.active & (sums.sizes == 1)
    assert plain.any() or clustered
    counts = [(c.copy(), n) for c, n in counts_of.bootstrap_counts(plain, 100, stream(5, 0, 1))]
    active, n_plain = np.vstack([c for c, _ in counts]), np.concatenate([n for _, n in counts])
    draws = resample([Differences(values, clusters)], n_resamples=100, seed=5)[0]
    labels = np.unique(clusters)
    for r in range(100):
        drawn = [
            *np.repeat(labels[~plain], active[r].astype(int)),
            *([labels[plain][0]] * n_plain[r] if n_plain[r] else []),
        ]
        rows = [np.flatnonzero(clusters == c) for c in drawn]
        renamed = np.repeat(np.arange(len(rows)), [len(x) for x in rows])
        for j in range(2):
            mean, error = slow_mean_and_error(values[j, np.concatenate(rows)], renamed)
            expected = (mean - values[j].mean(), error)
            np.testing.assert_allclose((draws.boot_mean[r, j], draws.boot_se[r, j]), expected, atol=1e-10)


def test_bootstrap_counts_are_multinomial() -> None:
    plain = np.arange(20) < 8
    blocks = [(c.copy(), n) for c, n in counts_of.bootstrap_counts(plain, 40_000, stream(1))]
    counts, n_plain = np.vstack([c for c, _ in blocks]), np.concatenate([n for _, n in blocks])
    assert (counts.sum(axis=1) + n_plain == 20).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.03)  # 6 standard errors of sqrt(.95 / 40,000)
    np.testing.assert_allclose(counts.var(axis=0), 1 - 1 / 20, atol=0.06)
    np.testing.assert_allclose(np.corrcoef(counts.T)[0, 1], -1 / 19, atol=0.03)
    np.testing.assert_allclose(n_plain.var(), 20 * 0.4 * 0.6, rtol=0.05)


@pytest.mark.parametrize(
    "g", [1, 2, 918, 4000, 5000]
)  # words of 16 bits, of which .5 % and 2.3 % draw nothing; of 32 bits
def test_every_cluster_is_drawn_alike_often(g: int) -> None:
    none = np.zeros(g, dtype=bool)
    total, square = np.zeros(g), 0.0
    for counts, _ in counts_of.bootstrap_counts(none, 400, stream(8)):
        assert (counts.sum(axis=1) == g).all()
        total += counts.sum(axis=0)
        square += float((counts**2).sum())
    assert g == 1 or scipy.stats.chisquare(total).pvalue > 1e-4
    expected = 400 * (2 * g - 1)  # of a binomial count of mean 1: variance 1 − 1/g, and 1
    assert abs(square - expected) < 6 * np.sqrt(400 * g * 14)  # the square of a Poisson count of mean 1 has variance 11


def test_critical_values_and_p_are_those_of_sorted_draws() -> None:
    draws = np.round(np.abs(np.random.default_rng(0).standard_normal(3000)), 2)  # with ties
    largest_first = np.sort(draws)[::-1]
    reference = ReferenceDistribution(draws)
    for t in (0.0, 0.5, 1.96, 2.33, float(draws.max()), 9.0):
        assert reference.p(t) == (1 + sum(draw >= t for draw in draws.tolist())) / 3001
    for alpha, exponent in ((0.05, 1.0), (0.05, 20.0), (0.2, 3.0), (1e-5, 1.0)):
        n = 0
        while adjust((1 + n) / 3001, exponent) <= alpha:
            n += 1
        assert reference.critical(exponent, alpha) == (largest_first[n - 1] if n else np.inf)


def test_sign_flips_agree_with_scipy() -> None:
    values = np.random.default_rng(3).normal(0.04, 0.2, (1, 80))
    ours = sign_flips(values, n_resamples=20_000, seed=0)[0]
    theirs = scipy.stats.permutation_test(
        (values[0],), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=20_000, rng=0
    ).pvalue
    assert abs(ours - theirs) < 5 * np.sqrt(2 * ours * (1 - ours) / 20_000)


def test_the_largest_statistic_adjusts_as_a_loop_does() -> None:
    values, _ = one_collection(4)
    draws = resample([Differences(values, np.arange(60))], n_resamples=500, seed=9)[0]
    t = np.abs(draws.mean / draws.se)
    expected = [1.0, 1.0]
    for r in range(500):
        largest = np.abs(draws.flip_mean[r] / draws.flip_se[r]).max()
        expected = [e + (largest >= x) for e, x in zip(expected, t, strict=True)]
    np.testing.assert_allclose(sign_flips(values, n_resamples=500, seed=9), np.array(expected) / 501)


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clusters = one_collection()
    whole = resample([Differences(values, clusters)], n_resamples=300, seed=2)[0]
    monkeypatch.setattr(blocks, "BLOCK", 200)
    parts = resample([Differences(values, clusters)], n_resamples=300, seed=2)[0]
    for name in ("flip_mean", "flip_se", "boot_mean", "boot_se"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()


def test_draws_that_are_kept_give_the_bits_of_fresh_ones_and_stay_within_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, clusters = one_collection()
    kept = counts_of.SharedCounts()
    monkeypatch.setattr(fast, "SHARED_COUNTS", kept)
    sums = cluster_sums(values, clusters)
    g = len(sums.sizes)
    monkeypatch.setattr(counts_of, "_KEPT_BYTES", 400 * g)
    first, again = (np.stack(fast.shared_bootstrap_moments(sums, 300, seed=2)).tobytes() for _ in range(2))
    assert first == again
    assert list(kept._kept) == [(g, 300, 2)]
    assert np.stack(fast.shared_bootstrap_moments(sums, 300, seed=3)).tobytes() != first
    assert list(kept._kept) == [(g, 300, 3)]  # the older draws went: both do not fit
    fast.shared_bootstrap_moments(sums, 500, seed=2)
    assert list(kept._kept) == [(g, 300, 3)]  # draws that do not fit alone are not kept


def test_p_is_never_zero_and_ties_count() -> None:
    p = sign_flips(np.full((1, 200), 0.1), n_resamples=999, seed=0)
    assert p[0] == 1 / 1000
    assert sign_flips(np.array([[0.1, -0.1] * 20]), n_resamples=99, seed=0)[0] == 1.0


def test_an_equal_seed_gives_equal_estimates_and_another_seed_others() -> None:
    family = [Differences(*one_collection())]
    first, again, other = (simultaneous(family, n_resamples=999, seed=s)[0] for s in (1, 1, 2))
    assert first == again
    assert first != other


PROGRAM = """
import hashlib, numpy as np
from evidense.stats import Differences, mean_over, simultaneous
rng = np.random.default_rng(0)
family = [Differences(rng.normal(.02, .2, (9, n)), rng.integers(0, n // 2, n)) for n in (301, 1200)]
result = repr((simultaneous(family, n_resamples=2000, seed=4), mean_over(family, n_resamples=2000, seed=4)))
print(hashlib.sha256(result.encode()).hexdigest())
"""


def test_the_number_of_threads_changes_no_bit() -> None:
    digests = set()
    for threads in ("1", "5"):
        env = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1
