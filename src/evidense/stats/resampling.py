"""The two reference distributions: cluster sign-flips under the null, and the cluster bootstrap.

Both multiply random weights with cluster sums, in blocks of bounded memory. All systems of a collection share the draws, so that the
largest statistic over systems has the right distribution.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from evidense.errors import InvalidInput
from evidense.stats.dependence.overlap import LEAST_SPREAD, Overlap
from evidense.stats.differences import ClusterSums, Differences, cluster_sums, on_grid
from evidense.stats.weights.blocks import as_floats, products
from evidense.stats.weights.counts import SHARED_COUNTS, bootstrap_counts
from evidense.stats.weights.signs import random_signs
from evidense.stats.weights.streams import stream

_FLIP, _BOOTSTRAP = 0, 1


@dataclass(frozen=True)
class Draws:
    """Observed and resampled means of one collection; `r` resamples of `s` systems.

    `boot_mean` is centred at the observed mean. Standard errors are cluster-robust, and 0 only where every cluster sum is 0.
    """

    mean: Float[np.ndarray, " s"]
    se: Float[np.ndarray, " s"]
    flip_mean: Float[np.ndarray, "r s"]
    flip_se: Float[np.ndarray, "r s"]
    boot_mean: Float[np.ndarray, "r s"]
    boot_se: Float[np.ndarray, "r s"]

    def of(self, systems: slice | list[int]) -> "Draws":
        """Return the draws of some systems."""
        return Draws(*(getattr(self, field.name)[..., systems] for field in fields(self)))


class MeanDraws:
    """The draws of the plain mean over collections that share nothing, added up as collections come: none is drawn twice or kept.

    >>> over, drawn = MeanDraws(), resample([Differences(np.eye(2, 30), np.arange(30))] * 2, n_resamples=9, seed=0)
    >>> for of_collection in drawn:
    ...     over.add(of_collection)
    >>> mean, _ = combine([(d.flip_mean, d.flip_se) for d in drawn], 2)
    >>> np.array_equal(over.draws.flip_mean, mean)
    True
    """

    def __init__(self) -> None:
        self._n = 0
        self._sums: dict[str, Float[np.ndarray, "*r s"]] = {}

    def add(self, draws: Draws) -> None:
        """Add the draws of one more collection; the order of collections is that of the study."""
        self._n += 1
        for field in fields(draws):
            drawn = getattr(draws, field.name)
            added = drawn**2 if field.name.endswith("se") else drawn
            if field.name in self._sums:
                self._sums[field.name] += added
            else:
                self._sums[field.name] = np.array(added)

    @property
    def draws(self) -> Draws:
        """Return observed and resampled means over the collections so far, with their standard errors."""
        return Draws(**{name: _mean_of(name, total, self._n) for name, total in self._sums.items()})


def _mean_of(name: str, total: Float[np.ndarray, "*r s"], n: int) -> Float[np.ndarray, "*r s"]:
    mean: Float[np.ndarray, "*r s"] = (np.sqrt(total) if name.endswith("se") else total) / n
    return mean


def resample(
    family: Sequence[Differences], *, n_resamples: int = 10_000, seed: int, first: int = 0
) -> tuple[Draws, ...]:
    """Draw both reference distributions of every collection, each from its own stream of `seed`.

    `first` is the index of the first collection in the whole family, if the collections come one by one.

    Raises:
        InvalidInput: a negative seed, or no resample.
    """
    if n_resamples < 1 or seed < 0:
        raise InvalidInput(f"n_resamples={n_resamples}, seed={seed} → expected at least 1 and 0 → choose others")
    return tuple(_draw(differences, n_resamples, seed, index) for index, differences in enumerate(family, first))


def _draw(differences: Differences, n_resamples: int, seed: int, index: int) -> Draws:
    if differences.overlap is not None:
        return _draw_overlap(
            differences, differences.overlap, n_resamples, (stream(seed, index, _FLIP), stream(seed, index, _BOOTSTRAP))
        )
    sums = cluster_sums(differences.values, differences.labels)
    mean, se = observed(sums)
    shape = (n_resamples, differences.n_systems)
    drawn = [np.zeros(shape) for _ in range(4)]
    live = np.flatnonzero(np.any(sums.sums != 0, axis=0))  # a system without a difference needs no resampling
    if len(live):
        live_sums = ClusterSums(sums.sizes, sums.sums[:, live])
        flips = flip_moments(
            live_sums, random_signs(live_sums.n_active, n_resamples, stream(seed, index, _FLIP)), n_resamples
        )
        boots = bootstrap_moments(live_sums, n_resamples, stream(seed, index, _BOOTSTRAP))
        for whole, of_live in zip(drawn, (*flips, *boots), strict=True):
            whole[:, live] = of_live
    return Draws(mean, se, *drawn)


def _draw_overlap(
    differences: Differences, overlap: Overlap, n_resamples: int, rngs: tuple[np.random.Generator, np.random.Generator]
) -> Draws:
    """Flip signs by documents. Draw queries with replacement as if they were independent, and scale them to the standard error."""
    mean, se = overlap_observed(differences.values, overlap)
    drawn = [np.zeros((n_resamples, differences.n_systems)) for _ in range(4)]
    live = np.flatnonzero(np.any(differences.values != 0, axis=1))
    if len(live):
        live_sums = cluster_sums(differences.values[live], differences.labels)
        scale = studentise(se[live], observed(live_sums)[1])
        flips = overlap_flips(differences.values[live], overlap, n_resamples, rngs[0])
        boots = bootstrap_moments(live_sums, n_resamples, rngs[1])
        for whole, of_live in zip(drawn, (*flips, *(scale * moment for moment in boots)), strict=True):
            whole[:, live] = of_live
    return Draws(mean, se, *drawn)


def overlap_observed(
    values: Float[np.ndarray, "s q"], overlap: Overlap
) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Return the mean over queries and its standard error, given what the queries share."""
    columns = np.ascontiguousarray(values.T, dtype=np.float64)
    return columns.mean(axis=0), np.sqrt(overlap.squared_error(columns))


