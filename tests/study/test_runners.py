"""Runners: tasks wait for each other, a killed worker is replaced, none outlives its parent, and what is done starts nothing."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidense.errors import InvalidInput, WorkerLost
from evidense.study.runners.local import local_runner
from evidense.study.runners.tasks import MOST_DEATHS, Task
from evidense.study.trained.factorial import factorial_of
from study.dying import dying_tasks

PARENT = """
import os, sys, time
from pathlib import Path
from evidense.study.runners.local import local_runner
from evidense.study.runners.tasks import Task
with local_runner(2, sys.argv[1]) as runner:
    for key, pid in runner.run([Task(str(n), lambda _: (os.getpid, ())) for n in range(6)]):
        print(pid, flush=True)
    print("done", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("n", [0, 2])
def test_a_task_gets_the_results_of_the_tasks_it_needs(tmp_path: Path, n: int) -> None:
    tasks = [
        Task("third", lambda done: (math.pow, (done["second"], 2)), ("second",)),
        Task("second", lambda done: (math.pow, (done["first"], 3)), ("first",)),
        Task("first", lambda _: (math.sqrt, (4.0,))),
        Task("store", lambda _: (os.getenv, ("EVIDENSE_STORE",))),
        Task("threads", lambda _: (os.getenv, ("OMP_NUM_THREADS",))),
    ]
    with local_runner(n, str(tmp_path)) as runner:
        results = dict(runner.run(tasks))
    n_threads = results.pop("threads")
    assert n_threads == "1" or not n  # workers have one thread each
    assert results == {"first": 2.0, "second": 8.0, "third": 64.0, "store": str(tmp_path)}


IN_THIS_PROCESS = """
import numpy, scipy.linalg, torch
from pathlib import Path
from threadpoolctl import threadpool_info, threadpool_limits
from evidense.study.runners.local import local_runner
from evidense.study.runners.tasks import Task
threads = lambda: {torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())}
torch.set_num_threads(2)
with threadpool_limits(2):
    with local_runner(0, ".") as runner:
        ((_, inside),) = runner.run([Task("threads", lambda _: (threads, ()))])
    print(inside, threads())
"""


def test_tasks_in_this_process_use_one_thread_and_restore_the_others(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", IN_THIS_PROCESS], cwd=tmp_path, capture_output=True, text=True, env={
        **os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"})  # fmt: skip
    assert done.stdout == "{1} {2}\n", done.stdout + done.stderr


@pytest.mark.parametrize("n", [0, 1])
def test_an_error_of_a_task_is_raised_in_the_parent(tmp_path: Path, n: int) -> None:
    with local_runner(n, str(tmp_path)) as runner, pytest.raises(InvalidInput, match="seeds"):
        list(runner.run([Task("read", lambda _: (factorial_of, ({"seeds": "all"}, "x")))]))


def test_a_task_that_kills_every_worker_is_reported(tmp_path: Path) -> None:
    with (
        pytest.raises(
            WorkerLost, match=f"'the third' was running, {MOST_DEATHS + 1} times.*Run the same command again"
        ),
        local_runner(1, str(tmp_path)) as runner,
    ):
        list(runner.run([Task("the third", lambda _: (os._exit, (9,)))]))


def test_tasks_of_a_killed_worker_run_again_and_finished_ones_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with local_runner(2, str(tmp_path)) as runner:
        assert dict(runner.run(dying_tasks(tmp_path)))["after"] == str(tmp_path)


def test_a_run_without_tasks_starts_no_worker(tmp_path: Path) -> None:
    with local_runner(2, str(tmp_path)) as runner:
        assert list(runner.run([])) == []
        assert runner.engine._pool is None


def test_a_run_of_which_the_store_has_everything_starts_no_worker(tmp_path: Path) -> None:
    tasks = [Task(key, lambda _: (os.getpid, ()), stored=lambda _, key=key: f"{key} of the store") for key in "ab"]
    with local_runner(2, str(tmp_path)) as runner:
        assert dict(runner.run(tasks)) == {"a": "a of the store", "b": "b of the store"}
        assert runner.engine._pool is None


def test_workers_end_with_their_parent_however_it_ends(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = {int(line) for line in iter(parent.stdout.readline, "done\n")}
    assert pids
    assert all(_alive(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
