"""Cells: a study that trains its own systems: seeds and arms side by side in worker processes, then retrieved, scored, decided."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from evidense.boundary.manifest import reseal
from evidense.compute.comparison.lineup import Cell, Effect, Lineup, effects_of
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.comparison.sharing import Shared
from evidense.errors import UnknownName
from evidense.parts import Encoder, Ranker
from evidense.records import Checkpoint, Outcome, Recipe, Record, Score, Study, sha256_of
from evidense.store import Store
from evidense.study.opened_collections import collections_of
from evidense.study.trained.arms import stages_of_arms
from evidense.study.trained.factorial import NEITHER, Stage, stages_of
from evidense.study.trained.tables import TrainingTables, training_tables
from evidense.study.trained.workers import Task, Workers, n_cores, tell
from evidense.training.card import write_card
from evidense.training.data.leaks import leak_counts
from evidense.values import Collection, Pairs
from evidense.verbs.decide_effects import decide_effects, decide_effects_over
from evidense.verbs.decide_queries import decide_queries
from evidense.verbs.retrieve import collection_card, labels, open_system, retrieve
from evidense.verbs.score import score
from evidense.verbs.train import CARD, open_pairs, train

At = tuple[str, int]
"""A collection as a worker finds it: the spelling in the study, and which of those that it means."""


@dataclass(frozen=True)
class Watch:
    """Who is told what while a study trains; nothing here changes a number."""

    ready: Callable[[Study, Sequence[Record]], None] | None = None
    """Hears of each collection as soon as it is decided."""
    line: Callable[[str, float], None] | None = None
    """What is being done in words, and about how many seconds are left."""
    n_workers: int | None = None
    """None: one a processor; 0: none, everything in this process."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Task → its estimated time, as the plan has it: what the remaining time is weighed by."""


@dataclass(frozen=True)
class Cells:
    """What a study trains and compares: stages, the systems that come of them, and what is asked."""

    stages: tuple[Stage, ...]
    given: Mapping[str, str]
    """Label → spelling of what is ranked as it is: starts of arms, references, a ready backbone."""
    lineup: Lineup
    tables: TrainingTables

    @property
    def labels(self) -> list[str]:
        """Return the labels of everything that ranks."""
        return list(dict.fromkeys(label for cell in self.lineup.cells for label in cell.labels))

    def data_of(self, cell: str) -> tuple[str, ...]:
        """Return the spellings of everything that a cell was trained on, by all its stages."""
        found: dict[str, None] = {}
        at = cell
        while at and (stage := next((s for s in self.stages if s.cell == at), None)) is not None:
            found |= dict.fromkeys(stage.recipe.data if stage.recipe.objective else ())
            at = stage.after
        return tuple(sorted(found))


def cells_of(study: Study) -> Cells:
    """Return what a study trains.

    Raises:
        UnknownName, InvalidInput: as `training_tables`.
    """
    tables = training_tables(study)
    factorial, arms = tables.factorial, tables.arms
    stages = [*(stages_of(factorial) if factorial else []), *stages_of_arms(arms)]
    cells: dict[str, Cell] = {}
    for stage in stages:
        old = cells.get(stage.cell, Cell(stage.cell, ()))
        cells[stage.cell] = Cell(stage.cell, (*old.labels, stage.label))
    given = {NEITHER: factorial.start} if factorial and factorial.start else {}
    given |= {arm.start_label: arm.start for arm in arms if not arm.after}
    spellings = tuple(s for s in dict.fromkeys((*study.systems, *study.references)) if s not in given.values())
    given |= {labels(spellings)[place]: spelling for place, spelling in enumerate(spellings)}
    everyone = (*cells.values(), *(Cell(label, (label,)) for label in given))
    effects = [
        *effects_of(everyone),
        *(Effect(a.label, "arm", {a.label: 1.0, a.start_label: -1.0}, a.start) for a in arms),
    ]
    return Cells(tuple(stages), given, Lineup(everyone, tuple(effects)), tables)


