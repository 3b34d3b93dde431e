"""Did a space move, rotate, or get re-mapped? Maps are fitted on one half of the rows and judged on the other."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from evidense.dissection.geometry.cka import Layer
from evidense.dissection.matrices import nearest_rotation

STEPS = ("as it is", "rotation", "linear map")
"""Maps of growing freedom, each with a shift: identity, rotation, and rotation plus a ridge regression. Each contains the one before."""
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 1e6)
"""Strengths of the ridge, in units of the mean eigenvalue; the last leaves the rotation unchanged. Leave-one-out on the fitted rows chooses."""

Map = Callable[[Layer], Float64[np.ndarray, "m _"]]


@dataclass(frozen=True)
class HeldOut:
    """Squared errors on held-out rows."""

    total: Float64[np.ndarray, " n"]
    """Squared distance of each row of the second layer from the mean of the fitted rows."""
    left: Float64[np.ndarray, "3 n"]
    """Squared error of each map; NaN if the map does not exist because widths differ."""

    def explained(
        self, groups: Int64[np.ndarray, " n"]
    ) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, "g 3"]]:
        """Return the held-out R² of each map: over all rows, and with each group left out."""
        n_groups = int(groups.max()) + 1
        total = np.bincount(groups, self.total, n_groups)
        left = np.stack([np.bincount(groups, row, n_groups) for row in self.left], axis=1)
        whole = 1 - left.sum(axis=0) / total.sum()
        return whole, 1 - (left.sum(axis=0) - left) / (total.sum() - total)[:, None]


def held_out(x: Layer, y: Layer, groups: Int64[np.ndarray, " n"]) -> HeldOut:
    """Fit maps from x to y on the even-numbered groups and judge them on the odd ones, then the other way round.

    Equal layers have an error of exactly 0.

    Source: `‖X_tuned − (X_base R + μ)‖²` with R the identity, orthogonal (Schoenemann 1966), and linear.

    >>> x = np.random.default_rng(0).standard_normal((60, 4)); turn = np.linalg.qr(x[:4])[0]
    >>> of = held_out(x, x @ turn + 2, np.arange(60) % 6)
    >>> (of.explained(np.arange(60) % 6)[0] > 1 - 1e-9).tolist()  # a rotation explains everything
    [False, True, True]
    """
    n = len(x)
    total, left = np.empty(n), np.full((len(STEPS), n), np.nan)
    for parity in (0, 1):
        fit, test = groups % 2 == parity, groups % 2 != parity
        mean = y[fit].mean(axis=0, dtype=np.float64)
        total[test] = ((y[test] - mean) ** 2).sum(axis=1)
        if x.shape == y.shape and np.array_equal(x, y):
            left[:, test] = 0
            continue
        for step, apply in enumerate(_maps(x[fit], y[fit])):
            if apply is not None:
                left[step, test] = ((y[test] - apply(x[test])) ** 2).sum(axis=1)
    return HeldOut(total, left)


def distance(x: Layer, y: Layer) -> float:
    """Return the squared Procrustes distance, 0 … 2, of layers centred and scaled to length 1. Unrelated layers are far below 2 unless n ≫ D.

    >>> x = np.random.default_rng(0).standard_normal((30, 3))
    >>> abs(round(distance(x, 5 * x[:, ::-1] + 1), 9))
    0.0
    """
    a, b = (z / np.linalg.norm(z) for z in (layer - layer.mean(axis=0, dtype=np.float64) for layer in (x, y)))
    if len(a) < min(a.shape[1], b.shape[1]):  # the same singular values, of a smaller matrix
        a, b = (np.linalg.qr(z.T).R.T for z in (a, b))
    return float(2 - 2 * np.linalg.svd(a.T @ b, compute_uv=False).sum())


def _maps(x: Layer, y: Layer) -> list[Map | None]:
    shift_x, shift_y = x.mean(axis=0, dtype=np.float64), y.mean(axis=0, dtype=np.float64)
    a, b = x - shift_x, y - shift_y
    turn = _rotation(a, b) if x.shape[1] == y.shape[1] else None
    still = None if turn is None else np.eye(x.shape[1])
    residual = b if turn is None else b - a @ turn
    linear = _ridge(a, residual) + (0.0 if turn is None else turn)

    def with_shift(matrix: Float64[np.ndarray, "_ _"]) -> Map:
        return lambda rows: (rows - shift_x) @ matrix + shift_y

    return [None if matrix is None else with_shift(matrix) for matrix in (still, turn, linear)]


def _rotation(a: Float64[np.ndarray, "n e"], b: Float64[np.ndarray, "n e"]) -> Float64[np.ndarray, "e e"]:
    """Return the best rotation of three quarters of the rows, pulled towards the identity as far as that helps on the last quarter.

    With fewer rows than dimensions a rotation is not determined in the other dimensions; the pull keeps it at the identity there.
    """
    test = np.arange(len(a)) % 4 == 3
    noise = float(np.linalg.norm(a) * np.linalg.norm(b)) / np.sqrt(a.size)
    least_error, best_turn = float(((b[test] - a[test]) ** 2).sum()), np.eye(a.shape[1])
    for pull in (1e-9, 1.0) if least_error > 0 else ():
        turn = _pulled_rotation(a[~test], b[~test], pull * noise)
        error = float(((b[test] - a[test] @ turn) ** 2).sum())
        if error < least_error:
            least_error, best_turn = error, turn
    return best_turn


def _pulled_rotation(
    a: Float64[np.ndarray, "n e"], b: Float64[np.ndarray, "n e"], pull: float
) -> Float64[np.ndarray, "e e"]:
    """Return the rotation nearest to `aᵀ · b + pull · identity`; it is the identity where no row reaches, so few rows need a small matrix."""
    width = a.shape[1]
    if 2 * len(a) >= width:
        return nearest_rotation(a.T @ b + pull * np.eye(width))
    reached = np.linalg.qr(np.concatenate([a, b]).T)[0]
    still = np.eye(reached.shape[1])
    inner = nearest_rotation((a @ reached).T @ (b @ reached) + pull * still)
    turn: Float64[np.ndarray, "e e"] = np.eye(width) + reached @ (inner - still) @ reached.T
    return turn


def _ridge(a: Float64[np.ndarray, "n e"], b: Float64[np.ndarray, "n f"]) -> Float64[np.ndarray, "e f"]:
    """Return the ridge map whose strength has the least leave-one-out error."""
    if not b.any():
        return np.zeros((a.shape[1], b.shape[1]))
    values, vectors = _axes(a)
    mean = max(float(values.sum()) / a.shape[1], 1e-30)
    along = a @ vectors
    target = along.T @ b
    least_error, best_map = np.inf, np.zeros((a.shape[1], b.shape[1]))
    for strength in _STRENGTHS:
        shrunk = 1 / (values + strength * mean)
        leverage = (along**2 * shrunk).sum(axis=1) + 1 / len(a)
        error = float((((b - along @ (shrunk[:, None] * target)) / (1 - leverage)[:, None]) ** 2).sum())
        if error < least_error:
            least_error, best_map = error, vectors @ (shrunk[:, None] * target)
    return best_map


def _axes(a: Float64[np.ndarray, "n e"]) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, "e k"]]:
    """Return eigenvalues and eigenvectors of `aᵀ · a`; with fewer rows than dimensions, without those that are 0 for want of rows."""
    if len(a) < a.shape[1]:
        _, lengths, vectors = np.linalg.svd(a, full_matrices=False)
        return lengths**2, vectors.T
    values, vectors = np.linalg.eigh(a.T @ a)
    return np.maximum(values, 0), vectors
