"""At once: runs several tasks that wait for others at the same time, and gives their results in order."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def at_once(tasks: Sequence[Callable[[], Result]], is_allowed: bool = True) -> list[Result]:
    """Run tasks at the same time, or one after another where that is not allowed; return what each returns, in their order.

    Whoever stops the program is not kept waiting: the threads are left behind.

    Raises:
        BaseException: what a task raises; of several errors, that of the first task.
    """
    if not is_allowed or len(tasks) < 2:
        return [task() for task in tasks]
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}

    def run(n: int) -> None:
        try:
            results[n] = tasks[n]()
        except BaseException as error:
            errors[n] = error

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[n] for n in range(len(tasks))]
