"""Cells: what a study trains and compares, and who hears of the progress."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from evidense import stats
from evidense.compute.comparison.lineup import BLIND, Cell, Effect, Lineup, effects_of
from evidense.records import Record, Study
from evidense.study.runners.local import local_runner
from evidense.study.runners.tasks import Runner
from evidense.study.trained.arms import stages_of_arms
from evidense.study.trained.factorial import BOTH, NEITHER, Factorial, Stage, stages_of
from evidense.study.trained.tables import TrainingTables, training_tables
from evidense.values.labels import labels


@dataclass(frozen=True)
class Watch:
    """Who hears of the progress of a study, and how many processes work. None of this changes a number."""

    ready: Callable[[Study, Sequence[Record]], None] | None = None
    """Called with the study and the records of each collection as soon as it is decided."""
    line: Callable[[str, float], None] | None = None
    """Called with a sentence on the current step and the estimated seconds left."""
    n_workers: int | None = None
    """Number of worker processes. None: one per processor. 0: everything runs in this process."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Task → its estimated seconds, by the plan. They weigh the tasks in the estimate of the remaining time."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """Task → estimated resident memory of its worker, by the plan. A cluster places the task by it."""
    cluster: Runner | None = None
    """The cluster that runs the tasks; None: processes here."""

    def runner(self, n: int, address: str) -> AbstractContextManager[Runner]:
        """Return the runner of a block: the cluster, which outlives it, or n processes here."""
        return nullcontext(self.cluster) if self.cluster is not None else local_runner(n, address)


@dataclass(frozen=True)
class Cells:
    """What a study trains and compares: its trainings, its systems, and the effects that it estimates."""

    stages: tuple[Stage, ...]
    ready_made: Mapping[str, str]
    """Label → spelling of the systems that are not trained here: starts of arms, references, a ready backbone."""
    lineup: Lineup
    tables: TrainingTables
    blinded: Mapping[str, str] = field(default_factory=dict)
    """Label → label of the training that ranks under it, to which all pictures look the same."""

    @property
    def labels(self) -> list[str]:
        """Return the labels of all systems that rank."""
        return list(dict.fromkeys(label for cell in self.lineup.cells for label in cell.labels))

    def data_of(self, cell: str) -> tuple[str, ...]:
        """Return the spellings of the training data of a cell, over all its stages."""
        spellings: dict[str, None] = {}
        current = cell
        while current and (stage := next((s for s in self.stages if s.cell == current), None)) is not None:
            spellings |= dict.fromkeys(stage.recipe.data if stage.recipe.objective else ())
            current = stage.after
        return tuple(sorted(spellings))


def cells_of(study: Study) -> Cells:
    """Return the cells of a study that trains.

    Raises:
        UnknownName, InvalidInput: as `training_tables`; or too few resamples for the effects of this study.
    """
    tables = training_tables(study)
    factorial, arms = tables.factorial, tables.arms
    stages = [*(stages_of(factorial) if factorial else []), *stages_of_arms(arms)]
    cells: dict[str, Cell] = {}
    for stage in stages:
        old = cells.get(stage.cell, Cell(stage.cell, ()))
        cells[stage.cell] = Cell(stage.cell, (*old.labels, stage.label))
    ready_made = {NEITHER: factorial.start} if factorial and factorial.start else {}
    ready_made |= {arm.start_label: arm.start for arm in arms if not arm.after}
    spellings = tuple(s for s in dict.fromkeys((*study.systems, *study.references)) if s not in ready_made.values())
    ready_made |= {labels(spellings)[place]: spelling for place, spelling in enumerate(spellings)}
    blinded = _blinded(factorial)
    if blinded:
        cells[BLIND] = Cell(BLIND, tuple(blinded))
    all_cells = (*cells.values(), *(Cell(label, (label,)) for label in ready_made))
    effects = [
        *effects_of(all_cells),
        *(Effect(a.label, "arm", {a.label: 1.0, a.start_label: -1.0}, a.start) for a in arms),
    ]
    lineup = Lineup(all_cells, tuple(effects), factorial.grid if factorial else None)
    largest = max((len(family) for family in lineup.families), default=0) * len(study.collections)
    if largest:
        stats.check_number(study.n_resamples, largest, 1 - study.confidence)
    return Cells(
        tuple(stages),
        ready_made,
        lineup,
        tables,
        blinded,
    )


def _blinded(factorial: Factorial | None) -> dict[str, str]:
    if factorial is None or BLIND not in factorial.controls:
        return {}
    return {f"{BLIND} #{seed}": f"{BOTH} #{seed}" for seed in factorial.seeds}
