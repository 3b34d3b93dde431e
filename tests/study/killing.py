"""Commands whose workers, or themselves, are killed at a drawn instant."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evidense.store import Store

COMMAND = """
import sys
from evidense.study import rankings
rankings._GROUP_S = 1e-9  # every encoding is shared by its parts
from evidense.cli.main import main
main(sys.argv[1:])
"""
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Run:
    """A command line with its store and page."""

    argv: tuple[str, ...]
    folder: Path
    """Where it is typed."""
    store: Path
    is_worker: Callable[[str], bool]
    """Says of a command line of a process whether it is a worker of this run."""
    root: int | None = None
    """Process whose descendants hold the workers; None: the command itself."""

    def start(self) -> "subprocess.Popen[str]":
        """Start the command in a process of its own."""
        env = {**os.environ, "EVIDENSE_STORE": str(self.store)}
        argv = [sys.executable, "-P", "-c", COMMAND, *self.argv]
        return subprocess.Popen(
            argv, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self, process: "subprocess.Popen[str] | None" = None, exit_code: int = 0) -> str:
        """Let the command come to its end; return what it said."""
        process = process or self.start()
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == exit_code, out + err
        return out + err

    def workers(self, process: "subprocess.Popen[str]") -> list[int]:
        """Return the workers that run now."""
        lines = command_lines()
        return [pid for pid in descendants(self.root or process.pid) if self.is_worker(lines.get(pid, ""))]

    def wait_for_workers(self, process: "subprocess.Popen[str]") -> bool:
        """Wait until workers run; False if the command ends before."""
        until = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < until:
            if self.workers(process):
                return True
            time.sleep(0.05)
        return False

    def span_s(self) -> float:
        """Run the command to its end; return the seconds from its first worker to the last thing that was computed."""
        process = self.start()
        if not self.wait_for_workers(process):
            raise AssertionError(f"no worker was seen: {self.finish(process)}")
        began = time.monotonic()
        last, n_seen = began, 0
        while process.poll() is None:
            if (n := sum(1 for _ in Store(self.store).computed())) != n_seen:
                last, n_seen = time.monotonic(), n
            time.sleep(0.05)
        self.finish(process)
        return last - began


@dataclass(frozen=True)
class Kill:
    """A kill that hit: after how many seconds of work, and how many things were computed before it."""

    after_s: float
    n_before: int


def kill(run: Run, seed: str, span_s: float, hits: str) -> tuple["subprocess.Popen[str]", Kill | None]:
    """Start a run and kill a worker at a drawn instant, or the driver once something was computed; None if the run was over before."""
    draw = random.Random(seed)
    process = run.start()
    after_s = draw.uniform(0.0, span_s)
    if not run.wait_for_workers(process):
        return process, None
    while hits == "driver" and process.poll() is None and not any(Store(run.store).computed()):
        time.sleep(0.05)  # it spends most of its time on starting
    time.sleep(after_s)
    victims = [process.pid] if hits == "driver" else sorted(run.workers(process))
    if process.poll() is not None or not victims:
        return process, None
    n_before = sum(1 for _ in Store(run.store).computed())
    try:
        os.kill(draw.choice(victims), signal.SIGKILL)
    except ProcessLookupError:
        return process, None
    return process, Kill(after_s, n_before)


def hashes(folder: Path) -> dict[str, str]:
    """Return path → hash of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def computed_twice(store: Path) -> list[tuple[str, str]]:
    """Return what a store says was computed more than once."""
    counts = Counter((entry.room, entry.key) for entry in Store(store).computed())
    return [entry for entry, n in counts.items() if n > 1]


def computed_keys(store: Path) -> set[tuple[str, str]]:
    """Return what a store says was computed."""
    return {(entry.room, entry.key) for entry in Store(store).computed()}


def command_lines() -> dict[int, str]:
    """Return the command line of every process."""
    lines = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines[int(path.parent.name)] = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
    return lines


def descendants(pid: int) -> Iterator[int]:
    """Yield the children of a process, theirs, and so on."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(path.parent.name))
    queue = [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        queue += children
        yield from children