def overlap_flips(
    values: Float[np.ndarray, "s q"], overlap: Overlap, n_resamples: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return mean and standard error after each query's difference is multiplied by the weighted signs of its documents.

    Two queries' multipliers correlate as much as the queries share; with one document a query they are signs themselves.

    Source: the dependent wild bootstrap, Shao 2010.
    """
    d = overlap.shared.shape[1]
    mean, square = (np.empty((n_resamples, len(values))) for _ in range(2))
    start = 0
    for bits in random_signs(d + len(overlap), n_resamples, rng):
        signs = 2.0 * bits.T - 1.0
        multipliers = overlap.shared @ np.ascontiguousarray(signs[:d]) + overlap.private[:, None] * signs[d:]
        for j, row in enumerate(values):
            flipped = row[:, None] * multipliers
            mean[start : start + len(bits), j] = flipped.mean(axis=0)
            square[start : start + len(bits), j] = overlap.squared_error(flipped)
        start += len(bits)
    return mean, np.sqrt(square)


def observed(sums: ClusterSums) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Return the mean over queries and its cluster-robust standard error, by the formulas that the resamples use."""
    square, total = on_grid(sums.sums**2).sum(axis=0), sums.sums.sum(axis=0)
    cross = [total, *(column.sum(axis=0) for column in _cross(sums))][-1]
    mean, se = _moments(sums, square, total, cross)
    if len(sums.sizes) == 1:  # one cluster has no spread of its own: its size is all that is known
        return mean, np.abs(mean)
    return mean, se


def flip_moments(
    sums: ClusterSums, signs: Iterator[UInt8[np.ndarray, "b a"]], n_resamples: int
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return mean and standard error after each flip of the active clusters; a sign is coded 1 (kept) or 0 (flipped)."""
    s = sums.sums.shape[1]
    columns = np.hstack([sums.sums, *_cross(sums)])[sums.active]
    total, square = columns.sum(axis=0), on_grid(sums.sums**2).sum(axis=0)
    mean, se = np.empty((n_resamples, s)), np.empty((n_resamples, s))
    start = 0
    for kept in products(as_floats(signs), columns, s):
        rows = slice(start, start + len(kept))
        flipped = 2.0 * kept - total
        mean[rows], se[rows] = _moments(sums, square, flipped[:, :s], flipped[:, -s:])
        start += len(kept)
    return mean, se


def _moments(
    sums: ClusterSums,
    square: Float[np.ndarray, " s"],
    total: Float[np.ndarray, "*r s"],
    cross: Float[np.ndarray, "*r s"],
) -> tuple[Float[np.ndarray, "*r s"], Float[np.ndarray, "*r s"]]:
    """Return mean and standard error from sums over clusters: of squares, of values, and of values times sizes."""
    mean = total / sums.n_queries
    scatter = square - 2.0 * mean * cross + mean**2 * (sums.sizes**2).sum()
    spread = np.maximum(scatter, LEAST_SPREAD * square)
    return mean, np.sqrt(spread * sums.inflation) / sums.n_queries


def bootstrap_moments(
    sums: ClusterSums, n_resamples: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return mean (less the observed one) and standard error of each resample of g clusters with replacement.

    A resample whose clusters are all equal has no spread and gets the observed standard error. Single queries without any difference
    are drawn together, which is faster; the draws then depend on all systems.
    """
    plain = ~sums.active & (sums.sizes == 1)  # single queries without a difference: only their number matters
    return _moments_of_counts(sums, plain, bootstrap_counts(plain, n_resamples, rng), n_resamples)


def shared_bootstrap_moments(
    sums: ClusterSums, n_resamples: int, seed: int
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return the same, by draws that depend on the number of clusters, of resamples and the seed alone: no system changes another's.

    A process keeps the latest of these draws, 64 MiB of them, since a collection needs them for every measure and comparison.
    """
    none_plain = np.zeros(len(sums.sizes), dtype=bool)
    return _moments_of_counts(sums, none_plain, SHARED_COUNTS.of(len(none_plain), n_resamples, seed), n_resamples)


def _moments_of_counts(
    sums: ClusterSums,
    plain: Bool[np.ndarray, " g"],
    blocks: Iterable[tuple[Float[np.ndarray, "b a"], Int[np.ndarray, " b"]]],
    n_resamples: int,
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    sizes, s = sums.sizes, sums.sums.shape[1]
    beyond_one = np.stack([sizes - 1, sizes**2 - 1], axis=1)  # so that a plain cluster adds nothing
    columns = np.hstack([on_grid(sums.sums**2), sums.sums, *_cross(sums), beyond_one])
    columns = np.ascontiguousarray(columns[~plain])
    (mean_0, se_0), inflation = observed(sums), sums.inflation
    mean, se = np.empty((n_resamples, s)), np.empty((n_resamples, s))
    start = 0
    for drawn in products((counts for counts, _ in blocks), columns, s):
        rows = slice(start, start + len(drawn))
        drawn[:, -2:] += len(sizes)
        square, total, cross = drawn[:, :s], drawn[:, s : 2 * s], drawn[:, -s - 2 : -2]
        n, n_square = drawn[:, -2:-1], drawn[:, -1:]
        of_block = total / n
        scatter = square - 2.0 * of_block * cross + of_block**2 * n_square
        spread = np.sqrt(np.maximum(scatter, 0.0) * inflation) / n
        mean[rows], se[rows] = of_block - mean_0, np.where(scatter > LEAST_SPREAD * square, spread, se_0)
        start += len(drawn)
    return mean, se


def _cross(sums: ClusterSums) -> list[Float[np.ndarray, "g s"]]:
    """Return sums times sizes; nothing if all sizes are 1, since the sums themselves then serve."""
    return [] if (sums.sizes == 1).all() else [on_grid(sums.sums * sums.sizes[:, None])]


def studentise(mean: Float[np.ndarray, "*r"], se: Float[np.ndarray, "*r"]) -> Float[np.ndarray, "*r"]:
    """Return mean / se, and 0 where se is 0 (the mean is 0 there too)."""
    t: Float[np.ndarray, "*r"] = np.divide(mean, se, out=np.zeros_like(mean), where=se > 0)
    return t


def combine(
    moments: Sequence[tuple[Float[np.ndarray, "*r"], Float[np.ndarray, "*r"]]], k: int
) -> tuple[Float[np.ndarray, "*r"], Float[np.ndarray, "*r"]]:
    """Return mean and standard error of the plain average of k independent means."""
    if k == 1:
        return moments[0]
    mean = np.sum([m for m, _ in moments], axis=0) / k
    return mean, np.sqrt(np.sum([se**2 for _, se in moments], axis=0)) / k


def sign_flips(
    values: Float[np.ndarray, "s q"],
    clusters: Int[np.ndarray, " q"] | None = None,
    *,
    n_resamples: int = 10_000,
    seed: int,
    adjust: Literal["none", "max"] = "max",
) -> Float[np.ndarray, " s"]:
    """Return the two-sided p of every row's mean being zero, by studentised cluster sign-flips alone; `max` adjusts over the rows.

    p = (1 + #{flips at least as extreme}) / (1 + n_resamples), so it is never 0.

    Source: Westfall and Young 1993; Boytsov, Belova and Westfall, CIKM 2013.
    """
    differences = Differences(values, np.arange(values.shape[1]) if clusters is None else clusters)
    sums = cluster_sums(differences.values, differences.labels)
    t = np.abs(studentise(*observed(sums)))
    signs = random_signs(sums.n_active, n_resamples, stream(seed, 0, _FLIP))
    flipped = np.abs(studentise(*flip_moments(sums, signs, n_resamples)))
    reference = flipped.max(axis=1, keepdims=True) if adjust == "max" else flipped
    p: Float[np.ndarray, " s"] = (1 + (reference >= t).sum(axis=0)) / (1 + n_resamples)
    return p
