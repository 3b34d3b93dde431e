"""Tasks: calls that depend on each other, and the one loop that hands them to an engine as soon as they can run."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any, Protocol

from evidense.errors import WorkerLost
from evidense.study.runners.surroundings import as_worker

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments. The function is sent to the worker by name, so it must belong to a module."""
Say = Callable[[str, int, int], None]
"""Progress callback of a task: its name, steps done, steps in all."""

MOST_DEATHS = 3
"""Workers that may die in a row, without a finished task between them, before the run gives up."""
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Task:
    """A call that runs after the tasks that it needs."""

    key: str
    call: Callable[[Mapping[str, Any]], Call]
    """Makes the call from the results of the tasks in `needs`."""
    needs: tuple[str, ...] = ()
    stored: Callable[[Mapping[str, Any]], Any] | None = None
    """Returns the result if the store has it, else None, from the results of the tasks in `needs`. It computes nothing."""
    n_cpus: int = 1
    """Processors that it keeps busy."""
    memory_bytes: int = 0
    """Estimated resident memory of the worker; 0 if it is not known. A cluster places the task by it."""


class Engine(Protocol):
    """Where calls run. Every call runs on one thread, with the store and the consent of this process."""

    @property
    def address(self) -> str:
        """Where the store is."""
        ...

    @property
    def most_at_once(self) -> int:
        """Calls that it takes at a time."""
        ...

    def start(self) -> None:
        """Start workers. Called once, before the first call."""
        ...

    def check(self, tasks: "Sequence[Task]") -> None:
        """Refuse tasks that no worker can hold. Called before the first of them is handed over."""
        ...

    def submit(self, task: Task, call: Call, say: Say | None) -> "Future[Any]":
        """Hand over a call."""
        ...

    def hear(self, say: Say | None) -> None:
        """Pass on what the workers said of their progress."""
        ...

    def restart(self) -> None:
        """Start new workers in place of those that were lost."""
        ...

    def stop(self, *, at_once: bool) -> None:
        """End the workers; tasks that have not begun are cancelled."""
        ...


@dataclass
class Runner:
    """Runs tasks by an engine, which is started when the first task needs it."""

    engine: Engine
    is_started: bool = field(default=False, init=False)

    def __enter__(self) -> "Runner":
        """Start nothing yet: perhaps there is nothing to do."""
        return self

    def __exit__(self, *exc: object) -> None:
        """End the workers."""
        if self.is_started:
            self.is_started = False
            self.engine.stop(at_once=exc[0] is not None)

    def run(self, tasks: Sequence[Task], say: Say | None = None) -> Iterator[tuple[str, Any]]:
        """Yield (key, result) of every task as soon as it is done. Among tasks that can run, those earlier in the list go first.

        Until a task needs a worker, results that the store has are taken from there: work that is done starts nothing. A task whose worker
        dies is run again.

        Raises:
            WorkerLost: workers died again and again.
            InvalidInput: a task needs more than any worker has.
            EvidenseError: a task refuses something.
        """
        yield from _Run(self, list(tasks), say).finish()

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Start the engine, unless it runs, and let it look at the tasks."""
        if not self.is_started:
            self.engine.start()
            self.is_started = True
        self.engine.check(tasks)


@dataclass
class _Run:
    """The tasks of one call of `Runner.run`."""

    runner: Runner
    waiting: list[Task]
    say: Say | None
    results: dict[str, Any] = field(default_factory=dict)
    running: "dict[Future[Any], Task]" = field(default_factory=dict)
    n_deaths: int = 0
    is_prepared: bool = False

    def finish(self) -> Iterator[tuple[str, Any]]:
        engine = self.runner.engine
        while self.waiting or self.running:
            yield from self._stored()
            if not self.waiting and not self.running:  # the store had all: no engine was started
                return
            self._begin()
            done, _ = wait(self.running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            engine.hear(self.say)
            if lost := [future for future in done if isinstance(future.exception(), BrokenProcessPool)]:
                done, _ = wait(self.running)  # a pool that breaks ends all its futures
                self._lost(str(lost[0].exception()), [self.running[future].key for future in lost])
            again = []
            for future in sorted(done, key=list(self.running).index):
                task = self.running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    again.append(task)
                    continue
                self.results[task.key] = future.result()
                self.n_deaths = 0
                yield task.key, self.results[task.key]
            self.waiting[:0] = again

    def _stored(self) -> Iterator[tuple[str, Any]]:
        """Yield the results that the store has, up to the first task that needs an engine which is not started."""
        while not self.runner.is_started and (ready := self._ready()):
            task = ready[0]
            if task.stored is None or (result := self._looked_up(task.stored)) is None:
                return
            self.waiting.remove(task)
            self.results[task.key] = result
            yield task.key, result

    def _looked_up(self, stored: Callable[[Mapping[str, Any]], Any]) -> Any:
        with as_worker(self.runner.engine.address):
            return stored(self.results)

    def _ready(self) -> list[Task]:
        return [task for task in self.waiting if all(need in self.results for need in task.needs)]

    def _begin(self) -> None:
        """Hand over the tasks that can run."""
        for task in self._ready():
            if len(self.running) >= self.runner.engine.most_at_once:
                return
            if not self.is_prepared:
                self.runner.prepare(self.waiting)
                self.is_prepared = True
            self.waiting.remove(task)
            self.running[self.runner.engine.submit(task, task.call(self.results), self.say)] = task

    def _lost(self, reason: str, keys: Sequence[str]) -> None:
        self.n_deaths += 1
        if self.n_deaths > MOST_DEATHS:
            raise worker_lost(keys, reason)
        self.runner.engine.restart()


def worker_lost(keys: Sequence[str], reason: str) -> WorkerLost:
    """Return the error for tasks whose workers died."""
    return WorkerLost(
        f"a worker ended while {' or '.join(repr(key) for key in keys)} was running, {MOST_DEATHS + 1} times in a row ({reason}); "
        "expected it to finish. Was it killed, or is the memory full? Run the same command again: it continues where this one stopped"
    )


def seldom(say: Say, every_s: float) -> Say:
    """Return a callback that passes on the end of a task, and before it one step in so many seconds."""
    last: dict[str, float] = {}

    def say_seldom(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - last.get(name, 0.0) > every_s:
            last[name] = now
            say(name, done, total)

    return say_seldom


def tell(name: str, done: int, total: int) -> None:
    """Report the progress of a task, from inside the task."""
    if _SAY is not None:
        _SAY(name, done, total)


def listen(say: Say | None) -> None:
    """Let `tell` call this from now on, in this process."""
    global _SAY
    _SAY = say


_SAY: Say | None = None
