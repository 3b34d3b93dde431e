"""The trainer learns, says what it saw, and refuses what cannot be trained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.parts import Representations
from evidense.records import Recipe
from evidense.training.loop import schedule
from evidense.training.loop.batches import PairOrder
from evidense.training.loop.diagnostics import measured, warnings_of
from evidense.training.loop.queue import Queue
from evidense.training.loop.trainer import Callbacks, TrainingResult, run
from evidense.values import Item, Pairs
from training.text_world import InfoNce, job, pairs_of, save_bert, weights_of


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("trainer") / "bert")


def train(bert: Path, folder: Path, pairs: Pairs | None = None, **settings: Any) -> TrainingResult:
    return run(job(bert, folder / "state", pairs, **settings), Callbacks())


def test_training_learns_the_shared_word_of_pairs(bert: Path, tmp_path: Path) -> None:
    done = train(bert, tmp_path, n_steps=60, batch_size=20, dropout=0.0, learning_rate=1e-3)
    losses, accuracies = ([step[name] for step in done.diagnostics] for name in ("loss_nats", "accuracy"))
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    assert np.mean(accuracies[-5:]) > np.mean(accuracies[:5]) + 0.2
    assert (done.n_steps, done.n_pairs, done.stopped) == (60, 60 * 20, "")
    assert done.n_tokens > 60 * 20 * 2 * 3
    assert done.flops > 0


def test_equal_seeds_give_equal_weights_for_any_global_random_state(bert: Path, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(1)
    one = weights_of(train(bert, tmp_path / "1").encoder)
    begun = job(bert, tmp_path / "2")
    torch.manual_seed(2)
    before = torch.get_rng_state()
    done = run(begun, Callbacks())
    assert torch.equal(torch.get_rng_state(), before)
    two = weights_of(done.encoder)
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = weights_of(train(bert, tmp_path / "3", seed=6).encoder)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    module = done.encoder.tower("query").weights["backbone"]
    assert not module.training
    assert not any(p.requires_grad or p.grad is not None for p in module.parameters())


@pytest.mark.parametrize("more", [{"chunk": 3}, {"chunk": 3, "queue": 12}, {"chunk": 3, "dtype": "bf16"}])
def test_chunks_do_not_change_losses(bert: Path, tmp_path: Path, more: dict[str, Any]) -> None:
    chunked = train(bert, tmp_path / "1", n_steps=3, **more)
    whole = train(bert, tmp_path / "2", n_steps=3, **{**more, "chunk": 0})
    tolerance = 0.03 if "dtype" in more else 1e-3
    for ours, theirs in zip(chunked.diagnostics, whole.diagnostics, strict=True):
        assert ours["loss_nats"] == pytest.approx(theirs["loss_nats"], rel=tolerance)
    assert chunked.flops > whole.flops


def test_accumulated_batches_count_as_one_step(bert: Path, tmp_path: Path) -> None:
    done = train(bert, tmp_path, n_steps=2, batch_size=8, accumulate=3)
    assert [step["n_pairs"] for step in done.diagnostics] == [24, 48]


def test_learned_temperature_changes_and_fixed_one_stays(bert: Path, tmp_path: Path) -> None:
    assert train(bert, tmp_path / "1", learn_temperature=True).temperature != pytest.approx(0.1, rel=1e-6)
    assert train(bert, tmp_path / "2", learn_temperature=False, temperature=0.2).temperature == pytest.approx(0.2)


def test_early_stopping_keeps_the_best_weights(bert: Path, tmp_path: Path) -> None:
    begun = job(bert, tmp_path / "state", n_steps=400, learning_rate=0.02, early_stop={"every": 3, "patience": 2})
    done = run(replace(begun, held_out=pairs_of(10, seed=9)), Callbacks())
    held = {step["step"]: step["held_out"] for step in done.diagnostics if "held_out" in step}
    assert done.n_steps < 400
    assert f"stopped at step {done.n_steps} of 400" in done.stopped
    best = min(held, key=lambda step: held[step])
    assert f"of step {best}" in done.stopped
    from evidense.training.loop.learner import Learner

    learner = Learner(unfrozen(done.encoder), begun.objective, begun.pairs, begun.recipe)
    learner.temperature.log_scale.data.fill_(-np.log(done.temperature))
    assert learner.held_out(pairs_of(10, seed=9)) == pytest.approx(held[best], rel=1e-5)


def unfrozen(encoder: Any) -> Any:
    encoder.tower("query").weights["backbone"].requires_grad_(True)
    return encoder


def test_callbacks_are_called_each_step(bert: Path, tmp_path: Path) -> None:
    told: list[Any] = []
    seen: list[Any] = []
    done = run(job(bert, tmp_path / "state"), Callbacks(lambda *now: told.append(now), seen.append))
    assert [(now[0], now[1]) for now in told] == [(step, 6) for step in range(1, 7)]
    assert told[-1][2] == 0
    assert [step["loss_nats"] for step in seen] == [step["loss_nats"] for step in done.diagnostics]
    assert seen[-1]["warnings"] == list(done.warnings)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "n_pairs", "words"),
    [
        (
            {"batch_size": 1},
            40,
            "a batch of 1 has no negatives for 'reference'; expected at least 2 pairs; raise batch_size",
        ),
        ({"temperature": 0.0}, 40, "the temperature is 0.0; expected more than 0"),
        ({}, 0, "holds no pairs"),
        ({"schedule": "stairs"}, 40, "the schedule is 'stairs'; expected linear, cosine or constant"),
    ],
)
def test_untrainable_jobs_are_refused(bert: Path, tmp_path: Path, settings: Any, n_pairs: int, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        train(bert, tmp_path, pairs_of(n_pairs), **settings)


def test_hard_negatives_equal_to_a_positive_are_ignored(bert: Path, tmp_path: Path) -> None:
    pairs = pairs_of(20, n_negatives=2)
    some = [[Item("again", pairs.right[row].text), given[1]] if row < 3 else given for row, given in enumerate(pairs.negatives)]  # fmt: skip
    done = train(bert, tmp_path / "1", replace(pairs, negatives=some))
    assert "3 of 40 hard negatives are their query's positive; they were left out" in done.warnings
    every = [[Item("again", document.text)] for document in pairs.right]
    with pytest.raises(InvalidInput, match=r"all 20 hard negatives of .* are their query's positive.*mine them anew"):
        train(bert, tmp_path / "2", replace(pairs, negatives=every))


class Broken(InfoNce):
    """An InfoNCE whose loss is no number once a text of the batch says so."""

    def loss(self, seen: Representations, options: Any) -> Any:
        return super().loss(seen, options) * (float("nan") if seen.scale.item() != pytest.approx(10, rel=1e-7) else 1)


def test_nan_loss_stops_training_and_keeps_the_last_good_weights(bert: Path, tmp_path: Path) -> None:
    """The temperature moves in step 1, so that the loss of step 2 is none."""
    import torch
    from safetensors.torch import load_file

    begun = replace(job(bert, tmp_path / "state", n_steps=4, learn_temperature=True), objective=Broken())
    with pytest.raises(InvalidInput, match=r"the loss of step 2 of 4 is no finite number.*lower the learning rate.*weights of step 1 are kept in"):  # fmt: skip
        run(begun, Callbacks())
    kept = load_file(next((tmp_path / "state").iterdir()))
    name = "weight/query.backbone.embeddings.word_embeddings.weight"
    assert torch.isfinite(kept[name]).all()
    assert torch.equal(kept[name], weights_of(begun.encoder)["embeddings.word_embeddings.weight"])


# --- pieces ---------------------------------------------------------------------------------------------------------


def test_an_epoch_holds_each_pair_once_and_drops_the_incomplete_batch() -> None:
    order = PairOrder(n_pairs=11, batch_size=4, seed=3)
    first, second = (np.concatenate([order.rows(2 * epoch), order.rows(2 * epoch + 1)]) for epoch in (0, 1))
    assert len(set(first)) == len(set(second)) == 8
    assert first.tolist() != second.tolist()
    assert sorted(PairOrder(3, 8, 0).rows(5)) == [0, 1, 2]
    assert set(order.used(1)) == set(order.rows(0))


@pytest.mark.parametrize("name", ["linear", "cosine", "constant"])
def test_learning_rate_rises_then_falls(name: str) -> None:
    shares = [schedule.share(Recipe(n_steps=100, warmup=0.1, schedule=name), step) for step in range(100)]
    assert shares[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert shares[10] == pytest.approx(1)
    assert shares == sorted(shares[:10]) + sorted(shares[10:], reverse=True)
    assert (shares[-1] < 0.02) == (name != "constant")


def test_queue_keeps_the_latest_keys_and_its_momentum_copy_follows() -> None:
    import torch

    weight = torch.nn.Parameter(torch.zeros(2))
    queue = Queue(3, 0.9, [weight])
    weight.data += 1
    queue.follow()
    with queue.swapped():
        assert weight.tolist() == pytest.approx([0.1, 0.1])
    assert weight.tolist() == [1, 1]
    queue.add(torch.tensor([[1.0], [2.0]]), ["a", "b"])
    queue.add(torch.tensor([[3.0], [4.0]]), ["c", "d"])
    assert queue.vectors is not None
    assert (queue.vectors.flatten().tolist(), queue.contents) == ([2, 3, 4], ["b", "c", "d"])


def test_diagnostics_of_a_batch_computed_by_hand() -> None:
    """Queries e1, e2; documents e1, e1: query 1 meets its own (distance 0), query 2 is at a right angle to all (squared distance 2)."""
    import torch

    axes = torch.eye(2)
    found = measured(Representations(queries=axes, documents=axes[[0, 0]]))
    assert found["alignment"] == pytest.approx(1)  # (0 + 2) / 2
    assert found["uniformity"] == pytest.approx(-2)  # queries: log exp(−2 · 2) = −4; documents: 0
    assert found["accuracy"] == 0  # query 1 ties with the other document, query 2 as well
    assert found["cosine"] == pytest.approx(0.5)
    assert found["false_negatives"] == pytest.approx(0.5)  # one of two negatives is as near as the positive


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"uniformity": -0.02, "cosine": 0.995}, "collapsed"),
        ({"false_negatives": 0.4}, "40% of the negatives"),
        ({"loss_nats": np.log(16)}, "the loss does not move"),
        ({}, ""),
    ],
)
def test_warnings_name_collapse_standstill_and_false_negatives(change: dict[str, float], words: str) -> None:
    good = {"uniformity": -2.0, "cosine": 0.1, "false_negatives": 0.01}
    noise = np.random.default_rng(0).normal(0, 0.01, 50)
    steps = [{"loss_nats": 2.7 - row / 25, **good, **change} for row in range(50)]
    for step, jitter in zip(steps, noise, strict=True):
        step["loss_nats"] += jitter
    warnings = warnings_of(steps, 16)
    assert len(warnings) == bool(words)
    assert words in "".join(warnings)
