"""`evidense --help` and `evidense demo`: seconds on the clock until they are done, each with a fresh store."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import machine
from bench.lines import N_RUNS, Line

PROGRAM = str(Path(sys.executable).parent / "evidense")
_ASK = """
import sys
try:
    from evidense.cli.main import main
    sys.argv = ["evidense", "--help"]
    main()
except SystemExit:
    pass
print("torch" in sys.modules)
"""


def measure() -> list[Line]:
    """Time both commands."""
    seen = subprocess.run(
        [sys.executable, "-c", _ASK], env=machine.environment(), capture_output=True, text=True, check=True
    )
    loads_torch = seen.stdout.splitlines()[-1] == "True"
    help_s = median(_wall_s("--help") for _ in range(N_RUNS))
    demo_s = median(_wall_s("demo") for _ in range(N_RUNS))
    torch = "torch is imported" if loads_torch else "torch is not imported"
    return [
        Line(
            "evidense --help",
            "–",
            "≤ 0.5 s and no torch import",
            0.5,
            "ours ≤",
            None,
            help_s if not loads_torch else float("inf"),
            "s",
            N_RUNS,
            (torch,),
        ),
        Line(
            "evidense demo",
            "–",
            "≤ 10 s",
            10,
            "ours ≤",
            None,
            demo_s,
            "s",
            N_RUNS,
            ("a fresh store and page each time",),
        ),
    ]


def _wall_s(command: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        where = ["--out", f"{folder}/page"] if command == "demo" else []
        environment = machine.environment(EVIDENSE_STORE=f"{folder}/store")
        started = time.perf_counter()
        subprocess.run([PROGRAM, command, *where], env=environment, capture_output=True, check=True, cwd=folder)
        return time.perf_counter() - started
