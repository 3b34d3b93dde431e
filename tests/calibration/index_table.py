"""Print the tables on approximate indexes in docs/statistics.md: python tests/calibration/index_table.py."""

import numpy as np
from bounded_worlds import WORLDS, interval
from index_worlds import false_words

import conftest  # noqa: F401
from evidense.stats import mean_interval

RUNS = 1000


def coverage_rows() -> list[str]:
    """Return one row a world: the share of intervals that hold the truth, by the bootstrap and as in use, for three numbers of queries."""
    rows = []
    for name, world in WORLDS.items():
        cells = []
        for n in (60, 200, 1000):
            rng, holds = np.random.default_rng(n), np.zeros(2)
            for run in range(RUNS):
                values, labels = world.draw(rng, n)
                ends = [
                    mean_interval(values, labels, n_resamples=999, seed=run),
                    interval(values, labels, world.limits, seed=run),
                ]
                holds += [low <= world.mean <= high for _, low, high in ends]
            cells += [f"{share:.3f}" for share in holds / RUNS]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def word_rows() -> list[str]:
    """Return one row a world: how often HELPS or HARMS is said though exact search makes no difference."""
    rows = []
    for change in (-0.05, 0.0, 0.05):
        for n_checked in (400, 200):
            as_run, allowing = false_words(change, 400, n_checked, RUNS)
            rows.append(f"| {change:+.2f} | {n_checked} of 400 | {as_run:.3f} | {allowing:.3f} |")
    return rows


if __name__ == "__main__":
    print(
        "| world | 60: bootstrap | in use | 200: bootstrap | in use | 1,000: bootstrap | in use |\n|---|---|---|---|---|---|---|"
    )
    print("\n".join(coverage_rows()))
    print(
        "\n| the index changes | queries checked | HELPS or HARMS, as run | allowing for the index |\n|---|---|---|---|"
    )
    print("\n".join(word_rows()))