def run_cells(
    study: Study, cells: Cells, collections: Sequence[tuple[At, Collection]], store: Store, watch: Watch
) -> list[Record]:
    """Train, retrieve, score and decide; return every record, stored.

    Collections that are in no shelf (their spelling is "") are retrieved on in this process.

    Raises:
        EvidenseError: what a training, a part or the store refuses; WorkerLost where a process was killed. The next run continues.
    """
    in_process = any(not at[0] for at, _ in collections)
    n = 0 if in_process else n_cores() if watch.n_workers is None else watch.n_workers
    with Workers(n, store.root) as workers:
        run = _StudyRun(study, cells, collections, store, workers, watch)
        checkpoints = run.train()
        records: list[Record] = [*_lines(checkpoints, store)]
        places = []
        for place, made in run.places(checkpoints):
            places.append(place)
            decided = decide_effects(study, cells.lineup, place, store)
            records += [*made, *decided]
            if watch.ready:
                watch.ready(study, decided)
    shared = Shared(tuple(c for _, c in collections), study.clusters)
    records += decide_queries(study, shared, store)
    records += decide_effects_over(study, cells.lineup, CollectionSet(places, shared.sharing), store)
    _write_cards(cells, checkpoints, [r for r in records if isinstance(r, Outcome)], store)
    return records


def train_some(study: Study, wanted: Sequence[str], store: Store, watch: Watch) -> dict[str, str]:
    """Train the stages of a study that are wanted, with those that they start from; return label → id of the checkpoint.

    Raises:
        UnknownName: a label that the study does not train.
    """
    cells = cells_of(study)
    known = {stage.label: stage for stage in cells.stages}
    kept: dict[str, Stage] = {}
    for label in wanted:
        if label not in known:
            raise UnknownName.among(f"training of {study.name}", label, known)
        while label:
            kept[label] = known[label]
            label = _before(known[label]) if known[label].after else ""
    some = replace(cells, stages=tuple(stage for stage in cells.stages if stage.label in kept))
    with Workers(n_cores() if watch.n_workers is None else watch.n_workers, store.root) as workers:
        return _StudyRun(study, some, (), store, workers, watch).train()


