"""The solver against scikit-learn, torch and itself."""

import numpy as np
import pytest

from evidense.dissection.solver.lbfgs import SolverSettings, minimise
from evidense.dissection.solver.linear_models import Bilinear, Linear, spectral_start
from evidense.dissection.solver.losses import Labels


def some(n: int = 800, d: int = 40, k: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((n, 1))
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    w = rng.standard_normal((d, k)) * 0.5
    return x, (x @ w + rng.logistic(size=(n, k)) > 0).astype(np.int64)


def test_the_solver_reaches_the_objective_of_scikit_learn_for_sixteen_label_sets() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = some(k=16)
    ours = minimise(Linear(x[:, None], True), Labels(y, np.ones(y.shape, np.float32), np.ones(16)))
    assert ours.converged.all()
    for k in range(16):
        one = linear_model.LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(x.astype(np.float64), y[:, k])
        z = x @ one.coef_[0] + one.intercept_[0]
        theirs = np.mean(np.logaddexp(0, z) - y[:, k] * z) + (one.coef_[0] @ one.coef_[0]) / 2 / len(x)
        assert ours.objective[k] <= theirs * (1 + 1e-5)


def test_integer_weights_equal_repeated_rows() -> None:
    x, y = some(k=1)
    twice = minimise(
        Linear(np.vstack([x, x])[:, None]), Labels(np.vstack([y, y]), np.ones((1600, 1), np.float32), np.array([2.0]))
    )
    counted = minimise(Linear(x[:, None]), Labels(y, np.full((800, 1), 2, np.float32), np.array([2.0])))
    once = minimise(Linear(x[:, None]), Labels(y, np.ones((800, 1), np.float32), np.array([1.0])))
    assert np.allclose(twice.theta, once.theta, atol=2e-3)
    assert np.allclose(counted.theta, once.theta, atol=2e-3)


def test_problems_solved_together_equal_problems_solved_alone() -> None:
    rng = np.random.default_rng(0)
    x, right = rng.standard_normal((300, 4, 10)).astype(np.float32), rng.integers(0, 4, (300, 3))
    penalty = np.array([1.0, 10.0, 1000.0])
    model, settings = Linear(x), SolverSettings(1e-5)
    together = minimise(model, Labels(right, np.ones((300, 3), np.float32), penalty), settings=settings)
    for k in range(3):
        alone = minimise(
            model, Labels(right[:, k : k + 1], np.ones((300, 1), np.float32), penalty[k : k + 1]), settings=settings
        )
        assert np.allclose(alone.theta[:, 0], together.theta[:, k], atol=1e-3)


def test_permuting_the_candidates_does_not_change_the_loss() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3, 8)).astype(np.float32)
    order = np.argsort(rng.random((200, 3)), axis=1)
    other = np.take_along_axis(x, order[:, :, None], 1)
    ones = np.ones((200, 1), np.float32)
    a = minimise(Linear(x), Labels(np.zeros((200, 1), np.int64), ones, np.ones(1)))
    b = minimise(Linear(other), Labels((order == 0).argmax(1)[:, None], ones, np.ones(1)))
    assert a.objective[0] == pytest.approx(b.objective[0], rel=1e-5)


@pytest.mark.parametrize("has_rank", [False, True])
def test_gradients_equal_those_of_torch(has_rank: bool) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    q, p = rng.standard_normal((20, 5)).astype(np.float32), rng.standard_normal((20, 3, 6)).astype(np.float32)
    model = Bilinear(q, p, 2) if has_rank else Linear(p)
    theta = rng.standard_normal((model.n_parameters, 2)).astype(np.float32)
    slope = rng.standard_normal((20, 3, 2)).astype(np.float32)
    t = torch.tensor(theta, requires_grad=True)
    if has_rank:
        u, v = t[:10].reshape(5, 2, 2), t[10:].reshape(6, 2, 2)
        scores = torch.einsum("na,ark,nce,erk->nck", torch.tensor(q), u, torch.tensor(p), v)
    else:
        scores = torch.tensor(p) @ t
    (scores * torch.tensor(slope)).sum().backward()
    assert np.allclose(model.scores(theta), scores.detach().numpy(), atol=1e-4)
    assert np.allclose(model.gradient(theta, slope), t.grad.numpy(), atol=1e-4)
    way = rng.standard_normal(theta.shape).astype(np.float32)
    first, second = model.along(theta, way)
    there = model.scores(theta) + 0.5 * first + (0.25 * second if second is not None else 0)
    assert np.allclose(there, model.scores(theta + np.float32(0.5) * way), atol=1e-3)


def test_rotating_both_sides_does_not_change_a_bilinear_probe() -> None:
    rng = np.random.default_rng(1)
    q, p = rng.standard_normal((400, 6)).astype(np.float32), rng.standard_normal((400, 3, 6)).astype(np.float32)
    p[:, 0] += q
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0].astype(np.float32)
    found = []
    for queries, candidates in ((q, p), (q @ turn, p)):
        model = Bilinear(queries, candidates, 6)
        labels = Labels(np.zeros((400, 1), np.int64), np.ones((400, 1), np.float32), np.ones(1))
        found.append(minimise(model, labels, spectral_start(model, 1, 0), SolverSettings(1e-5)).objective[0])
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def test_a_problem_that_does_not_converge_is_marked() -> None:
    x, y = some(k=2)
    found = minimise(
        Linear(x[:, None]), Labels(y, np.ones(y.shape, np.float32), np.ones(2)), settings=SolverSettings(1e-9, 1)
    )
    assert not found.converged.any()
    assert (found.gradient > 1e-9).all()
