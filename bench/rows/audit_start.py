"""`evidense audit --help` beside `evidense --help`: CPU-seconds of the process, and what it imports."""

import resource
import subprocess
import sys
from statistics import median

from bench import machine
from bench.lines import Line

HEAVY = ("lxml", "httpx", "pypdfium2", "bibtexparser", "rapidfuzz", "selectolax", "torch")
N_RUNS = 15
_ASK = f"""
import sys
from evidense.cli.main import main
sys.argv = ["evidense", "audit", "--help"]
try:
    main()
except SystemExit:
    pass
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""


def measure() -> list[Line]:
    """Time both in turns."""
    asked = subprocess.run(
        [sys.executable, "-c", _ASK], env=machine.environment(), capture_output=True, text=True, check=True
    )
    heavy = asked.stdout.splitlines()[-1].split()
    times = [(_cpu_s("--help"), _cpu_s("audit", "--help")) for _ in range(N_RUNS)]
    plain_s, audit_s = (median(column) for column in zip(*times, strict=True))
    imported = f"imported: {', '.join(heavy)}" if heavy else f"none of {', '.join(HEAVY)} is imported"
    return [Line(
        job="evidense audit --help", peer="evidense --help", target="≤ 1.1 × its time, nothing heavy imported", bound=1.1, sense="ours/peer ≤",
        peer_value=plain_s, ours_value=float("inf") if heavy else audit_s, unit="CPU-s", n_runs=N_RUNS, notes=(imported,),
    )]  # fmt: skip


def _cpu_s(*words: str) -> float:
    """Return the CPU-seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "evidense", *words], env=machine.environment(), capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
