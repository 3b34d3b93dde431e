"""Edit trials: copies with facts removed or added, the effect of each edit, and the copies after fine-tuning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64

from evidense.compute.search.topk import rank_vectors
from evidense.dissection.editing.backbone import Train, cloze, right
from evidense.dissection.editing.facts import Fact, World, pairs, questions, sentences
from evidense.dissection.editing.knowledge_neurons import knowledge_neurons, random_neurons, zeroed
from evidense.dissection.editing.rome import EditGoal, edited
from evidense.dissection.editing.split import Split
from evidense.parts import Encoder, Side
from evidense.records import Recipe

UNEDITED = "unedited"
TRAININGS = ("absent", "present")
METHODS = {
    "removed": ("knowledge neurons", "random neurons", "rank one", "rank one elsewhere"),
    "added": ("rank one", "rank one elsewhere"),
}
"""Direction → methods of editing; each method is followed by its control."""
_DEPTH = 100


@dataclass(frozen=True)
class Trial:
    """One edited copy: which facts were edited, and how."""

    direction: str
    method: str
    encoder: Encoder
    layer: int | None
    """Layer of the rank-one edit; None for edits of neurons."""
    n_neurons: int = 0


@dataclass(frozen=True)
class TrialSetting:
    """What all trials share."""

    world: World
    split: Split
    encoder: Encoder
    layer: int
    seed: int


def trials(setting: TrialSetting, methods: Mapping[str, Sequence[str]]) -> list[Trial]:
    """Make all edited copies."""
    return [
        _trial(setting, direction, method)
        for direction, methods_of_direction in methods.items()
        for method in methods_of_direction
    ]


def _trial(setting: TrialSetting, direction: str, method: str) -> Trial:
    facts = setting.split.removed if direction == "removed" else setting.split.added
    if method.endswith("neurons"):
        chosen = sorted({n for of_fact in knowledge_neurons(setting.encoder, facts) for n in of_fact})
        if method == "random neurons":
            chosen = random_neurons(setting.encoder, chosen, setting.seed)
        return Trial(direction, method, zeroed(setting.encoder, chosen), None, len(chosen))
    layer = setting.layer if method == "rank one" else elsewhere(setting)
    goals = [EditGoal(fact, direction == "added", _beside(setting, fact)) for fact in facts]
    texts = [item.text or "" for item in sentences(setting.world).left]
    return Trial(direction, method, edited(setting.encoder, layer, goals, texts), layer)


def elsewhere(setting: TrialSetting) -> int:
    """Draw another layer: the control for the claim that `setting.layer` holds the facts."""
    n_layers = int(setting.encoder.tower("query").n_layers)
    others = [layer for layer in range(1, n_layers + 1) if layer != setting.layer]
    return int(np.random.default_rng([setting.seed, 53]).choice(others or [setting.layer]))


def _beside(setting: TrialSetting, fact: Fact) -> tuple[Fact, ...]:
    return tuple(other for other in setting.world.told if other.entity == fact.entity and other.id != fact.id)


# --- the effect of the edit -------------------------------------------------------------------------------------------------


def told(setting: TrialSetting, encoder: Encoder, facts: Sequence[Fact], *, tested: bool) -> Float64[np.ndarray, " f"]:
    """Return for each fact the share of its statements that the encoder completes correctly."""
    tower: object = encoder.tower("query")
    shares: Float64[np.ndarray, " f"] = right(tower, cloze(tower, facts, tested=tested))  # type: ignore[arg-type]
    return shares


def neighbours(setting: TrialSetting, direction: str) -> tuple[Fact, ...]:
    """Return the told facts that no edit of this direction changes."""
    edited_ids = {fact.id for fact in (setting.split.removed if direction == "removed" else setting.split.added)}
    return tuple(fact for fact in setting.world.told if fact.id not in edited_ids)


def overlaps(setting: TrialSetting, trial: Trial) -> Float64[np.ndarray, " f"]:
    """Return for each unedited fact the share of the top 10 documents that copy and original have in common, before fine-tuning."""
    collection = questions(setting.world, neighbours(setting, trial.direction))
    tops = []
    for encoder in (setting.encoder, trial.encoder):
        sides: tuple[tuple[Side, object], ...] = (("query", collection.queries), ("document", collection.corpus))
        q, d = (_vectors(encoder, side, items) for side, items in sides)  # type: ignore[arg-type]
        tops.append(rank_vectors(collection, q, d, 10, str(encoder.setup.similarity)).documents)
    return np.array([len(set(a) & set(b)) / len(a) for a, b in zip(*(t.tolist() for t in tops), strict=True)])


def _vectors(encoder: Encoder, side: Side, items: Sequence[object]) -> Float32[np.ndarray, "n e"]:
    tower = encoder.tower(side)
    return tower.vectors(tower.prepare(list(items)))  # type: ignore[arg-type]


# --- fine-tuning --------------------------------------------------------------------------------------

ScoreFacts = Callable[[Encoder, Sequence[Fact]], Mapping[str, Float64[np.ndarray, " f"]]]
"""Encoder, facts → per measure, the value of each fact's question."""


@dataclass(frozen=True)
class Tuning:
    """How copies are fine-tuned. All copies of one seed see the same pairs in the same order."""

    seeds: Sequence[int]
    n_steps: int = 60
    batch_size: int = 32
    learning_rate: float = 1e-3

    def recipe(self, data: str, seed: int) -> Recipe:
        """Return the recipe of one seed."""
        return Recipe(
            objective="infonce", data=(data,), n_steps=self.n_steps, batch_size=self.batch_size,
            learning_rate=self.learning_rate, dropout=0.0, seed=seed,
        )  # fmt: skip


@dataclass
class TunedCopies:
    """Values of every fine-tuned copy: (copy, training, seed) → measure → value of each measured fact."""

    bed: TrialSetting
    train: Train
    tuning: Tuning
    score: ScoreFacts
    values: dict[tuple[str, str, int], Mapping[str, Float64[np.ndarray, " f"]]] = field(default_factory=dict)

    def run(self, copies: Mapping[str, Encoder], trainings: Sequence[str], tell: Callable[[int, int], None]) -> None:
        """Fine-tune every copy with every training set and seed."""
        runs = [(c, t, s) for c in copies for t in trainings for s in self.tuning.seeds]
        for index, (copy, training, seed) in enumerate(runs):
            split = self.bed.split
            facts = split.taught if training == "absent" else (*split.taught, *split.asked)
            data = pairs(self.bed.world, facts, training)
            encoder = self.train(self.tuning.recipe(data.name, seed), {data.name: data}, copies[copy])
            self.values[copy, training, seed] = self.score(encoder, split.asked)
            tell(index + 1, len(runs))

    def table(self, copy: str, training: str, measure: str) -> Float64[np.ndarray, "s f"]:
        """Return the values as [seed, fact]."""
        return np.stack([self.values[copy, training, seed][measure] for seed in self.tuning.seeds])
