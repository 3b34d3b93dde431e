"""The two reference distributions: cluster sign-flips under the null, and the cluster bootstrap.

Both multiply random weights with cluster sums, in blocks of bounded memory. All systems of a collection share the draws, so that the
largest statistic over systems has the right distribution.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from evidense.errors import InvalidInput
from evidense.stats.dependence.overlap import LEAST_SPREAD, Overlap
from evidense.stats.differences import ClusterSums, Differences, cluster_sums, on_grid

_BLOCK = 1 << 16  # weights in memory at once: half a MiB of float64, which stays in a core's cache
_KEPT_BYTES = 64 << 20  # of counts that are drawn again and again: 1,000 queries 55,000 times
_FLIP, _BOOTSTRAP, _SHARED = 0, 1, 2


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


def stream(seed: int, *path: int) -> np.random.Generator:
    """Return the random numbers of one use. No two paths share a stream, and no stream depends on the length of another."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=path)))


def observed(sums: ClusterSums) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Return the mean over queries and its cluster-robust standard error, by the formulas that the resamples use."""
    square, total = on_grid(sums.sums**2).sum(axis=0), sums.sums.sum(axis=0)
    cross = [total, *(column.sum(axis=0) for column in _cross(sums))][-1]
    mean, se = _moments(sums, square, total, cross)
    if len(sums.sizes) == 1:  # one cluster has no spread of its own: its size is all that is known
        return mean, np.abs(mean)
    return mean, se


def random_signs(g: int, n_resamples: int, rng: np.random.Generator) -> Iterator[UInt8[np.ndarray, "b a"]]:
    """Yield coin flips in blocks, 64 drawn at a time; the size of a block does not change what is drawn."""
    words = -(-g // 64)
    rows = max(1, _BLOCK // max(g, 1))
    for start in range(0, n_resamples, rows):
        n = min(rows, n_resamples - start)
        drawn = rng.bit_generator.random_raw(n * words).astype("<u8").view(np.uint8).reshape(n, words * 8)
        yield np.unpackbits(drawn, axis=1, count=g)


def all_signs(g: int) -> Iterator[UInt8[np.ndarray, "b a"]]:
    """Yield all 2^g sign patterns in one block."""
    yield (np.arange(2**g)[:, None] >> np.arange(g) & 1).astype(np.uint8)


def flip_moments(
    sums: ClusterSums, signs: Iterator[UInt8[np.ndarray, "b a"]], n_resamples: int
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return mean and standard error after each flip of the active clusters; a sign is coded 1 (kept) or 0 (flipped)."""
    s = sums.sums.shape[1]
    columns = np.hstack([sums.sums, *_cross(sums)])[sums.active]
    total, square = columns.sum(axis=0), on_grid(sums.sums**2).sum(axis=0)
    flipped = np.empty((n_resamples, columns.shape[1]))
    start = 0
    for block in signs:
        flipped[start : start + len(block)] = 2.0 * (block.astype(np.float64) @ columns) - total
        start += len(block)
    return _moments(sums, square, flipped[:, :s], flipped[:, -s:])


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
    return _moments_of_counts(sums, plain, _bootstrap_counts(plain, n_resamples, rng), n_resamples)


def shared_bootstrap_moments(
    sums: ClusterSums, n_resamples: int, seed: int
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    """Return the same, by draws that depend on the number of clusters, of resamples and the seed alone: no system changes another's.

    A process keeps the latest of these draws, 64 MiB of them, since a collection needs them for every measure and comparison.
    """
    none_plain = np.zeros(len(sums.sizes), dtype=bool)
    return _moments_of_counts(sums, none_plain, _SHARED_COUNTS.of(len(none_plain), n_resamples, seed), n_resamples)


def _moments_of_counts(
    sums: ClusterSums,
    plain: Bool[np.ndarray, " g"],
    blocks: Iterable[tuple[Float[np.ndarray, "b a"], Int[np.ndarray, " b"]]],
    n_resamples: int,
) -> tuple[Float[np.ndarray, "r s"], Float[np.ndarray, "r s"]]:
    sizes, s = sums.sizes, sums.sums.shape[1]
    columns = np.hstack([on_grid(sums.sums**2), sums.sums, *_cross(sums), sizes[:, None], sizes[:, None] ** 2])
    drawn = np.empty((n_resamples, columns.shape[1]))
    start = 0
    for counts, n_plain in blocks:
        block = counts @ columns[~plain]
        block[:, -2:] += n_plain[:, None]
        drawn[start : start + len(block)] = block
        start += len(block)
    square, total, cross = drawn[:, :s], drawn[:, s : 2 * s], drawn[:, -s - 2 : -2]
    n, n_square = drawn[:, -2:-1], drawn[:, -1:]
    mean = total / n
    scatter = square - 2.0 * mean * cross + mean**2 * n_square
    se = np.sqrt(np.maximum(scatter, 0.0) * sums.inflation) / n
    mean_0, se_0 = observed(sums)
    return mean - mean_0, np.where(scatter > LEAST_SPREAD * square, se, se_0)


class _SharedCounts:
    """How often each of g clusters is drawn, for every resample: the latest draws, as the smallest whole numbers, within the limit."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int, int], list[UInt8[np.ndarray, "_ g"]]] = OrderedDict()

    def of(
        self, g: int, n_resamples: int, seed: int
    ) -> Iterator[tuple[Float[np.ndarray, "b g"], Int[np.ndarray, " b"]]]:
        """Yield the blocks as `_bootstrap_counts` does; draw them if they are not kept."""
        key = g, n_resamples, seed
        if blocks := self._kept.get(key):
            self._kept.move_to_end(key)
            for block in blocks:
                yield block.astype(np.float64), np.zeros(len(block), dtype=np.int64)
            return
        drawn, fits = [], g * n_resamples <= _KEPT_BYTES
        for counts, n_plain in _bootstrap_counts(np.zeros(g, dtype=bool), n_resamples, stream(seed, 0, _SHARED)):
            fits = fits and counts.max() <= np.iinfo(np.uint8).max
            if fits:
                drawn.append(counts.astype(np.uint8))
            yield counts, n_plain
        if fits:
            self._keep(key, drawn)

    def _keep(self, key: tuple[int, int, int], blocks: list[UInt8[np.ndarray, "_ g"]]) -> None:
        self._kept[key] = blocks
        while sum(g * n_resamples for g, n_resamples, _ in list(self._kept)) > _KEPT_BYTES:
            self._kept.popitem(last=False)


_SHARED_COUNTS = _SharedCounts()


def _bootstrap_counts(
    plain: Bool[np.ndarray, " g"], n_resamples: int, rng: np.random.Generator
) -> Iterator[tuple[Float[np.ndarray, "b a"], Int[np.ndarray, " b"]]]:
    """How often each cluster that is not plain is drawn, and how many plain ones: a multinomial in two stages."""
    g, a = len(plain), int((~plain).sum())
    hits = rng.binomial(g, a / g, size=n_resamples)
    rows = max(1, _BLOCK // a)
    for start in range(0, n_resamples, rows):
        block = hits[start : start + rows]
        cell = rng.integers(0, a, size=int(block.sum()))
        cell += np.repeat(np.arange(len(block)) * a, block)
        counts = np.bincount(cell, minlength=len(block) * a).reshape(len(block), a)
        yield counts.astype(np.float64), g - block


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
