"""Tasks that kill a worker."""

import os
from pathlib import Path

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


def dying_tasks(folder: Path) -> list[Task]:
    """Return tasks in a row. The second one kills its worker when it first runs; the first one cannot run twice."""
    return [
        Task("before", lambda _: (os.mkdir, (folder / "made once",))),
        Task("dies", lambda _: (exec, (DIES_ONCE, {})), ("before",)),
        Task("after", lambda _: (os.getcwd, ()), ("dies",)),
    ]
