"""Arms: what each cell was trained on and what it cost, summed over its stages and averaged over its seeds."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evidense.boundary.numerals import count
from evidense.records import Checkpoint, Ranking, Recipe, Record
from evidense.report.factorial.effects import Effects
from evidense.stats import CELLS

PREFIX = "checkpoint:"


@dataclass
class TrainedArm:
    """One cell or arm: its checkpoints, one a seed, and what all their stages used."""

    name: str
    checkpoints: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    """Each stage in words: objective on data, steps × batch."""
    n_pairs: float = 0.0
    n_tokens: float = 0.0
    n_pixels: float = 0.0
    flops: float = 0.0
    warnings: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> list[str]:
        """Return pairs, tokens, pixels, FLOPs as they are printed."""
        return [
            count(self.n_pairs),
            count(self.n_tokens),
            _large(self.n_pixels),
            f"{self.flops:.2e}" if self.flops else "0",
        ]


def arms(effects: Effects, records: Iterable[Record]) -> list[TrainedArm]:
    """Find the checkpoints of every cell by the rankings that used them."""
    checkpoints_of_cell: dict[str, dict[str, None]] = {}
    for record in records:
        if isinstance(record, Ranking) and record.spelling.startswith(PREFIX):
            cell = record.system.rpartition(" #")[0] or record.system
            checkpoints_of_cell.setdefault(cell, {})[record.spelling.removeprefix(PREFIX).split("@")[0]] = None
    names = [*(c for c in CELLS if c in checkpoints_of_cell), *(c for c in checkpoints_of_cell if c not in CELLS)]
    return [_arm(effects, name, [c for c in checkpoints_of_cell[name] if c in effects.checkpoints]) for name in names]


def _arm(effects: Effects, name: str, checkpoints: list[str]) -> TrainedArm:
    arm, n = TrainedArm(name, checkpoints), max(1, len(checkpoints))
    for checkpoint_id in checkpoints:
        chain = _chain(effects, checkpoint_id)
        for _, checkpoint in chain:
            arm.n_pairs += checkpoint.n_pairs / n
            arm.n_tokens += checkpoint.n_tokens / n
            arm.n_pixels += checkpoint.n_pixels / n
            arm.flops += checkpoint.flops / n
            arm.warnings += [w for w in checkpoint.warnings if w not in arm.warnings]
        arm.stages = arm.stages or [_words(recipe) for recipe, _ in chain]
    return arm


def _chain(effects: Effects, checkpoint_id: str) -> list[tuple[Recipe, Checkpoint]]:
    """Return the stages that led to a checkpoint, the first one first."""
    chain: list[tuple[Recipe, Checkpoint]] = []
    checkpoint = effects.checkpoints.get(checkpoint_id)
    while checkpoint is not None:
        recipe = next((effects.recipes[p] for p in checkpoint.parents if p in effects.recipes), None)
        if recipe is None:
            break
        chain.insert(0, (recipe, checkpoint))
        checkpoint = (
            effects.checkpoints.get(recipe.start.removeprefix(PREFIX)) if recipe.start.startswith(PREFIX) else None
        )
    return chain


def _words(recipe: Recipe) -> str:
    if not recipe.n_steps:
        return "random weights" if not recipe.start else f"as it is: {recipe.start}"
    negatives = f" with {recipe.n_negatives} hard negatives ({recipe.negatives})" if recipe.negatives else ""
    return f"{recipe.objective} on {', '.join(recipe.data)}{negatives}: {count(recipe.n_steps)} steps × {recipe.batch_size}"


def _large(n: float) -> str:
    return f"{n / 1e6:,.1f} M" if n >= 1e6 else count(n)
