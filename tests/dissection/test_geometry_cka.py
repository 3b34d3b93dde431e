"""Debiased CKA: against pytorch-cka, its own formula, its null, and what must not change it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.dissection.geometry.cka import hsic, is_constant, normalised
from evidense.dissection.geometry.cka_views import shuffled, standardised, without_top
from evidense.errors import InvalidInput
from evidense.stats.jackknife import deal, jackknife


def draw(seed: int, n: int, d: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def related(seed: int, n: int, widths: tuple[int, ...], noise: float = 0.5) -> list[np.ndarray]:
    hidden = draw(seed, n, 12)
    return [hidden @ draw(seed + 1 + i, 12, d) + noise * draw(seed + 50 + i, n, d) + i for i, d in enumerate(widths)]


def slow_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. 2012, eq. 5, word by word."""
    n = len(x)
    k, m = (z @ z.T for z in (x, y))
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    ones = np.ones(n)
    cross = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
    return float((np.trace(k @ m) + cross - 2 / (n - 2) * ones @ k @ m @ ones) / (n * (n - 3)))


def by_features(x: np.ndarray, y: np.ndarray) -> float:
    """HSIC₁ without any n × n matrix: ‖XᵀY‖² and row sums."""
    x, y, n = x - x.mean(0), y - y.mean(0), len(x)
    k, m = (x**2).sum(1), (y**2).sum(1)
    s, t = -k, -m  # X(Xᵀ1) is 0 once centred
    trace = ((x.T @ y) ** 2).sum() - k @ m
    return float((trace + s.sum() * t.sum() / ((n - 1) * (n - 2)) - 2 * s @ t / (n - 2)) / (n * (n - 3)))


def slow_cka(x: np.ndarray, y: np.ndarray) -> float:
    return slow_hsic(x, y) / np.sqrt(slow_hsic(x, x) * slow_hsic(y, y))


def test_cka_equals_pytorch_cka_without_clamping() -> None:
    from cka.hsic import hsic as peer

    layers = [*related(0, 700, (30, 64, 7)), *(draw(900 + i, 700, 20) for i in range(6))]
    grams = torch.stack([torch.tensor((x - x.mean(0)) @ (x - x.mean(0)).T) for x in layers])
    cross, own, _ = peer(grams, grams)
    theirs = (cross / torch.sqrt(own[:, None] * own[None])).numpy()
    ours = hsic([x.astype(np.float32) for x in layers]).cka()
    assert np.abs(ours - theirs).max() < 1e-6
    assert ours.min() < 0, (
        "the last six are noise, whose CKA is as often below 0: there pytorch-cka's own function says 0"
    )


def test_hsic_by_blocks_equals_the_gram_and_the_feature_formula() -> None:
    layers = related(1, 90, (5, 40), noise=2.0)
    found = hsic(layers)
    for i, x in enumerate(layers):
        for j, y in enumerate(layers):
            assert found.whole[i, j] == pytest.approx(slow_hsic(x, y), rel=1e-6)
            assert slow_hsic(x, y) == pytest.approx(by_features(x, y), rel=1e-9)


