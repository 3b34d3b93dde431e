"""The shape of one layer's states: how they spread and how many directions they use, also with each group of rows left out."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.special import hyp0f1

from evidense.dissection.geometry.cka import BLOCK, Layer, hsic, is_constant
from evidense.dissection.geometry.findings import Statistic
from evidense.dissection.geometry.neighbours import unit_rows
from evidense.dissection.geometry.tables import LayerStatistics
from evidense.dissection.matrices import effective_number
from evidense.records import Json

N_TOP = 10
ROGUE_Z = 3.0
"""A dimension is rogue if its root mean square is this many standard deviations above the mean over dimensions."""


STATISTICS: Mapping[str, str] = {
    "uniformity": "log mean Gaussian potential",
    "mean cosine": "cosine",
    "participation ratio": "dimensions",
    "IsoScore": "0 one direction … 1 all alike",
    "effective rank": "dimensions",
    "top variance": f"share of variance in the first {N_TOP} of the principal components",
    "first variance": "share of variance in the first principal component",
    "IsoScore, without rogue dimensions": "0 one direction … 1 all alike",
    "mean cosine, without rogue dimensions": "cosine",
}
"""Name → unit."""


def shape(layer: Layer, groups: Int64[np.ndarray, " n"]) -> LayerStatistics | None:
    """Return the statistics of one layer; None if all rows are equal."""
    if is_constant(layer):
        return None
    rogue = rogue_dimensions(layer)
    without_rogue = layer[:, ~rogue]
    ratio, iso, plain = isotropy(layer, groups)
    rank, top, first, shares = spectrum(layer, groups)
    iso_without_rogue = isotropy(without_rogue, groups)[1] if rogue.any() else iso
    statistics = {
        "uniformity": uniformity(layer, groups),
        "mean cosine": mean_cosine(layer, groups),
        "participation ratio": ratio,
        "IsoScore": iso,
        "effective rank": rank,
        "top variance": top,
        "first variance": first,
        "IsoScore, without rogue dimensions": iso_without_rogue,
        "mean cosine, without rogue dimensions": mean_cosine(without_rogue, groups),
    }
    n_rogue: dict[str, Json] = {"n_rogue": int(rogue.sum()), "rogue": [int(i) for i in np.flatnonzero(rogue)[:20]]}
    details: dict[str, Mapping[str, Json]] = {
        "uniformity": {"floor": uniformity_floor(layer.shape[1])},
        "IsoScore": {"plug_in": plain},
        "top variance": {"shares": shares},
        "IsoScore, without rogue dimensions": n_rogue,
        "mean cosine, without rogue dimensions": n_rogue,
    }
    return LayerStatistics(statistics, details)


def uniformity(layer: Layer, groups: Int64[np.ndarray, " n"]) -> Statistic:
    """Return log E exp(−2‖u_i − u_j‖²) over pairs of different rows of length 1: 0 for one point, lower the more they spread.

    Source: Wang and Isola 2020, eq. 2, as a U-statistic (no row is paired with itself).

    >>> round(uniformity(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]), np.arange(4))[0], 4)
    -4.3963
    """  # 8 of 12 ordered pairs at squared distance 2, 4 at 4: log((2 e⁻⁴ + e⁻⁸) / 3)
    rows = unit_rows(layer)
    n_groups = int(groups.max()) + 1
    sums = np.zeros((n_groups, n_groups))
    for lo in range(0, len(rows), BLOCK):
        block = rows[lo : lo + BLOCK]
        potential = np.exp(4 * (block @ rows.T).astype(np.float64) - 4)
        potential[np.arange(len(block)), lo + np.arange(len(block))] = 0
        by_column = np.stack([potential[:, groups == h].sum(axis=1) for h in range(n_groups)], axis=1)
        np.add.at(sums, groups[lo : lo + BLOCK], by_column)
    n, sizes = len(rows), np.bincount(groups)
    total, n_left = sums.sum(), n - sizes
    without = total - sums.sum(axis=0) - sums.sum(axis=1) + np.diagonal(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.log(total / (n * (n - 1)))), np.log(without / (n_left * (n_left - 1)))


def uniformity_floor(n_dims: int) -> float:
    """Return the uniformity of points spread evenly over the sphere, which is the least.

    >>> round(uniformity_floor(64), 4), round(uniformity_floor(768), 4)
    (-3.8752, -3.9896)
    """
    return float(np.log(hyp0f1(n_dims / 2, 4.0)) - 4)


def mean_cosine(layer: Layer, groups: Int64[np.ndarray, " n"]) -> Statistic:
    """Return the mean cosine of two different rows (0 around the origin, 1 in one direction)."""
    rows = unit_rows(layer).astype(np.float64)
    n_groups = int(groups.max()) + 1
    sums = np.stack([rows[groups == g].sum(axis=0) for g in range(n_groups)])
    squares = np.bincount(groups, (rows**2).sum(axis=1), n_groups)
    n, n_left = len(rows), len(rows) - np.bincount(groups, minlength=n_groups)
    total = sums.sum(axis=0)
    without = ((total - sums) ** 2).sum(axis=1) - (squares.sum() - squares)
    return float((total @ total - squares.sum()) / (n * (n - 1))), without / (n_left * (n_left - 1))


def isotropy(layer: Layer, groups: Int64[np.ndarray, " n"]) -> tuple[Statistic, Statistic, float]:
    """Return the participation ratio (trΣ)²/trΣ² and IsoScore = (PR − 1)/(D − 1), both debiased; and the plug-in IsoScore.

    Source: Rudman et al. 2022 (IsoScore); trΣ² by HSIC₁ of the layer with itself, (trΣ)² as (tr S)² − 2 trΣ²/(n − 1).
    """
    d = layer.shape[1]
    products = hsic([layer], groups)
    trace, left = _traces(layer, groups)
    n, n_left = len(layer), len(layer) - np.bincount(groups)
    ratio = _ratio(np.array([trace]), products.whole[0], np.array([n]))
    ratios = _ratio(left, products.dropped[:, 0, 0], n_left)
    iso = (ratio - 1) / max(d - 1, 1)
    return (float(ratio[0]), ratios), (float(iso[0]), (ratios - 1) / max(d - 1, 1)), isoscore(layer)


def isoscore(layer: Layer) -> float:
    """Return IsoScore as published, which is too low unless n ≫ D.

    >>> round(isoscore(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 9)
    1.0
    """
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    small = centred if len(centred) < centred.shape[1] else centred.T
    gram = small @ small.T
    d = layer.shape[1]
    return float((np.trace(gram) ** 2 / (gram**2).sum() - 1) / max(d - 1, 1))


def _traces(layer: Layer, groups: Int64[np.ndarray, " n"]) -> tuple[float, Float64[np.ndarray, " g"]]:
    """Return the trace of the covariance: over all rows, and with each group left out."""
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    n_groups = int(groups.max()) + 1
    square = np.bincount(groups, (centred**2).sum(axis=1), n_groups)
    sums = np.stack([centred[groups == g].sum(axis=0) for g in range(n_groups)])
    n, n_left = len(layer), len(layer) - np.bincount(groups, minlength=n_groups)
    without = (square.sum() - square) - (sums**2).sum(axis=1) / n_left  # the sum of all centred rows is 0
    return float(square.sum() / (n - 1)), without / (n_left - 1)


def _ratio(
    trace: Float64[np.ndarray, " s"], square: Float64[np.ndarray, " s"], n: Int64[np.ndarray, " s"]
) -> Float64[np.ndarray, " s"]:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Float64[np.ndarray, " s"] = (trace**2 - 2 * square / (n - 1)) / np.where(square > 0, square, np.nan)
    return ratio


def spectrum(layer: Layer, groups: Int64[np.ndarray, " n"]) -> tuple[Statistic, Statistic, Statistic, list[float]]:
    """Return the effective rank e^H, the variance share of the first ten components and of the first alone, and the ten shares.

    With a group left out, variances are taken along the eigenvectors of all rows, which is exact to first order.

    Source: Roy and Vetterli 2007 (effective rank).
    """
    centred = layer - layer.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    along = centred @ vectors
    n_groups = int(groups.max()) + 1
    square = np.stack([(along[groups == g] ** 2).sum(axis=0) for g in range(n_groups)])
    sums = np.stack([along[groups == g].sum(axis=0) for g in range(n_groups)])
    n_left = (len(layer) - np.bincount(groups, minlength=n_groups))[:, None]
    without = np.maximum(values - square - sums**2 / n_left, 0)
    every = np.vstack([values, without])
    shares = every / every.sum(axis=1, keepdims=True)
    statistics = effective_number(shares), shares[:, :N_TOP].sum(axis=1), shares[:, 0]
    rank, top, first = ((float(x[0]), x[1:]) for x in statistics)
    return rank, top, first, [float(x) for x in shares[0, :N_TOP]]


def rogue_dimensions(layer: Layer) -> Bool[np.ndarray, " e"]:
    """Say which dimensions are so much larger than the others that they dominate cosine and variance.

    Source: Timkey and van Schijndel 2021.
    """
    size = np.sqrt((layer.astype(np.float64) ** 2).mean(axis=0))
    spread = float(size.std())
    if spread == 0:
        return np.zeros(len(size), bool)
    is_rogue: Bool[np.ndarray, " e"] = (size - size.mean()) / spread > ROGUE_Z
    return is_rogue
