"""Workers: run tasks that depend on each other in processes with one thread each. The results equal those of a single process."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

from evidense.boundary.consent import Consent, accept, consent
from evidense.boundary.streams import make_visible
from evidense.compute.pictures.arrays import share_pictures
from evidense.compute.threads import one_thread
from evidense.errors import WorkerLost
from evidense.fetching.packages.kept import KEPT_IN, kept_in

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments. The function is sent to the worker by name, so it must belong to a module."""
Say = Callable[[str, int, int], None]
"""Progress callback of a task: its name, steps done, steps in all."""

_LOOK_EVERY_S = 0.2
_AHEAD = 2
"""Tasks per worker that are submitted at a time, so that it has the next one while the parent handles a result."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_QUIET = {"TOKENIZERS_PARALLELISM": "false"}
_SAFE = {"PYTHONSAFEPATH": "1"}
"""Keeps a starting process from importing modules of the working folder. Afterwards it uses the path of its parent."""


@dataclass(frozen=True)
class Task:
    """A call that runs after the tasks that it needs."""

    key: str
    call: Callable[[Mapping[str, Any]], Call]
    """Makes the call from the results of the tasks in `needs`."""
    needs: tuple[str, ...] = ()


def n_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Worker processes that live as long as the block. If `n` is 0, the tasks run in this process, also on one thread.

    Every worker uses the store at `root`, which holds the weights of `checkpoint:ID`, and the packages of the user's store. Workers end with
    their parent, however that ends.
    """

    def __init__(self, n: int, root: Path) -> None:
        self.n, self.root = n, root
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._progress_queue: Any = None

    def __enter__(self) -> "Workers":
        """Start the processes."""
        if self.n == 0:
            self._stack.enter_context(_variables({KEPT_IN: str(kept_in()), "EVIDENSE_STORE": str(self.root)}))
            self._stack.enter_context(one_thread())
            return self
        context = multiprocessing.get_context("spawn")
        with _variables({**_ONE_THREAD, **_QUIET, **_SAFE, KEPT_IN: str(kept_in())}), _hidden_main():
            self._progress_queue = context.SimpleQueue()
            self._pool = ProcessPoolExecutor(self.n, context, _begin, (str(self.root), self._progress_queue, consent()))
            for started in [self._pool.submit(os.getpid) for _ in range(self.n)]:
                self._outcome("starting", started)
        return self

    def __exit__(self, *exc: object) -> None:
        """End the processes. Tasks that have not begun are cancelled."""
        if self._pool is not None:
            self._pool.shutdown(wait=exc[0] is None, cancel_futures=True)
            if exc[0] is not None:
                for process in list((self._pool._processes or {}).values()):
                    process.terminate()
        self._stack.close()

    def run(self, tasks: Sequence[Task], say: Say | None = None) -> Iterator[tuple[str, Any]]:
        """Yield (key, result) of every task as soon as it is done. Among tasks that can run, those earlier in the list go first.

        Raises:
            WorkerLost: a process ended without an error.
            EvidenseError: a task refuses something.
        """
        results: dict[str, Any] = {}
        waiting = list(tasks)
        running: dict[Future[Any], str] = {}
        while waiting or running:
            ready = [task for task in waiting if all(need in results for need in task.needs)]
            for task in ready[: max(1, _AHEAD * self.n) - len(running)]:
                waiting.remove(task)
                running[self._begun(task.call(results), say)] = task.key
            done, _ = wait(running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            self._hear(say)
            for future in done:
                key = running.pop(future)
                results[key] = self._outcome(key, future)
                yield key, results[key]

    def _begun(self, call: Call, say: Say | None) -> "Future[Any]":
        function, arguments = call
        if self._pool is not None:
            try:
                return self._pool.submit(function, *arguments)
            except BrokenProcessPool as error:
                raise _lost("a task", error) from None
        future: Future[Any] = Future()
        _listen(say)
        try:
            future.set_result(function(*arguments))
        finally:
            _listen(None)
        return future

    def _outcome(self, key: str, future: "Future[Any]") -> Any:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise _lost(key, error) from None

    def _hear(self, say: Say | None) -> None:
        while self._progress_queue is not None and not self._progress_queue.empty():
            progress = self._progress_queue.get()
            if say is not None:
                say(*progress)


def tell(name: str, done: int, total: int) -> None:
    """Report the progress of a task, from inside the task."""
    if _SAY is not None:
        _SAY(name, done, total)


_SAY: Say | None = None


def _listen(say: Say | None) -> None:
    global _SAY
    _SAY = say


def _lost(key: str, error: BaseException) -> WorkerLost:
    return WorkerLost(
        f"a worker process ended while '{key}' was running ({error}); expected it to finish. Was it killed, or is the memory full? "
        "Run the same command again: it continues where this one stopped"
    )


# --- in a worker -----------------------------------------------------------------------------------------------------


def _begin(root: str, progress_queue: Any, parent_consent: Consent) -> None:
    """Set up a new worker: its store, its progress queue, its consent to run code. The worker ends with its parent."""
    make_visible()
    accept(parent_consent)
    os.environ["EVIDENSE_STORE"] = root
    last: dict[str, float] = {}

    def say(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - last.get(name, 0.0) > _LOOK_EVERY_S:
            last[name] = now
            progress_queue.put((name, done, total))

    _listen(say)
    share_pictures()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


# --- around the workers ------------------------------------------------------------------------------------------------


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep new processes from running the user's script again. Workers import the functions that they need by name."""
    main = sys.modules["__main__"]
    attributes = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    for name in attributes:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in attributes.items():
            setattr(main, name, value)