def test_leave_one_group_out_hsic_equals_recomputation() -> None:
    layers = related(2, 130, (6, 9))
    groups = deal(np.arange(130) // 3, n_groups=7, seed=0)
    found = hsic(layers, groups).cka_dropped()
    for g in range(7):
        assert found[g, 0, 1] == pytest.approx(slow_cka(*(x[groups != g] for x in layers)), abs=1e-6)


def test_hsic_of_several_blocks_equals_the_formula() -> None:
    layers = related(3, 1100, (8, 8))
    assert hsic(layers).cka()[0, 1] == pytest.approx(slow_cka(*layers), abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
def test_rotation_scale_and_shift_do_not_change_cka(seed: int, scale: float, shift: float) -> None:
    x, y = related(seed, 60, (6, 6))
    turn = np.linalg.qr(draw(seed + 7, 6, 6))[0]
    moved = scale * (x @ turn) + shift
    cka = hsic([x, y, moved]).cka()
    assert cka[0, 0] == 1.0
    assert cka[0, 1] == cka[1, 0]
    assert cka[2, 1] == pytest.approx(cka[0, 1], abs=2e-6)  # float32 products
    # the formula itself, centred first: as it stands it loses what a shift 10,000 times the spread takes of float64
    assert slow_cka(moved - moved.mean(0), y) == pytest.approx(slow_cka(x, y), abs=1e-9)
    order = np.random.default_rng(seed).permutation(60)
    assert hsic([x[order], y[order]]).cka()[0, 1] == pytest.approx(cka[0, 1], abs=1e-6)


def test_a_general_linear_map_changes_cka() -> None:
    x = draw(4, 200, 6)
    assert hsic([x, x * [10, 1, 1, 1, 1, 1]]).cka()[0, 1] < 0.9


def test_cka_falls_with_noise() -> None:
    x = draw(5, 300, 10)
    found = hsic([x, *(x + s * draw(6, 300, 10) for s in (0.3, 1.0, 3.0))]).cka()[0]
    assert (np.diff(found) < 0).all()


def test_biased_cka_in_one_dimension_is_the_squared_correlation() -> None:
    x, y = related(7, 200, (1, 1))
    a, b = (z - z.mean() for z in (x, y))
    biased = ((a.T @ b) ** 2).sum() / np.sqrt(((a.T @ a) ** 2).sum() * ((b.T @ b) ** 2).sum())
    assert biased == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2)
    assert hsic([x, y]).cka()[0, 1] == pytest.approx(biased, abs=0.02)


def test_minibatch_cka_approaches_the_full_cka_as_batches_grow() -> None:
    x, y = (z.astype(np.float64) for z in related(8, 1200, (6, 8), noise=2.0))
    whole, errors = hsic([x, y]).cka()[0, 1], []
    for size in (10, 100, 600):
        parts = np.mean([hsic([x[lo : lo + size], y[lo : lo + size]]).whole for lo in range(0, 1200, size)], axis=0)
        errors.append(abs(normalised(parts)[0, 1] - whole))
    assert errors[2] < errors[0]
    assert errors[2] < 0.02


def test_debiased_cka_of_independent_noise_is_zero() -> None:
    n, d1, d2, debiased, biased = 128, 256, 128, [], []
    for seed in range(30):
        x, y = draw(1000 + seed, n, d1), draw(2000 + seed, n, d2)
        debiased.append(hsic([x, y]).cka()[0, 1])
        a, b = (z - z.mean(0) for z in (x, y))
        biased.append(((a.T @ b) ** 2).sum() / np.sqrt(((a @ a.T) ** 2).sum() * ((b @ b.T) ** 2).sum()))
    assert abs(np.mean(debiased)) < 3 * np.std(debiased, ddof=1) / np.sqrt(30)
    assert np.mean(biased) == pytest.approx(np.sqrt(d1 * d2 / ((n + d1) * (n + d2))), abs=0.01)


def test_a_shared_outlier_dimension_raises_cka_unless_layers_are_standardised() -> None:
    x, y = draw(10, 400, 300), draw(11, 400, 300)
    assert abs(hsic([x, y]).cka()[0, 1]) < 0.02
    x[:, 0] = y[:, 0] = 10 * draw(12, 400, 1)[:, 0]
    x, y = x * np.r_[5.0, np.ones(299)], y * np.r_[5.0, np.ones(299)]
    assert hsic([x, y]).cka()[0, 1] > 0.9
    assert abs(hsic([standardised(x), standardised(y)]).cka()[0, 1]) < 0.05
    assert abs(hsic([without_top(x, 1), without_top(y, 1)]).cka()[0, 1]) < 0.03


def test_bootstrapping_rows_biases_cka_of_noise_and_the_jackknife_does_not() -> None:
    x, y, rng = draw(13, 300, 200), draw(14, 300, 200), np.random.default_rng(0)
    twice = [hsic([x[rows], y[rows]]).cka()[0, 1] for rows in (rng.integers(0, 300, 300) for _ in range(10))]
    half = [hsic([x[rows], y[rows]]).cka()[0, 1] for rows in (rng.permutation(300)[:150] for _ in range(20))]
    assert np.mean(twice) > 0.2
    assert abs(np.mean(half)) < 0.03


def test_the_jackknife_interval_covers_the_cka_of_more_data() -> None:
    mixing, inside, n_worlds = draw(15, 8, 12), 0, 60
    large = draw(16, 4000, 8)
    truth = hsic([large, large @ mixing + 2 * draw(17, 4000, 12)]).cka()[0, 1]
    for seed in range(n_worlds):
        hidden = draw(3000 + seed, 150, 8)
        layers = [hidden, hidden @ mixing + 2 * draw(4000 + seed, 150, 12)]
        groups = deal(np.arange(150), seed=seed)
        of = hsic(layers, groups)
        found = jackknife(of.cka()[:1, 1], of.cka_dropped()[:, 0, 1:], np.bincount(groups), seed=0)
        inside += bool(found.low[0] <= truth <= found.high[0])
    assert inside / n_worlds > 0.95 - 2 * np.sqrt(0.95 * 0.05 / n_worlds) - 0.02  # truth itself has an error


def test_joint_intervals_are_wider_and_equal_layers_have_width_zero() -> None:
    layers = related(18, 120, (5, 5, 5))
    groups = deal(np.arange(120), seed=0)
    of = hsic(layers, groups)
    found = jackknife(of.cka()[0], of.cka_dropped()[:, 0], np.bincount(groups), seed=0)
    assert (found.value[0], found.low[0], found.high[0]) == (1.0, 1.0, 1.0)
    assert (found.together_high[1:] > found.high[1:]).all()


def test_the_null_of_cka_shuffles_items_and_gives_p() -> None:
    layers = [*related(19, 100, (6, 6)), draw(20, 100, 6)]
    null = shuffled(layers, 99, seed=0)
    assert abs(null.draws[:, 0, 1].mean()) < 3 * null.draws[:, 0, 1].std() / np.sqrt(99)
    seen = hsic(layers).cka()
    p = null.p(seen[0, 1:], (np.array([0, 0]), np.array([1, 2])))
    assert p[0, 0] == 0.01
    assert p[0, 1] > 0.05
    assert (p[1] >= p[0]).all()


def test_p_values_of_unrelated_layers_are_uniform() -> None:
    small = 0
    for seed in range(60):
        layers = [draw(5000 + seed, 40, 6), draw(6000 + seed, 40, 6)]
        small += shuffled(layers, 39, seed).p(hsic(layers).cka()[0, 1:], (np.array([0]), np.array([1])))[0, 0] <= 0.1
    assert small / 60 <= 0.1 + 3 * np.sqrt(0.09 / 60)


def test_cka_of_a_constant_layer_is_nan() -> None:
    x = draw(21, 30, 4)
    constant = np.full((30, 4), 3.0) + 1e-7 * draw(22, 30, 4)
    assert is_constant(constant)
    assert np.isnan(hsic([x, constant]).cka()[0, 1])


def test_layers_that_cannot_be_compared_are_refused(shapes_unchecked: None) -> None:
    x = draw(23, 20, 3)
    with pytest.raises(InvalidInput, match=r"\[20, 19\] rows"):
        hsic([x, x[:-1]])
    broken = x.copy()
    broken[4, 1] = np.nan
    with pytest.raises(InvalidInput, match="row 4, dimension 1"):
        hsic([x, broken])
    with pytest.raises(InvalidInput, match="at least 4 rows"):
        hsic([x[:3], x[:3]])