@dataclass
class _StudyRun:
    """One study under way."""

    study: Study
    cells: Cells
    collections: Sequence[tuple[At, Collection]]
    store: Store
    workers: Workers
    watch: Watch
    spent: "_Clock" = field(init=False)

    def __post_init__(self) -> None:
        names = [
            *(s.label for s in self.cells.stages),
            *(_key(label, c) for _, c in self.collections for label in self.cells.labels),
        ]
        self.spent = _Clock(names, self.watch)

    def train(self) -> dict[str, str]:
        """Return label → id of the checkpoint of every stage."""
        stages = self.cells.stages
        tasks = [Task(s.label, self._training(s), (_before(s),) if s.after else ()) for s in stages]
        done: dict[str, str] = {}
        for label, made in self.workers.run(tasks, self.spent.step):
            done[label] = made
            self.spent.finish(label, f"{len(done)} of {len(tasks)} trained")
        return {stage.label: done[stage.label] for stage in stages}

    def _training(
        self, stage: Stage
    ) -> "Callable[[Mapping[str, object]], tuple[Callable[..., str], tuple[object, ...]]]":
        def call(results: Mapping[str, object]) -> tuple[Callable[..., str], tuple[object, ...]]:
            start = f"checkpoint:{results[_before(stage)]}" if stage.after else stage.recipe.start
            return train_stage, (self.store.root, replace(stage.recipe, start=start), stage.label)

        return call

    def places(self, checkpoints: Mapping[str, str]) -> Iterator[tuple[ScoredCells, list[Record]]]:
        """Yield every collection with its scores once all systems have ranked it, in the order of the study."""
        spellings = {**self.cells.given, **{label: f"checkpoint:{made}" for label, made in checkpoints.items()}}
        tasks, found = [], dict[str, object]()
        for at, collection in self.collections:
            where = at if at[0] else collection
            tasks += [
                Task(_key(label, collection), _fixed(rank, self.store.root, self.study, where, label, spellings[label]))
                for label in self.cells.labels
            ]
            tasks += [
                Task(_leak(data, collection), _fixed(count_leaks, self.study, where, data))
                for data in self._trained_on()
            ]
        waiting = list(enumerate(self.collections))
        for n_done, (key, made) in enumerate(self.workers.run(tasks, self.spent.step), 1):
            found[key] = made
            self.spent.finish(key, f"{n_done} of {len(tasks)} rankings done")
            while waiting and all(k in found for k in self._needed(waiting[0][1][1])):
                number, (at, collection) = waiting.pop(0)
                yield self._place(number, at, collection, found)

    def _trained_on(self) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(data for c in self.cells.lineup.cells if (data := self.cells.data_of(c.name))))

    def _needed(self, collection: Collection) -> list[str]:
        return [
            *(_key(label, collection) for label in self.cells.labels),
            *(_leak(d, collection) for d in self._trained_on()),
        ]

    def _place(
        self, number: int, at: At, collection: Collection, found: Mapping[str, object]
    ) -> tuple[ScoredCells, list[Record]]:
        records = [
            self.store.get(i) for label in self.cells.labels for i in cast(list[str], found[_key(label, collection)])
        ]
        spelling = at[0] or collection.name
        leaks = {
            c.name: found[_leak(data, collection)] if (data := self.cells.data_of(c.name)) else _NO_LEAKS
            for c in self.cells.lineup.cells
        }
        place = ScoredCells(
            index=number,
            n_collections=len(self.collections),
            collection=collection,
            direction=direction_of(collection),
            grouped_by=self.study.clusters,
            scores={(r.system, r.measure): r for r in records if isinstance(r, Score)},
            role=self.cells.tables.factorial.roles.get(spelling, "") if self.cells.tables.factorial else "",
            arm_roles={arm.label: arm.role(spelling) for arm in self.cells.tables.arms},
            near_duplicates=cast(
                "dict[str, dict[str, int]]", {k: v for k, v in leaks.items() if k not in self.cells.given}
            ),
        )
        return place, records


_NO_LEAKS = {"n_equal": 0, "n_near": 0, "n_checked": 0}


def direction_of(collection: Collection) -> str:
    """Return the direction of a search as it is marked: t→t, t→i, i→t, i→i, or mixed where a side has several modalities."""
    letters = {"text": "t", "image": "i"}
    sides = [letters.get(str(modality), "") for modality in collection.modalities]
    return "→".join(sides) if all(sides) else "mixed"


def _before(stage: Stage) -> str:
    return f"{stage.after} #{stage.seed}"


def _key(label: str, collection: Collection) -> str:
    return f"{label} on {collection.name}"


def _leak(data: tuple[str, ...], collection: Collection) -> str:
    return f"leaks of {', '.join(data)} into {collection.name}"


def _fixed(
    function: Callable[..., object], *arguments: object
) -> Callable[[Mapping[str, object]], tuple[Callable[..., object], tuple[object, ...]]]:
    return lambda _: (function, arguments)


def _write_cards(cells: Cells, checkpoints: Mapping[str, str], verdicts: Sequence[Outcome], store: Store) -> None:
    """Write into the folder of every checkpoint what was decided about its cell."""
    about = {effect.name: set(effect.weights) for effect in cells.lineup.effects}
    for stage in cells.stages:
        made = cast(Checkpoint, store.get(checkpoints[stage.label]))
        own = [v for v in verdicts if stage.cell in about[v.system]]
        write_card(
            store.folder(made.id), cast(Recipe, store.get(made.parents[0])), made, own, store.json(made.diagnostics)
        )
        reseal(store.folder(made.id), CARD)


