"""Lineup: the cells of a factorial and the effects that a study estimates from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evidense import stats
from evidense.compute.comparison.budget_grid import BudgetGrid

Group = Literal["factorial", "stage", "total", "control", "arm"]
ROLES = ("in-domain", "near", "far")
"""What a collection can be for the training data of a cell."""
CONTROLS = ("pre-trained, total budget", "fine-tuned, total budget", "pre-trained, fine-tuning pairs")
"""Arms at the total budget of "both": one stage alone, and the fine-tuning pairs under the loss of pre-training."""
SHUFFLED_PAIRS, BLIND = "shuffled pairs", "blind to pictures"
KNOW_NOTHING = (SHUFFLED_PAIRS, BLIND)
"""Controls that cannot know an answer: trained on permuted pairs at the total budget; and "both", to which all pictures look the same."""
MOST_BESIDE = 5
"""Cells of a study without a factorial whose lists are read side by side."""
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
      for arm in CONTROLS),
    *(Effect(f"{cell} − {control}", "control", {cell: 1, control: -1})
      for control in KNOW_NOTHING for cell in stats.CELLS),
    Effect(f"{_BOTH} − {_NEITHER}", "control", {_BOTH: 1, _NEITHER: -1}),
)  # fmt: skip
"""What is asked of a factorial; those whose cells are not all there are left out."""


@dataclass(frozen=True)
class Lineup:
    """Every cell of a study, and the effects that are asked of them."""

    cells: tuple[Cell, ...]
    effects: tuple[Effect, ...]
    grid: BudgetGrid | None = None
    """Further budgets of the stages, whose cells are among `cells`."""

    @property
    def families(self) -> list[list[Effect]]:
        """Return the effects that are decided together: of one group, over the same number of seeds."""
        families: dict[tuple[str, int], list[Effect]] = {}
        for effect in self.effects:
            families.setdefault((effect.group, self.n_seeds(effect)), []).append(effect)
        return list(families.values())

    @property
    def beside(self) -> list[Cell]:
        """Return the cells whose lists are read side by side: the four of the factorial, else the first few, starts before what was trained from them."""
        four = [cell for cell in self.cells if cell.name in stats.CELLS]
        if len(four) > 1:
            return four
        starts = {cell for effect in self.effects for cell, weight in effect.weights.items() if weight < 0}
        return sorted(self.cells, key=lambda cell: cell.name not in starts)[:MOST_BESIDE]

    def is_read(self, effect: Effect) -> bool:
        """Say whether the queries of an effect are worth reading: what each stage adds to the other; of a study without stages, its arms."""
        stages = [e for e in self.effects if e.group == "stage" and e.weights.get(_BOTH) == 1]
        return effect in stages or (effect.group == "arm" and not stages)

    def n_seeds(self, effect: Effect) -> int:
        """Return the number of seeds of an effect; a cell that is the same in all of them does not count."""
        return max(len(cell.labels) for cell in self.cells if cell.name in effect.weights)


def effects_of(cells: Sequence[Cell]) -> list[Effect]:
    """Return the effects of the factorial whose cells are all there; comparisons with controls if one of these knows nothing."""
    names = {cell.name for cell in cells}
    has_control = bool(names & set(KNOW_NOTHING))
    return [e for e in EFFECTS if set(e.weights) <= names and (has_control or e.group != "control")]
