"""Gradients of a batch in chunks equal those of the whole batch, dropout included."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.compute.models.tokens import Tokens
from evidense.training.loop.batches import ContentKeys
from evidense.training.loop.step import EncodeSettings, Load, n_repeated, step_gradients
from training.text_world import open_bert, pairs_of, save_bert

B = 12


@dataclass(frozen=True)
class Double:
    """A real BertModel in float64 with its mean-pooled unit vectors (the towers of the package pool in float32)."""

    tower: Any

    @property
    def weights(self) -> dict[str, Any]:
        return {"backbone": self.tower.backbone.inner}

    def represent(self, prepared: Tokens) -> Any:
        import torch

        ids, mask = prepared.padded(0)
        states = self.tower.backbone.states(ids, mask)
        share = torch.ones_like(ids, dtype=states.dtype) if mask is None else mask.to(states.dtype)
        share = share / share.sum(1, keepdim=True)
        return torch.nn.functional.normalize((states * share[..., None]).sum(1), dim=-1)


@pytest.fixture
def tower(tmp_path: Path) -> Double:
    double = Double(open_bert(save_bert(tmp_path / "bert")).tower("query"))
    module = double.weights["backbone"].double().requires_grad_(True)
    module.train()
    return double


def loss_of(leaves: list[Any], log_scale: Any) -> Any:
    import torch

    flat = torch.cat(leaves)
    logits = log_scale.exp() * flat[:B] @ flat[B:].T
    return torch.nn.functional.cross_entropy(logits, torch.arange(B))


def gradients(tower: Double, chunk: int, *, split: bool = False, key: tuple[int, ...] = (1, 2)) -> dict[str, Any]:
    """Return the loss and every gradient, with both sides as one load, or as two."""
    import torch

    pairs = pairs_of(B)
    prepared = tower.tower.prepare([*pairs.left, *pairs.right])
    keys = np.arange(2 * B, dtype=np.uint64) + 1000
    cuts = [np.arange(B), np.arange(B, 2 * B)] if split else [np.arange(2 * B)]
    loads = [Load(tower, prepared.take(rows), keys[rows], chunk) for rows in cuts]
    log_scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    tower.weights["backbone"].zero_grad(set_to_none=True)
    loss = step_gradients(loads, lambda leaves: loss_of(leaves, log_scale), EncodeSettings(key))
    named = tower.weights["backbone"].named_parameters()
    found = {name: weight.grad.clone() for name, weight in named if weight.grad is not None}
    return {**found, "loss": loss, "log_scale": log_scale.grad}


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize(("chunk", "split"), [(1, False), (5, False), (7, True), (24, False), (0, True)])
def test_chunks_give_the_gradients_of_the_whole_batch_with_dropout(tower: Double, chunk: int, split: bool) -> None:
    whole = gradients(tower, 0)
    assert len(whole) > 30
    assert largest_difference(gradients(tower, chunk, split=split), whole) < 1e-10


def test_one_padded_forward_pass_gives_the_same_gradients(tower: Double) -> None:
    """Nothing of the machinery: one forward pass of all items, padded to the longest, one backward pass."""
    import torch

    from evidense.training.loop.dropout import keyed

    whole = gradients(tower, 0)
    pairs = pairs_of(B)
    module = tower.weights["backbone"]
    module.zero_grad(set_to_none=True)
    log_scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    with keyed((1, 2), np.arange(2 * B, dtype=np.uint64) + 1000):
        vectors = tower.represent(tower.tower.prepare([*pairs.left, *pairs.right]))
    loss = loss_of([vectors], log_scale)
    loss.backward()
    plain = {name: weight.grad for name, weight in module.named_parameters() if weight.grad is not None}
    assert largest_difference({**plain, "loss": loss.detach(), "log_scale": log_scale.grad}, whole) < 1e-10


def test_another_step_has_another_dropout_mask(tower: Double) -> None:
    assert largest_difference(gradients(tower, 5), gradients(tower, 5, key=(1, 3))) > 1e-4


def test_last_chunk_is_encoded_once(tower: Double) -> None:
    prepared = tower.tower.prepare(list(pairs_of(B).left))
    load = Load(tower, prepared, np.arange(B, dtype=np.uint64), 5)
    assert [n_repeated(load, is_last) for is_last in (True, False)] == [B - 5, B]


def test_nan_loss_leaves_no_gradients(tower: Double) -> None:
    import torch

    load = Load(tower, tower.tower.prepare(list(pairs_of(B).left)), np.arange(B, dtype=np.uint64), 5)
    module = tower.weights["backbone"]
    module.zero_grad(set_to_none=True)
    assert torch.isnan(step_gradients([load], lambda leaves: leaves[0].sum() * float("nan"), EncodeSettings()))
    assert all(weight.grad is None for weight in module.parameters())


def test_candidates_equal_to_a_positive_are_excluded() -> None:
    contents = ContentKeys(["q", "r", "q"], ["d", "e", "f"], ["d", "x", "f"])
    excluded = contents.excluded(["e", "y"]).astype(int).tolist()
    assert excluded == [
        [
            0,
            0,
            1,
            1,
            0,
            1,
            0,
            0,
        ],  # q: its own d stays; f, the other q's, and d and f among the hard negatives do not count
        [0, 0, 0, 0, 0, 0, 1, 0],  # r: e comes again in the queue
        [1, 0, 0, 1, 0, 1, 0, 0],
    ]
