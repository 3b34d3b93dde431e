"""Long (make calibrate): a study that trains, killed between and within its trainings, ends in the records of one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidense.study.files.toml import write_study
from factorial.world import study_of, write_world

pytest.importorskip("torch")


def start(study: Path, out: Path, store: Path) -> subprocess.Popen:
    env = {**os.environ, "EVIDENSE_STORE": str(store), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    argv = [sys.executable, "-m", "evidense", "run", str(study), "--out", str(out)]
    return subprocess.Popen(
        argv,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=study.parent,
        start_new_session=True,
    )


def finish(process: subprocess.Popen) -> None:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err


def n_trained(store: Path) -> int:
    folders = store / "folders"
    return len(list(folders.iterdir())) if folders.is_dir() else 0


def killed_after(process: subprocess.Popen, store: Path, wanted: int) -> None:
    """Wait until so many trainings are done, then kill the run with its workers, amid whatever they do."""
    while n_trained(store) < wanted and process.poll() is None:
        time.sleep(0.02)
    assert process.poll() is None, "it ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def records(folder: Path) -> list[dict]:
    records_of_page = json.loads((folder / "page.json").read_text())["records"]
    return [{key: value for key, value in record.items() if key != "observed"} for record in records_of_page]


@pytest.mark.calibrate
def test_a_study_killed_twice_ends_in_the_same_records(tmp_path: Path) -> None:
    world = write_world(tmp_path / "world.csv", n_train=300, n_test=60)
    study = tmp_path / "world.toml"
    study.write_text(write_study(study_of(world, [0])), encoding="utf-8")
    finish(start(study, tmp_path / "whole", tmp_path / "store1"))
    for n_checkpoints in (1, 3):
        killed_after(start(study, tmp_path / "killed", tmp_path / "store2"), tmp_path / "store2", n_checkpoints)
        assert not (tmp_path / "killed" / "report.html").exists()
    finish(start(study, tmp_path / "killed", tmp_path / "store2"))
    assert n_trained(tmp_path / "store2") == n_trained(tmp_path / "store1") == 4
    assert records(tmp_path / "killed") == records(tmp_path / "whole")
