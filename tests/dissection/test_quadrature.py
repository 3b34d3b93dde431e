"""Quadrature: the rules contain each other, and are as exact as Kronrod and Patterson say."""

import numpy as np
import pytest

from evidense.dissection.attribution.quadrature import NESTED, added, rule


@pytest.mark.parametrize(("count", "degree"), [(7, 13), (15, 22), (31, 46), (63, 94)])
def test_each_rule_is_exact_up_to_its_degree_only(count: int, degree: int) -> None:
    nodes, weights = rule(count)
    basis = np.polynomial.legendre.legvander(2 * nodes - 1, degree + 2)
    errors = np.abs(weights @ basis - np.eye(1, degree + 3)[0])
    assert errors[: degree + 1].max() < 1e-13
    assert errors[degree + 1 :].max() > 1e-9
    assert (weights > 0).all()
    assert ((nodes > 0) & (nodes < 1)).all()


def test_the_first_rule_equals_gauss_legendre() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(7)
    np.testing.assert_allclose(rule(7), ((nodes + 1) / 2, weights / 2), atol=1e-15)


def test_points_added_per_level_make_up_every_rule() -> None:
    for last, count in enumerate(NESTED):
        points = np.concatenate([added(level)[0] for level in range(last + 1)])
        weights = np.concatenate([added(level)[1][last - level] for level in range(last + 1)])
        order = np.argsort(points)
        np.testing.assert_array_equal((points[order], weights[order]), rule(count))


def test_the_power_substitution_integrates_a_step_at_zero() -> None:
    for count in (64, 128):
        nodes, weights = rule(count)
        assert len(nodes) == count
        assert abs(weights @ np.tanh(400 * nodes) - (1 - np.log(2) / 400)) < 1e-6
    plain = (np.polynomial.legendre.leggauss(64)[0] + 1) / 2
    assert (rule(64)[0] < 1e-3).sum() > 4 * (plain < 1e-3).sum()
