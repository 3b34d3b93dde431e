"""Read [factorial] of a study file and expand it into trainings: four cells and their control arms, chained from one backbone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from evidense import registry
from evidense.compute.comparison.budget_grid import BudgetGrid
from evidense.compute.comparison.lineup import BLIND, CONTROLS, KNOW_NOTHING, ROLES, SHUFFLED_PAIRS
from evidense.errors import EvidenseError, InvalidInput, Mistakes
from evidense.reading.training_pairs import KINDS, SHUFFLED, kind_of, with_kind
from evidense.records import Json, Recipe
from evidense.stats import CELLS
from evidense.study.trained.budgets import budget_grid
from evidense.study.trained.training import recipe_of
from evidense.training.backbones.architectures import design
from evidense.training.loop import budget
from evidense.training.readiness import recipe_mistakes

NEITHER, PRE, FINE, BOTH = CELLS
_TABLES = ("backbone", "pretraining", "finetuning", "budgets", "roles", "strata", "toy")
_SECTIONS = ("seeds", "controls", *_TABLES)
TOY_STUDY = ("collections", "measures", "references", "sample_queries", "sample_documents", "n_resamples")
"""Keys of the study that [factorial.toy] may replace."""
TOY_KEYS = ("seeds", "controls", "backbone", "pretraining", "finetuning", "budgets", "roles", "arms", *TOY_STUDY)
"""All keys of [factorial.toy]. A table replaces keys of the section of its name; `arms` replaces keys of every arm."""
_BUDGETS = budget.KINDS
_DERIVED = {"start_sha256", "data_sha256", "budget", "parents", "observed"}
_GIVEN = {"start", "architecture", "seed"}
"""Keys of a recipe that a stage may name. It gets the other keys from its place in the factorial."""
STAGE_KEYS = tuple(f.name for f in fields(Recipe) if f.name not in _DERIVED | _GIVEN | {"n_steps"})


@dataclass(frozen=True)
class Factorial:
    """Two factors with two levels each (without and with pre-training, without and with fine-tuning), the seeds, and the stages."""

    seeds: tuple[int, ...]
    backbone: Mapping[str, Json]
    """Keys of an architecture (see `training.backbones.architectures`), or `start`, the spelling of a ready encoder."""
    pretraining: Mapping[str, Json]
    """Keys of a recipe, with one budget."""
    finetuning: Mapping[str, Json]
    controls: tuple[str, ...] = CONTROLS
    roles: Mapping[str, str] = field(default_factory=dict)
    """Spelling of a collection → in-domain, near or far."""
    grid: BudgetGrid | None = None
    """Further budgets of the stages, each combined with each; None: every stage has its one budget."""
    strata: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Moderator → spelling of a collection → its level, a word or a number."""

    @property
    def start(self) -> str:
        """Spelling of the ready backbone; "" if the study builds one."""
        return str(self.backbone.get("start", ""))


@dataclass(frozen=True)
class Stage:
    """One training with one seed. `after` is the cell whose checkpoint of the same seed it starts from; "" if none."""

    cell: str
    seed: int
    recipe: Recipe
    after: str = ""

    @property
    def label(self) -> str:
        """Return the label of the resulting system, for example 'both #3'."""
        return f"{self.cell} #{self.seed}"


# --- reading ---------------------------------------------------------------------------------------------------------


def factorial_of(data: Mapping[str, Any], source: str) -> Factorial:
    """Read the section [factorial]. Its `toy` is checked too, but not applied.

    Raises:
        UnknownName: all mistakes are unknown names.
        InvalidInput: there are other mistakes. The message lists all of them.
    """
    mistakes = Mistakes()
    read = _read(data, source, mistakes)
    if isinstance(data.get("toy"), Mapping):
        mistakes.note_unknown(f"key of [factorial.toy] of {source}", data["toy"], TOY_KEYS)
        _read(laid_over(data, data["toy"]), f"{source} with [factorial.toy]", mistakes)
    mistakes.raise_if_any(f"[factorial] of {source}")
    return read


