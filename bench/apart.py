"""One side of a job in a process of its own, so that its memory is its own: CPU-seconds, and the peak above what was resident before."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import machine


def run(module: str, *arguments: str, **environment: str) -> dict[str, float]:
    """Run `python -m MODULE ARGUMENTS` and return the JSON of its last line."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=machine.environment(**environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def measured(work: Callable[[], dict[str, float] | None]) -> None:
    """Do the work and print what it took; what the work itself returns is added."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    base, began = _resident("VmRSS"), time.process_time()
    more = work() or {}
    print(json.dumps({"cpu_s": time.process_time() - began, "base": base, "peak": _resident("VmHWM"), **more}))


def _resident(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
