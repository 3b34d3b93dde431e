"""Summaries of how a score is spread over neurons, against their definitions; and why the published count misleads."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from evidense.boundary.numerals import plain
from evidense.dissection.neurons import concentration as summaries
from evidense.dissection.neurons.overlap import OverlapSettings, overlap, strongest
from evidense.errors import InvalidInput
from evidense.stats.jackknife import delete_one_error

N_TEXTS, N_NEURONS = 200, 3072


def strengths(seed: int = 0, n: int = N_TEXTS) -> np.ndarray:
    """Half-normal strengths: many neurons each do a little."""
    return np.abs(np.random.default_rng(seed).normal(size=(n, N_NEURONS)))


def counted(s: np.ndarray, threshold: float = 0.1) -> int:
    return summaries.published_count(summaries.active(s, s.max(axis=1), threshold))


def test_one_dominant_neuron_lowers_the_published_count_but_not_the_other_measures() -> None:
    s, rows = strengths(n=1), []
    for factor in (1, 2, 4):
        louder = s.copy()
        louder[0, s[0].argmax()] *= factor
        rows.append((factor, counted(louder), float(summaries.hill(louder, 1)[0]), float(summaries.gini(louder)[0])))
    assert rows[0][1] > 5 * rows[2][1]
    assert rows[2][2] == pytest.approx(rows[0][2], rel=0.02)
    assert rows[2][3] == pytest.approx(rows[0][3], abs=0.005)
    for factor, count, n1, gini in rows:
        on_page(f"| × {factor} | {count:,} | {n1:,.0f} | {plain(gini)} |")


def test_the_published_count_grows_with_the_texts_until_all_neurons_are_active() -> None:
    s, sizes = strengths(), [1, 10, 100, 200]
    seen = summaries.active(s, s.max(axis=1), 0.5)
    found, effective = summaries.rarefied(seen, sizes), summaries.hill(s, 2)
    assert found[0] == pytest.approx(seen.sum(axis=1).mean())
    assert found[-1] == summaries.published_count(seen)
    for size, count in zip(sizes, found, strict=True):
        on_page(f"| {size} | {count:,.0f} | {effective[:size].mean():,.0f} |")


def on_page(row: str) -> None:
    """The numbers of docs/neurons.md are these."""
    page = (Path(__file__).parents[2] / "docs" / "neurons.md").read_text(encoding="utf-8")
    assert row in page


def test_rarefaction_is_the_mean_over_all_subsets() -> None:
    seen = np.random.default_rng(3).random((6, 9)) < 0.3
    for m in (1, 2, 4):
        every = [seen[list(some)].any(axis=0).sum() for some in combinations(range(6), m)]
        assert summaries.rarefied(seen, [m])[0] == pytest.approx(float(np.mean(every)))


def test_effective_numbers_and_gini_follow_their_definitions() -> None:
    s = strengths(1, 3)[:, :50]
    p = s / s.sum(axis=1, keepdims=True)
    assert summaries.hill(s, 2) == pytest.approx(1 / (p**2).sum(axis=1))
    assert summaries.hill(s, 1) == pytest.approx(np.exp(-(p * np.log(p)).sum(axis=1)))
    pairs = np.abs(p[:, :, None] - p[:, None, :]).sum(axis=(1, 2))
    assert summaries.gini(s) == pytest.approx(pairs / (2 * 50))  # Σ|p_i − p_j| / 2n², over the mean 1/n
    curve = summaries.lorenz(s, 51)
    area = np.trapezoid([y for _, y in curve], [x for x, _ in curve])
    assert 1 - 2 * area == pytest.approx(summaries.gini(s).mean(), abs=1e-3)
    assert summaries.top_mass(s, 1.0) == pytest.approx(1)


def test_all_zero_examples_have_equal_shares_and_invalid_strengths_are_refused() -> None:
    assert summaries.hill(np.zeros((1, 4)), 2).tolist() == [4]
    with pytest.raises(InvalidInput, match="negative or not finite"):
        summaries.gini(np.array([[-1.0, 1.0]]))


def test_jackknife_leaves_out_whole_clusters() -> None:
    seen = np.eye(4, dtype=bool)  # each text has a neuron of its own
    assert summaries.jackknife_counts(seen, np.array([0, 0, 1, 2])).tolist() == [2, 3, 3]
    assert delete_one_error(np.array([2.0, 3.0, 3.0])) == pytest.approx(np.sqrt(2 / 3 * (2 / 3)))


def test_overlap_is_one_with_itself_and_at_chance_for_unrelated_encoders() -> None:
    s, clusters = strengths(2, 40), np.arange(40)
    same = overlap(s, s, clusters, OverlapSettings(30, seed=0))
    assert (same.share, same.high) == (1.0, 1.0)
    assert same.p < 1e-50
    other = overlap(s, strengths(5, 40), clusters, OverlapSettings(300, seed=0))
    assert other.share == pytest.approx(other.chance, abs=0.05)
    assert other.chance == 300 / N_NEURONS
    assert strongest(np.array([[1.0, 3.0, 2.0]]), 2).tolist() == [1, 2]
