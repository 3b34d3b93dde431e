"""A computer that lacks what the study needs is refused before work begins, with all that it lacks."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from evidense.errors import InvalidInput, MissingExtra, UnknownName
from evidense.store import Store
from evidense.study.runners import ray_cluster
from evidense.study.runners.canary import canary_in
from evidense.study.runners.nodes import (
    MOST_CLOCK_S,
    Capacity,
    NodeReport,
    Post,
    check_capacity,
    check_nodes,
    notes_on,
    versions_here,
)
from evidense.study.runners.spelling import check_runner
from evidense.study.runners.surroundings import Surroundings
from evidense.study.runners.tasks import Task


def test_another_evidense_and_another_python_are_both_named(tmp_path: Path) -> None:
    with canary_in(str(tmp_path)) as canary:
        expected = {**versions_here(), "evidense": "9.9 (0123)", "python": "3.10.1"}
        report = Post(Surroundings(str(tmp_path)), canary, expected=expected).report("a")
    evidense_fault, python_fault = sorted(report.faults)
    assert f"has evidense {versions_here()['evidense']}; expected 9.9 (0123)" in evidense_fault
    assert f"has python {versions_here()['python']}; expected 3.10.1" in python_fault


def test_a_node_without_the_working_folder_or_a_file_of_the_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here.csv").touch()
    with canary_in(str(tmp_path / "store")) as canary:
        post = Post(Surroundings(str(tmp_path), folder=tmp_path), canary, ("here.csv", "model"))
        absent = replace(post, surroundings=replace(post.surroundings, folder=tmp_path / "absent"))
        (lacks,), (elsewhere,) = post.report("a").faults, absent.report("b").faults
    assert "it lacks 'model'; expected the files of the study on every node" in lacks
    assert "has no folder" in elsewhere


def test_a_store_that_is_another_folder_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidense.study.runners.canary._PATIENCE_S", 0.0)
    with canary_in(str(tmp_path / "store")) as canary:
        assert canary.fault("here") == ""
        assert canary.was_answered("here")
        assert "is another one there" in replace(canary, address=str(tmp_path / "other")).fault("there")
        answers = {"silent": NodeReport("silent", 0.0, "x", ())}
        with pytest.raises(InvalidInput, match="node silent: a file that it wrote into the store .* did not arrive"):
            check_nodes(answers, canary)


def test_a_disk_without_locks_between_computers_is_found(tmp_path: Path) -> None:
    with canary_in(str(tmp_path)) as canary:
        lock = canary.folder.with_suffix(".lock")
        lock.rename(tmp_path / "held")
        lock.touch()  # nobody holds this one
        assert "has no locks between computers" in canary.fault("a")


def test_the_canary_of_a_killed_run_is_swept_and_that_of_a_running_one_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with canary_in(str(tmp_path)) as canary:
        store.sweep()
        assert canary.fault("a") == ""
    left = tmp_path / "partial" / canary.key
    left.mkdir()
    (left / "canary").touch()
    store.sweep()
    assert not left.exists()


def test_clocks_and_processors_that_differ_are_said_and_do_not_stop_the_run() -> None:
    reports = [
        (NodeReport("early", 1000.0, "x", ()), 1000.0 + 2 * MOST_CLOCK_S),
        (NodeReport("right", 1000.0, "y", ()), 1000.0),
    ]
    clock, processors = notes_on(reports)
    assert "node early is −60 s off" in clock.replace("-", "−")
    assert "x, y" in processors


def test_a_task_that_no_single_node_holds_is_refused_with_what_the_largest_node_has() -> None:
    nodes = [Capacity("broad", 8, 10**9), Capacity("deep", 1, 64 * 10**9)]

    def task(key: str, n_cpus: int, memory_bytes: int) -> Task:
        return Task(key, lambda _: (os.getpid, ()), n_cpus=n_cpus, memory_bytes=memory_bytes)

    check_capacity([task("small", 1, 10**9), task("deep", 1, 60 * 10**9), task("broad", 8, 0)], nodes)
    with pytest.raises(InvalidInput) as refused:
        check_capacity([task("both", 4, 2 * 10**9), task("small", 1, 0), task("many", 9, 0)], nodes)
    _, both, many = str(refused.value).splitlines()
    assert (
        "'both' needs 4 CPUs and about 2.0 GB of memory, and the largest node, broad, offers 8 CPUs and 1.0 GB" in both
    )
    assert "'many' needs 9 CPUs" in many
    assert "ray start --num-cpus=N --memory=BYTES" in many


@pytest.mark.parametrize(
    ("spelling", "kind", "words"),
    [
        ("rey", UnknownName, "unknown runner 'rey': did you mean 'ray'"),
        ("ray://head", InvalidInput, "expected ray://HOST:PORT"),
        ("ray://:10001", InvalidInput, "expected ray://HOST:PORT"),
    ],
)
def test_a_misspelt_runner_is_refused(spelling: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        check_runner(spelling)


def test_workers_and_a_cluster_together_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--workers 2 .*leave one out"):
        check_runner("ray", 2)


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="--runner ray needs ray, which is not installed"):
        check_runner("ray")


def test_a_runner_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    from evidense.study.compare import comparison
    from evidense.study.run import RunOptions, open_study

    study = comparison("absent-a", ["absent-b"], ["absent.csv"])
    with pytest.raises(UnknownName, match="runner"):
        open_study(study, RunOptions(runner="spark"))
    assert not os.listdir(tmp_path)
