"""Letters: systems that do not differ significantly share a letter, tested over all pairs at once."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.errors import InvalidInput
from evidense.stats.dependence.overlap import Grouping
from evidense.stats.differences import Differences
from evidense.stats.estimates import simultaneous


def group_letters(
    values: Float[np.ndarray, "s q"],
    clusters: Grouping,
    names: Sequence[str],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
) -> dict[str, str]:
    """Return the letters of each system: two systems share a letter exactly if they do not differ significantly.

    All pairs are tested simultaneously. The system with the best mean has letter a.

    Raises:
        InvalidInput: names that do not fit the rows, or values as refused by `Differences`.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (3, 60))
    >>> group_letters(noise + [[0.0], [0.5], [0.0]], np.arange(60), ["x", "y", "z"], n_resamples=999, seed=0)
    {'x': 'b', 'y': 'a', 'z': 'b'}
    """
    if len(names) != len(values) or len(set(names)) != len(names):
        raise InvalidInput(f"{len(names)} names for {len(values)} systems → expected one distinct name a row")
    alike = np.ones((len(names), len(names)), dtype=bool)
    pairs = list(combinations(range(len(names)), 2))
    if pairs:
        first, second = np.array(pairs).T
        family = [Differences(values[first] - values[second], clusters)]
        estimates = simultaneous(family, confidence=confidence, n_resamples=n_resamples, seed=seed)[0]
        for (i, j), estimate in zip(pairs, estimates, strict=True):
            alike[i, j] = alike[j, i] = estimate.p_adjusted > 1 - confidence
    return _letters(alike, np.argsort(-values.mean(axis=1), kind="stable"), names)


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
