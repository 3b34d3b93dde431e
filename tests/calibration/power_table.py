"""Measure what two other rules would find: `python tests/calibration/power_table.py` prints the table of docs/statistics.md (about ten minutes).

*Step-down*: what was found leaves the family, and the rest is tested again. *Two tails*: each end of an interval has the
bootstrap's own tail, instead of both having that of |t|.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stats"))

import numpy as np
from scipy.stats import ttest_1samp

from evidense.stats import Differences, resample
from evidense.stats.critical import adjust
from evidense.stats.resampling import Draws, studentise
from worlds import GAINS, WORLDS, World

RUNS = 200
N_RESAMPLES = 1999
RULES = {"in use": (False, False), "step-down": (False, True), "two tails": (True, False), "both": (True, True)}


def heavy_ties(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """95 % of the queries are equal; where there is an effect, 19 of 20 of the others gain."""
    a, b = GAINS[rng.integers(0, len(GAINS), (2, len(effects), n))]
    moved = rng.random((len(effects), n)) < 0.05
    up = rng.random((len(effects), n)) < np.where(effects > 0, 0.95, 0.5)[:, None]
    return Differences(np.where(moved, np.where(up, 1.0, -1.0) * np.abs(a - b), 0.0), np.arange(n))


def one_group_of_a_tenth(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """A tenth of the queries is one group; systems share half of their variance."""
    noise = np.sqrt(0.5) * (rng.standard_normal((1, n)) + rng.standard_normal((len(effects), n)))
    return Differences(effects[:, None] + 0.25 * noise, np.maximum(np.arange(n) - n // 10 + 1, 0))


def unequal_groups(rng: np.random.Generator, n: int, effects: np.ndarray) -> Differences:
    """24 groups of 1, 5 or n / 12 queries, which share 30 % of their variance."""
    labels = np.repeat(np.arange(24), [1] * 8 + [5] * 8 + [n // 12] * 8)
    common = rng.standard_normal((len(effects), 24))[:, labels]
    noise = np.sqrt(0.3) * common + np.sqrt(0.7) * rng.standard_normal((len(effects), len(labels)))
    return Differences(effects[:, None] + 0.25 * noise, labels)


CELLS: dict[str, tuple[World, int, float]] = {
    **{name: (world, 400, 0.03) for name, world in WORLDS.items()},
    "heavy ties": (heavy_ties, 400, 0.03),
    "one group of 10 %": (one_group_of_a_tenth, 400, 0.04),
    "24 unequal groups": (unequal_groups, 240, 0.12),
}


def p_values(draws: Draws, left: np.ndarray, exponent: float, two_tails: bool) -> np.ndarray:
    """Adjusted p of the systems that are left; 1 elsewhere."""
    t = studentise(draws.mean, draws.se)
    flip = np.abs(studentise(draws.flip_mean, draws.flip_se))[:, left].max(axis=1)
    boot = studentise(draws.boot_mean, draws.boot_se)[:, left]
    p = np.ones(len(t))
    for j in np.flatnonzero(left):
        tail = (boot if t[j] > 0 else -boot).max(axis=1) if two_tails else np.abs(boot).max(axis=1)
        by_bootstrap = (1 + two_tails) * (1 + (tail >= abs(t[j])).sum()) / (1 + len(tail))
        by_flips = (1 + (flip >= abs(t[j])).sum()) / (1 + len(flip))
        p[j] = adjust(float(max(by_bootstrap, by_flips)), exponent)
    return p


def rejected(family: Sequence[Draws], two_tails: bool, step_down: bool) -> np.ndarray:
    """Say which systems are told apart from the baseline, a row a collection."""
    left = np.ones((len(family), len(family[0].mean)), dtype=bool)
    while True:
        n_left = left.sum()
        p = [
            p_values(draws, row, n_left / row.sum(), two_tails) if row.any() else np.ones(len(row))
            for draws, row in zip(family, left.copy(), strict=True)
        ]
        newly = left & (np.array(p) <= 0.05)
        left &= ~newly
        if not (step_down and newly.any() and left.any()):
            return ~left


def holm(family: Sequence[Differences]) -> np.ndarray:
    """Say which systems the paired t-test with Holm's correction tells apart; it counts each query by itself."""
    p = np.nan_to_num([ttest_1samp(row, 0).pvalue for one in family for row in one.values], nan=1.0)
    order = np.argsort(p)
    is_small = p[order] * np.arange(len(p), 0, -1) <= 0.05
    out = np.zeros(len(p), dtype=bool)
    out[order[: len(p) if is_small.all() else int(np.argmin(is_small))]] = True
    return out.reshape(len(family), -1)


def row(name: str, n_collections: int, n_systems: int) -> str:
    """Measure one row: the share of effects found, and in brackets of studies with a false one."""
    world, n, effect = CELLS[name]
    truth = np.array([effect] + [0.0] * (n_systems - 1))
    verdicts: dict[str, list[np.ndarray]] = {rule: [] for rule in [*RULES, "t, Holm"]}
    for i in range(RUNS):
        rng = np.random.default_rng([i, 5])
        family = [world(rng, n, truth) for _ in range(n_collections)]
        draws = resample(family, n_resamples=N_RESAMPLES, seed=i)
        for rule, (two_tails, step_down) in RULES.items():
            verdicts[rule].append(rejected(draws, two_tails, step_down))
        verdicts["t, Holm"].append(holm(family))
    shares = [
        f"{np.mean([v[:, 0] for v in found]):.3f} ({np.mean([v[:, 1:].any() for v in found]):.3f})"
        for found in verdicts.values()
    ]
    return f"| {name} | {n_collections} × {n_systems} | {' | '.join(shares)} |"


if __name__ == "__main__":
    print(f"| world | family | {' | '.join([*RULES, 't, Holm'])} |\n|---|---|{'---|' * (len(RULES) + 1)}")
    for name in CELLS:
        for family in ((1, 1), (4, 3)):
            print(row(name, *family), flush=True)
