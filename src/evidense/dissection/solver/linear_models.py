"""Models of probes: a linear form of the candidates' features, and a low-rank bilinear form of query and candidate."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64


@dataclass(frozen=True)
class Linear:
    """Score = wᵀx, with the same w for every candidate (conditional logit), and optionally an intercept."""

    features: Float32[np.ndarray, "n c e"]
    has_intercept: bool = False
    n_free: int = 0
    """How many of the last features are not penalised."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of examples and candidates."""
        return self.features.shape[0], self.features.shape[1]

    @property
    def n_parameters(self) -> int:
        """Return one parameter per feature, plus the intercept."""
        return int(self.features.shape[2]) + self.has_intercept

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """Return 1 for all parameters but the free features and the intercept."""
        ones = np.ones(self.n_parameters, np.float32)
        ones[self.features.shape[2] - self.n_free :] = 0
        return ones

    @property
    def _flat(self) -> Float32[np.ndarray, "m e"]:
        return self.features.reshape(-1, self.features.shape[2])

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return wᵀx."""
        width = self.features.shape[2]
        flat_scores = self._flat @ theta[:width]
        if self.has_intercept:
            flat_scores += theta[width]
        shaped: Float32[np.ndarray, "n c k"] = flat_scores.reshape(*self.features.shape[:2], theta.shape[1])
        return shaped

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], None]:
        """Return the linear coefficient; scores are linear in the step."""
        return self.scores(direction), None

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return Xᵀ·slope."""
        flat = of_scores.reshape(-1, of_scores.shape[2])
        slope = self._flat.T @ flat
        return np.vstack([slope, flat.sum(axis=0, keepdims=True)]) if self.has_intercept else slope

    def conditioner(self, shifts: Float64[np.ndarray, " k"]) -> "Cholesky | Spectrum":
        """Return the inverse curvature at zero, estimated from a subset of examples, with each problem's penalty added."""
        rows = self.features[:: max(1, self._flat.shape[0] // (_ROWS_A_FEATURE * self.features.shape[2]))]
        if rows.shape[1] > 1:
            rows = rows - rows.mean(axis=1, keepdims=True)
        flat = rows.reshape(-1, rows.shape[2])
        moment = (flat.T @ flat).astype(np.float32) / np.float32(len(flat) * (4 if rows.shape[1] == 1 else 1))
        free = 4.0 if self.has_intercept else None
        if len(np.unique(near(shifts))) <= _MOST_FACTORS:
            return Cholesky.of(moment, shifts, free, self.n_free)
        values, vectors = np.linalg.eigh(moment)
        return Spectrum(np.maximum(values, 0), vectors, shifts.astype(np.float32), free)


def near(shifts: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Round penalties to powers of 4; closer penalties share one approximate curvature."""
    rounded: Float64[np.ndarray, " k"] = np.exp2(2 * np.rint(np.log2(np.maximum(shifts, 1e-12)) / 2))
    return rounded


_MOST_FACTORS = 6  # an eigendecomposition costs about as much as this many Cholesky factors
_ROWS_A_FEATURE = 8  # this many rows per feature suffice; more would make this product the most expensive one
_FLOOR = 1e-6  # of the mean variance: keeps a constant feature from dividing by zero


@dataclass(frozen=True)
class Cholesky:
    """The inverse curvature by one Cholesky factor per distinct penalty."""

    factors: tuple[Float32[np.ndarray, "e e"], ...]
    which: Int64[np.ndarray, " k"]
    free: float | None
    """Inverse curvature of the intercept, which is the last parameter; None if there is none."""

    @classmethod
    def of(
        cls, moment: Float32[np.ndarray, "e e"], shifts: Float64[np.ndarray, " k"], free: float | None, n_free: int = 0
    ) -> "Cholesky":
        """Factor the second moment plus each distinct shift, which the last `n_free` features do not get."""
        from scipy.linalg import cholesky

        distinct, which = np.unique(near(shifts), return_inverse=True)
        least, eye = _FLOOR * float(np.trace(moment)) / len(moment) + 1e-12, np.eye(len(moment), dtype=np.float32)
        held = np.arange(len(moment)) < len(moment) - n_free
        factors = [
            cholesky(
                moment + np.where(held, np.float32(max(d, least)), np.float32(least)) * eye,
                lower=True,
                overwrite_a=True,
                check_finite=False,
            )
            for d in distinct
        ]
        return cls(tuple(factors), which.astype(np.int64), free)

    def apply(self, gradient: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
        """Solve each problem with its factor."""
        from scipy.linalg import cho_solve

        out, width = gradient.copy(), len(self.factors[0])
        for index, factor in enumerate(self.factors):
            mine = self.which == index
            if mine.any():
                out[:width, mine] = cho_solve((factor, True), gradient[:width, mine], check_finite=False)
        out[width:] *= self.free or 1
        return out

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Cholesky":
        """Return the conditioner of some of the problems."""
        return Cholesky(self.factors, self.which[keep], self.free)


@dataclass(frozen=True)
class Spectrum:
    """The inverse curvature by eigenvectors, for many different penalties."""

    values: Float32[np.ndarray, " e"]
    vectors: Float32[np.ndarray, "e e"]
    shifts: Float32[np.ndarray, " k"]
    free: float | None

    def apply(self, gradient: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
        """Divide by eigenvalue + shift along each eigenvector."""
        out, width = gradient.copy(), len(self.values)
        least = np.float32(_FLOOR * float(self.values.mean()) + 1e-12)
        turned = (self.vectors.T @ gradient[:width]) / (self.values[:, None] + np.maximum(self.shifts, least))
        out[:width] = self.vectors @ turned
        out[width:] *= self.free or 1
        return out

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Spectrum":
        """Return the conditioner of some of the problems."""
        return Spectrum(self.values, self.vectors, self.shifts[keep], self.free)


@dataclass(frozen=True)
class Bilinear:
    """Score = (Uᵀq)·(Vᵀp) of rank r; θ holds U, then V, row by row."""

    queries: Float32[np.ndarray, "n a"]
    candidates: Float32[np.ndarray, "n c e"]
    rank: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of examples and candidates."""
        return self.candidates.shape[0], self.candidates.shape[1]

    @property
    def n_parameters(self) -> int:
        """Return the number of entries of U and V."""
        return int(self.queries.shape[1] + self.candidates.shape[2]) * self.rank

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """Return ones: every parameter is penalised."""
        return np.ones(self.n_parameters, np.float32)

    def conditioner(self, shifts: Float64[np.ndarray, " k"]) -> None:
        """Return None: no approximate curvature is known beforehand."""
        return

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
        values: Float32[np.ndarray, "n c k"] = np.einsum("nrk,ncrk->nck", left, right)
        return values

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], Float32[np.ndarray, "n c k"]]:
        """Return linear and quadratic coefficients; scores are quadratic in the step."""
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
    """Return starts at the leading singular directions of the full bilinear form's gradient at zero, each with its own noise.

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
