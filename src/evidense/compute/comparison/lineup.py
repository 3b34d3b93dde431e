"""Lineup: the cells of a factorial, what is asked of them, and their scores on one collection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float64

from evidense import stats
from evidense.compute.comparison.grouping import grouping_of
from evidense.records import Json, Score
from evidense.store import Store
from evidense.values import Collection

Group = Literal["factorial", "stage", "total", "arm"]
_NEITHER, _PRE, _FINE, _BOTH = stats.CELLS


@dataclass(frozen=True)
class Cell:
    """A trained system: the labels of its Rankings, one a seed; a ready encoder has one label for all seeds."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """A contrast of cells."""

    name: str
    group: Group
    weights: Mapping[str, float]
    """Cell → weight."""
    start: str = ""
    """Of an arm: spelling of the encoder that it started from."""

    @property
    def against(self) -> str:
        """Return the cells that it is measured against."""
        return ", ".join(cell for cell, weight in self.weights.items() if weight < 0)


EFFECTS: tuple[Effect, ...] = (
    *(Effect(name, "factorial", dict(zip(stats.CELLS, row.tolist(), strict=True)))
      for name, row in zip(stats.EFFECTS, stats.FACTORIAL, strict=True)),
    Effect("pretraining alone", "stage", {_PRE: 1, _NEITHER: -1}),
    Effect("finetuning alone", "stage", {_FINE: 1, _NEITHER: -1}),
    Effect("finetuning after pretraining", "stage", {_BOTH: 1, _PRE: -1}),
    Effect("pretraining before finetuning", "stage", {_BOTH: 1, _FINE: -1}),
    *(Effect(f"both − {arm}", "total", {_BOTH: 1, arm: -1})
      for arm in ("pre-trained, total budget", "fine-tuned, total budget", "pre-trained, fine-tuning pairs")),
)  # fmt: skip
"""What is asked of a factorial; those whose cells are not all there are left out."""


@dataclass(frozen=True)
class Lineup:
    """Every cell of a study, and the effects that are asked of them."""

    cells: tuple[Cell, ...]
    effects: tuple[Effect, ...]

    @property
    def families(self) -> list[list[Effect]]:
        """Return the effects that are decided together: of one group, over the same number of seeds."""
        found: dict[tuple[str, int], list[Effect]] = {}
        for effect in self.effects:
            found.setdefault((effect.group, self.n_seeds(effect)), []).append(effect)
        return list(found.values())

    def n_seeds(self, effect: Effect) -> int:
        """Return the number of seeds of an effect; a cell that is the same in all of them does not count."""
        return max(len(cell.labels) for cell in self.cells if cell.name in effect.weights)


@dataclass(frozen=True)
class Place:
    """One collection with the Scores of every cell on it."""

    at: int
    """Place of the collection in the study: names its stream of random numbers."""
    n_places: int
    collection: Collection
    direction: str
    scores: Mapping[tuple[str, str], Score]
    """(label, measure) → Score."""
    grouped_by: str = ""
    """How queries depend on each other, as in `Study.clusters`."""
    role: str = ""
    arm_roles: Mapping[str, str] = field(default_factory=dict)
    """Arm → what the collection is for it."""
    near_duplicates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Cell → how many test items equal or nearly equal something that it was trained on."""

    @cached_property
    def clusters(self) -> stats.Grouping:
        """How the queries depend on each other."""
        return grouping_of(self.collection, self.grouped_by)

    def values(self, cell: Cell, measure: str, store: Store) -> Float64[np.ndarray, "s q"]:
        """Per-query values of a cell, one row a seed."""
        return np.stack([np.asarray(store.array(self.scores[label, measure].values)) for label in cell.labels])

    def site(self, name: str, measure: str) -> dict[str, Json]:
        """Say where something was found."""
        role = self.arm_roles.get(name, self.role)
        return {"collection": self.collection.name, "measure": measure, "role": role, "direction": self.direction}


@dataclass(frozen=True)
class Places:
    """Collections that are spoken of together, and what they share."""

    places: Sequence[Place]
    sharing: stats.Sharing
    role: str = "all"
    direction: str = "all"


def effects_of(cells: Sequence[Cell]) -> list[Effect]:
    """Return the effects of the factorial whose cells are all there."""
    names = {cell.name for cell in cells}
    return [effect for effect in EFFECTS if set(effect.weights) <= names]
