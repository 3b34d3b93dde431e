"""The command: its plan, its last line, its folder, its refusals, and two processes that give the weights of one."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path

import pytest

pytest.importorskip("torch")

ARCHITECTURE = 'text = { kind = "bert", n_layers = 1, width = 32, n_heads = 2, max_length = 24, vocabulary = 400, pooling = "mean" }\nn_dims = 32\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "document"])
        writer.writerows([s.phrase, s.description] for s in HTTPStatus if s.description)
    (folder / "small.toml").write_text(ARCHITECTURE)
    return folder


BASE = ["--architecture", "small.toml", "--data", "pairs.csv", "--objective", "infonce", "--batch-size", "8"]


def environment(store: Path) -> dict[str, str]:
    return {**os.environ, "EVIDENSE_STORE": str(store), "OMP_NUM_THREADS": "1"}


def run(words: list[str], place: Path, store: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evidense", "train", *words]
    return subprocess.run(command, cwd=place, env=environment(store), capture_output=True, text=True, timeout=120)


def test_the_last_line_is_the_folder_and_what_to_do_next_is_said_beside_it(
    place: Path, own_store: Path, tmp_path: Path
) -> None:
    done = run([*BASE, "--steps", "3", "--out", str(tmp_path / "out")], place, own_store)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "out")]
    assert "infonce: 3 steps of 8" in done.stderr
    assert f"evidense compare bm25 {tmp_path / 'out'} --on" in done.stderr
    recipe = json.loads((tmp_path / "out" / "recipe.json").read_text())
    assert recipe["content"]["n_steps"] == 3
    other = run([*BASE, "--steps", "3", "--seed", "4", "--out", str(tmp_path / "out")], place, own_store)
    assert other.returncode == 2
    assert "seed was 0, is 4" in other.stderr


def test_the_plan_trains_nothing(place: Path, own_store: Path) -> None:
    done = run([*BASE, "--epochs", "2", "--plan"], place, own_store)
    assert done.returncode == 0, done.stderr
    assert 'objective = "infonce"' in done.stdout
    assert "steps of 8" in done.stdout.splitlines()[-1]
    assert not (own_store / "folders").exists()


def test_a_recipe_file_is_read_and_options_win(place: Path, own_store: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(
        'objective = "infonce"\nn_steps = 50\nbatch_size = 4\nschedule = "cosine"\ndata = ["pairs.csv"]\n'
    )
    done = run(
        ["--recipe", str(tmp_path / "recipe.toml"), "--architecture", "small.toml", "--steps", "2", "--plan"],
        place,
        own_store,
    )
    assert done.returncode == 0, done.stderr
    assert 'schedule = "cosine"' in done.stdout
    assert "2 steps of 4" in done.stdout


def test_mistakes_are_said_without_a_traceback(place: Path, own_store: Path) -> None:
    for words, said in (
        ([*BASE, "--steps", "2", "--temperature", "0"], "temperature is 0"),
        ([*BASE, "--steps", "2", "--seconds", "3"], "names 2 budgets"),
        ([*BASE, "--option", "nonsense"], "NAME=VALUE"),
        (["--architecture", "none.toml", "--data", "pairs.csv", "--objective", "infonce"], "none.toml"),
    ):
        done = run(words, place, own_store)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_killed_training_goes_on(place: Path, own_store: Path, tmp_path: Path) -> None:
    words = [*BASE, "--steps", "400", "--out", str(tmp_path / "out")]
    whole = run([*BASE, "--steps", "400", "--out", str(tmp_path / "whole")], place, tmp_path / "other-store")
    assert whole.returncode == 0, whole.stderr
    killed = subprocess.Popen([sys.executable, "-m", "evidense", "train", *words], cwd=place, env=environment(own_store),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(own_store.glob("partial/*/state/*")) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    was_running = killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert was_running, "killed too late: nothing was interrupted"
    done = run(words, place, own_store)
    assert done.returncode == 0, done.stderr
    weights = [next((tmp_path / name).glob("**/model.safetensors")).read_bytes() for name in ("out", "whole")]
    assert weights[0] == weights[1]


def test_two_processes_train_what_one_does(place: Path, own_store: Path, tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import load_file

    words = [*BASE, "--steps", "3"]
    one = run([*words, "--out", str(tmp_path / "one")], place, own_store)
    assert one.returncode == 0, one.stderr
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-port",
        "0",
        "-m",
        "evidense",
        "train",
        *words,
    ]
    two = subprocess.run([*command, "--out", str(tmp_path / "two")], cwd=place, env=environment(tmp_path / "store-of-two"),
                         capture_output=True, text=True, timeout=120)  # fmt: skip
    assert two.returncode == 0, two.stderr[-3000:]
    assert two.stdout.splitlines() == [str(tmp_path / "two")]
    left, right = (load_file(next((tmp_path / name).glob("**/model.safetensors"))) for name in ("one", "two"))
    for name, tensor in left.items():
        np.testing.assert_allclose(tensor, right[name], atol=1e-4)
