"""Loop: the steps of one stage. A stage that was killed resumes from its last state and ends with the same bytes.

From the training room come the record of the recipe, states on disk, the schedule, and the seeds of orders and of dropout. Its Trainer does not
fit: it trains towers that see one text each, by losses over vectors of two sides; this net reads both texts in one window.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evidense.compute.texts.pair_classifier import Window
from evidense.entailers._judge_net import on_device, pooled
from evidense.records import Recipe
from evidense.training.loop import schedule, state
from evidense.training.loop.batches import purpose_rng, step_seed

POOL = 12
"""Batches whose windows are sorted by length together, so that little is padded."""
HEAD_RATE = 10.0
"""Learning rate of the head, in units of the encoder's."""
SAVED_STEPS = 25


@dataclass(frozen=True)
class Stage:
    """Windows with their stances, the recipe, and where the state of a stage in progress lies."""

    windows: Sequence[Window]
    stances: np.ndarray
    recipe: Recipe
    folder: Path
    pad: Callable[..., Any]
    """Of the tokeniser."""


def epoch_batches(lengths: np.ndarray, size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Return the rows of each batch of an epoch: every row once, those of similar length together, the batches in random order."""
    rng = purpose_rng(seed, "pair", epoch)
    rows = rng.permutation(len(lengths))
    pools = [rows[i : i + POOL * size] for i in range(0, len(rows), POOL * size)]
    ordered = [pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]
    batches = [pool[i : i + size] for pool in ordered for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def n_batches(n: int, size: int) -> int:
    """Return the batches of an epoch of n rows."""
    return sum(-(-min(POOL * size, n - i) // size) for i in range(0, n, POOL * size))


def trained(net: Any, stage: Stage, told: Callable[[int, float], None]) -> None:
    """Take the steps of a stage that are left; `told` hears each step and its loss."""
    import torch

    recipe = stage.recipe
    named = trained_weights(net)
    optimiser = _optimiser(named, recipe)
    lengths = np.array([len(window["input_ids"]) for window in stage.windows])
    per_epoch = n_batches(len(lengths), recipe.batch_size)
    weights = _class_weights(stage.stances)
    done = _resumed(stage, named, optimiser)
    net.train()
    for step in range(done, recipe.n_steps):
        epoch, place = divmod(step, per_epoch)
        rows = epoch_batches(lengths, recipe.batch_size, recipe.seed, epoch)[place]
        torch.manual_seed(step_seed(recipe.seed, step))
        loss = _loss(net, stage, rows, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(named.values()), recipe.max_grad_norm)
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * group["times"] * schedule.share(recipe, step)
        optimiser.step()
        if (step + 1) % SAVED_STEPS == 0:
            _saved(stage, step + 1, named, optimiser)
        told(step + 1, float(loss.detach()))
    net.eval()


def trained_weights(net: Any) -> dict[str, Any]:
    """Return what is trained: all layers and the head. The tables of words and places stay as the start has them."""
    for name, weight in net.named_parameters():
        weight.requires_grad_(".embeddings." not in name)
    return {name: weight for name, weight in net.named_parameters() if weight.requires_grad}


def _loss(net: Any, stage: Stage, rows: np.ndarray, weights: np.ndarray) -> Any:
    """Return the log loss of a batch; a rarer stance counts more, by the square root of its rarity."""
    import torch
    from torch.nn.functional import cross_entropy

    fields = [{field: list(values) for field, values in stage.windows[row].items()} for row in rows]
    batch = on_device(net, stage.pad(fields, return_tensors="np", verbose=False))
    logits = net["head"](pooled(net, batch))
    truth = torch.from_numpy(stage.stances[rows].astype(np.int64)).to(logits.device)
    return cross_entropy(logits, truth, weight=torch.from_numpy(weights).to(logits))


def _class_weights(stances: np.ndarray) -> np.ndarray:
    counts = np.bincount(stances, minlength=3)
    weights = np.sqrt(len(stances) / (3 * np.maximum(counts, 1)))
    return np.where(counts > 0, weights, 0.0)


def _optimiser(named: dict[str, Any], recipe: Recipe) -> Any:
    """Return AdamW without weight decay on biases and norms; the head learns faster."""
    from torch.optim import AdamW

    groups: dict[tuple[float, float], list[Any]] = {}
    for name, weight in named.items():
        times = HEAD_RATE if name.startswith("head.") else 1.0
        groups.setdefault((times, recipe.weight_decay if weight.dim() > 1 else 0.0), []).append(weight)
    listed = [{"params": ws, "weight_decay": decay, "times": times} for (times, decay), ws in groups.items()]
    return AdamW(listed, lr=recipe.learning_rate, fused=True)


def _saved(stage: Stage, step: int, named: dict[str, Any], optimiser: Any) -> None:
    tensors = {f"weight/{name}": weight for name, weight in named.items()}
    for name, weight in named.items():
        tensors |= {f"{key}/{name}": value for key, value in optimiser.state[weight].items()}
    state.save(state.TrainingState(step, stage.recipe.content(), tensors, {}), stage.folder)


def _resumed(stage: Stage, named: dict[str, Any], optimiser: Any) -> int:
    """Restore the last state of this recipe; return how many steps it has taken."""
    last = state.load(stage.folder, stage.recipe)
    if last is None:
        return 0
    for name, weight in named.items():
        weight.data.copy_(last.tensors[f"weight/{name}"])
        moments = {key: last.tensors[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        optimiser.state[weight] = {key: value.to(weight.device, copy=True) for key, value in moments.items()}
    return last.step
