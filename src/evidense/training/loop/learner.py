"""Learner: weights, temperature, optimiser and queue of one training, and the step that updates them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from evidense.compute.similarity import checked
from evidense.parts import SIDES, Encoder, Objective, Representations, TokenPredictor, TrainableTower
from evidense.records import Json, Recipe
from evidense.training.loop import gather, schedule
from evidense.training.loop.batches import ContentKeys, Keys, PairOrder, Shelf, purpose_rng, remembered
from evidense.training.loop.costs import TrainingCosts
from evidense.training.loop.diagnostics import measured, plain
from evidense.training.loop.queue import Queue
from evidense.training.loop.step import EncodeSettings, Load, encoded, step_gradients
from evidense.training.loop.temperature import Temperature
from evidense.values import Batch, Item, Pairs

if TYPE_CHECKING:
    import torch
    from torch import Tensor

KeepStates = Callable[[TrainableTower, Sequence[Item]], None]
"""Called with a tower and the items of all steps, before the first step."""
_SIDE_STRIDE = 1 << 40
"""Dropout places of documents in the joint batch begin here, those of the queue's keys at twice this."""


@dataclass
class _Turn:
    """One batch of a step."""

    number: int
    batch: Batch
    contents: ContentKeys
    own: tuple[int, int]
    """This process's share of the queries."""
    seen: Representations | None = None
    losses: list[float] = field(default_factory=list)

    def items(self, side: int) -> tuple[list[Item], np.ndarray]:
        """Return the items that this process encodes on a side (0 queries, 1 documents and negatives), and their places in the joint batch."""
        first, last = self.own
        if side == 0:
            return list(self.batch.queries[first:last]), np.arange(first, last, dtype=np.uint64)
        k, n, n_documents = self.batch.n_positives, self.batch.n_negatives, len(self.batch.documents)
        items = [*self.batch.documents[first * k : last * k], *self.batch.negatives[first * n : last * n]]
        places = [np.arange(first * k, last * k), n_documents + np.arange(first * n, last * n)]
        return items, np.concatenate(places).astype(np.uint64) + np.uint64(_SIDE_STRIDE)


