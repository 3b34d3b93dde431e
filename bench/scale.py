"""Cost against size: `python -m bench.scale` measures, writes bench/scale.json and draws docs/figures/growth.svg. About ten minutes of one thread.

Every point is one `evidense compare` in a process of its own. `python -m bench.scale --draw` draws the last measurement again.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import log
from pathlib import Path

import numpy as np

from bench import machine
from bench.growth_figure import drawn
from bench.rows.statistics_page import N_WORDS, model, write_collection

HERE = Path(__file__).parent
MEASURED, FIGURE = HERE / "scale.json", HERE.parent / "docs" / "figures" / "growth.svg"
N_DIMS, N_TOKENS = 32, 12


@dataclass(frozen=True)
class Size:
    """A comparison: documents of twelve words, queries of four, static encoders of 32 dimensions beside a baseline."""

    documents: int = 10_000
    queries: int = 1_000
    systems: int = 1


SWEEPS: dict[str, tuple[Size, ...]] = {
    "documents": tuple(Size(documents=n) for n in (2_000, 10_000, 50_000, 200_000, 1_000_000)),
    "systems": tuple(Size(systems=n) for n in (1, 3, 6, 10)),
    "queries": tuple(Size(queries=n) for n in (100, 1_000, 10_000, 50_000)),
}
PHASES = {"open": "read and check", "rank": "encode and rank", "decide": "decide and write the page"}


@dataclass(frozen=True)
class Point:
    """What one comparison took."""

    size: Size
    cpu_s: dict[str, float] = field(default_factory=dict)
    """Phase → CPU-seconds; 'start' is what loading libraries takes."""
    peak_mib: float = 0.0


def main(arguments: Sequence[str]) -> int:
    """Measure and draw, or only draw."""
    if "--draw" not in arguments:
        names = [name for name in arguments if name in SWEEPS] or list(SWEEPS)
        kept = json.loads(MEASURED.read_text())["sweeps"] if MEASURED.exists() else {}
        for name in names:
            kept[name] = [asdict(measured(size)) for size in SWEEPS[name]]
            MEASURED.write_text(json.dumps({"machine": machine.describe(), "sweeps": kept}, indent=1) + "\n")
    sweeps = json.loads(MEASURED.read_text())["sweeps"]
    FIGURE.write_text(drawn(sweeps, PHASES))
    for name, points in sweeps.items():
        for phase in PHASES:
            print(f"{name:10} {phase:7} slope {slope(points, name, phase):.2f} (n log n: {n_log_n(points, name):.2f})")
    return 0


def slope(points: Sequence[dict], name: str, phase: str) -> float:
    """Return the exponent of growth between the two largest sizes: 1 doubles the time with the size, 2 makes it four times as long."""
    (n, cost), (n_more, more) = ((p["size"][name], p["cpu_s"][phase]) for p in points[-2:])
    return log(more / cost) / log(n_more / n)


def n_log_n(points: Sequence[dict], name: str) -> float:
    """Return the exponent that n log n has between these sizes."""
    n, more = (p["size"][name] for p in points[-2:])
    return log(more * log(more) / (n * log(n))) / log(more / n)


def measured(size: Size) -> Point:
    """Run one comparison."""
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder), size)
        done = subprocess.run(
            [sys.executable, "-m", "bench.scale", "--inside", folder, str(size.systems)],
            env=machine.environment(EVIDENSE_STORE=f"{folder}/store"), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        point = Point(size, **json.loads(done.stdout.splitlines()[-1]))
    print(size, {phase: round(s, 2) for phase, s in point.cpu_s.items()}, f"{point.peak_mib:.0f} MiB", flush=True)
    return point


def _make(folder: Path, size: Size) -> None:
    rng = np.random.default_rng(0)
    documents = rng.integers(N_WORDS, size=(size.documents, N_TOKENS))
    judged = rng.integers(size.documents, size=size.queries)
    write_collection(folder / "c", documents, [rng.choice(documents[doc], 4) for doc in judged], judged)
    meaning = rng.standard_normal((N_WORDS + 1, N_DIMS))
    for number in range(size.systems + 1):
        model(folder / f"s{number}", (meaning + 0.6 * rng.standard_normal(meaning.shape)).astype(np.float32))


def _inside(folder: str, n_systems: int) -> dict[str, object]:
    from bench.rows.statistics_page import timed
    from evidense import registry
    from evidense.cli.main import main as command
    from evidense.study import run

    opened, ranked, whole = timed(registry, "collections"), timed(run, "retrieve"), timed(run, "run_opened")
    sys.argv = ["evidense", "compare", *(f"{folder}/s{n}" for n in range(n_systems + 1)), "--on", f"{folder}/c", "--out", f"{folder}/page"]  # fmt: skip
    try:
        command()
    except SystemExit as end:
        if end.code:
            raise
    status = Path("/proc/self/status").read_text().splitlines()
    mib = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    cpu_s = {"open": sum(opened), "rank": sum(ranked), "decide": sum(whole) - sum(ranked)}
    return {"cpu_s": cpu_s | {"start": time.process_time() - sum(cpu_s.values())}, "peak_mib": mib}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(_inside(sys.argv[2], int(sys.argv[3]))))
    else:
        sys.exit(main(sys.argv[1:]))
