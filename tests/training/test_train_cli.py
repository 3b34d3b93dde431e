"""The command: its plan, its last line, its folder, its refusals, and two processes that give the weights of one."""

import csv
import json
import signal
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest

from evidense.cli.main import main
from warm.client import Warm

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


class Done(NamedTuple):
    returncode: object
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Call the command in this process, as its own process would: torch is imported once."""

    def call(words: list[str], place: Path, store: Path) -> Done:
        monkeypatch.chdir(place)
        monkeypatch.setenv("EVIDENSE_STORE", str(store))
        with pytest.raises(SystemExit) as stop:
            main(["train", *words])
        return Done(stop.value.code, *capsys.readouterr())

    return call


def test_train_prints_the_folder_last_and_the_next_command_to_stderr(
    run: Callable[..., Done], place: Path, own_store: Path, tmp_path: Path
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


def test_plan_trains_nothing(run: Callable[..., Done], place: Path, own_store: Path) -> None:
    done = run([*BASE, "--epochs", "2", "--plan"], place, own_store)
    assert done.returncode == 0, done.stderr
    assert 'objective = "infonce"' in done.stdout
    assert "steps of 8" in done.stdout.splitlines()[-1]
    assert not (own_store / "folders").exists()


def test_recipe_file_is_read_and_options_override_it(
    run: Callable[..., Done], place: Path, own_store: Path, tmp_path: Path
) -> None:
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


def test_mistakes_are_reported_without_a_traceback(run: Callable[..., Done], place: Path, own_store: Path) -> None:
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


KILLED = """
import os, signal, sys
from evidense.cli.main import main
from evidense.training.loop import state, trainer

trainer._SAVED_STEPS, trainer._SAVING_SHARE = 7, 1e9  # a state every 7 steps, whatever it costs
save, saved = state.save, []
def save_twice(*whole):
    if len(saved) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    saved.append(save(*whole))
state.save = save_twice
main(["train", *sys.argv[1:]])
"""


def test_killed_training_resumes(
    run: Callable[..., Done], place: Path, own_store: Path, tmp_path: Path, warm: Warm
) -> None:
    words = [*BASE, "--steps", "30", "--out", str(tmp_path / "out")]
    whole = run([*BASE, "--steps", "30", "--out", str(tmp_path / "whole")], place, tmp_path / "other-store")
    assert whole.returncode == 0, whole.stderr
    killed = warm.run(words, place, code=KILLED, EVIDENSE_STORE=str(own_store))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list(own_store.glob("partial/*/state/*"))) == 2
    done = run(words, place, own_store)
    assert done.returncode == 0, done.stderr
    weights = [next((tmp_path / name).glob("**/model.safetensors")).read_bytes() for name in ("out", "whole")]
    assert weights[0] == weights[1]


TORCHRUN = """
import sys
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from evidense.cli.main import main

def train(*words):
    try:
        main(["train", *words])
    except SystemExit as stop:
        assert stop.code in (None, 0), stop.code

same_as_standalone = {"rdzv_backend": "c10d", "rdzv_endpoint": "localhost:0", "run_id": "two"}
launch = LaunchConfig(1, 1, nproc_per_node=2, start_method="fork", monitor_interval=0.05, **same_as_standalone)
elastic_launch(launch, train)(*sys.argv[1:])
"""
"""What `torchrun --standalone --nproc-per-node 2` does, with processes that are forked: they have everything imported."""


def test_two_processes_train_the_same_weights_as_one(
    run: Callable[..., Done], place: Path, own_store: Path, tmp_path: Path, warm: Warm
) -> None:
    import numpy as np
    from safetensors.numpy import load_file

    words = [*BASE, "--steps", "3"]
    one = run([*words, "--out", str(tmp_path / "one")], place, own_store)
    assert one.returncode == 0, one.stderr
    store = str(tmp_path / "store-of-two")
    two = warm.run([*words, "--out", str(tmp_path / "two")], place, code=TORCHRUN, EVIDENSE_STORE=store)
    assert two.returncode == 0, two.stderr[-3000:]
    assert two.stdout.splitlines() == [str(tmp_path / "two")]
    left, right = (load_file(next((tmp_path / name).glob("**/model.safetensors"))) for name in ("one", "two"))
    for name, tensor in left.items():
        np.testing.assert_allclose(tensor, right[name], atol=1e-4)
