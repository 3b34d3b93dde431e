"""A killed training goes on as if nothing had happened."""

import json
import resource
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from evidense.errors import InvalidInput, StoreError
from evidense.training.loop import state, trainer
from evidense.training.loop.trainer import Callbacks, run
from training.text_world import job, save_bert, weights_of
from warm.client import Warm

TESTS = Path(__file__).parents[1]
RECIPE = {"n_steps": 20, "queue": 12, "chunk": 5, "accumulate": 2, "batch_size": 8}
CHILD = """
import sys, os, json, signal
sys.path.insert(0, ".")
from pathlib import Path
from evidense.training.loop import trainer
from evidense.training.loop.trainer import Callbacks, run
from training.text_world import job

trainer._SAVED_STEPS, trainer._SAVING_SHARE = 7, 1e9  # a state every 7 steps, whatever it costs
folder, state, stop = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
def die(found):
    if found["step"] == stop:
        os.kill(os.getpid(), signal.SIGKILL)
run(job(folder, state, **json.loads(sys.argv[4])), Callbacks(diagnostics=die))
"""


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("resume") / "bert")


def killed_at(step: int, bert: Path, folder: Path, warm: Warm) -> None:
    """Train in a process of its own, which is killed by SIGKILL at this step."""
    child = warm.run([str(bert), str(folder), str(step), json.dumps(RECIPE)], TESTS, code=CHILD)
    assert child.returncode == -signal.SIGKILL, child.stderr


def test_training_killed_twice_ends_with_equal_weights(bert: Path, tmp_path: Path, warm: Warm) -> None:
    import torch

    whole = run(job(bert, tmp_path / "whole", **RECIPE), Callbacks())
    for step in (9, 16):
        killed_at(step, bert, tmp_path / "state", warm)
    begun = state.load(tmp_path / "state", job(bert, tmp_path, **RECIPE).recipe)
    assert begun is not None
    assert 7 <= begun.step <= 16
    again = run(job(bert, tmp_path / "state", **RECIPE), Callbacks())
    ours, theirs = weights_of(again.encoder), weights_of(whole.encoder)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert again.diagnostics == whole.diagnostics
    assert [getattr(again, n) for n in ("n_pairs", "n_tokens", "flops", "temperature", "warnings")] == [
        getattr(whole, n) for n in ("n_pairs", "n_tokens", "flops", "temperature", "warnings")
    ]


def test_truncated_state_is_skipped_for_the_previous_one(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_often(monkeypatch)
    run(job(bert, tmp_path / "state", n_steps=5), Callbacks())
    recipe = job(bert, tmp_path, n_steps=5).recipe
    files = sorted((tmp_path / "state").iterdir(), key=lambda path: path.stat().st_mtime)
    assert len(files) == 2
    files[-1].write_bytes(files[-1].read_bytes()[:-100])
    found = state.load(tmp_path / "state", recipe)
    assert found is not None
    assert found.step == 4


def test_changed_recipe_is_refused_with_the_changes(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_often(monkeypatch)
    run(job(bert, tmp_path / "state", n_steps=2), Callbacks())
    with pytest.raises(InvalidInput, match=r"learning_rate: 0.003 → 0.1, n_steps: 2 → 3.*undo the change"):
        run(job(bert, tmp_path / "state", n_steps=3, learning_rate=0.1), Callbacks())


def saved_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save a state after every step."""
    monkeypatch.setattr(trainer, "_SAVED_STEPS", 1)
    monkeypatch.setattr(trainer, "_SAVING_SHARE", 1e9)


def test_full_disk_keeps_the_last_good_state(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_often(monkeypatch)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(found: Any) -> None:
        if found["step"] == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))

    try:
        with pytest.raises(StoreError, match="the disk is full"):
            run(job(bert, tmp_path / "state", n_steps=6), Callbacks(diagnostics=fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    found = state.load(tmp_path / "state", job(bert, tmp_path, n_steps=6).recipe)
    assert found is not None
    assert found.step == 2
    assert run(job(bert, tmp_path / "state", n_steps=6), Callbacks()).n_steps == 6


def test_saving_states_takes_little_time(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "save", lambda *_: time.sleep(0.2))
    run(job(bert, tmp_path / "state", n_steps=60, batch_size=2), Callbacks())
    assert not (tmp_path / "state").exists()
