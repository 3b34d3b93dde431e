"""Read the tables [[arms]] of a study file: further trainings, each compared with the encoder that it starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evidense.compute.comparison.lineup import CONTROLS, KNOW_NOTHING, ROLES
from evidense.errors import EvidenseError, Mistakes
from evidense.records import Json, Recipe
from evidense.stats import CELLS
from evidense.study.trained.factorial import (
    NEITHER,
    STAGE_KEYS,
    Factorial,
    Stage,
    over,
    seeds_of,
    stage_recipe,
)
from evidense.values import Spelling
from evidense.values.labels import label_of

_ARM_KEYS = ("label", "start", "seeds", "home", "roles")
_STARTS = tuple(cell for cell in CELLS if cell != NEITHER)


@dataclass(frozen=True)
class Arm:
    """One arm: a ready encoder, or a cell of the study's factorial, is trained further with several seeds."""

    label: str
    start: str
    """Spelling of the encoder that the arm starts from and is compared with; or a cell, where each seed starts from the same seed."""
    seeds: tuple[int, ...]
    recipe: Recipe
    """The recipe without start and seed."""
    home: str = ""
    """Spelling of the in-domain collection: the one that the arm is trained for."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Spelling → role of the other collections; the default role is far."""

    @property
    def after(self) -> str:
        """Return the cell that the arm starts from; "" if it starts from a ready encoder."""
        return self.start if self.start in _STARTS else ""

    @property
    def start_label(self) -> str:
        """Return the label of the start on the page."""
        return self.after or label_of(self.start)

    def role(self, spelling: str) -> str:
        """Return the role of a collection for this arm."""
        return "in-domain" if spelling == self.home else self.roles.get(spelling, "far")


def arms_of(rows: Sequence[Mapping[str, Json]], source: str, factorial: Factorial | None = None) -> tuple[Arm, ...]:
    """Read the tables [[arms]]. An arm that starts from a cell takes the seeds of the factorial, and the roles that it does not name.

    Raises:
        UnknownName: all mistakes are unknown names.
        InvalidInput: there are other mistakes. The message lists all of them.
    """
    mistakes = Mistakes()
    arms = [arm for row, keys in enumerate(rows, 1) if (arm := _arm(keys, row, factorial, mistakes)) is not None]
    labels = [arm.label for arm in arms]
    taken = {*CELLS, *CONTROLS, *KNOW_NOTHING, *(arm.start_label for arm in arms)}
    for label in dict.fromkeys(labels):
        if labels.count(label) > 1 or label in taken:
            mistakes.others.append(f"the label '{label}' is taken already; expected a distinct label; rename the arm")
    mistakes.raise_if_any(f"[[arms]] of {source}")
    return tuple(arms)


def stages_of_arms(arms: Sequence[Arm]) -> list[Stage]:
    """Return all trainings of the arms."""
    return [
        Stage(arm.label, seed, replace(arm.recipe, start="" if arm.after else bare(arm.start), seed=seed), arm.after)
        for arm in arms
        for seed in arm.seeds
    ]


def toy_arms(rows: Sequence[Mapping[str, Json]], toy: Mapping[str, Json]) -> tuple[Mapping[str, Json], ...]:
    """Return the arms of the miniature. The keys of `toy` replace those of every arm; its `labels` names the arms that remain."""
    labels = toy.get("labels")
    keys = {key: value for key, value in toy.items() if key != "labels"}
    return tuple(over(row, keys) for row in rows if labels is None or row.get("label") in labels)


def bare(spelling: str) -> str:
    """Return a spelling without its label. The label does not change the weights.

    >>> bare("pip:model@label=My model@max_length=128")
    'pip:model@max_length=128'
    """
    parsed = Spelling.parse(spelling)
    return str(Spelling(parsed.head, {key: value for key, value in parsed.options.items() if key != "label"}))


def _arm(keys: Mapping[str, Any], row: int, factorial: Factorial | None, mistakes: Mistakes) -> Arm | None:
    where = f"arm {row}" + (f" '{keys['label']}'" if isinstance(keys.get("label"), str) else "")
    known = [*STAGE_KEYS, "pairs", "steps", "flops", "seconds", *_ARM_KEYS]
    mistakes.note_unknown(f"key of {where}", [key for key in keys if key not in _ARM_KEYS], known)
    missing = [name for name in ("label", "start") if not isinstance(keys.get(name), str) or not keys[name]]
    mistakes.others += [f"{where}: '{name}' is missing; expected a text" for name in missing]
    is_further = keys.get("start") in _STARTS
    seeds = (
        _cell_seeds(keys, where, factorial, mistakes) if is_further else seeds_of(keys.get("seeds"), where, mistakes)
    )
    roles = keys.get("roles", {})
    mistakes.others += [f"{where}: the role of '{c}' is {role!r}; expected {', '.join(ROLES)}" for c, role in roles.items() if role not in ROLES]  # fmt: skip
    inner = Mistakes()  # unknown keys are noted above, with the arm's own keys among the known
    recipe = stage_recipe({key: value for key, value in keys.items() if key not in _ARM_KEYS}, where, inner)
    mistakes.others += inner.others
    mistakes.names += [name for name in inner.names if not name.startswith(f"unknown key of {where}")]
    if missing or recipe is None:
        return None
    if factorial and is_further:
        roles = {**factorial.roles, **roles}
    try:
        return Arm(keys["label"], str(Spelling.parse(keys["start"])), seeds, recipe, str(keys.get("home", "")), roles)
    except EvidenseError as error:
        mistakes.note_error(where, error)
        return None


def _cell_seeds(
    keys: Mapping[str, Any], where: str, factorial: Factorial | None, mistakes: Mistakes
) -> tuple[int, ...]:
    if factorial is None:
        mistakes.others.append(
            f"{where} starts from the cell '{keys['start']}'; expected a [factorial] that trains this cell; add one"
        )
        return ()
    seeds = keys.get("seeds", factorial.seeds)
    if not isinstance(seeds, list | tuple) or tuple(seeds) != factorial.seeds:
        mistakes.others.append(
            f"{where} has seeds {seeds!r} and starts from a cell; expected those of [factorial]; leave 'seeds' out"
        )
    return factorial.seeds
