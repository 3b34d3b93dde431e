"""A real Ray cluster of two workers on this machine gives the records and the page of one process; a killed worker is replaced."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("ray", reason="Ray is not installed (extra: cluster)")

from evidense.boundary.consent import consenting
from evidense.errors import InvalidInput
from evidense.records import Study
from evidense.store import Store
from evidense.study import rankings
from evidense.study.compare import dissection
from evidense.study.result import Result
from evidense.study.run import RunOptions, run_study
from evidense.study.runners.ray_cluster import RayCluster
from evidense.study.runners.tasks import Runner, Task, tell
from factorial.world import study_of, write_world
from study.dying import dying_tasks

LETTERS = """
def by_form(texts):
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
def by_length(texts):
    return [[len(word) % 7 + 0.1 for word in (text.split() + [""] * 16)[:16]] for text in texts]
"""
WAITS_UNTIL_HEARD = """
import os, time
until = time.monotonic() + 60
while not os.path.exists("heard") and time.monotonic() < until:
    time.sleep(0.05)
"""
TERMINATED_ONCE = """
import os, signal, time
if not os.path.exists("terminated"):
    os.mkdir("terminated")
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    except SystemExit:
        os.mkdir("went on")
        raise
"""
STAYS_ALONE = """
import os, time
beside = os.path.exists("busy")
open("busy", "w").close()
time.sleep(0.5)
if os.path.exists("busy"):
    os.remove("busy")
if beside:
    raise RuntimeError("another task ran beside this one")
"""
MEMORY = 4 << 30
"""Bytes that the cluster offers to all tasks together."""
SYSTEMS = ["python:letter_shapes:by_form", "python:letter_shapes:by_length"]


@pytest.fixture(scope="module", autouse=True)
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Start Ray with two CPUs in an empty folder: its workers see the modules of the folder in which it is started."""
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    here = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", _memory=MEMORY
    )
    os.chdir(here)
    yield
    ray.shutdown()


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run_by(study: Study, folder: Path, **options) -> Result:
    """Run in a store and page of its own, named by the options."""
    name = "-".join(str(value) for value in options.values())
    with consenting(SYSTEMS):
        return run_study(study, Store(folder / f"store-{name}"), RunOptions(out=folder / f"page-{name}", **options))


def check_same(study: Study, folder: Path, n_workers: tuple[int, ...]) -> None:
    by_ray = run_by(study, folder, runner="ray")
    for n in n_workers:
        here = run_by(study, folder, n_workers=n)
        assert [record.id for record in here.records] == [record.id for record in by_ray.records]
        assert hashes(folder / f"page-{n}") == hashes(folder / "page-ray")


def test_a_comparison_and_a_dissection_are_the_same_in_one_process_in_two_and_on_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rankings, "_GROUP_S", 1e-9)  # every encoding is shared by its parts
    Path("letter_shapes.py").write_text(LETTERS, encoding="utf-8")
    write_world(tmp_path / "one.csv", n_train=0, n_test=50)
    write_world(tmp_path / "two.csv", n_train=0, n_test=40, seed=1)
    study = dissection(
        SYSTEMS, ["one.csv", "two.csv"], n_random=0, n_resamples=999, references=["bm25"],
        table={"analyses": ["similarity", "drift", "rankings"], "options": {"similarity": {"poolings": ["own"], "n_shuffles": 5}}},
    )  # fmt: skip
    check_same(study, tmp_path, (0, 2))
    left = [path.name for path in (tmp_path / "store-ray" / "partial").iterdir()]
    assert left == []


def test_a_factorial_with_a_training_in_two_processes_is_the_same_here_and_on_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world = write_world(tmp_path / "world.csv", n_train=150, n_test=30)
    stage = {"pairs": 640, "batch_size": 32, "learning_rate": 0.02}
    several = {**stage, "n_processes": 2}
    study = study_of(
        world,
        [0],
        pretraining={"objective": "crop", "data": [f"{world}:items@train"], **several},
        finetuning={"objective": "infonce", "data": [f"{world}@train"], **stage},
    )
    check_same(study, tmp_path, (0,))
    trained = [c for c in Store(tmp_path / "store-ray").of_kinds("checkpoint") if c.observed.get("n_processes")]
    assert sorted(checkpoint.observed["n_processes"] for checkpoint in trained) == [1, 1, 2]


def test_a_task_of_a_killed_worker_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Runner(RayCluster(str(tmp_path / "store"))) as runner:
        assert dict(runner.run(dying_tasks(tmp_path)))["after"] == str(tmp_path)


def test_a_worker_that_ray_ends_does_nothing_more_and_its_task_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Runner(RayCluster(str(tmp_path / "store"))) as runner:
        assert list(runner.run([Task("ended", lambda _: (exec, (TERMINATED_ONCE, {})))])) == [("ended", None)]
    assert Path("terminated").exists()
    assert not Path("went on").exists()


def test_two_tasks_whose_memory_no_node_holds_at_once_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    large = [Task(name, lambda _: (exec, (STAYS_ALONE, {})), memory_bytes=MEMORY * 6 // 10) for name in "ab"]
    with Runner(RayCluster(str(tmp_path / "store"))) as runner:
        assert len(list(runner.run(large))) == 2


def test_a_task_larger_than_every_node_is_refused_before_any_task_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = [
        Task("small", lambda _: (os.mkdir, ("begun",))),
        Task("large", lambda _: (os.getpid, ()), memory_bytes=MEMORY + 1),
        Task("wide", lambda _: (os.getpid, ()), ("small",), n_cpus=3),
    ]
    words = r"(?s)'large' needs 1 CPU and about 4\.4 GB.* offers 2 CPUs and 4\.3 GB.*'wide' needs 3 CPUs"
    with pytest.raises(InvalidInput, match=words), Runner(RayCluster(str(tmp_path / "store"))) as runner:
        list(runner.run(tasks))
    assert not Path("begun").exists()


def test_progress_of_a_task_is_heard_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    heard = []
    tasks = [
        Task("says", lambda _: (tell, ("states of locked towers", 3, 7))),
        Task("waits", lambda _: (exec, (WAITS_UNTIL_HEARD, {})), ("says",)),
    ]

    def say(*step: object) -> None:
        heard.append(step)
        Path("heard").touch()

    with Runner(RayCluster(str(tmp_path / "store"))) as runner:
        list(runner.run(tasks, say))
    assert heard == [("states of locked towers", 3, 7)]


def test_a_node_without_the_files_of_the_study_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = Runner(RayCluster(str(tmp_path / "store"), inputs=("models/tuned",)))
    with (
        pytest.raises(InvalidInput, match=r"this cluster cannot run the study: node .*: it lacks 'models/tuned'"),
        runner,
    ):
        list(runner.run([Task("any", lambda _: (os.getpid, ()))]))
