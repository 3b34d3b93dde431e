"""Threads and batches that differ between two computers move numbers by less than the stated tolerance, and replay names both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from evidense.compute.environment import environment
from evidense.compute.search import encode
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.replay import TOLERANCE, read_page, replay
from evidense.study.run import RunOptions, run_study
from evidense.verbs import retrieve
from factorial.world import write_world
from training.text_world import save_bert


@pytest.fixture
def threads() -> Iterator[None]:
    """Restore the number of threads, and forget the environment."""
    before = torch.get_num_threads()
    environment.cache_clear()
    yield
    torch.set_num_threads(before)
    environment.cache_clear()


@pytest.mark.usefixtures("threads")
def test_replay_with_other_threads_and_batches_holds_and_names_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_bert(tmp_path / "bert")
    world = write_world(tmp_path / "world.csv", n_train=0, n_test=60)
    study = comparison("bm25", [str(tmp_path / "bert")], [str(world)], n_resamples=999)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    run_study(study, Store(tmp_path / "store"), RunOptions(out=tmp_path / "page"))
    environment.cache_clear()
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch.set_num_threads(2)
    for module in (encode, retrieve):
        monkeypatch.setattr(module, "tokens_a_batch", lambda tower: 64)
    replayed = replay(read_page(tmp_path / "page"))
    assert replayed.held
    assert replayed.largest <= TOLERANCE
    threads_line, batches_line = replayed.environment
    assert "OMP_NUM_THREADS=1" in threads_line
    assert "OMP_NUM_THREADS=2" in threads_line
    assert batches_line == "tokens a batch of bert was 1,024, is 64"