class Learner:
    """The trained weights with everything that a step updates."""

    def __init__(
        self, encoder: Encoder, objective: Objective, pairs: Pairs, recipe: Recipe, keep: KeepStates | None = None
    ) -> None:
        from evidense.training.loop.dropout import has_dropout

        self.objective, self.recipe, self.pairs = objective, recipe, remembered(pairs)
        self.options: Mapping[str, Json] = {**objective.options, **recipe.objective_options}
        self.similarity = checked(encoder.setup.similarity, f"'{encoder.name}'")
        self.towers = [cast(TrainableTower, encoder.tower(side)) for side in SIDES]
        self.modules = {
            f"{side}.{name}": module
            for side, tower in zip(SIDES, self.towers, strict=True)
            for name, module in tower.weights.items()
        }
        self.named = trained_weights(self.modules)
        self.temperature = Temperature(objective, recipe)
        self.optimiser = _optimiser(self.named, self.temperature.trained, recipe)
        self.queue = Queue(recipe.queue, recipe.momentum, list(self.named.values())) if recipe.queue else None
        self.order = PairOrder(len(pairs), recipe.batch_size, recipe.seed)
        self.keys, self.costs = Keys(), TrainingCosts()
        self.drops = has_dropout(module for module in self.modules.values() if _is_trained(module))
        self.is_one = self.towers[0] is self.towers[1]
        shelf = Shelf(encoder.tower("query"), self.keys)
        self.shelves = [shelf, shelf if self.is_one else Shelf(encoder.tower("document"), self.keys)]
        self._fill(keep)

    # --- one step

    def step(self, number: int) -> dict[str, Json]:
        """Take step `number` (from 0) and return its diagnostics; if loss or gradient is not finite, nothing changes."""
        from torch.nn.utils import clip_grad_norm_

        recipe = self.recipe
        weights, scalars = list(self.named.values()), list(self.temperature.trained.values())
        self.optimiser.zero_grad(set_to_none=True)
        turns = [self._turn(number * recipe.accumulate + part) for part in range(recipe.accumulate)]
        for turn in turns:
            self._gradients(turn)
        gather.add_up(weights, scalars)
        norm = float(clip_grad_norm_([*weights, *scalars], recipe.max_grad_norm or math.inf))
        rate = recipe.learning_rate * schedule.share(recipe, number)
        diagnostics = self._diagnostics(number, turns, norm, rate)
        if diagnostics["loss_nats"] is not None and diagnostics["grad_norm"] is not None:
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.step()
            self.temperature.bound()
            self._enqueue(turns)
        return diagnostics

    def _turn(self, number: int) -> _Turn:
        rows = self.order.rows(number)
        batch = self.objective.batch(self.pairs, rows, purpose_rng(self.recipe.seed, "cut", number), self.options)
        self.costs.n_pairs += len(rows)
        return _Turn(number, batch, ContentKeys.of(batch, self.keys), gather.share(len(batch.queries)))

    def _gradients(self, turn: _Turn) -> None:
        settings = self._settings(turn.number)
        if "tokens" in self.objective.needs:
            self._predict(turn, settings)
            return
        loads = self.loads(turn)
        loss = step_gradients(loads, lambda leaves: self._loss(turn, leaves) / self.recipe.accumulate, settings)
        turn.losses.append(float(loss) * self.recipe.accumulate)
        self.costs.add(loads)

    def _settings(self, number: int, pass_: int = 0) -> EncodeSettings:
        return EncodeSettings((self.recipe.seed, number, pass_), self.recipe.dtype, self.drops)

    def loads(self, turn: _Turn) -> list[Load]:
        """Return what this process encodes: one load per tower, so a single one if both sides share a tower."""
        sides = [turn.items(side) for side in (0, 1)]
        if self.is_one:
            sides = [([*sides[0][0], *sides[1][0]], np.concatenate([sides[0][1], sides[1][1]]))]
        n_queries = max(1, turn.own[1] - turn.own[0])
        n_own = self.recipe.chunk if self.recipe.chunk < n_queries else 0
        return [
            Load(tower, shelf.take(items), places, n_own * max(1, len(items) // n_queries - self.is_one))
            for tower, shelf, (items, places) in zip(self.towers, self.shelves, sides, strict=False)
            if items
        ]

    def _loss(self, turn: _Turn, leaves: "Sequence[Tensor]") -> "Tensor":
        turn.seen = self.represented(turn, leaves, self.queue)
        return self.objective.loss(turn.seen, self.options)

    def represented(self, turn: _Turn, leaves: "Sequence[Tensor]", queue: Queue | None = None) -> Representations:
        """Gather the representations of all processes into the argument of a loss."""
        import torch

        (first, last), batch = turn.own, turn.batch
        b, k, n = len(batch.queries), batch.n_positives, batch.n_negatives
        flat = leaves[0] if len(leaves) == 1 else torch.cat(list(leaves))
        queries, documents, negatives = flat.split([last - first, (last - first) * k, (last - first) * n])
        held = queue if queue is not None and queue.vectors is not None else None
        excluded = turn.contents.excluded(held.contents if held else ())
        return Representations(
            queries=gather.joint(queries, first, b),
            documents=gather.joint(documents, first * k, b * k),
            negatives=gather.joint(negatives, first * n, b * n).view(b, n, -1) if n else None,
            queue=held.vectors.to(flat.dtype) if held and held.vectors is not None else None,
            excluded=torch.from_numpy(excluded).to(flat.device),
            targets=None if batch.targets is None else torch.from_numpy(np.asarray(batch.targets)).to(flat),
            similarity=self.similarity,
            scale=self.temperature.scale(),
            bias=self.temperature.bias,
        )

    def _predict(self, turn: _Turn, settings: EncodeSettings) -> None:
        """Train on masked tokens. The loss is a mean over tokens, so each process is weighted by its share of them."""
        items, places = turn.items(0)
        load = Load(self.towers[0], self.shelves[0].take(items), places)
        rng = purpose_rng(self.recipe.seed, "mask", (turn.number << 8) + gather.world()[0])
        with settings.encoding(load, np.arange(len(items))):
            logits, labels = cast(TokenPredictor, load.tower).predict(load.prepared, rng)
        weight = len(labels) / max(1.0, gather.total(len(labels)))
        turn.seen = Representations(queries=logits, documents=logits, logits=logits.float(), labels=labels)
        loss = self.objective.loss(turn.seen, self.options)
        if math.isfinite(float(loss.detach())):
            (loss * weight / self.recipe.accumulate).backward()
        turn.losses.append(gather.total(float(loss.detach()) * weight))
        self.costs.add([load])

    def _enqueue(self, turns: Sequence[_Turn]) -> None:
        """Update the momentum copy, and queue the keys that it computes for these documents."""
        if self.queue is None:
            return
        self.queue.follow()
        for turn in turns:
            first, last = (edge * turn.batch.n_positives for edge in turn.own)
            items = list(turn.batch.documents[first:last])
            places = np.arange(first, last, dtype=np.uint64) + np.uint64(2 * _SIDE_STRIDE)
            load = Load(self.towers[1], self.shelves[1].take(items), places)
            with self.queue.swapped():
                keys = encoded(load, self._settings(turn.number, 1))
            self.queue.add(gather.joint(keys, first, len(turn.batch.documents)), turn.contents.documents)
            self.costs.add([load], only_forward=True)

    def _diagnostics(self, number: int, turns: Sequence[_Turn], norm: float, rate: float) -> dict[str, Json]:
        representations = turns[-1].seen
        finite = all(math.isfinite(loss) for turn in turns for loss in turn.losses)
        geometry = measured(representations) if representations is not None and finite else {}
        return {
            "step": number + 1,
            "loss_nats": plain(np.mean([loss for turn in turns for loss in turn.losses])),
            **{name: plain(value) for name, value in geometry.items()},
            "temperature": self.temperature.value,
            "grad_norm": plain(norm),
            "learning_rate": rate,
            "n_pairs": self.costs.n_pairs,
        }

    # --- beside the steps

    def held_out(self, pairs: Pairs) -> float:
        """Return the mean loss of fixed batches of held-out pairs, without dropout and queue."""
        import torch

        order = PairOrder(len(pairs), self.recipe.batch_size, self.recipe.seed)
        losses = []
        self.mode(False)
        with torch.no_grad():
            for number in range(min(_N_HELD_OUT, len(pairs) // order.size)):
                rows, rng = order.rows(number), purpose_rng(self.recipe.seed, "held", number)
                batch = self.objective.batch(pairs, rows, rng, self.options)
                turn = _Turn(number, batch, ContentKeys.of(batch, self.keys), (0, len(batch.queries)))
                losses.append(self._held_out_loss(turn))
        self.mode(True)
        return float(np.mean(losses))

    def _held_out_loss(self, turn: _Turn) -> float:
        settings = EncodeSettings(dtype=self.recipe.dtype, drops=False)
        loads = self.loads(turn)
        if "tokens" in self.objective.needs:
            rng = purpose_rng(self.recipe.seed, "lost", turn.number)
            logits, labels = cast(TokenPredictor, self.towers[0]).predict(loads[0].prepared, rng)
            representations = Representations(queries=logits, documents=logits, logits=logits, labels=labels)
        else:
            representations = self._alone(turn, [encoded(load, settings) for load in loads])
        return float(self.objective.loss(representations, self.options))

    def _alone(self, turn: _Turn, leaves: "Sequence[Tensor]") -> Representations:
        """Return the representations of a batch that each process encodes in full."""
        with gather.alone():
            return self.represented(turn, leaves)

    def mode(self, training: bool) -> None:
        """Set towers to training or evaluation; frozen ones stay in evaluation, and batch norms keep their statistics.

        A batch norm in training would make a vector depend on its neighbours in the batch, and on how it is cut in chunks.
        """
        from torch.nn.modules.batchnorm import _BatchNorm

        for module in self.modules.values():
            module.train(training and _is_trained(module))
            for inside in module.modules():
                if isinstance(inside, _BatchNorm):
                    inside.eval()

    def _fill(self, keep: KeepStates | None) -> None:
        """Prepare the items of all steps once, if the objective passes items on unchanged; `keep` computes what frozen towers make of them."""
        n_batches = self.recipe.n_steps * self.recipe.accumulate
        rng = purpose_rng(self.recipe.seed, "cut")
        batch = self.objective.batch(self.pairs, self.order.rows(0), rng, self.options)
        first = self.order.rows(0)
        known = set(self.keys.of([self.pairs.left[int(row)] for row in first]))
        known |= set(self.keys.of([self.pairs.right[int(row)] for row in first]))
        if not known.issuperset(self.keys.of([*batch.queries, *batch.documents])):
            return
        rows = [int(row) for row in self.order.used(n_batches)]
        left, right = ([side[row] for row in rows] for side in (self.pairs.left, self.pairs.right))
        negatives = [item for row in rows for item in self.pairs.negatives[row]] if batch.negatives else []
        right = right if batch.documents else []
        shares = [[*left, *right, *negatives]] if self.is_one else [left, [*right, *negatives]]
        for tower, shelf, items in zip(self.towers, self.shelves, shares, strict=False):
            shelf.fill(items)
            if keep is not None:
                keep(tower, items)

    # --- what is put away

    def tensors(self) -> "dict[str, Tensor]":
        """Return every tensor that the next step depends on, by name."""
        tensors: dict[str, Any] = {}
        for name, weight in {**self.named, **self.temperature.trained}.items():
            tensors[f"weight/{name}"] = weight
            tensors |= {f"{key}/{name}": value for key, value in self.optimiser.state.get(weight, {}).items()}
        if self.queue is not None:
            tensors |= {f"slow/{place}": tensor for place, tensor in enumerate(self.queue.slow)}
            tensors |= {} if self.queue.vectors is None else {"queue": self.queue.vectors}
        return tensors

    def restore(self, tensors: "Mapping[str, Tensor]") -> None:
        """Restore what `tensors` returned."""
        weights = {**self.named, **self.temperature.trained}
        for name, weight in weights.items():
            weight.data.copy_(tensors[f"weight/{name}"])
            held = {key: tensors[f"{key}/{name}"].clone() for key in _MOMENTS if f"{key}/{name}" in tensors}
            if held:
                self.optimiser.state[weight] = held
        if self.queue is not None:
            self.queue.slow = [tensors[f"slow/{place}"].clone() for place in range(len(self.queue.slow))]
            self.queue.vectors = tensors["queue"].clone() if "queue" in tensors else None


_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_N_HELD_OUT = 8
"""Batches of held-out pairs whose loss is averaged."""


def _is_trained(module: "torch.nn.Module") -> bool:
    return any(weight.requires_grad for weight in module.parameters())


def trained_weights(modules: "Mapping[str, torch.nn.Module]") -> "dict[str, Tensor]":
    """Return the trained weights by name, each once."""
    weights: dict[str, Any] = {}
    known_ids: set[int] = set()
    for prefix, module in modules.items():
        for name, weight in module.named_parameters():
            if weight.requires_grad and id(weight) not in known_ids:
                known_ids.add(id(weight))
                weights[f"{prefix}.{name}"] = weight
    return weights


def _optimiser(
    named: "Mapping[str, Tensor]", scalars: "Mapping[str, Tensor]", recipe: Recipe
) -> "torch.optim.Optimizer":
    """Return AdamW without weight decay on biases, norms, temperature and the bias of the logits."""
    from torch.optim import AdamW

    decays = [weight for weight in named.values() if weight.dim() > 1]
    others = [weight for weight in named.values() if weight.dim() < 2] + list(scalars.values())
    groups = [{"params": decays, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return AdamW([group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True)
