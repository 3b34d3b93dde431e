"""Debiased CKA of any number of layers: exact, without an n × n matrix, with leave-one-group-out values at no extra cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

from evidense.errors import InvalidInput

# Why blocks of Gram matrices
# ---------------------------
# HSIC₁ of two layers needs ⟨K̃, L̃⟩ and the row sums of both, where K̃ is the Gram matrix with a zero diagonal. All are sums over blocks
# of rows × rows. K̃ is symmetric, so the blocks on and above the diagonal suffice: half the work of a library that forms the whole matrix.
# Blocks lie inside the groups of the jackknife, so the sums without a group are differences of sums that exist already, and the
# intervals are free. Products are float32 of centred rows (a shift does not change HSIC₁, but it costs float32 precision). Every sum
# over pairs of rows is float64.

BLOCK = 512
"""Largest number of rows in a block; blocks of 26 layers then take 27 MB."""
_CHUNK = 1 << 14
"""Pairs of rows that are converted to float64 at a time."""
CONSTANT = 1e-10
"""Rows whose variance is below this share of their squared length count as equal up to rounding."""

Layer = Float[np.ndarray, "n _"]


@dataclass(frozen=True)
class Hsic:
    """HSIC₁ of all pairs of k layers: from all rows, and with each of g groups of rows left out."""

    whole: Float64[np.ndarray, "k k"]
    dropped: Float64[np.ndarray, "g k k"]

    def cka(self) -> Float64[np.ndarray, "k k"]:
        """Return the debiased CKA of all pairs, not clipped to 0 … 1; NaN for constant layers."""
        return normalised(self.whole)

    def cka_dropped(self) -> Float64[np.ndarray, "g k k"]:
        """Return the same with each group left out."""
        return np.stack([normalised(table) for table in self.dropped])


def normalised(hsic: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, "k k"]:
    """Divide by the square roots of the diagonal, so that it becomes 1; NaN where it is not positive."""
    diagonal = np.diagonal(hsic)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = hsic / np.sqrt(
            np.where(diagonal > 0, diagonal, np.nan)[:, None] * np.where(diagonal > 0, diagonal, np.nan)
        )
    return cast(np.ndarray, ratio)


def hsic(layers: Sequence[Layer], groups: Int64[np.ndarray, " n"] | None = None) -> Hsic:
    """Return HSIC₁ of all pairs of layers. Equal layers are computed once, so their CKA is exactly 1.

    Row i of every layer is the same item; widths may differ. `groups` labels the rows that are left out together.

    Raises:
        InvalidInput: fewer than 4 rows (all, or with a group left out), layers of different lengths, or a value that is not finite.

    Source: Song et al. 2012, eq. 5 (HSIC₁); Nguyen et al. 2021, eq. 3.

    >>> x = np.random.default_rng(0).standard_normal((50, 3))
    >>> bool(abs(hsic([x, -2 * x[:, ::-1] + 7]).cka()[0, 1] - 1) < 1e-6)  # turned, scaled and moved
    True
    """
    check_layers(layers)
    n = len(layers[0])
    labels = np.zeros(n, np.int64) if groups is None else groups
    n_groups = int(labels.max()) + 1
    n_left = n - np.bincount(labels, minlength=n_groups)
    if n < 4 or (groups is not None and n_left.min() < 4):
        raise InvalidInput(
            f"{n} rows in {n_groups} groups; expected at least 4 rows after leaving any group out; take more items"
        )
    distinct, place = _distinct(layers)
    sums = _Sums.of([layers[index] for index in distinct], labels, n_groups)
    unit = np.outer(sums.scales, sums.scales) ** 2
    whole = _hsic1(sums.squares.sum(axis=(0, 1)), sums.rows.sum(axis=2), n) / unit
    dropped = [] if groups is None else [sums.without(g, labels) / unit for g in range(n_groups)]
    pick = np.ix_(place, place)
    empty = np.empty((0, len(place), len(place)))
    return Hsic(whole[pick], np.stack([table[pick] for table in dropped]) if dropped else empty)


def check_layers(layers: Sequence[Layer] | Float[np.ndarray, "l n e"]) -> None:
    """Refuse layers that cannot be compared.

    Raises:
        InvalidInput: there are no layers, they differ in their number of rows, or a value is not finite (the message says where).
    """
    if len({len(layer) for layer in layers}) != 1:
        raise InvalidInput(
            f"layers with {[len(x) for x in layers]} rows; expected one row per item in all layers; encode the same items"
        )
    for number, layer in enumerate(layers):
        if not np.isfinite(layer.sum()):
            bad = np.argwhere(~np.isfinite(layer))
            if len(bad):
                row, column = (int(i) for i in bad[0])
                raise InvalidInput(
                    f"layer {number} holds {layer[row, column]} at row {row}, dimension {column} ({len(bad)} such values); expected finite "
                    "states; check the weights and the dtype that this encoder runs in"
                )


def is_constant(layer: Layer) -> bool:
    """Say whether all rows are equal up to rounding (as a CLS token is before the first block)."""
    return _centre_and_scale(layer)[1] == 0


def _distinct(layers: Sequence[Layer]) -> tuple[list[int], list[int]]:
    """Return the indices of the distinct layers, and for each layer which distinct one it equals."""
    first: dict[bytes, int] = {}
    distinct: list[int] = []
    place = []
    for index, layer in enumerate(layers):
        key = layer.shape[1].to_bytes(8, "big") + np.ascontiguousarray(layer[:: max(1, len(layer) // 8)]).tobytes()
        known = first.get(key)
        if known is None or not np.array_equal(layers[distinct[known]], layer):
            first.setdefault(key, len(distinct))
            distinct.append(index)
            known = len(distinct) - 1
        place.append(known)
    return distinct, place


@dataclass(frozen=True)
class _Sums:
    """Sums over the blocks: ⟨K̃, L̃⟩ by pairs of groups, and each row's sum by the group of the other row."""

    squares: Float64[np.ndarray, "g g k k"]
    rows: Float64[np.ndarray, "k n g"]
    scales: Float64[np.ndarray, " k"]
    """The factor by which each layer's rows were multiplied."""

    @classmethod
    def of(cls, layers: Sequence[Layer], labels: Int64[np.ndarray, " n"], n_groups: int) -> "_Sums":
        k, n = len(layers), len(labels)
        squares, rows = np.zeros((n_groups, n_groups, k, k)), np.zeros((k, n, n_groups))
        shifts = [_centre_and_scale(layer) for layer in layers]
        blocks = list(_blocks(labels, n_groups))
        for i, (rows_here, g) in enumerate(blocks):
            left = [_centred(layer, rows_here, shift) for layer, shift in zip(layers, shifts, strict=True)]
            for j, (others, h) in enumerate(blocks[i:], i):
                grams = np.empty((k, len(rows_here), len(others)), np.float32)
                for index, layer in enumerate(layers):
                    right = left[index] if i == j else _centred(layer, others, shifts[index])
                    np.matmul(left[index], right.T, out=grams[index])
                if i == j:
                    grams[:, np.arange(len(rows_here)), np.arange(len(rows_here))] = 0
                product = _products(grams.reshape(k, -1))
                squares[g, h] += product
                rows[:, rows_here, h] += grams.sum(axis=2, dtype=np.float64)
                if i != j:
                    squares[h, g] += product
                    rows[:, others, g] += grams.sum(axis=1, dtype=np.float64)
        scales = np.array([scale or 1.0 for _, scale in shifts])
        return cls(squares, rows, scales)

    def without(self, g: int, labels: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, "k k"]:
        """Return HSIC₁ of the rows outside a group."""
        is_kept = labels != g
        others = np.arange(len(self.squares)) != g
        squares = self.squares[np.ix_(others, others)].sum(axis=(0, 1))
        return _hsic1(squares, self.rows[:, is_kept][:, :, others].sum(axis=2), int(is_kept.sum()))


