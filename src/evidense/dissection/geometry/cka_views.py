"""Views of a layer for CKA (standardised, without top components), and the null distribution of CKA under shuffled items."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.dissection.geometry.cka import Layer, is_constant

N_TOP = 3
"""Number of principal components that are removed."""
NULL_ROWS = 512
"""The permutation null uses at most this many rows, since their Gram matrices are held in memory. Fewer rows make a wider null."""


def standardised(layer: Layer) -> Float32[np.ndarray, "n _"]:
    """Bring every dimension to mean 0 and standard deviation 1; constant dimensions become 0.

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
    """Remove the principal components with the largest variance.

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
"""Measure → transformation of a layer. It is fitted on all rows and not refitted when groups are left out."""


@dataclass(frozen=True)
class Null:
    """CKA of pairs of layers with the items of the second shuffled; each shuffle is used for all pairs."""

    draws: Float64[np.ndarray, "r k k"]
    n_rows: int

    def p(
        self, values: Float64[np.ndarray, " s"], pairs: tuple[Int64[np.ndarray, " s"], Int64[np.ndarray, " s"]]
    ) -> Float64[np.ndarray, "2 s"]:
        """Return the p-value of each pair, and one adjusted over all pairs by the maximum of the standardised null."""
        drawn = self.draws[:, pairs[0], pairs[1]]
        scale = np.where(np.isfinite(drawn).all(axis=0), drawn.std(axis=0), np.nan)
        least = 1 + len(drawn)
        alone = (1 + (drawn >= values).sum(axis=0)) / least
        largest = np.nanmax(drawn / scale, axis=1, initial=-np.inf, where=np.isfinite(scale))[:, None]
        return np.stack([alone, (1 + (largest >= values / scale).sum(axis=0)) / least])


def shuffled(layers: Sequence[Layer], n_draws: int, seed: int) -> Null:
    """Draw the null distribution of CKA. Every draw shuffles the items of the second layer; Gram matrices are computed once and then indexed.

    Constant layers give NaN.
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
    """Return the U-centred Gram matrix scaled to length 1, so that inner products are CKA."""
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
