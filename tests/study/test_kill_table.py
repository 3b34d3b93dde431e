"""A run whose workers or driver are killed, or whose disk is full, ends in the same bytes, and computes nothing twice that was finished.

The default suite kills one worker; `make calibrate` kills workers at 20 drawn instants and the driver at 10 for each runner (`-s` prints the table).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from evidense.boundary.consent import consenting
from evidense.store import Store
from evidense.study import rankings
from evidense.study.compare import comparison
from evidense.study.run import RunOptions, run_study
from factorial.world import write_world
from study.killing import Kill, Run, computed_keys, computed_twice, hashes, kill

N_KILLS = {"worker": 20, "driver": 10}
DIES_AT_ITS_FIFTH_CALL = """
import os, signal
def by_form(texts):
    made = len(os.listdir("calls"))
    os.makedirs(f"calls/{made}", exist_ok=True)
    if made == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
"""


# --- short -----------------------------------------------------------------------------------------------------------


def test_a_run_whose_worker_is_killed_computes_nothing_twice_and_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rankings, "_GROUP_S", 1e-9)  # every encoding is shared by its parts
    Path("dying_letters.py").write_text(DIES_AT_ITS_FIFTH_CALL, encoding="utf-8")
    worlds = [str(write_world(Path(f"{n}.csv"), n_train=0, n_test=60, seed=n)) for n in range(3)]
    study = comparison("bm25", ["python:dying_letters:by_form"], worlds, n_resamples=999)
    pages, stores = [], []
    for n_workers, n_calls in ((0, 9), (2, 0)):
        shutil.rmtree("calls", ignore_errors=True)
        for call in range(n_calls):
            Path(f"calls/{call}").mkdir(parents=True)
        Path("calls").mkdir(exist_ok=True)
        stores.append(tmp_path / f"store-{n_workers}")
        with consenting(study.systems):
            run_study(study, Store(stores[-1]), RunOptions(out=tmp_path / f"page-{n_workers}", n_workers=n_workers))
        pages.append(hashes(tmp_path / f"page-{n_workers}"))
    assert len(list(Path("calls").iterdir())) > 5, "a worker was killed, and others went on"
    assert pages[0] == pages[1]
    assert computed_twice(stores[1]) == []
    assert computed_keys(stores[1]) == computed_keys(stores[0])
    assert {room for room, _ in computed_keys(stores[1])} == {"parts", "steps", "vectors"}


def _is_process(line: str) -> bool:
    return "spawn_main" in line


def _is_task_of_ray(line: str) -> bool:
    return line.startswith("ray::") and "IDLE" not in line and "Agent" not in line


# --- long ------------------------------------------------------------------------------------------------------------


TRIGRAMS = """
import zlib
import numpy as np
def spread(texts, n_dims=256, salt=0):
    vectors = np.zeros((len(texts), n_dims), np.float32)
    for row, text in enumerate(texts):
        for start in range(len(text)):
            for width in range(1, 6):
                vectors[row, zlib.crc32(text[start:start + width].encode(), salt) % n_dims] += 1
    return vectors
def trigrams(texts):
    return spread(texts)
def others(texts):
    return spread(texts, salt=1)
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three collections and a module with two encoders that need some seconds for them."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "trigrams.py").write_text(TRIGRAMS, encoding="utf-8")
    for seed in range(3):
        write_world(folder / f"{seed}.csv", n_train=0, n_test=600, seed=seed)
    return folder


@pytest.fixture
def ray_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Start Ray with two CPUs; yield the process whose descendants are its workers."""
    ray = pytest.importorskip("ray", reason="Ray is not installed (extra: cluster)")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    monkeypatch.setenv("RAY_ADDRESS", ray.get_runtime_context().gcs_address)
    yield os.getpid()
    ray.shutdown()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 3 MB; skip where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def run_in(folder: Path, store: Path, runner: str, root: int | None) -> Run:
    words = ("--runner", "ray") if runner == "ray" else ("--workers", "2")
    argv = (
        "compare",
        "bm25",
        "python:trigrams:trigrams",
        "python:trigrams:others",
        "--on",
        "0.csv,1.csv,2.csv",
        "--out",
        "page",
        *words,
    )
    is_worker = _is_task_of_ray if runner == "ray" else _is_process
    return Run(argv, folder, store, is_worker, root)


@pytest.mark.calibrate
@pytest.mark.parametrize("runner", ["workers", "ray"])
def test_kill_table(runner: str, inputs: Path, tmp_path: Path, disk: Path, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue("ray_cluster") if runner == "ray" else None

    def room(name: str, store: Path | None = None) -> Run:
        shutil.copytree(inputs, tmp_path / name / "work")
        return run_in(tmp_path / name / "work", store or tmp_path / name / "store", runner, root)

    whole = room("whole")
    span_s = whole.span_s()
    page, keys = hashes(whole.folder / "page"), computed_keys(whole.store)
    print(f"\n{runner}: {len(keys)} things are computed in {span_s:.1f} s")
    for hits, n_wanted in N_KILLS.items():
        kills: list[Kill] = []
        n_again, draw = 0, 0
        while len(kills) < n_wanted:
            run = room(f"{hits}-{draw}")
            process, hit = kill(run, f"{runner} {hits} {draw}", span_s, hits)
            draw += 1
            assert draw < 3 * n_wanted, "too many runs were over before the kill"
            if hit is None:
                run.finish(process)
                continue
            if hits == "driver":
                process.communicate()
                process = run.start()
            run.finish(process)
            _check(run, page, keys)
            kills.append(hit)
            n_again += len(keys) - len(computed_keys(run.store))
            shutil.rmtree(run.folder.parent)
        before = sorted(k.n_before for k in kills)
        print(f"  {hits} killed {len(kills)} times after {min(k.after_s for k in kills):.1f} to {max(k.after_s for k in kills):.1f} s, when {before} things "
              f"were computed: same bytes, 0 computed twice, {n_again} named and killed before they were logged")  # fmt: skip
    _fill(room("disk", disk / "store"), disk, page, keys)


def _check(run: Run, page: dict[str, str], keys: set[tuple[str, str]]) -> None:
    assert hashes(run.folder / "page") == page
    assert computed_twice(run.store) == []
    assert computed_keys(run.store) <= keys
    Store(run.store).sweep()  # as the next run does
    assert not list((run.store / "partial").iterdir())


def _fill(run: Run, disk: Path, page: dict[str, str], keys: set[tuple[str, str]]) -> None:
    """Let the disk of the store be full once."""
    words = run.finish(exit_code=2)
    assert "the disk is full" in words
    assert "run the same command again" in words
    n_before = len(computed_keys(run.store))
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    run.finish()
    _check(run, page, keys)
    print(f"  disk full once, when {n_before} of {len(keys)} things were computed: same bytes, 0 computed twice")
