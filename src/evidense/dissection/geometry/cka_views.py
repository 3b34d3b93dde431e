"""Other views of a layer under which it is compared, and what CKA is where no item has its partner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.dissection.geometry.cka import Layer, is_constant

N_TOP = 3
"""Principal components that are taken out."""
NULL_ROWS = 512
"""The permutation null is of at most so many rows, whose Gram matrices are kept; a null of fewer rows is the wider one."""


def standardised(layer: Layer) -> Float32[np.ndarray, "n _"]:
    """Bring every dimension to mean 0 and standard deviation 1; one without spread becomes 0.

    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    spread = np.sqrt((centred**2).mean(axis=0))
    usable = spread > 1e-6 * max(float(spread.max(initial=0.0)), 1e-30)
    scaled: Float32[np.ndarray, "n _"] = np.divide(centred, spread, out=np.zeros_like(centred), where=usable).astype(
        np.float32
    )
    return scaled


def without_top(layer: Layer, n_top: int = N_TOP) -> Float32[np.ndarray, "n _"]:
    """Take out the principal components with the largest variance.

    Source: Mu and Viswanath 2018 (all-but-the-top).
    """
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    top = vectors[:, -n_top:]
    remainder: Float32[np.ndarray, "n _"] = (centred - (centred @ top) @ top.T).astype(np.float32)
    return remainder


VIEWS: Mapping[str, Callable[[Layer], Layer]] = {
    "CKA": lambda layer: layer,
    "CKA, standardised": standardised,
    "CKA, without top components": without_top,
}
"""Name of the measure → how a layer is seen by it; fitted on all rows, and kept while groups are left out."""


@dataclass(frozen=True)
class Null:
    """CKA of pairs of layers when the items of the second are shuffled, the same shuffle for all pairs."""

    draws: Float64[np.ndarray, "r k k"]
    n_rows: int

    def p(
        self, values: Float64[np.ndarray, " s"], pairs: tuple[Int64[np.ndarray, " s"], Int64[np.ndarray, " s"]]
    ) -> Float64[np.ndarray, "2 s"]:
        """Return p of each pair by itself, and adjusted over all pairs given (the largest, in standard deviations of its null)."""
        drawn = self.draws[:, pairs[0], pairs[1]]
        scale = np.where(np.isfinite(drawn).all(axis=0), drawn.std(axis=0), np.nan)
        least = 1 + len(drawn)
        alone = (1 + (drawn >= values).sum(axis=0)) / least
        largest = np.nanmax(drawn / scale, axis=1, initial=-np.inf, where=np.isfinite(scale))[:, None]
        return np.stack([alone, (1 + (largest >= values / scale).sum(axis=0)) / least])


def shuffled(layers: Sequence[Layer], n_draws: int, seed: int) -> Null:
    """Draw the null of CKA: every draw shuffles the items of the second layer; Gram matrices are made once and only indexed.

    A constant layer has NaN.
    """
    rng = np.random.default_rng([seed, 31])
    n = len(layers[0])
    rows = np.sort(rng.choice(n, size=min(n, NULL_ROWS), replace=False))
    grams = np.stack([_u_centred(layer[rows]) for layer in layers])
    flat = grams.reshape(len(grams), -1)
    draws = np.empty((n_draws, len(grams), len(grams)))
    for r in range(n_draws):
        order = rng.permutation(len(rows))
        draws[r] = flat @ grams[:, order[:, None], order].reshape(len(grams), -1).T
    return Null(draws, len(rows))


def _u_centred(layer: Layer) -> Float32[np.ndarray, "m m"]:
    """The U-centred Gram matrix, of length 1, so that inner products are CKA."""
    n = len(layer)
    if is_constant(layer):
        return np.full((n, n), np.nan, np.float32)
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    gram = centred @ centred.T
    np.fill_diagonal(gram, 0)
    rows = gram.sum(axis=0)
    gram += rows.sum() / ((n - 1) * (n - 2)) - (rows[:, None] + rows) / (n - 2)
    np.fill_diagonal(gram, 0)
    normed: Float32[np.ndarray, "m m"] = (gram / np.linalg.norm(gram)).astype(np.float32)
    return normed
