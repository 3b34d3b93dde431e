"""18,000 texts encoded with all-MiniLM-L6-v2 by one process and by as many as there are processors. Wall times of two sizes, subtracted."""

import os
import tempfile
from contextlib import chdir
from pathlib import Path
from statistics import median

from bench.lines import Line
from bench.rows.runner import wall_s, write
from evidense.study.run import RunOptions

N_TEXTS, N_FEW, N_RUNS = 20_000, 2_000, 3


def measure() -> list[Line]:
    """Compare BM25 with MiniLM, in turns, each time in an empty store; the difference of a large and a small corpus is encoding."""
    n = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as place, chdir(place):
        for size in (N_TEXTS, N_FEW):
            write(Path(f"of_{size}"), size)
        times: dict[int, list[float]] = {1: [], n: []}
        for _ in range(N_RUNS):
            for n_workers in times:
                large, small = (wall_s(RunOptions(n_workers=n_workers), f"of_{size}") for size in (N_TEXTS, N_FEW))
                times[n_workers].append(large - small)
    alone, shared = (median(times[n_workers]) for n_workers in times)
    spread = "; ".join(
        f"{n_workers} worker(s) {', '.join(f'{t:.1f}' for t in each)}" for n_workers, each in times.items()
    )
    return [Line(
        job=f"encode {N_TEXTS - N_FEW:,} texts by {n} processes on {n} processors", peer="one process", target="≥ .9 × their number",
        bound=0.9 * n, sense="peer/ours ≥", peer_value=alone, ours_value=shared, unit="s on the wall", n_runs=N_RUNS,
        notes=(f"seconds: {spread}", f"one thread each; a comparison of {N_TEXTS:,} texts less one of {N_FEW:,}"),
    )]  # fmt: skip