def _hsic1(squares: Float64[np.ndarray, "k k"], rows: Float64[np.ndarray, "k n"], n: int) -> Float64[np.ndarray, "k k"]:
    total = rows.sum(axis=1)
    total_product = squares + np.outer(total, total) / ((n - 1) * (n - 2)) - 2 * (rows @ rows.T) / (n - 2)
    return cast(np.ndarray, total_product / (n * (n - 3)))


def _blocks(labels: Int64[np.ndarray, " n"], n_groups: int) -> Iterator[tuple[Int64[np.ndarray, " b"], int]]:
    for g in range(n_groups):
        rows = np.flatnonzero(labels == g)
        if len(rows):
            yield from ((piece, g) for piece in np.array_split(rows, -(-len(rows) // BLOCK)))


def _centre_and_scale(layer: Layer) -> tuple[Float64[np.ndarray, " e"], float]:
    """Return the mean row and the factor that brings rows to about unit length; it leaves CKA unchanged and prevents float32 overflow."""
    mean = layer.mean(axis=0, dtype=np.float64)
    square = sum(float(((layer[lo : lo + BLOCK] - mean) ** 2).sum()) for lo in range(0, len(layer), BLOCK)) / len(layer)
    return mean, 0.0 if square <= CONSTANT * float((mean**2).sum()) else float(1 / np.sqrt(square))


def _centred(
    layer: Layer, rows: Int64[np.ndarray, " b"], shift: tuple[Float64[np.ndarray, " e"], float]
) -> Float32[np.ndarray, "b e"]:
    scaled: Float32[np.ndarray, "b e"] = (
        (layer[rows] - shift[0].astype(layer.dtype)) * layer.dtype.type(shift[1])
    ).astype(np.float32)
    return scaled


def _products(grams: Float32[np.ndarray, "k p"]) -> Float64[np.ndarray, "k k"]:
    """Return all inner products of the rows, in float64."""
    total = np.zeros((len(grams), len(grams)))
    for lo in range(0, grams.shape[1], _CHUNK):
        piece = grams[:, lo : lo + _CHUNK].astype(np.float64)
        total += piece @ piece.T
    return total
