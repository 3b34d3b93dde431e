"""16 label sets on one feature matrix of 6,400 × 768, against scikit-learn's LogisticRegression sixteen times."""

import numpy as np

from bench.lines import N_RUNS, Line, alternate
from evidense.dissection.solver.lbfgs import Solved, minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels

N_ROWS, N_FEATURES, N_SETS = 6_400, 768, 16


def measure() -> list[Line]:
    """Time both in turns and compare every objective; scikit-learn gets the features as its users hand them over, in float64."""
    x, y = data()
    wide = x.astype(np.float64)
    peer_s, ours_s = alternate(lambda: theirs(wide, y), lambda: ours(x, y))
    single_s, _ = alternate(lambda: theirs(x, y), lambda: None)
    found, others = ours(x, y), [objective(x, y[:, k], *one) for k, one in enumerate(theirs(wide, y))]
    worst = float(np.max(found.objective / np.array(others) - 1))
    if not found.converged.all() or worst > 1e-5:
        raise AssertionError(f"an objective is {worst:.1e} above scikit-learn's, or a set did not converge")
    return [Line(
        job=f"{N_SETS} label sets, {N_ROWS:,} × {N_FEATURES}", peer=f"scikit-learn LogisticRegression × {N_SETS}", target="≥ 15 × its speed",
        bound=15, sense="peer/ours ≥", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"our largest objective relative to theirs: {worst:+.1e}", f"‖g‖∞ ≤ {found.gradient.max():.1e} after {found.n_iterations.max()} iterations",
               f"scikit-learn on float32 features: {single_s:.3g} CPU-s, ratio {single_s / ours_s:.3g}"),
    )]  # fmt: skip


def data() -> tuple[np.ndarray, np.ndarray]:
    """Return correlated, standardised features, and label sets of signal from none to strong."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N_ROWS, N_FEATURES)) * np.linspace(0.3, 1, N_FEATURES) + 0.5 * rng.standard_normal(
        (N_ROWS, 1)
    )
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    weights = rng.standard_normal((N_FEATURES, N_SETS)) * np.linspace(0, 0.05, N_SETS)
    return x, (x @ weights + rng.logistic(size=(N_ROWS, N_SETS)) > 0).astype(np.int64)


def ours(x: np.ndarray, y: np.ndarray) -> Solved:
    """Solve all at once."""
    return minimise(Linear(x[:, None], True), Labels(y, np.ones(y.shape, np.float32), np.ones(y.shape[1])))


def theirs(x: np.ndarray, y: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Solve one after the other, with scikit-learn's own settings."""
    from sklearn.linear_model import LogisticRegression

    fitted = [LogisticRegression().fit(x, y[:, k]) for k in range(y.shape[1])]
    return [(one.coef_[0], float(one.intercept_[0])) for one in fitted]


def objective(x: np.ndarray, y: np.ndarray, weights: np.ndarray, intercept: float) -> float:
    """Mean loss + ‖w‖² / 2n, in float64."""
    z = x.astype(np.float64) @ weights + intercept
    return float(np.mean(np.logaddexp(0, z) - y * z) + weights @ weights / 2 / len(x))
