"""All pairs of systems at once: letters for those that cannot be told apart, and the ranks that each may have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.errors import InvalidInput
from evidense.stats.dependence.overlap import Overlap
from evidense.stats.differences import MIN_CLUSTERS, Differences
from evidense.stats.estimates import Estimate
from evidense.stats.populations.seeded_systems import mean_over_seeds, seed_differences, simultaneous_over_seeds
from evidense.stats.resampling import Draws
from evidense.stats.sharing import Sharing


@dataclass(frozen=True)
class AllPairs:
    """What simultaneous tests of all pairs of systems show."""

    means: Float[np.ndarray, " s"]
    """Of several collections, the mean of their means."""
    beats: Bool[np.ndarray, "s s"]
    """beats[i, j]: system i is shown to be better than system j."""

    def letters(self, names: Sequence[str]) -> dict[str, str]:
        """Return the letters of each system: two systems share a letter exactly if they are not told apart. The best mean has letter a.

        Raises:
            InvalidInput: names that do not fit the systems.
        """
        if len(names) != len(self.means) or len(set(names)) != len(names):
            raise InvalidInput(f"{len(names)} names for {len(self.means)} systems → expected one distinct name a row")
        return _letters(~(self.beats | self.beats.T), np.argsort(-self.means, kind="stable"), names)

    def ranks(self) -> list[tuple[int, int]]:
        """Return the best and the worst rank that each system may have; together they hold with the confidence of the tests.

        A system stands below all that are shown to be better, and above all that are shown to be worse.

        Source: Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for ranks, §3; Al Mohamad, Goeman and van Zwet 2022.

        >>> AllPairs(np.array([0.5, 0.1]), np.array([[False, True], [False, False]])).ranks()
        [(1, 1), (2, 2)]
        """
        better, worse = self.beats.sum(axis=0), self.beats.sum(axis=1)
        return [(1 + int(above), len(better) - int(below)) for above, below in zip(better, worse, strict=True)]


def all_pairs(
    tables: Sequence[Float[np.ndarray, "s _"]],
    clusters: Sequence[Int[np.ndarray, " _"] | Overlap],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    sharing: Sharing | None = None,
    draws: Draws | None = None,
    by_seed: Sequence[Sequence[Float[np.ndarray, "_ _"]]] = (),
) -> AllPairs:
    """Test all pairs of systems on one collection, or by their mean over several. Each table holds a row a system, a column a query.

    `by_seed`, if some system was trained several times, holds for each table each system's values by seed: the tests are then over seeds too.
    Fewer than `MIN_CLUSTERS` groups of queries on every collection show nothing. `draws` are those of the rows of `pair_rows`, on the
    collection or of the mean over several (`MeanDraws`), so that they need not be drawn again.

    Raises:
        InvalidInput: values as refused by `Differences`.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (3, 60))
    >>> tested = all_pairs([noise + [[0.0], [0.5], [0.0]]], [np.arange(60)], n_resamples=999, seed=0)
    >>> tested.letters(["x", "y", "z"]), tested.ranks()
    ({'x': 'b', 'y': 'a', 'z': 'b'}, [(2, 3), (1, 1), (2, 3)])
    """
    n_systems = len(tables[0])
    beats = np.zeros((n_systems, n_systems), dtype=bool)
    means = np.mean([table.mean(axis=1) for table in tables], axis=0)
    pairs = list(combinations(range(n_systems), 2))
    if pairs:
        seeds = [_pairs_by_seed(values) for values in by_seed] or [()] * len(tables)
        family = [
            Differences(pair_rows(table), groups, by_seed=of_pairs)
            for table, groups, of_pairs in zip(tables, clusters, seeds, strict=True)
        ]
        estimates = _estimates(family, sharing, draws, confidence=confidence, n_resamples=n_resamples, seed=seed)
        for (i, j), e in zip(pairs, estimates, strict=True):
            is_shown = e.p_adjusted <= 1 - confidence and e.n_clusters >= MIN_CLUSTERS
            beats[i, j], beats[j, i] = is_shown and e.effect > 0, is_shown and e.effect < 0
    return AllPairs(means, beats)


def pair_rows(table: Float[np.ndarray, "s q"]) -> Float[np.ndarray, "p q"]:
    """Return the differences of all pairs of systems, the first less the second, in the order of `itertools.combinations`.

    >>> pair_rows(np.array([[0.5], [0.25], [0.0]])).ravel()
    array([0.25, 0.5 , 0.25])
    """
    first, second = np.triu_indices(len(table), 1)
    differences: Float[np.ndarray, "p q"] = table[first] - table[second]
    return differences


def _pairs_by_seed(values: Sequence[Float[np.ndarray, "_ _"]]) -> tuple[Float[np.ndarray, "_ _"], ...]:
    """Return the differences by seed of all pairs, in the order of `pair_rows`; nothing if no system has seeds."""
    return tuple(seed_differences(first, second) for first, second in combinations(values, 2))


def _estimates(
    family: Sequence[Differences],
    sharing: Sharing | None,
    draws: Draws | None,
    *,
    confidence: float,
    n_resamples: int,
    seed: int,
) -> list[Estimate]:
    if len(family) == 1:
        return simultaneous_over_seeds(family[0], confidence=confidence, n_resamples=n_resamples, seed=seed, draws=draws)  # fmt: skip
    return mean_over_seeds(
        family, confidence=confidence, n_resamples=n_resamples, seed=seed, sharing=sharing, draws=draws
    )


def _letters(alike: Bool[np.ndarray, "s s"], best_first: Int[np.ndarray, " s"], names: Sequence[str]) -> dict[str, str]:
    """Give one letter to each maximal group of systems that are pairwise alike."""
    rank = {int(system): position for position, system in enumerate(best_first)}
    groups = sorted(_cliques(alike, set(), set(rank), set()), key=lambda group: sorted(rank[i] for i in group))
    return {
        name: "".join(_spell(index) for index, group in enumerate(groups) if i in group) for i, name in enumerate(names)
    }


def _cliques(alike: Bool[np.ndarray, "s s"], chosen: set[int], open_: set[int], done: set[int]) -> Iterator[set[int]]:
    """Yield all maximal groups, by Bron and Kerbosch's recursion with a pivot."""
    if not open_ and not done:
        yield chosen
        return

    def near(i: int) -> set[int]:
        return {int(j) for j in np.flatnonzero(alike[i])} - {i}

    pivot = max(open_ | done, key=lambda i: len(near(i) & open_))
    for i in sorted(open_ - near(pivot)):
        yield from _cliques(alike, chosen | {i}, open_ & near(i), done & near(i))
        open_, done = open_ - {i}, done | {i}


def _spell(index: int) -> str:
    """Return a … z, then A … Z, then (53), (54) …"""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letters[index] if index < len(letters) else f"({index + 1})"
