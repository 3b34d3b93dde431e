"""Local engines: this process, or processes with one thread each. The results of both are equal."""

import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for
from typing import Any, cast

from evidense.study.runners.surroundings import ONE_THREAD, QUIET, Surroundings, as_worker, hidden_main, variables
from evidense.study.runners.tasks import Call, Runner, Say, Task, listen, seldom

_TELL_EVERY_S = 0.2
_AHEAD = 2
"""Tasks per worker that are submitted at a time, so that it has the next one while the parent handles a result."""
_SAFE = {"PYTHONSAFEPATH": "1"}
"""Keeps a starting process from importing modules of the working folder. Afterwards it uses the path of its parent."""


def n_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_runner(n: int, address: str) -> Runner:
    """Return a runner with n processes that use the store at `address`. If n is 0, tasks run in this process, also on one thread."""
    return Runner(Processes(n, address) if n else ThisProcess(address))


@dataclass
class ThisProcess:
    """Runs each call here, when it is submitted."""

    address: str
    most_at_once: int = 1

    def start(self) -> None:
        """Nothing needs to be started."""

    def check(self, tasks: Sequence[Task]) -> None:
        """This process takes all tasks, one after the other."""

    def submit(self, task: Task, call: Call, say: Say | None) -> "Future[Any]":
        """Run the call on one thread, with the variables that a worker has."""
        function, arguments = call
        future: Future[Any] = Future()
        listen(say)
        try:
            with as_worker(self.address):
                future.set_result(function(*arguments))
        except BrokenProcessPool as error:  # the call had processes of its own, and one was killed
            future.set_exception(error)
        finally:
            listen(None)
        return future

    def hear(self, say: Say | None) -> None:
        """Progress was passed on at once."""

    def restart(self) -> None:
        """This process was not lost."""

    def stop(self, *, at_once: bool) -> None:
        """Nothing needs to be ended."""


@dataclass
class Processes:
    """Worker processes with one thread each. They end with their parent, however that ends."""

    n: int
    address: str
    _pool: ProcessPoolExecutor | None = field(default=None, init=False)
    _progress_queue: Any = field(default=None, init=False)

    @property
    def most_at_once(self) -> int:
        """Return how many calls keep the workers busy."""
        return _AHEAD * self.n

    def start(self) -> None:
        """Start the processes, and wait until each can take a call."""
        context = multiprocessing.get_context("spawn")
        surroundings = Surroundings(self.address)
        with variables({**ONE_THREAD, **QUIET, **_SAFE, **surroundings.variables}), hidden_main():
            self._progress_queue = context.SimpleQueue()
            self._pool = ProcessPoolExecutor(self.n, context, _begin, (surroundings, self._progress_queue))
            for started in [self._pool.submit(os.getpid) for _ in range(self.n)]:
                started.exception()

    def check(self, tasks: Sequence[Task]) -> None:
        """The processes take all tasks; their number is the user's choice."""

    def submit(self, task: Task, call: Call, say: Say | None) -> "Future[Any]":
        """Hand the call to the process that is free next."""
        function, arguments = call
        try:
            return cast(ProcessPoolExecutor, self._pool).submit(function, *arguments)
        except BrokenProcessPool as error:
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def hear(self, say: Say | None) -> None:
        """Pass on the progress of all workers."""
        while not self._progress_queue.empty():
            progress = self._progress_queue.get()
            if say is not None:
                say(*progress)

    def restart(self) -> None:
        """Start new processes: a pool that lost one ends them all. A killed writer may have left half a message, so the queue is new too."""
        self.stop(at_once=True)
        self.start()

    def stop(self, *, at_once: bool) -> None:
        """End the processes; in the middle of their calls if `at_once`."""
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in processes:
                process.terminate()


# --- in a worker -----------------------------------------------------------------------------------------------------


def _begin(surroundings: Surroundings, progress_queue: Any) -> None:
    """Set up a new worker. It ends with its parent."""
    surroundings.take_over()
    listen(seldom(lambda name, done, total: progress_queue.put((name, done, total)), _TELL_EVERY_S))
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)
