"""Measure the table on shared documents of docs/statistics.md: `python tests/calibration/overlap_table.py` prints it (about 15 minutes)."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stats"))

import judged
import numpy as np
from scipy.stats import ttest_1samp

from evidense.stats import Differences, Grouping, Overlap, effective, simultaneous

RUNS = 1000
N_RESAMPLES = 499
ICC = (0.0, 0.1, 0.5)
COLLECTIONS = (*judged.NAMES, "cranfield-like")


@cache
def grouping(name: str) -> Grouping:
    """The overlap of a real collection's queries, or of one made to be like Cranfield's."""
    return judged.cranfield_like() if name == "cranfield-like" else judged.grouping(name)


@dataclass(frozen=True)
class Shares:
    """Of many samples: how often the t interval and ours hold the truth, and how often each finds an effect that t finds in 80 %."""

    t_holds: float
    holds: float
    t_finds: float
    finds: float


def cells() -> Iterator[tuple[str, float]]:
    """Each collection with documents that matter not at all, somewhat, and much."""
    for name in COLLECTIONS:
        for icc in ICC:
            yield name, icc


def shares(name: str, icc: float, runs: int = RUNS) -> Shares:
    """Try samples without any effect, and the same with one of 2.85 standard errors of independent queries."""
    overlap = grouping(name)
    assert isinstance(overlap, Overlap)
    x = judged.drawn(overlap, icc, (runs, len(overlap)), np.random.default_rng([len(overlap), int(100 * icc)]))
    effect = 2.85 / np.sqrt(len(overlap))
    ours = [
        simultaneous([Differences(row[None], overlap)], n_resamples=N_RESAMPLES, seed=i)[0][0]
        for i, row in enumerate(x)
    ]
    return Shares(
        float(np.mean(ttest_1samp(x, 0, axis=1).pvalue > 0.05)), float(np.mean([e.low <= 0 <= e.high for e in ours])),
        float(np.mean(ttest_1samp(x + effect, 0, axis=1).pvalue <= 0.05)), float(np.mean([e.low + effect > 0 for e in ours])),
    )  # fmt: skip


def families(name: str, icc: float, runs: int = RUNS, n_systems: int = 4) -> float:
    """The share of samples in which any of some systems without an effect is called different."""
    overlap = grouping(name)
    assert isinstance(overlap, Overlap)
    wrong = []
    for i in range(runs):
        x = judged.drawn(overlap, icc, (n_systems + 1, len(overlap)), np.random.default_rng([i, 7]))
        found = simultaneous([Differences((x[1:] + x[:1]) / np.sqrt(2), overlap)], n_resamples=N_RESAMPLES, seed=i)[0]
        wrong.append(any(e.low > 0 or e.high < 0 for e in found))
    return float(np.mean(wrong))


if __name__ == "__main__":
    print("| judgements | queries | effective | ICC | t interval holds | in use holds | t finds | in use finds |")
    print("|---|---|---|---|---|---|---|---|")
    for name, icc in cells():
        s, overlap = shares(name, icc), grouping(name)
        print(
            f"| {name} | {len(overlap)} | {effective(overlap)} | {icc:g} | {s.t_holds:.3f} | {s.holds:.3f} | {s.t_finds:.3f} | {s.finds:.3f} |",
            flush=True,
        )
