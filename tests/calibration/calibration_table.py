"""Measure the calibration table of docs/statistics.md: `python tests/calibration/calibration_table.py` prints it (about ten minutes)."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stats"))

from worlds import STRESS, WORLDS, Cell, Rates, run

RUNS = 1000
N_RESAMPLES = 999
SIZES = (50, 400)
FAMILIES = ((1, 1), (4, 3))
EFFECT = {50: 0.04, 400: 0.03}
"""Of the first system on each collection; the world of ties cannot hold a larger one at 50."""


def null_cells() -> Iterator[tuple[str, Cell]]:
    """No system has an effect."""
    for name, world in {**WORLDS, **STRESS}.items():
        for n in SIZES:
            for collections, systems in FAMILIES:
                yield name, Cell(world, n, collections, systems)


def effect_cells() -> Iterator[tuple[str, Cell]]:
    """The first of three systems has an effect on each of four collections."""
    for name, world in WORLDS.items():
        for n in SIZES:
            yield name, Cell(world, n, 4, 3, EFFECT[n])


def line(name: str, cell: Cell, rates: Rates) -> str:
    """One row of the table."""
    found = f"{rates.found:.3f}" if cell.effect else ""
    shares = f"{rates.covered:.3f} | {rates.false_label:.3f} | {found}"
    return f"| {name} | {cell.n} | {cell.n_collections} × {cell.n_systems} | {cell.effect:g} | {shares} |"


if __name__ == "__main__":
    print("| world | queries | family | effect | all intervals hold | a false HELPS or HARMS anywhere | found |")
    print("|---|---|---|---|---|---|---|")
    for name, cell in [*null_cells(), *effect_cells()]:
        print(line(name, cell, run(cell, RUNS, N_RESAMPLES)), flush=True)
