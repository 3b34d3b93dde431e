"""Run cells: train a study's systems side by side in worker processes, then retrieve, score and decide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from evidense.boundary.manifest import reseal
from evidense.compute.comparison.floor import floors
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.comparison.sharing import Shared
from evidense.compute.search.blind import SUFFIX
from evidense.errors import UnknownName
from evidense.records import Checkpoint, Outcome, Ranking, Recipe, Record, Score, Study
from evidense.store import Store
from evidense.study.runners.local import local_runner, n_cores
from evidense.study.runners.tasks import Runner, Task
from evidense.study.trained.cells import Cells, Watch, cells_of
from evidense.study.trained.clock import StudyClock
from evidense.study.trained.costs import cost_of_cells
from evidense.study.trained.factorial import Stage
from evidense.study.trained.tasks import (
    CollectionAddress,
    count_leaks,
    rank,
    stored_leaks,
    stored_ranking,
    stored_training,
    train_stage,
)
from evidense.training.card import write_card
from evidense.values import Collection
from evidense.verbs.decide_budgets import decide_budgets
from evidense.verbs.decide_effects import decide_effects, decide_effects_over
from evidense.verbs.decide_queries import decide_queries
from evidense.verbs.decide_spread import decide_spread
from evidense.verbs.train import CARD


def run_cells(
    study: Study, cells: Cells, collections: Sequence[tuple[CollectionAddress, Collection]], store: Store, watch: Watch
) -> list[Record]:
    """Train, retrieve, score and decide; store and return every record.

    If a collection exists in this process only (its spelling is ""), everything runs in this process.

    Raises:
        EvidenseError: a training, a part or the store refuses something; WorkerLost: a process was killed. The next run continues.
    """
    in_process = any(not address[0] for address, _ in collections)
    n = n_cores() if watch.n_workers is None else watch.n_workers
    with local_runner(0, store.address) if in_process else watch.runner(n, store.address) as runner:
        run = _StudyRun(study, cells, collections, store, runner, watch)
        checkpoints = run.train()
        records: list[Record] = [*_training_records(checkpoints, store)]
        scored_collections = []
        for scored, new_records in run.scored_collections(checkpoints):
            scored_collections.append(scored)
            decided = decide_effects(study, cells.lineup, scored, store)
            records += [*new_records, *decided]
            if watch.ready:
                watch.ready(study, decided)
    shared = Shared(tuple(c for _, c in collections), study.clusters)
    records += decide_queries(study, shared, store)
    all_collections, at_floor = CollectionSet(scored_collections, shared.sharing), floors(records)
    records += decide_effects_over(study, cells.lineup, all_collections, store, at_floor)
    able = all_collections.without(at_floor)
    records += [*decide_budgets(study, cells.lineup, able, store), *decide_spread(study, cells.lineup, able, store)]
    _write_cards(cells, checkpoints, [r for r in records if isinstance(r, Outcome)], store)
    return records


def train_stages(study: Study, stage_labels: Sequence[str], store: Store, watch: Watch) -> dict[str, str]:
    """Train the named stages of a study and the stages that they start from; return label → id of the checkpoint.

    Raises:
        UnknownName: the study trains no stage of this label.
    """
    cells = cells_of(study)
    known = {stage.label: stage for stage in cells.stages}
    needed: dict[str, Stage] = {}
    for label in stage_labels:
        if label not in known:
            raise UnknownName.among(f"training of {study.name}", label, known)
        while label:
            needed[label] = known[label]
            label = _before(known[label]) if known[label].after else ""
    needed_cells = replace(cells, stages=tuple(stage for stage in cells.stages if stage.label in needed))
    with watch.runner(n_cores() if watch.n_workers is None else watch.n_workers, store.address) as runner:
        return _StudyRun(study, needed_cells, (), store, runner, watch).train()


@dataclass
class _StudyRun:
    """One study while it runs."""

    study: Study
    cells: Cells
    collections: Sequence[tuple[CollectionAddress, Collection]]
    store: Store
    runner: Runner
    watch: Watch
    spent: StudyClock = field(init=False)

    def __post_init__(self) -> None:
        names = [
            *(s.label for s in self.cells.stages),
            *(_ranking_task(label, c) for _, c in self.collections for label in self.cells.labels),
        ]
        self.spent = StudyClock(names, self.watch)

    def train(self) -> dict[str, str]:
        """Return label → id of the checkpoint of every stage."""
        stages = self.cells.stages
        tasks = [
            Task(
                stage.label,
                self._training(stage),
                (_before(stage),) if stage.after else (),
                self._stored(stage),
                n_cpus=max(1, stage.recipe.n_processes),
                memory_bytes=self._memory.get(stage.label, 0),
            )
            for stage in stages
        ]
        done: dict[str, str] = {}
        for label, checkpoint_id in self.runner.run(tasks, self.spent.step):
            done[label] = checkpoint_id
            self.spent.finish(label, f"{len(done)} of {len(tasks)} trained")
        return {stage.label: done[stage.label] for stage in stages}

    @cached_property
    def _memory(self) -> Mapping[str, int]:
        """Task → estimated memory of its worker. A cluster needs it; a run by command has it from its plan."""
        if self.watch.memory or self.watch.cluster is None:
            return self.watch.memory
        costs = cost_of_cells(self.study, self.cells, self.store)
        rankings = {_ranking_task(r.label, c): r.memory_bytes for _, c in self.collections for r in costs.rankings(c)}
        return {training.label: training.memory_bytes for training in costs.trainings} | rankings

    def _training(
        self, stage: Stage
    ) -> "Callable[[Mapping[str, object]], tuple[Callable[..., str], tuple[object, ...]]]":
        def call(results: Mapping[str, object]) -> tuple[Callable[..., str], tuple[object, ...]]:
            return train_stage, (self.store.address, _recipe_of(stage, results), stage.label)

        return call

    def _stored(self, stage: Stage) -> Callable[[Mapping[str, object]], str | None]:
        return lambda results: stored_training(self.store.address, _recipe_of(stage, results))

    def scored_collections(self, checkpoints: Mapping[str, str]) -> Iterator[tuple[ScoredCells, list[Record]]]:
        """Yield every collection with its scores once all systems have ranked it, in the order of the study."""
        spellings = {
            **self.cells.ready_made,
            **{label: f"checkpoint:{checkpoint_id}" for label, checkpoint_id in checkpoints.items()},
            **{label: f"checkpoint:{checkpoints[both]}{SUFFIX}" for label, both in self.cells.blinded.items()},
        }
        results = dict[str, object]()
        store_address, study = self.store.address, self.study
        places = [(address if address[0] else collection, collection) for address, collection in self.collections]
        tasks = [  # one system on all collections, then the next: a worker opens each once
            Task(
                _ranking_task(label, collection),
                _fixed(rank, store_address, study, where, label, spellings[label]),
                stored=_looked_up(stored_ranking, store_address, study, collection, label, spellings[label]),
                memory_bytes=self._memory.get(_ranking_task(label, collection), 0),
            )
            for label in self.cells.labels
            for where, collection in places
        ]
        tasks += [
            Task(
                _leak_task(data, collection),
                _fixed(count_leaks, store_address, study, where, data),
                stored=_looked_up(stored_leaks, store_address, study, collection, data),
            )
            for where, collection in places
            for data in self._trained_on()
        ]
        waiting = list(enumerate(self.collections))
        for n_done, (key, result) in enumerate(self.runner.run(tasks, self.spent.step), 1):
            results[key] = result
            self.spent.finish(key, f"{n_done} of {len(tasks)} rankings done")
            while waiting and all(key in results for key in self._needed(waiting[0][1][1])):
                number, (address, collection) = waiting.pop(0)
                yield self._scored(number, address, collection, results)

    def _trained_on(self) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(data for c in self.cells.lineup.cells if (data := self.cells.data_of(c.name))))

    def _needed(self, collection: Collection) -> list[str]:
        return [
            *(_ranking_task(label, collection) for label in self.cells.labels),
            *(_leak_task(d, collection) for d in self._trained_on()),
        ]

    def _scored(
        self, number: int, address: CollectionAddress, collection: Collection, results: Mapping[str, object]
    ) -> tuple[ScoredCells, list[Record]]:
        records = [
            self.store.get(i)
            for label in self.cells.labels
            for i in cast(list[str], results[_ranking_task(label, collection)])
        ]
        spelling, factorial = address[0] or collection.name, self.cells.tables.factorial
        leaks = {
            c.name: results[_leak_task(data, collection)] if (data := self.cells.data_of(c.name)) else _NO_LEAKS
            for c in self.cells.lineup.cells
        }
        scored = ScoredCells(
            index=number,
            n_collections=len(self.collections),
            collection=collection,
            direction=direction_of(collection),
            grouped_by=self.study.clusters,
            scores={(r.system, r.measure): r for r in records if isinstance(r, Score)},
            role=factorial.roles.get(spelling, "") if factorial else "",
            strata={name: of[spelling] for name, of in factorial.strata.items() if spelling in of} if factorial else {},
            rankings={r.system: r for r in records if isinstance(r, Ranking)},
            arm_roles={arm.label: arm.role(spelling) for arm in self.cells.tables.arms},
            near_duplicates=cast(
                "dict[str, dict[str, int]]", {k: v for k, v in leaks.items() if k not in self.cells.ready_made}
            ),
        )
        return scored, records


_NO_LEAKS = {"n_equal": 0, "n_near": 0, "n_checked": 0}


def direction_of(collection: Collection) -> str:
    """Return the direction of a search: t→t, t→i, i→t, i→i, or mixed if a side has several modalities."""
    letters = {"text": "t", "image": "i"}
    sides = [letters.get(str(modality), "") for modality in collection.modalities]
    return "→".join(sides) if all(sides) else "mixed"


def _before(stage: Stage) -> str:
    return f"{stage.after} #{stage.seed}"


def _ranking_task(label: str, collection: Collection) -> str:
    return f"{label} on {collection.name}"


def _leak_task(data: tuple[str, ...], collection: Collection) -> str:
    return f"leaks of {', '.join(data)} into {collection.name}"


def _fixed(
    function: Callable[..., object], *arguments: object
) -> Callable[[Mapping[str, object]], tuple[Callable[..., object], tuple[object, ...]]]:
    return lambda _: (function, arguments)


def _looked_up(function: Callable[..., object], *arguments: object) -> Callable[[Mapping[str, object]], object]:
    return lambda _: function(*arguments)


def _recipe_of(stage: Stage, results: Mapping[str, object]) -> Recipe:
    """Return the recipe of a stage that starts from the checkpoint of the stage before."""
    return replace(stage.recipe, start=f"checkpoint:{results[_before(stage)]}") if stage.after else stage.recipe


def _write_cards(cells: Cells, checkpoints: Mapping[str, str], verdicts: Sequence[Outcome], store: Store) -> None:
    """Write a model card into the folder of every checkpoint, with the verdicts on its cell."""
    cells_of_effect = {effect.name: set(effect.weights) for effect in cells.lineup.effects}
    for stage in cells.stages:
        checkpoint = cast(Checkpoint, store.get(checkpoints[stage.label]))
        if not store.folder(checkpoint.id).is_dir():
            continue  # another computer trained it, and has its card
        verdicts_on_cell = [v for v in verdicts if stage.cell in cells_of_effect[v.system]]
        write_card(
            store.folder(checkpoint.id),
            cast(Recipe, store.get(checkpoint.parents[0])),
            checkpoint,
            verdicts_on_cell,
            store.json(checkpoint.diagnostics),
        )
        reseal(store.folder(checkpoint.id), CARD)


def _training_records(checkpoints: Mapping[str, str], store: Store) -> list[Record]:
    """Return the recipe and the checkpoint of every stage, each once."""
    records: dict[str, Record] = {}
    for checkpoint_id in checkpoints.values():
        checkpoint = cast(Checkpoint, store.get(checkpoint_id))
        records |= {checkpoint.parents[0]: store.get(checkpoint.parents[0]), checkpoint.id: checkpoint}
    return list(records.values())
