"""Costs: the steps, pairs, FLOPs and seconds that the trainings of a study will take, estimated before the first step."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evidense import registry
from evidense.boundary.scratch import Scratch
from evidense.compute.progress import flops_per_second
from evidense.compute.search.blind import SUFFIX
from evidense.parts import Encoder, Objective, Ranker, Tower
from evidense.parts.served import Asked, Bill
from evidense.records import Recipe, Study
from evidense.store import Store
from evidense.study.memory import WORKER_BYTES, ranking_bytes, training_bytes
from evidense.study.trained.arms import bare
from evidense.study.trained.cells import Cells
from evidense.study.trained.factorial import Stage
from evidense.study.trained.tasks import ranking_key
from evidense.training.backbones import architectures, new_towers
from evidense.training.data.portions import texts_of
from evidense.training.loop import budget
from evidense.training.loop.tuned import locks
from evidense.values import Collection, Item, Pairs
from evidense.verbs.retrieve import System, bills_of, open_system, reranking_s, stays_shut
from evidense.verbs.train import open_pairs, recalled, resolved

_SAMPLE, _TEXTS = 64, 4000
_EFFICIENCY = 0.3
"""Share of the speed in matrix products that small models reach on one thread, training and encoding (measured on the shipped studies)."""
_PASSES = 3
"""Forward passes that a training step costs: a backward pass costs two."""
_RANKING_S = 0.3
"""Seconds that a ranking takes apart from encoding: opening, searching, scoring."""
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class TrainingCost:
    """Cost of one stage with one seed. `words` describe the training; `cached` means that the checkpoint is in the store."""

    label: str
    words: str
    n_steps: int
    n_pairs: int
    flops: float
    seconds: float
    cached: bool
    memory_bytes: int = 0
    """Estimated resident memory of the worker."""


@dataclass(frozen=True)
class RankingCost:
    """Cost of ranking one collection with one system."""

    label: str
    seconds: float
    size_bytes: int
    cached: bool
    is_code: bool = False
    bills: tuple[Bill, ...] = ()
    """For a system behind servers: what is left to ask."""
    memory_bytes: int = 0
    """Estimated resident memory of the worker."""


@dataclass
class Costs:
    """Estimates the costs of a study that trains. Untrained encoders are estimated by the encoder that they start from."""

    study: Study
    cells: Cells
    store: Store
    trainings: list[TrainingCost] = field(default_factory=list)
    checkpoints: dict[str, str] = field(default_factory=dict)
    """Label → id of the checkpoint, for stages that are trained already."""
    pairs: dict[str, Pairs] = field(default_factory=dict)
    opened: dict[str, Encoder | Ranker] = field(default_factory=dict)
    encoded: set[tuple[str, str]] = field(default_factory=set)
    """Items (data or collection) and half of a tower whose states are computed for an earlier system already."""
    asked: Asked = field(default_factory=set)
    """What servers are asked for an earlier system already."""

    def rankings(self, collection: Collection) -> Iterator[RankingCost]:
        """Yield the cost of each system on a collection. A checkpoint costs as much as its start."""
        for label in self.cells.labels:
            trained = self.cells.blinded.get(label, label)
            checkpoint_id = self.checkpoints.get(trained)
            spelling = f"checkpoint:{checkpoint_id}{'' if trained == label else SUFFIX}"
            if checkpoint_id and self.store.recall(ranking_key(self.study, collection, label, spelling)):
                yield RankingCost(label, 0.0, 0, True)
                continue
            if label in self.cells.ready_made and stays_shut(bare(self.cells.ready_made[label])):
                yield RankingCost(label, 0.0, 0, False, is_code=True)
                continue
            engine = self._stand_in(trained)
            system = System(label, self.cells.ready_made.get(label, ""), engine)
            memory = ranking_bytes(system, collection, self.study.depth)
            if bills := bills_of(engine, collection, self.store, self.asked):  # the time is the servers'
                yield RankingCost(label, reranking_s(engine, collection), 0, False, bills=bills)
                continue
            if isinstance(engine, Ranker):
                seconds = _RANKING_S + reranking_s(engine, collection)
                yield RankingCost(label, seconds, 0, False, memory_bytes=memory)
                continue
            sides = ((engine.tower("query"), collection.queries), (engine.tower("document"), collection.corpus))
            locked = self._locked(trained)
            flops = sum(_per_item(tower, items, locked) * len(items) for tower, items in sides)
            flops += self._once(collection.name, locked, [(tower, items, len(items)) for tower, items in sides])
            size = sum(tower.n_dims * len(items) for tower, items in sides) * _FLOAT_BYTES
            yield RankingCost(label, _RANKING_S + _seconds(flops), size, False, memory_bytes=memory)

    def _stand_in(self, label: str) -> Encoder | Ranker:
        if label in self.cells.ready_made:
            return self._open(bare(self.cells.ready_made[label]))
        return self._of_stage(next(stage for stage in self.cells.stages if stage.label == label))

    def _of_stage(self, stage: Stage) -> Encoder | Ranker:
        if stage.recipe.start:
            return self._open(stage.recipe.start)
        if stage.after:
            before = f"{stage.after} #{stage.seed}"
            return self._of_stage(next(stage for stage in self.cells.stages if stage.label == before))
        if "backbone" not in self.opened:
            self.opened["backbone"] = self._built()
        return self.opened["backbone"]

    def _open(self, spelling: str) -> Encoder | Ranker:
        if spelling not in self.opened:
            self.opened[spelling] = open_system(spelling).engine
        return self.opened[spelling]

    def _built(self) -> Encoder | Ranker:
        """Build the backbone in a temporary folder, with a vocabulary from a sample of the texts."""
        recipe = next(stage.recipe for stage in self.cells.stages if stage.recipe.architecture)
        texts_of_data = [texts_of(open_pairs(spelling, self.pairs)) for spelling in recipe.data]
        sample = [text for texts in texts_of_data for text in texts[:: max(1, len(texts) // _TEXTS)]]
        with Scratch() as folder:
            new_towers.write(architectures.design(recipe.architecture), sample, recipe.seed, folder)
            return self._open(str(folder))

    def add(self, stage: Stage) -> TrainingCost:
        """Return the cost of a stage; 0 seconds if its checkpoint is in the store."""
        before = self.checkpoints.get(f"{stage.after} #{stage.seed}", "") if stage.after else ""
        recipe = replace(stage.recipe, start=f"checkpoint:{before}") if before else stage.recipe
        done = recalled(resolved(recipe, self.store, self.pairs), self.store) if before or not stage.after else None
        if done is not None:
            self.checkpoints[stage.label] = done.id
            return TrainingCost(stage.label, _words(recipe), done.n_steps, done.n_pairs, done.flops, 0.0, True)
        if not recipe.objective:
            return TrainingCost(stage.label, _words(recipe), 0, 0, 0.0, 1.0, False, WORKER_BYTES)
        n_pairs = budget.pairs_per_step(recipe)
        flops = n_pairs * self._flops_per_pair(stage)
        recipe = budget.fixed(recipe, lambda: budget.Speed(_seconds(flops), flops))
        n, total, locked = recipe.n_steps, flops * recipe.n_steps, self._locked(stage.label)
        per_pair = self._flops_per_pair(stage, locked) if locked else flops / n_pairs
        computed = n * n_pairs * per_pair + self._once_of_pairs(stage, locked) if locked else total
        n_processes = max(1, recipe.n_processes)
        at_once = (recipe.chunk or recipe.batch_size) / n_processes
        memory = n_processes * training_bytes(self._of_stage(stage), at_once * per_pair / _PASSES)
        return TrainingCost(stage.label, _words(recipe), n, n * n_pairs, total, _seconds(computed), False, memory)

    def _locked(self, label: str) -> frozenset[str]:
        """Return the halves of a system whose backbone has its first weights, so that its states are computed once for the whole study."""
        stages = {stage.label: stage for stage in self.cells.stages}
        locked: frozenset[str] = frozenset({"text", "image"})
        engine = self._stand_in(label)
        if isinstance(engine, Ranker):
            return frozenset()
        halves = getattr(engine.tower("query"), "locked", (None, None))
        locked &= {name for name, half in zip(("text", "image"), halves, strict=True) if half is not None}
        while label in stages:
            stage = stages[label]
            locked &= locks(stage.recipe.tuned) if stage.recipe.objective else locked
            label = f"{stage.after} #{stage.seed}" if stage.after else ""
        return locked

    def _once(self, name: str, locked: frozenset[str], sides: Sequence[tuple[Tower, Sequence[Item], int]]) -> float:
        """Return the FLOPs of the states of these items in locked halves; 0 for those that an earlier system needed."""
        new = {half for half in locked if (name, half) not in self.encoded}
        self.encoded |= {(name, half) for half in new}
        return sum(_per_item(tower, items, only=new) * n for tower, items, n in sides) if new else 0.0

    def _once_of_pairs(self, stage: Stage, locked: frozenset[str]) -> float:
        engine = self._of_stage(stage)
        if isinstance(engine, Ranker):
            return 0.0
        pairs = [open_pairs(spelling, self.pairs) for spelling in stage.recipe.data]
        sides = [(engine.tower("query"), p.left, len(p)) for p in pairs] + [
            (engine.tower("document"), p.right, len(p)) for p in pairs
        ]
        return self._once(", ".join(stage.recipe.data), locked, sides)

    def _flops_per_pair(self, stage: Stage, locked: frozenset[str] = frozenset()) -> float:
        """Return the FLOPs of one pair with its hard negatives, forward and backward, measured on a batch of the objective."""
        engine, recipe = self._of_stage(stage), stage.recipe
        if isinstance(engine, Ranker):
            return 0.0
        objective: Objective = registry.part("objectives", recipe.objective)
        pairs = open_pairs(recipe.data[0], self.pairs)
        rows = np.unique(np.linspace(0, len(pairs) - 1, _SAMPLE).astype(int))
        batch = objective.batch(
            pairs, rows, np.random.default_rng(0), {**objective.options, **recipe.objective_options}
        )
        query, document = (
            _per_item(engine.tower("query"), batch.queries, locked),
            _per_item(engine.tower("document"), batch.documents, locked),
        )
        return _PASSES * (query + document * (batch.n_positives + recipe.n_negatives))


def cost_of_cells(study: Study, cells: Cells, store: Store) -> Costs:
    """Find the trainings of a study that are in the store, and estimate the others.

    Raises:
        EvidenseError: a start, data or an architecture that cannot be opened.
    """
    costs = Costs(study, cells, store)
    for stage in costs.cells.stages:
        costs.trainings.append(costs.add(stage))
    return costs


def _words(recipe: Recipe) -> str:
    if not recipe.objective:
        return "a new encoder"
    negatives = f", {recipe.n_negatives} hard negatives ({recipe.negatives})" if recipe.negatives else ""
    return f"{recipe.objective} on {', '.join(recipe.data)}{negatives}"


def _seconds(flops: float) -> float:
    return flops / (_EFFICIENCY * flops_per_second())


def _per_item(
    tower: Tower,
    items: Sequence[Item],
    locked: Container[str] = (),
    only: Container[str] = ("text", "image", "image+text"),
) -> float:
    """Return the mean FLOPs of a forward pass of one item, from a sample; 0 if an objective has no item on this side (masked words).

    Each modality goes through its own tower; in a locked one the head alone costs something.
    """
    if not items:
        return 0.0
    sample = [items[int(i)] for i in np.unique(np.linspace(0, len(items) - 1, _SAMPLE).astype(int))]
    total = 0.0
    for modality in {item.modality for item in sample}:
        of_modality = [item for item in sample if item.modality == modality]
        half: Any = getattr(tower, modality, tower)  # a tower of two modalities has one for each
        if modality not in only:
            continue
        if modality in locked:
            total += 2.0 * half.n_pooled * half.n_dims * len(of_modality)
            continue
        total += float(getattr(half, "flops_per_token", 0.0)) * float(np.sum(half.prepare(of_modality).sizes))
    return total / len(sample)
