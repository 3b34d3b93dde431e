"""Child: runs a native library on somebody's file in a separate process with limits, which may die without harm to this one.

One child serves many calls, since starting it takes longer than most calls. Once it is ready, it opens no file and no connection.
It ends with its parent, because its input ends then.
"""

import atexit
import contextlib
import importlib
import os
import select
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from evidense import errors
from evidense.boundary.offline import obey
from evidense.boundary.strangers import reason
from evidense.errors import EvidenseError, InvalidInput, WorkerLost

Work = Callable[[bytes], bytes]
"""The function that a child calls with the bytes of one call. The parent re-raises errors of Evidense unchanged."""

_LENGTH = struct.Struct(">Q")
_START = "import sys; sys.path[:] = sys.argv[4:]; from evidense.boundary.child import serve; serve(*sys.argv[1:4])"
_LOOK_EVERY_S = 5.0
_KILLED_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class ChildLimits:
    """Limits of one call, and of the child."""

    cpu_s: float = 3.0
    """Seconds of processor time; on a busy machine wall time would refuse files that an idle one reads."""
    wall_s: float = 60.0
    """Seconds in all, for a call that waits instead of working."""
    memory_bytes: int = 1 << 30
    """Address space of the whole child."""


def in_child(task: str, data: bytes, limits: ChildLimits = ChildLimits()) -> bytes:
    """Run a task on these bytes in a child process within limits, and return its result.

    `task` is `module:function`; the function is called without arguments when the child starts, imports what it needs and returns the `Work`.

    Raises:
        InvalidInput: the work exceeded a limit, or ended its process. The text continues a sentence that begins with the input's name.
        EvidenseError: the work raised it.
        WorkerLost: the child could not be started, or was killed from outside.
    """
    key = (os.getpid(), task, limits)  # a forked process has a child of its own
    child = _CHILDREN.get(key)
    if child is None:
        child = _CHILDREN.setdefault(key, _Child(task, limits))
        atexit.register(child.end)
    return child.ask(data)