def _lines(checkpoints: Mapping[str, str], store: Store) -> list[Record]:
    """Return the recipe and the checkpoint of every stage, each once."""
    found: dict[str, Record] = {}
    for checkpoint_id in checkpoints.values():
        made = cast(Checkpoint, store.get(checkpoint_id))
        found |= {made.parents[0]: store.get(made.parents[0]), made.id: made}
    return list(found.values())


# --- tasks: they run in workers -----------------------------------------------------------------------------------------

_PAIRS: dict[str, Pairs] = {}
"""What a worker has opened, for its next tasks."""
_COLLECTIONS: dict[tuple[str, str], list[Collection]] = {}
_ENGINES: dict[str, Encoder | Ranker] = {}
_MOST_ENGINES = 6


def train_stage(root: Path, recipe: Recipe, label: str) -> str:
    """Train one stage and return the id of its checkpoint."""
    from evidense.training.loop.trainer import Callbacks

    return train(recipe, Store(root), Callbacks(progress=lambda done, total, _: tell(label, done, total)), _PAIRS).id


def rank(root: Path, study: Study, where: At | Collection, label: str, spelling: str) -> list[str]:
    """Rank and score one system on one collection; return the ids of the Ranking and its Scores."""
    store, collection = Store(root), _collection(study, where)
    key = ranking_key(study, collection, label, spelling)
    if done := store.recall(key):
        return done
    if len(_ENGINES) > _MOST_ENGINES:
        _ENGINES.clear()
    system = open_system(spelling, label, _ENGINES)
    ranking = retrieve(system, collection, study.depth, store)
    made = [ranking.id, *(one.id for one in score(ranking, collection, study.measures, store))]
    if spelling.startswith("checkpoint:"):
        store.remember(key, made)
    return made


def ranking_key(study: Study, collection: Collection, label: str, spelling: str) -> str:
    """Return the key under which the ranking and scores of a checkpoint, which is named by its content, are remembered."""
    card = collection_card(collection)
    return sha256_of(
        ["cell", label, spelling, collection.name, collection.checksum, card, study.depth, list(study.measures)]
    )


def count_leaks(study: Study, where: At | Collection, data: tuple[str, ...]) -> dict[str, int]:
    """Count items of a collection that equal, or nearly equal, one of these training pairs (all of them, drawn or not)."""
    return leak_counts([open_pairs(spelling, _PAIRS) for spelling in data], _collection(study, where)).to_json()


def _collection(study: Study, where: At | Collection) -> Collection:
    if isinstance(where, Collection):
        return where
    key = (study.id, where[0])
    if key not in _COLLECTIONS:
        _COLLECTIONS[key] = collections_of(study, where[0])
    return _COLLECTIONS[key][where[1]]


# --- time ---------------------------------------------------------------------------------------------------------------


class _Clock:
    """How much is done, weighed by the plan's estimates, and how long the rest will take."""

    def __init__(self, names: Sequence[str], watch: Watch) -> None:
        self.weights = {name: watch.seconds.get(name, 1.0) for name in names}
        self.done: dict[str, float] = {}
        self.watch = watch
        self.began = time.monotonic()
        self.words = ""

    def step(self, name: str, done: int, total: int) -> None:
        """Hear of a step of a training."""
        cell, _, seed = name.rpartition(" #")
        self.done[name] = self.weights.get(name, 0.0) * done / max(1, total)
        self._say(f"seed {seed}: {cell}, step {done:,} of {total:,}{f' · {self.words}' if self.words else ''}")

    def finish(self, name: str, words: str) -> None:
        """Note that a task is done."""
        self.done[name], self.words = self.weights.get(name, 0.0), words
        self._say(words)

    def _say(self, words: str) -> None:
        if self.watch.line:
            done, total = sum(self.done.values()), sum(self.weights.values())
            passed = time.monotonic() - self.began
            self.watch.line(words, passed * (total - done) / done if done else 0.0)