def laid_over(data: Mapping[str, Any], toy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section with the values of `toy` in place of its own. A stage has one budget, so the toy's budget replaces it.

    >>> laid_over({"seeds": [0, 1], "pretraining": {"pairs": 10, "data": "d"}}, {"pretraining": {"steps": 2}})
    {'seeds': [0, 1], 'pretraining': {'data': 'd', 'steps': 2}}
    """
    merged = {key: value for key, value in data.items() if key != "toy"}
    for key in _SECTIONS:
        if key not in toy:
            continue
        old, new = merged.get(key), toy[key]
        merged[key] = over(old, new) if isinstance(old, Mapping) and isinstance(new, Mapping) else new
    return merged


def over(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old keys, replaced by the new ones. A new budget replaces an old budget of another kind."""
    gone = set(_BUDGETS) if set(_BUDGETS) & set(new) else set[str]()
    return {**{k: v for k, v in old.items() if k not in gone}, **new}


def _read(data: Mapping[str, Any], source: str, mistakes: Mistakes) -> Factorial:
    mistakes.note_unknown(f"key of [factorial] of {source}", data, _SECTIONS)
    tables: dict[str, Mapping[str, Any]] = {}
    for key in _TABLES:
        value = data.get(key, {})
        if not isinstance(value, Mapping):
            mistakes.others.append(f"'{key}' is {value!r}; expected a table [factorial.{key}]")
        tables[key] = value if isinstance(value, Mapping) else {}
    pre, fine = (stage_recipe(tables[key], f"[factorial.{key}]", mistakes) for key in ("pretraining", "finetuning"))
    grid = budget_grid(tables["budgets"], pre, fine, mistakes)
    _check_backbone(tables["backbone"], mistakes)
    controls = _controls(data.get("controls", CONTROLS), tables, mistakes)
    roles = by_collection(tables["roles"], "[factorial.roles]", mistakes)
    for spelling, role in roles.items():
        if role not in ROLES:
            mistakes.others.append(f"the role of '{spelling}' is {role!r}; expected {', '.join(ROLES)}")
    seeds = seeds_of(data.get("seeds"), "[factorial]", mistakes)
    return Factorial(
        seeds,
        tables["backbone"],
        tables["pretraining"],
        tables["finetuning"],
        controls,
        roles,
        grid,
        _strata(tables["strata"], mistakes),
    )


def _strata(named: Mapping[str, Any], mistakes: Mistakes) -> Mapping[str, Mapping[str, Json]]:
    strata: dict[str, Mapping[str, Json]] = {}
    for name, levels in named.items():
        where = f"[factorial.strata.{name}]"
        if not isinstance(levels, Mapping):
            mistakes.others.append(f"{where} is {levels!r}; expected a table of collections and their levels")
            continue
        levels = strata[name] = by_collection(levels, where, mistakes)
        bad = [
            spelling
            for spelling, level in levels.items()
            if isinstance(level, bool) or not isinstance(level, str | int | float)
        ]
        mistakes.others += [f"{where}: the level of '{s}' is {levels[s]!r}; expected a word or a number" for s in bad]
        if len({isinstance(level, str) for level in levels.values()}) > 1:
            mistakes.others.append(f"{where} mixes words and numbers; expected one of both; correct it")
    return strata


def by_collection(table: Mapping[str, Any], where: str, mistakes: Mistakes) -> dict[str, Any]:
    """Return spelling of a collection → its word; a table may also give each word the list of its collections.

    >>> by_collection({"icon": ["icons:t2i", "icons:i2t"], "stamps:t2i": "photo"}, "[factorial.strata.kind]", Mistakes())
    {'icons:t2i': 'icon', 'icons:i2t': 'icon', 'stamps:t2i': 'photo'}
    """
    words: dict[str, Any] = {}
    for key, value in table.items():
        is_list = isinstance(value, list | tuple)
        for spelling, word in [(name, key) for name in value] if is_list else [(key, value)]:
            if not isinstance(spelling, str):
                mistakes.others.append(f"{where}: '{key}' lists {spelling!r}; expected the spelling of a collection")
            elif words.get(spelling, word) != word:
                mistakes.others.append(f"{where} gives '{spelling}' both {words[spelling]!r} and {word!r}; expected one of them; leave one out")  # fmt: skip
            else:
                words[spelling] = word
    return words


def seeds_of(value: Any, where: str, mistakes: Mistakes) -> tuple[int, ...]:
    """Read the list of seeds."""
    good = isinstance(value, list | tuple) and all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in value)  # fmt: skip
    if not good or not value or len(set(value)) < len(value):
        mistakes.others.append(
            f"seeds of {where} are {value!r}; expected a list of distinct whole numbers, such as [0, 1, 2]"
        )
        return ()
    return tuple(value)


