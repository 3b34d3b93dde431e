"""Plant each fault of `faults.py` in a copy of the tree, run its tests, and say whether they notice it.

python tests/mutants/run.py            all faults, in two processes
python tests/mutants/run.py gate       those whose file or kind holds this text
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]
N_PROCESSES = 2
TIMEOUT_S = 600
Outcome = Literal["killed", "survived", "timed out", "broken"]
"""What became of a fault; 'broken': the tests could not run, which says nothing of them."""


@dataclass(frozen=True)
class Result:
    """One fault and what became of it."""

    fault: Fault
    outcome: Outcome
    wall_s: float


def main(words: Sequence[str]) -> int:
    """Plant the faults that are asked for; return 1 if one survived or its tests could not run."""
    asked = [f for f in FAULTS if not words or any(word in f"{f.file} {f.kind}" for word in words)]
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(N_PROCESSES) as pool:
        for n in range(N_PROCESSES):
            copies.put(copy_of_tree(Path(folder) / str(n)))
        if not unchanged_passes(asked, copies):
            return 1
        results = []
        for result in pool.map(lambda fault: planted(fault, copies), asked):
            print(sentence(result), flush=True)
            results.append(result)
    n_noticed = sum(r.outcome in ("killed", "timed out") for r in results)
    print(f"\n{n_noticed} of {len(results)} faults were killed")
    return int(n_noticed < len(results))


def copy_of_tree(folder: Path) -> Path:
    """Copy what the tests read; return the folder."""
    for name in ("src", "tests", "docs", "bench"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def unchanged_passes(faults: Sequence[Fault], copies: "SimpleQueue[Path]") -> bool:
    """Run all tests without any fault; a test that fails then would kill every fault."""
    copy = copies.get()
    tests = sorted({test for fault in faults for test in fault.tests})
    returned = run(copy, tests)
    copies.put(copy)
    if returned != 0:
        print(f"the tests do not pass without any fault; first mend: pytest -x {' '.join(tests)}")
    return returned == 0


def planted(fault: Fault, copies: "SimpleQueue[Path]") -> Result:
    """Plant a fault in a free copy, run its tests, and take it out again."""
    copy, start = copies.get(), time.monotonic()
    path = copy / "src" / "evidense" / fault.file
    whole = path.read_text(encoding="utf-8")
    try:
        write(path, whole.replace(fault.old, fault.new))
        returned = run(copy, fault.tests)
    finally:
        write(path, whole)
        copies.put(copy)
    outcomes: dict[int | None, Outcome] = {0: "survived", 1: "killed", 2: "killed", None: "timed out"}
    return Result(fault, outcomes.get(returned, "broken"), time.monotonic() - start)


def write(path: Path, text: str) -> None:
    """Write a module and forget what was compiled of it: a change within a second would not be noticed."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def run(copy: Path, tests: Sequence[str]) -> int | None:
    """Return what pytest returned: 0 passed, 1 failed, 2 could not be imported; None when time was up."""
    places = {"PYTHONPATH": str(copy / "src"), "EVIDENSE_STORE": str(copy / "store"), "TMPDIR": str(copy)}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *(f"tests/{test}" for test in tests),
    ]
    try:
        done = subprocess.run(
            command, cwd=copy, env={**os.environ, **places, **threads}, capture_output=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def sentence(result: Result) -> str:
    """Say in one line what became of a fault."""
    fault = result.fault
    return f"{result.outcome:9} {result.wall_s:4.0f} s  {fault.kind}: {fault.file}: {fault.old!r} → {fault.new!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
