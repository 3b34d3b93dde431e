"""Measure the tables of "Looking many times" in docs/statistics.md: `python tests/calibration/looking_table.py` prints them (about an hour)."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stats"))

from looking_worlds import TRUTHS, Checkpoints, Nights, at_least_one, name_best

from worlds import STRESS, WORLDS

NIGHTS = 30
NIGHT_RUNS, NIGHT_RESAMPLES = 400, 9999
BEST_RUNS, BEST_RESAMPLES = 1000, 999
SIZES = (100, 400)


def nights() -> Iterator[tuple[str, Nights]]:
    """Thirty builds that truly lose exactly the margin."""
    for name, world in {**WORLDS, **STRESS}.items():
        for n in SIZES:
            yield name, Nights(world, n, NIGHTS)


def checkpoints() -> Iterator[tuple[str, Checkpoints]]:
    """Twenty checkpoints, and two."""
    for name in ("continuous", "skewed"):
        for truths in TRUTHS:
            for n in (100, 300):
                yield name, Checkpoints(WORLDS[name], n, truths, 20)
    yield "continuous", Checkpoints(WORLDS["continuous"], 100, "all equal", 2)


def print_nights() -> None:
    """Print the table of the gate."""
    print(
        "| world | queries | passes at least once, no plan | `--looks 30` | a build that gains .02 passes, no plan | `--looks 30` |"
    )
    print("|---|---|---|---|---|---|")
    for name, cell in nights():
        errs = at_least_one(cell, (0, NIGHTS), NIGHT_RUNS, NIGHT_RESAMPLES)
        good = Nights(cell.world, cell.n, 1, 0.02)
        finds = at_least_one(good, (0, NIGHTS), NIGHT_RUNS, NIGHT_RESAMPLES)
        print(f"| {name} | {cell.n} | {' | '.join(f'{x:.3f}' for x in (*errs, *finds))} |", flush=True)


def print_best() -> None:
    """Print the table of checkpoints."""
    shares = "HELPS, named alone | HELPS, `--best-of` | interval holds | bias as observed | bias shrunken | error, shrunken / observed"
    print(f"| world | checkpoints | truly | queries | {shares} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, cell in checkpoints():
        f = name_best(cell, BEST_RUNS, BEST_RESAMPLES)
        shares = (
            f"{f.alone:.3f} | {f.helps:.3f} | {f.holds:.3f} | {f.observed:+.4f} | {f.shrunken:+.4f} | {f.error:.2f}"
        )
        print(f"| {name} | {cell.n_checkpoints} | {cell.truths} | {cell.n} | {shares} |", flush=True)


if __name__ == "__main__":
    print_best()
    print()
    print_nights()
