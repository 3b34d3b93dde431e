"""The table on chosen thresholds of docs/statistics.md: `python tests/calibration/abstaining_table.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "stats"))

from abstaining_worlds import RISKS, by_bound, by_share, measure, ours

N_SAMPLES = 1000
SIZES = [(400, (1,)), (400, (1, 2, 4, 8))]


def rows() -> list[str]:
    """How often each choice exceeds the target, and which share of verdicts it gives."""
    lines = [
        "| risk at a confidence | documents | verdicts of each | share within the target | bound within the target | in use | verdicts given by it |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        for world in RISKS:
            share, bound, in_use = (measure(choose, world, size, N_SAMPLES) for choose in (by_share, by_bound, ours))
            per_document = ", ".join(map(str, size[1]))
            lines.append(
                f"| {world} | {size[0]} | {per_document} | {share.exceeds:.3f} | {bound.exceeds:.3f} | {in_use.exceeds:.3f} | {in_use.coverage:.3f} |"
            )
    return lines


if __name__ == "__main__":
    print("\n".join(rows()))
