"""Train one stage in several processes of this computer, which share each batch as those of torchrun do."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from evidense.boundary.scratch import Scratch
from evidense.errors import EvidenseError
from evidense.study.runners.local import Processes
from evidense.study.runners.tasks import Task, tell
from evidense.training.loop.processes import joined

_LISTEN_EVERY_S = 0.2
_LAST_S = 5.0
"""After the first error, how long the other processes may take to end by themselves."""


def train_together(n: int, address: str, train: Callable[..., str], arguments: tuple[object, ...]) -> str:
    """Call `train` in n processes that have joined, and return what the first of them returns.

    Raises:
        BrokenProcessPool: one of them was killed; the others are ended.
        EvidenseError: one of them refuses something; the others are ended.
    """
    processes = Processes(n, address)
    with Scratch() as folder:
        processes.start()
        try:
            shares: list[Future[Any]] = [
                processes.submit(_named(number), (_share, (number, n, folder / "meeting", train, arguments)), None)
                for number in range(n)
            ]
            done, running = set[Future[Any]](), set(shares)
            while running and not any(share.exception() for share in done):
                done, running = wait(shares, _LISTEN_EVERY_S, FIRST_EXCEPTION)
                processes.hear(tell)
            if error := _error(shares):
                raise error
            return str(shares[0].result())
        finally:
            processes.stop(at_once=True)


def _error(shares: "Sequence[Future[Any]]") -> BaseException | None:
    """Return why a training ended early. If one process fails, the others fail too, since they miss it: its own error is wanted, not theirs."""
    done, _ = wait(shares, _LAST_S) if any(s.done() and s.exception() for s in shares) else wait(shares)
    errors = [error for share in done if (error := share.exception()) is not None]
    known = [error for kind in (BrokenProcessPool, EvidenseError) for error in errors if isinstance(error, kind)]
    return next(iter([*known, *errors]), None)


def _named(number: int) -> Task:
    return Task(f"process {number}", lambda _: (_share, ()))


# --- in a process of a training --------------------------------------------------------------------------------------


def _share(number: int, n: int, meeting: Path, train: Callable[..., str], arguments: tuple[object, ...]) -> str:
    with joined(number, n, meeting):
        return train(*arguments)
