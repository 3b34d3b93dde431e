"""The tables on shared items and new collections of docs/statistics.md: `python tests/calibration/sharing_table.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stats.sharing_worlds import NEW_WORLDS, SharedWorld

N_NEW, N_SHARED = 2000, 1000
SHARED = [
    SharedWorld(n_same, share, is_skewed)
    for n_same, share, is_skewed in (
        (0, 0.0, False), (60, 0.5, False), (200, 0.1, False), (200, 0.5, False), (200, 0.9, False), (200, 1.0, False), (200, 0.9, True),
    )
]  # fmt: skip
SEEDED = [(share, seed_sd) for share in (0.5, 0.9) for seed_sd in (0.0, 0.01)]


def new_rows() -> list[str]:
    """Coverage of the mean and of a new collection."""
    lines = ["| collections | τ | effects | holds the mean | holds a new collection |", "|---|---|---|---|---|"]
    for world in NEW_WORLDS:
        mean, new = world.coverage(N_NEW)
        lines.append(
            f"| {world.k} | {world.tau} | {'skewed' if world.is_skewed else 'normal'} | {mean:.3f} | {new:.3f} |"
        )
    return lines


def shared_rows() -> list[str]:
    """Coverage of the mean over four collections, and of three effects over seeds; each collection by itself, and joined."""
    lines = [
        "| queries in all four | share of luck in common | | apart | joined |",
        "|---|---|---|---|---|",
    ]
    for w in SHARED:
        apart, joined = (w.coverage(N_SHARED, is_joined=joined) for joined in (False, True))
        kind = "skewed" if w.is_skewed else "normal"
        lines.append(f"| {w.n_same} of {w.n_queries} | {w.share} | {kind} | {apart:.3f} | {joined:.3f} |")
    for share, seed_sd in SEEDED:
        world = SharedWorld(200, share)
        apart, joined = (world.seeded_coverage(N_SHARED, seed_sd, is_joined=joined) for joined in (False, True))
        lines.append(
            f"| 200 of 200 | {share} | three effects, five seeds, seed sd {seed_sd} | {apart:.3f} | {joined:.3f} |"
        )
    return lines


if __name__ == "__main__":
    print("\n".join([*new_rows(), "", *shared_rows()]))
