"""Tasks that kill a worker."""

import os
import signal
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.study.runners.tasks import Task

DIES_ONCE = """
import os, signal
try:
    os.mkdir("was here")
except FileExistsError:
    pass
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def train_or_die(folder: Path) -> str:
    """Kill the second process of a training when it first comes here; after that, wait for it and return the number of processes."""
    from evidense.training.loop.processes import n_processes, rank, wait

    if rank() == 1 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    wait()
    return str(n_processes())


def refuse_one(folder: Path) -> str:
    """Refuse something in the second process of a training, while the first one waits for it."""
    from evidense.training.loop.processes import rank, wait

    if rank() == 1:
        raise InvalidInput(f"'{folder}' is too small; expected more; give more")
    wait()
    return ""


def dying_tasks(folder: Path) -> list[Task]:
    """Return tasks in a row. The second one kills its worker when it first runs; the first one cannot run twice."""
    return [
        Task("before", lambda _: (os.mkdir, (folder / "made once",))),
        Task("dies", lambda _: (exec, (DIES_ONCE, {})), ("before",)),
        Task("after", lambda _: (os.getcwd, ()), ("dies",)),
    ]
