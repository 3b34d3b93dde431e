"""Start commands in processes of their own, without paying for imports each time."""

import contextlib
import fcntl
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

NO_LIMIT = -1
_PROGRAM = (sys.executable, str(Path(__file__).with_name("server.py")))


def settings_of(home: Path) -> dict[str, str]:
    """Return the variables of a command that sees no other home than this."""
    return {"HOME": str(home), "HF_HOME": str(home), "PYTHONIOENCODING": "utf-8", "MPLCONFIGDIR": str(home)}


class Server:
    """A fork server (server.py), started at once. Under pytest-xdist the workers of a run share its imports."""

    def __init__(self, torch: bool, home: Path | None = None, path: str | None = None) -> None:
        """Start it; with a `home` of its own, its commands see no other; `path` stands for PYTHONPATH."""
        settings = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        if home is not None:
            settings |= settings_of(home)
        if path is not None:
            settings["PYTHONPATH"] = path
        settings |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._turn = threading.Lock()
        argv, env = [*_PROGRAM, "torch" if torch else "light"], {**os.environ, **settings}
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
        self._streams = _shared(argv, env, f"{run[:12]}-{argv[-1]}", path or "") if run else _own(argv, env)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send one order, and return its answer."""
        orders, answers = self._streams
        with self._turn:
            return _answer(orders, answers, order)

    def close(self) -> None:
        """End it: its orders end."""
        for stream in self._streams:
            stream.close()


def _answer(orders: IO[bytes], answers: IO[bytes], order: dict[str, Any]) -> dict[str, Any]:
    orders.write(json.dumps(order).encode() + b"\n")
    orders.flush()
    answer: dict[str, Any] = json.loads(answers.readline())
    return answer


def _own(argv: list[str], env: dict[str, str]) -> tuple[IO[bytes], IO[bytes]]:
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    process.returncode = 0  # it ends with its input; nobody waits for it
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _shared(argv: list[str], env: dict[str, str], name: str, path: str) -> tuple[IO[bytes], IO[bytes]]:
    """Connect with the run's server of this name, started by whoever needs it first; `path` goes before the others of its imports."""
    place = os.path.join(tempfile.gettempdir(), f"evidense-{name}")
    with open(f"{place}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if streams := _connected(place, path):
            return streams
        process = subprocess.Popen([*argv, place], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env)
        while not (streams := _connected(place, path)):
            assert process.poll() is None, f"the warm server ended with {process.returncode}"
            time.sleep(0.05)
        process.returncode = 0  # it ends with its last connection; nobody waits for it
        return streams


def _connected(place: str, path: str) -> tuple[IO[bytes], IO[bytes]] | None:
    """Connect; return None where no server listens, or one that is about to end."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(place)
        streams = connection.makefile("wb"), connection.makefile("rb")
        _answer(*streams, {"path": path})
    except (OSError, ValueError):
        return None
    finally:
        connection.close()  # the streams keep it open
    return streams


@dataclass
class Child:
    """A command that runs, as `subprocess.Popen` has it. It leads a process group of its own."""

    pid: int
    server: Server
    stdout: Path
    stderr: Path
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        if self.returncode is None:
            self.returncode = self.server.ask({"do": "wait", "pid": self.pid})["exit"]
        return self.returncode

    def wait(self, timeout: float = 300.0) -> int:
        """Wait for its end.

        Raises:
            TimeoutExpired: it still runs.
        """
        until = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("evidense", timeout)
            time.sleep(0.004)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """Kill it and what it started, by SIGKILL."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # it does not lead its group yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def communicate(self, timeout: float = 300.0) -> tuple[str, str]:
        """Wait for its end, and return what it printed."""
        self.wait(timeout)
        return self.stdout.read_text(), self.stderr.read_text()


@dataclass
class Warm:
    """Starts commands of Evidense, or Python code, in forked processes."""

    server: Server
    place: Path
    """Where their streams are written."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self, argv: Sequence[str], cwd: Path, *, code: str = "", file_bytes: int = NO_LIMIT, **env: str) -> Child:
        """Start a command line of Evidense, or `code` with these arguments; `file_bytes` limits the size of a file.

        The store is that of the test, unless `env` names another.
        """
        if "EVIDENSE_STORE" in os.environ:
            env = {"EVIDENSE_STORE": os.environ["EVIDENSE_STORE"], **env}
        n = next(self._numbers)
        streams = {name: self.place / f"{n}.{name}" for name in ("stdout", "stderr")}
        order = {"do": "start", "folder": str(cwd), "argv": list(argv), "env": env, "file_bytes": file_bytes}
        order |= {name: str(path) for name, path in streams.items()} | ({"code": code} if code else {})
        return Child(self.server.ask(order)["pid"], self.server, **streams)

    def run(self, argv: Sequence[str], cwd: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as `start` says."""
        child = self.start(argv, cwd, **settings)
        out, err = child.communicate()
        assert child.returncode is not None
        return subprocess.CompletedProcess(list(argv), child.returncode, out, err)


@contextlib.contextmanager
def warm_commands(path: str | None = None) -> Iterator[Warm]:
    """Return what starts commands warm; its server ends with the block. `path` stands for PYTHONPATH."""
    server = Server(torch=True, path=path)
    try:
        with tempfile.TemporaryDirectory(prefix="evidense-warm-") as place:
            yield Warm(server, Path(place))
    finally:
        server.close()
