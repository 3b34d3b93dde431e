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
TIMEOUT_S = 900
FAILED = 1
"""What pytest returns when a test failed; 2 where a file could not be imported."""
Outcome = Literal["killed", "survived", "timed out", "broken"]
"""What became of a fault; 'broken': its tests fail without the fault too, or could not run."""


@dataclass(frozen=True)
class Result:
    """One fault and what became of it."""

    fault: Fault
    outcome: Outcome
    wall_s: float


class Copies:
    """Copies of the tree, of which each is used by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.free: SimpleQueue[Path] = SimpleQueue()
        for n in range(N_PROCESSES):
            self.free.put(copy_of_tree(folder / str(n)))

    def run_unchanged(self, test: str) -> bool:
        """Return whether the tests of a file pass without any fault."""
        copy = self.free.get()
        try:
            return run(copy, (test,)) == 0
        finally:
            self.free.put(copy)

    def run_with(self, fault: Fault) -> Result:
        """Plant a fault, run its tests, and take it out again."""
        copy, start = self.free.get(), time.monotonic()
        path = copy / "src" / "evidense" / fault.file
        whole = path.read_text(encoding="utf-8")
        try:
            write(path, whole.replace(fault.old, fault.new))
            returned = run(copy, fault.tests)
        finally:
            write(path, whole)
            self.free.put(copy)
        outcomes: dict[int | None, Outcome] = {0: "survived", FAILED: "killed", 2: "killed", None: "timed out"}
        return Result(fault, outcomes.get(returned, "broken"), time.monotonic() - start)


def main(words: Sequence[str]) -> int:
    """Plant the faults whose file or kind holds one of these words; return 1 if one was not killed."""
    asked = [f for f in FAULTS if not words or any(word in f"{f.file} {f.kind}" for word in words)]
    files = sorted({test for fault in asked for test in fault.tests})
    results = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(N_PROCESSES) as pool:
        copies = Copies(Path(folder))
        failing = {
            file for file, passes in zip(files, pool.map(copies.run_unchanged, files), strict=True) if not passes
        }
        for file in sorted(failing):
            print(f"tests/{file} fails without any fault; mend it first")
        for result in pool.map(copies.run_with, [f for f in asked if not failing & set(f.tests)]):
            print(sentence(result), flush=True)
            results.append(result)
    n_killed = sum(result.outcome in ("killed", "timed out") for result in results)
    print(f"\n{n_killed} of {len(asked)} faults were killed")
    return int(n_killed < len(asked))


def copy_of_tree(folder: Path) -> Path:
    """Copy what the tests read; return the folder."""
    for name in ("src", "tests", "docs", "bench"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def write(path: Path, text: str) -> None:
    """Write a module and forget what was compiled of it: a change within a second would not be noticed."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def run(copy: Path, tests: Sequence[str]) -> int | None:
    """Run these files until one test fails; return what pytest returns, or None when time is up."""
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
