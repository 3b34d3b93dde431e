"""Three-way decisions, joins, shares above chance: against their definitions, and against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.stats import Sited, above_chance, discriminability, join, smallest_margin, three_way, wilson

EFFECTS = st.floats(-1, 1)
HALVES = st.floats(0, 0.5)


@given(EFFECTS, HALVES, st.floats(0, 0.5))
def test_below_mirrors_above(effect: float, half: float, margin: float) -> None:
    low, high = effect - half, effect + half
    assert three_way("below", (low, high), margin) == three_way("above", (-high, -low), margin)


@given(st.lists(st.tuples(EFFECTS, HALVES, HALVES), min_size=1, max_size=5), st.sampled_from(["every", "any", "mean"]),
       st.sampled_from(["above", "below", "within"]), st.floats(0.001, 0.5))  # fmt: skip
def test_the_deciding_interval_says_the_same_word(rows, how, relation, margin) -> None:
    sites = [Sited(e, (e - h, e + h), (e - h - more, e + h + more)) for e, h, more in rows]
    joined = join(sites, how, relation, margin)
    assert three_way(relation, (joined.low, joined.high), margin) == joined.word


def test_a_mean_of_correlated_layers_is_never_given_too_narrow_an_interval() -> None:
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(400):
        x = rng.standard_normal((6, 1)) * 0 + rng.standard_normal((1, 50)) + 0.2 * rng.standard_normal((6, 50))
        se = x.std(axis=1, ddof=1) / np.sqrt(50)
        sites = [Sited(m, (m - 2.01 * s, m + 2.01 * s), (m, m)) for m, s in zip(x.mean(axis=1), se, strict=True)]
        joined = join(sites, "mean", "within", 1.0)
        missed += not joined.low <= 0 <= joined.high
    assert missed / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_equality_is_the_two_one_sided_tests_of_statsmodels() -> None:
    weights = pytest.importorskip("statsmodels.stats.weightstats")
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal(300) * 0.3, rng.standard_normal(300) * 0.3
    d = x - y
    m = smallest_margin(float(d.mean()), float(d.std(ddof=1) / np.sqrt(300)))
    p = weights.ttost_paired(x, y, -m, m)[0]
    assert p == pytest.approx(0.05, abs=0.002)


def test_joining_no_sites_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no site"):
        join([], "every", "above", 0.1)
    with pytest.raises(InvalidInput, match="margin"):
        three_way("within", (0, 0), -0.1)


def test_the_wilson_interval_covers_with_clusters_too() -> None:
    rng = np.random.default_rng(2)
    right = np.repeat(rng.random((1000, 60)) < 0.3, 8, axis=1).mean(axis=1)
    low, high = wilson(right, 480, design_effect=8)
    assert 0.93 <= ((low <= 0.3) & (high >= 0.3)).mean() <= 0.97
    with pytest.raises(InvalidInput):
        wilson(np.array([1.2]), 10)


@pytest.mark.parametrize("n", [2, 5])
def test_discriminability_recovers_the_simulated_one(n: int) -> None:
    rng = np.random.default_rng(3)
    scores = rng.standard_normal((200_000, n))
    scores[:, 0] += 0.4
    right = (scores.argmax(axis=1) == 0).mean()
    assert discriminability(np.array([right]), n)[0] == pytest.approx(0.4, abs=0.02)
    assert above_chance(np.array([1 / n, 1.0]), n).tolist() == pytest.approx([0.0, 1.0])
