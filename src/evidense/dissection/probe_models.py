"""Models of probes: a linear form of candidates' features, and a low-rank bilinear form of query and candidate."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32


@dataclass(frozen=True)
class Linear:
    """Score = wᵀx, with the same w for every candidate (conditional logit), and an intercept where that is not constant."""

    features: Float32[np.ndarray, "n c e"]
    has_intercept: bool = False

    @property
    def n_parameters(self) -> int:
        """One a feature, and the intercept."""
        return int(self.features.shape[2]) + self.has_intercept

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """All but the intercept."""
        ones = np.ones(self.n_parameters, np.float32)
        ones[self.features.shape[2] :] = 0
        return ones

    @property
    def _flat(self) -> Float32[np.ndarray, "m e"]:
        return self.features.reshape(-1, self.features.shape[2])

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return wᵀx."""
        width = self.features.shape[2]
        found = self._flat @ theta[:width]
        if self.has_intercept:
            found += theta[width]
        return found.reshape(*self.features.shape[:2], theta.shape[1])

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], None]:
        """Scores are straight lines."""
        return self.scores(direction), None

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return Xᵀ·slope."""
        flat = of_scores.reshape(-1, of_scores.shape[2])
        found = self._flat.T @ flat
        return np.vstack([found, flat.sum(axis=0, keepdims=True)]) if self.has_intercept else found


@dataclass(frozen=True)
class Bilinear:
    """Score = (Uᵀq)·(Vᵀp) of rank r; θ holds U, then V, row by row."""

    queries: Float32[np.ndarray, "n a"]
    candidates: Float32[np.ndarray, "n c e"]
    rank: int

    @property
    def n_parameters(self) -> int:
        """U and V."""
        return int(self.queries.shape[1] + self.candidates.shape[2]) * self.rank

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """All."""
        return np.ones(self.n_parameters, np.float32)

    def _sides(
        self, theta: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n r k"], Float32[np.ndarray, "n c r k"]]:
        (n, a), (_, c, e), k = self.queries.shape, self.candidates.shape, theta.shape[1]
        left = self.queries @ theta[: a * self.rank].reshape(a, self.rank * k)
        right = self.candidates.reshape(n * c, e) @ theta[a * self.rank :].reshape(e, self.rank * k)
        return left.reshape(n, self.rank, k), right.reshape(n, c, self.rank, k)

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return (Uᵀq)·(Vᵀp)."""
        left, right = self._sides(theta)
        return np.einsum("nrk,ncrk->nck", left, right)

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], Float32[np.ndarray, "n c k"]]:
        """Scores are parabolas."""
        (left, right), (left_1, right_1) = self._sides(theta), self._sides(direction)
        first = np.einsum("nrk,ncrk->nck", left_1, right) + np.einsum("nrk,ncrk->nck", left, right_1)
        return first, np.einsum("nrk,ncrk->nck", left_1, right_1)

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return the gradients by U and by V."""
        left, right = self._sides(theta)
        (n, a), (_, c, e), k = self.queries.shape, self.candidates.shape, theta.shape[1]
        of_left = np.einsum("nck,ncrk->nrk", of_scores, right).reshape(n, -1)
        of_right = (of_scores[:, :, None] * left[:, None]).reshape(n * c, -1)
        by_u = self.queries.T @ of_left
        by_v = self.candidates.reshape(n * c, e).T @ of_right
        return np.vstack([by_u.reshape(a * self.rank, k), by_v.reshape(e * self.rank, k)])


def spectral_start(model: Bilinear, n_starts: int, seed: int) -> Float32[np.ndarray, "p k"]:
    """Return starts at the leading directions of the full bilinear form's gradient at zero, each with noise of its own.

    Candidate 0 is the relevant one.
    """
    towards = model.candidates[:, 0] - model.candidates.mean(axis=1)
    u, s, vt = np.linalg.svd((model.queries.T @ towards / len(towards)).astype(np.float64), full_matrices=False)
    keep = min(model.rank, len(s))
    shape = np.sqrt(s[:keep] / max(s[0], 1e-30))
    sides = [np.zeros((len(side), model.rank)) for side in (u, vt.T)]
    sides[0][:, :keep], sides[1][:, :keep] = u[:, :keep] * shape, vt[:keep].T * shape
    starts = []
    for start in range(n_starts):
        rng = np.random.default_rng([seed, 23, start])
        noisy = [side + 0.3 * rng.standard_normal(side.shape) / np.sqrt(len(side)) for side in sides]
        starts.append(np.concatenate([side.ravel() for side in noisy]) * 0.3)
    return np.stack(starts, axis=1).astype(np.float32)
