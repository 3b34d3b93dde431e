"""Worlds with a known truth in which the rule is tried: per-query differences as retrieval makes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from evidense.stats import Differences, Estimate, label, simultaneous

World = Callable[[np.random.Generator, int, np.ndarray], Differences]
GAINS = np.concatenate([[0.0], 1 / np.log2(np.arange(2, 12))])  # nDCG@10 of a query with one relevant document
MOVED = 0.2  # share of queries in which something changes in the world of ties
JUMP = float(np.abs(GAINS[:, None] - GAINS).mean())


def _shared(shape: tuple[int, int], draw: Callable[[tuple[int, int]], np.ndarray]) -> np.ndarray:
    """Systems that share half of their variance, as models compared with one baseline do."""
    return np.sqrt(0.5) * draw(shape) + np.sqrt(0.5) * draw((1, shape[1]))


def continuous(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    return Differences(effects[:, None] + 0.25 * _shared((len(effects), n), rng.standard_normal), np.arange(n))


def skewed(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """Exponential noise, skewness 1.4: the symmetry that sign-flips assume does not hold."""
    noise = _shared((len(effects), n), lambda shape: rng.exponential(size=shape) - 1)
    return Differences(effects[:, None] + 0.25 * noise, np.arange(n))


def ties(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """80 % exact ties; else one relevant document moves between two ranks, more often the way of the effect."""
    shape = (len(effects), n)
    a, b = GAINS[rng.integers(0, len(GAINS), (2, *shape))]
    up = rng.random(shape) < 0.5 + effects[:, None] / (2 * MOVED * JUMP)
    moved = rng.random(shape) < MOVED
    return Differences(np.where(moved, np.where(up, 1.0, -1.0) * np.abs(a - b), 0.0), np.arange(n))


def clustered(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """Clusters of 1 to 6 queries whose differences share 60 % of their variance."""
    clusters = np.repeat(np.arange(n), np.minimum(rng.geometric(0.4, n), 6))[:n]
    common = np.sqrt(0.6) * _shared((len(effects), n), rng.standard_normal)[:, clusters]
    own = np.sqrt(0.4) * _shared((len(effects), n), rng.standard_normal)
    return Differences(effects[:, None] + 0.25 * (common + own), clusters)


def rare_losses(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """60 % of queries stay, 30 % gain .1, 10 % lose .3: the mean is 0, and a small sample may hold no loss at all."""
    kind = rng.random((len(effects), n))
    return Differences(effects[:, None] + np.where(kind < 0.1, -0.3, np.where(kind < 0.4, 0.1, 0.0)), np.arange(n))


WORLDS: dict[str, World] = {"continuous": continuous, "ties": ties, "skewed": skewed, "clustered": clustered}
STRESS: dict[str, World] = {"rare losses": rare_losses}


def noisy_copies(rng: np.random.Generator, n: int, noise: float = 0.5, n_docs: int = 40) -> Differences:
    """nDCG@10 of two copies of one retriever, each with its own noise on its scores; one relevant document a query."""
    scores = rng.standard_normal((n, n_docs))
    scores[:, 0] += 2.0  # the relevant one
    one, two = (_ndcg(scores + noise * rng.standard_normal(scores.shape)) for _ in range(2))
    return Differences((two - one)[None], np.arange(n))


def _ndcg(scores: np.ndarray) -> np.ndarray:
    rank = 1 + (scores[:, 1:] > scores[:, :1]).sum(axis=1)
    return np.where(rank <= 10, 1 / np.log2(1 + rank), 0.0)


@dataclass(frozen=True)
class Cell:
    """One cell of the calibration: a family of `n_collections` × `n_systems` in one world."""

    world: World
    n: int
    n_collections: int
    n_systems: int
    effect: float = 0.0
    """Of the first system on every collection; the others have none."""


@dataclass(frozen=True)
class Rates:
    """Shares of runs."""

    covered: float
    """All intervals of the family hold the truth."""
    false_label: float
    """HELPS or HARMS for a system without effect, anywhere in the family."""
    found: float
    """Of comparisons with an effect: HELPS."""
    below: float
    """Of comparisons with an effect: low > −margin, which passes the no-harm gate."""


def run(cell: Cell, runs: int, n_resamples: int, margin: float = 0.02) -> Rates:
    """Try the rule `runs` times; run i draws its data and its resamples from seed i."""
    truth = np.zeros(cell.n_systems)
    truth[0] = cell.effect
    seen = []
    for i in range(runs):
        rng = np.random.default_rng([i, cell.n])
        family = [cell.world(rng, cell.n, truth) for _ in range(cell.n_collections)]
        seen.append(_look(simultaneous(family, n_resamples=n_resamples, seed=i), truth, margin))
    return Rates(*(float(x) for x in np.mean(seen, axis=0)))


def _look(estimates: Sequence[Sequence[Estimate]], truth: np.ndarray, margin: float) -> tuple[float, ...]:
    every = [(e, t) for row in estimates for e, t in zip(row, truth, strict=True)]
    changed = [e for e, t in every if t != 0]
    return (
        all(e.low <= t <= e.high for e, t in every),
        any(label(e, margin) in ("HELPS", "HARMS") for e, t in every if t == 0),
        float(np.mean([label(e, margin) == "HELPS" for e in changed])) if changed else 0.0,
        float(np.mean([e.low > -margin for e in changed])) if changed else 0.0,
    )


def at_most(rate: float, nominal: float, runs: int) -> bool:
    """Within two Monte-Carlo standard errors of at most `nominal`."""
    return rate <= nominal + 2 * np.sqrt(nominal * (1 - nominal) / runs)


def seldom(rate: float, nominal: float, runs: int) -> bool:
    """Say whether so many errors happen to a rule with this error in more than one of a thousand sets of runs."""
    return rate * runs <= scipy.stats.binom.ppf(0.999, runs, nominal) + 1e-9
