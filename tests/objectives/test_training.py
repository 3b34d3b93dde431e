"""Every objective under the real trainer: the loss of a small transformer falls, with hard negatives and queue where they apply."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.training.loop.trainer import Callbacks, run
from evidense.values import Pairs
from training.text_world import job, pairs_of, save_bert

NAMES = list(registry.summaries("objectives"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("bert"))


def fitting(name: str) -> Pairs:
    """Return pairs of a kind that the objective takes, with all that it needs."""
    part = registry.part("objectives", name)
    n = 2 if "negatives" in part.needs else 0
    pairs = replace(pairs_of(32, n_negatives=n), kind=min(part.feeds_on))
    if "targets" in part.needs:
        pairs = replace(pairs, targets=[[1.0, 0.2, 0.1]] * 32)
    return replace(pairs, right=pairs.left) if pairs.kind == "items" else pairs


@pytest.mark.parametrize("name", NAMES)
def test_loss_falls_during_training(name: str, bert: Path, tmp_path: Path) -> None:
    part, pairs = registry.part("objectives", name), fitting(name)
    options = {"n_spans": 1, "lengths": [[1, 1], [2, 4]]} if name == "span" else {}
    n = 2 if "negatives" in part.needs else 0
    begun = job(bert, tmp_path / "state", pairs, objective=name, objective_options=options, n_steps=10, batch_size=16,
                negatives="given" if n else "", n_negatives=n, warmup=0.0)  # fmt: skip
    if "tokens" in part.needs and not hasattr(begun.encoder.tower("query"), "predict"):
        pytest.skip("this tower predicts no masked tokens")
    done = run(replace(begun, objective=part), Callbacks())
    losses = [float(step["loss_nats"]) for step in done.diagnostics]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert done.n_pairs == 10 * 16


def test_queue_is_added_to_the_negatives(bert: Path, tmp_path: Path) -> None:
    part, pairs = registry.part("objectives", "crop"), fitting("crop")
    losses = {}
    for queue in (0, 64):
        begun = job(bert, tmp_path / f"state{queue}", pairs, objective="crop", n_steps=2, batch_size=16, queue=queue)
        done = run(replace(begun, objective=part), Callbacks())
        losses[queue] = [float(step["loss_nats"]) for step in done.diagnostics]
    assert losses[64][0] == losses[0][0], "the queue is empty before the first step"
    assert losses[64][1] > losses[0][1], "equal weights, and more to be told apart"