class _Child:
    """One process, started by the first call and restarted by the call after its death; threads call it one at a time."""

    def __init__(self, task: str, limits: ChildLimits) -> None:
        self._task, self._limits, self._owner = task, limits, os.getpid()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, data: bytes) -> bytes:
        """Send one call and wait for its answer."""
        with self._lock:
            try:
                process = self._running()
                with contextlib.suppress(BrokenPipeError):  # it is dead: the answer says why
                    _pipe(process.stdin).write(_LENGTH.pack(len(data)) + data)
                    _pipe(process.stdin).flush()
                return self._answer(process)
            except EvidenseError:
                raise
            except BaseException:  # interrupted: an answer that nobody waits for would be taken for the next one
                self.end()
                raise

    def end(self) -> None:
        """Kill the process, if there is one, and wait for its end."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            with contextlib.suppress(OSError):  # what was not sent
                process.__exit__(None, None, None)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.end()
        root = str(Path(errors.__file__).parents[1])
        paths = [os.path.abspath(path) for path in sys.path if path]
        limits = (str(self._limits.cpu_s), str(self._limits.memory_bytes))
        argv = [sys.executable, "-P", "-c", _START, self._task, *limits, *paths, *([] if root in paths else [root])]
        try:
            self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise WorkerLost(
                f"no process can be started for '{self._task}' ({reason(error)}); expected to run {sys.executable}; close other programs"
            ) from None
        self._answer(self._process)
        return self._process

    def _answer(self, process: "subprocess.Popen[bytes]") -> bytes:
        """Read the class name of an error (empty if there is none), then its text or the result."""
        until = time.monotonic() + self._limits.wall_s
        kind, body = self._frame(process, until).decode(), self._frame(process, until)
        if kind:
            raise getattr(errors, kind, InvalidInput)(body.decode())
        return body

    def _frame(self, process: "subprocess.Popen[bytes]", until: float) -> bytes:
        return self._exactly(_LENGTH.unpack(self._exactly(_LENGTH.size, process, until))[0], process, until)

    def _exactly(self, n_bytes: int, process: "subprocess.Popen[bytes]", until: float) -> bytes:
        handle = _pipe(process.stdout).fileno()
        received = bytearray()
        with selectors.DefaultSelector() as waiting:
            waiting.register(handle, selectors.EVENT_READ)
            while len(received) < n_bytes:
                if not waiting.select(max(0.0, until - time.monotonic())):
                    self.end()
                    raise InvalidInput(f"takes more than {self._limits.wall_s:g} seconds")
                data = os.read(handle, n_bytes - len(received))
                if not data:
                    raise self._ended(process)
                received += data
        return bytes(received)

    def _ended(self, process: "subprocess.Popen[bytes]") -> EvidenseError:
        code = process.wait()
        self.end()
        if code == -signal.SIGPROF:
            return InvalidInput(f"takes more than {self._limits.cpu_s:g} seconds of processor time")
        if code >= 0 or -code in _KILLED_BY_OTHERS:
            return WorkerLost(
                f"the process of '{self._task}' ended with {_name(code)}; expected an answer: was it killed, or is the memory full? "
                "Run the same command again"
            )
        return InvalidInput(
            f"ends the process that reads it ({_name(code)}): it is nested too deeply or takes too much memory"
        )


_CHILDREN: dict[tuple[int, str, ChildLimits], _Child] = {}


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    return cast(IO[bytes], stream)  # both were asked for when the process was started


def _name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"


# --- in the child ------------------------------------------------------------------------------------------------------


def serve(task: str, cpu_s: str, memory_bytes: str) -> None:
    """Answer calls from stdin on the original stdout until stdin ends; what libraries print is discarded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends this one
    obey()
    parent = os.getppid()
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    module, _, function = task.partition(":")
    work = _answered(answers, lambda: (getattr(importlib.import_module(module), function)(), b""))
    if work is None:
        return
    os.dup2(nowhere, 2)
    _bound(int(memory_bytes))
    while (data := _received(parent)) is not None:
        _answered(answers, partial(_timed, work, data, float(cpu_s)))


def _timed(work: Work, data: bytes, cpu_s: float) -> tuple[Work, bytes]:
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # kills, whatever native code does at the moment
    try:
        return work, work(data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _answered(answers: int, call: Callable[[], tuple[Work, bytes]]) -> Work | None:
    """Call, and send the class name and text of its error, or an empty name and its result."""
    work: Work | None = None
    try:
        work, body = call()
        kind = b""
    except EvidenseError as error:
        kind, body = type(error).__name__.encode(), str(error).encode("utf-8", "replace")
    except MemoryError:
        kind, body = b"InvalidInput", b"takes too much memory"
    except BaseException as error:  # a panic of a Rust library is no Exception
        kind, body = b"InvalidInput", f"cannot be read ({reason(error)})".encode("utf-8", "replace")
    left = memoryview(_LENGTH.pack(len(kind)) + kind + _LENGTH.pack(len(body)) + body)
    while left:
        left = left[os.write(answers, left) :]
    return work


def _bound(memory_bytes: int) -> None:
    """Limit this process to this memory, without core files and without opening files."""
    import resource

    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_AS, memory_bytes),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system that knows no such limit
            resource.setrlimit(what, (most, most))


def _received(parent: int) -> bytes | None:
    """Return the next call, or None once the parent is gone."""
    while not select.select([0], [], [], _LOOK_EVERY_S)[0]:
        if os.getppid() != parent:
            return None
    head = _read(_LENGTH.size)
    return None if head is None else _read(_LENGTH.unpack(head)[0])


def _read(n_bytes: int) -> bytes | None:
    received = bytearray()
    while len(received) < n_bytes:
        data = os.read(0, n_bytes - len(received))
        if not data:
            return None
        received += data
    return bytes(received)
