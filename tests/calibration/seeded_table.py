"""Measure the tables on seeds × queries of docs/statistics.md: `python tests/calibration/seeded_table.py` prints them (about 20 minutes)."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stats"))

import numpy as np
from crossed_worlds import QUERY_SD, Crossed, rival_intervals

from evidense.claims import _effects
from evidense.stats import EFFECTS, FACTORIAL, Seeded, contrasts, seeded

RUNS = 1000
N_RESAMPLES = 299


def cells() -> Iterator[Crossed]:
    """The grid: few seeds or several, few queries or many, seeds alike or far apart."""
    for n_seeds in (3, 5, 10):
        for n_queries in (50, 200, 800):
            for seed_sd in (0.0, 0.01, 0.03):
                yield Crossed(n_seeds, n_queries, seed_sd)


def held(world: Crossed, runs: int = RUNS) -> tuple[float, float]:
    """Return the share of runs whose interval holds 0, and its width in widths of one that knows every variance."""
    known = world.seed_sd**2 / world.n_seeds
    known += QUERY_SD**2 / world.n_queries * (1 - world.rest + world.rest / world.n_seeds)
    holds, wide = [], []
    for i in range(runs):
        table = world.draw(np.random.default_rng([i, world.n_queries]))
        one = Seeded(table[None], np.arange(world.n_queries))
        e = seeded([one], n_resamples=N_RESAMPLES, seed=i)[0][0]
        holds.append(e.low <= 0 <= e.high)
        wide.append(e.high - e.low)
    return float(np.mean(holds)), float(np.mean(wide) / (2 * 1.96 * np.sqrt(known)))


def rivals(world: Crossed, runs: int = RUNS) -> dict[str, float]:
    """Return the share of runs in which the interval of each other method holds 0."""
    holds: dict[str, list[bool]] = {}
    for i in range(runs):
        table = world.draw(np.random.default_rng([i, world.n_queries]))
        for name, half in rival_intervals(table, np.random.default_rng(i), N_RESAMPLES).items():
            holds.setdefault(name, []).append(abs(table.mean()) <= half)
    return {name: float(np.mean(held)) for name, held in holds.items()}


def family_held(n_seeds: int, n_queries: int, seed_sd: float, runs: int = RUNS) -> float:
    """Return the share of runs in which the intervals of all three effects of a factorial hold 0 together."""
    holds = []
    for i in range(runs):
        rng = np.random.default_rng([i, n_queries])
        own, rest = QUERY_SD * np.sqrt(0.5) * np.ones(2)
        table = seed_sd * rng.standard_normal((4, n_seeds, 1)) + own * rng.standard_normal((4, 1, n_queries))
        table += rest * rng.standard_normal((4, n_seeds, n_queries))
        one = Seeded(contrasts(table, FACTORIAL), np.arange(n_queries))
        found = seeded([one], n_resamples=N_RESAMPLES, seed=i)[0]
        holds.append(all(e.low <= 0 <= e.high for e in found))
    return float(np.mean(holds))


def found(effect: float, n_queries: int, runs: int = 200) -> dict[str, float]:
    """Return the share of worlds of `claims/_effects.py` in which a gain, or twice it as an interaction, is found."""
    out = {}
    for name, gains in zip(EFFECTS, np.diag([effect, effect, 2 * effect]), strict=True):
        low = []
        for i in range(runs):
            table = _effects.scores(tuple(float(g) for g in gains), i, n_queries=n_queries)
            one = Seeded(contrasts(table, FACTORIAL), np.arange(n_queries))
            low.append(seeded([one], n_resamples=N_RESAMPLES, seed=i)[0][EFFECTS.index(name)].low > 0)
        out[name] = float(np.mean(low))
    return out


def print_coverage() -> None:
    """Print the first table."""
    for at, world in enumerate(cells()):
        others = rivals(world)
        if at == 0:
            print("| seeds | queries | seed sd | " + " | ".join([*others, "in use", "its width"]) + " |")
            print("|---|---|---|" + "---|" * (len(others) + 2))
        *shares, width = *others.values(), *held(world)
        row = " | ".join(f"{x:.3f}" for x in shares)
        print(f"| {world.n_seeds} | {world.n_queries} | {world.seed_sd:g} | {row} | {width:.2f} |", flush=True)


def print_power() -> None:
    """Print the second table."""
    print("\n| gain | queries | " + " | ".join(EFFECTS) + " |\n|---|---|---|---|---|")
    for effect in (0.04, 0.06, 0.08, 0.12):
        for n_queries in (200, 500, 1000):
            shares = found(effect, n_queries).values()
            print(f"| {effect:g} | {n_queries} | " + " | ".join(f"{x:.2f}" for x in shares) + " |", flush=True)


if __name__ == "__main__":
    print_coverage()
    print_power()