def stage_recipe(keys: Mapping[str, Any], where: str, mistakes: Mistakes) -> Recipe | None:
    """Return the recipe of a stage, without start and seed; None if it has mistakes, which are noted."""
    mistakes.note_unknown(f"key of {where}", keys, [*STAGE_KEYS, *_BUDGETS])
    known = {key: value for key, value in keys.items() if key in STAGE_KEYS or key in _BUDGETS}
    if len(named := set(known) & set(_BUDGETS)) != 1:
        mistakes.others.append(f"{where} names {len(named)} budgets; expected one of {', '.join(_BUDGETS)}")
        return None
    if not known.get("objective") or not known.get("data"):
        mistakes.others.append(f"{where} names no {'data' if known.get('objective') else 'objective'}; expected one")
        return None
    try:
        recipe = recipe_of(known, where)
        objective = registry.part("objectives", recipe.objective)
    except EvidenseError as error:
        mistakes.note_error(where, error)
        return None
    mistakes.others += [f"{where}: {sentence}" for sentence in recipe_mistakes(replace(recipe, n_steps=1), objective)]
    return recipe


def _check_backbone(keys: Mapping[str, Any], mistakes: Mistakes) -> None:
    if "start" in keys:
        mistakes.note_unknown("key of [factorial.backbone] beside a start", keys, ["start"])
        return
    try:
        design({key: value for key, value in keys.items() if key != "data"})
    except EvidenseError as error:
        mistakes.note_error("[factorial.backbone]", error)


def _controls(named: Any, tables: Mapping[str, Mapping[str, Any]], mistakes: Mistakes) -> tuple[str, ...]:
    if not isinstance(named, list | tuple):
        mistakes.others.append(f"controls is {named!r}; expected a list of control arms, or [] for none")
        return ()
    known = (*CONTROLS, *KNOW_NOTHING)
    for name in named:
        if name not in known:
            mistakes.names.append(f"unknown control arm '{name}': expected some of {', '.join(map(repr, known))}.")
    backbone = tables["backbone"]
    if BLIND in named and "image" not in backbone and "start" not in backbone:
        mistakes.others.append(
            f"'{BLIND}' is among the controls, and the backbone has no image tower; expected one, or nothing is hidden; leave this control out"
        )
    kinds = [next((k for k in _BUDGETS if k in tables[stage]), "") for stage in ("pretraining", "finetuning")]
    if any("total" in name for name in named) and "" not in kinds and kinds[0] != kinds[1]:
        mistakes.others.append(
            f"pre-training has a budget of {kinds[0]} and fine-tuning one of {kinds[1]}, which cannot be added; expected budgets of the same kind; "
            "change one, or leave out the arms at the total budget: controls = []"
        )
    return tuple(name for name in named if name in known)


# --- expansion -------------------------------------------------------------------------------------------------------


def stages_of(factorial: Factorial) -> list[Stage]:
    """Return all trainings of a factorial, each after the one that it starts from. A stage that several cells share is listed once."""
    mistakes = Mistakes()
    pre = stage_recipe(factorial.pretraining, "[factorial.pretraining]", mistakes)
    fine = stage_recipe(factorial.finetuning, "[factorial.finetuning]", mistakes)
    mistakes.raise_if_any("[factorial]")
    if pre is None or fine is None:
        raise InvalidInput("[factorial] lacks a stage; expected pretraining and finetuning; name them")
    return [stage for seed in factorial.seeds for stage in _of_seed(factorial, seed, pre, fine)]


def _of_seed(factorial: Factorial, seed: int, pre: Recipe, fine: Recipe) -> list[Stage]:
    def stage(cell: str, recipe: Recipe, after: str) -> Stage:
        start = factorial.start if after == NEITHER else ""
        return Stage(cell, seed, replace(recipe, seed=seed, start=start), "" if start else after)

    total, narrow = CONTROLS[:2], CONTROLS[2]
    candidates = [
        stage(PRE, pre, NEITHER), stage(FINE, fine, NEITHER), stage(BOTH, fine, PRE),
        stage(total[0], _with_amount(pre, _amount(fine)), PRE),
        stage(total[1], _with_amount(fine, _amount(fine) + _amount(pre)), NEITHER),
        stage(narrow, _unlabelled(fine, pre), PRE),
        stage(SHUFFLED_PAIRS, _shuffled(fine, pre), NEITHER),
    ]  # fmt: skip
    stages = [candidate for candidate in candidates if candidate.cell in CELLS or candidate.cell in factorial.controls]
    if factorial.grid:
        stages += [stage(*of_point) for of_point in _of_grid(factorial.grid, pre, fine)]
    return (
        stages
        if factorial.start
        else [Stage(NEITHER, seed, replace(_backbone(factorial, pre, fine), seed=seed)), *stages]
    )


def _of_grid(grid: BudgetGrid, pre: Recipe, fine: Recipe) -> Iterator[tuple[str, Recipe, str]]:
    """Yield cell, recipe and the cell that it starts from, of each point of the grid that is none of the four cells."""
    for point in grid.points:
        cell = grid.cell(point)
        if cell in CELLS:
            continue
        before = (point[0], 0.0) if point[1] else (0.0, 0.0)
        recipe = _with_amount(fine, point[1]) if point[1] else _with_amount(pre, point[0])
        yield cell, recipe, grid.cell(before)


def _backbone(factorial: Factorial, pre: Recipe, fine: Recipe) -> Recipe:
    """Return the recipe that builds the backbone. Its vocabulary comes from the data of both stages."""
    architecture = {key: value for key, value in factorial.backbone.items() if key != "data"}
    named = factorial.backbone.get("data") or list(dict.fromkeys([*pre.data, *fine.data]))
    return Recipe(architecture=architecture, data=(named,) if isinstance(named, str) else tuple(named))


def _amount(recipe: Recipe) -> float:
    (amount,) = recipe.budget.values()
    return float(amount)


def _with_amount(recipe: Recipe, amount: float) -> Recipe:
    (kind,) = recipe.budget
    return replace(recipe, budget={kind: int(amount) if float(amount).is_integer() else amount})


def _shuffled(fine: Recipe, pre: Recipe) -> Recipe:
    """Return fine-tuning on the same data with their questions permuted, each data by itself, at the total budget if there is one."""
    total = _amount(fine) + (_amount(pre) if set(fine.budget) == set(pre.budget) else 0)
    return replace(_with_amount(fine, total), data=tuple(f"{SHUFFLED}{spelling}" for spelling in fine.data))


def _unlabelled(fine: Recipe, pre: Recipe) -> Recipe:
    """Return fine-tuning with the loss of pre-training: same data, budget and batches, no hard negatives.

    If that loss does not take this kind of pairs, it gets the same collections in a kind that it takes.
    """
    feeds_on = registry.part("objectives", pre.objective).feeds_on
    data = tuple(
        spelling if kind_of(spelling)[1] in feeds_on else _in_kind(spelling, feeds_on) for spelling in fine.data
    )
    return replace(
        fine, objective=pre.objective, objective_options=pre.objective_options, temperature=pre.temperature, data=data,
        learn_temperature=pre.learn_temperature, negatives="", n_negatives=0, queue=pre.queue, momentum=pre.momentum,
    )  # fmt: skip


def _in_kind(spelling: str, kinds: frozenset[str]) -> str:
    bare, _ = kind_of(spelling)
    return with_kind(bare, next(kind for kind in KINDS if kind in kinds))
