"""Make a Recipe from typed settings, train it, and write the checkpoint into a folder of the user."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense.boundary.claim import FolderClaim, next_free
from evidense.boundary.documents import read_toml
from evidense.boundary.folder import prepare, publish
from evidense.boundary.manifest import FileState, Manifest, plain_files
from evidense.boundary.scratch import Scratch
from evidense.compute.progress import estimate
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput, UnknownName
from evidense.records import Checkpoint, Json, Recipe
from evidense.report.folder import paths_in
from evidense.store import Store
from evidense.training.loop.budget import pairs_per_step
from evidense.training.loop.processes import rank
from evidense.verbs.train import OpenPairs, open_pairs, ready, recalled, resolved, train

if TYPE_CHECKING:
    from evidense.training.loop.trainer import Callbacks

_DERIVED = {"parents", "observed", "data_sha256", "start_sha256"}
_FIELDS = {f.name for f in fields(Recipe)} - _DERIVED
BUDGETS = ("steps", "pairs", "seconds", "flops", "epochs")
"""Short names of a budget. A recipe names one of them; without any, the data are seen once."""
_LISTS = {"data"}
_TABLES = {"architecture", "objective_options", "early_stop", "budget"}
_OWN = "recipe.json"


@dataclass(frozen=True, repr=False)
class Training:
    """What `train` returns: the checkpoint, its recipe, and its folder."""

    checkpoint: Checkpoint
    recipe: Recipe
    folder: Path
    """Evidense, sentence-transformers and transformers can open this folder."""
    store: Store

    @property
    def spelling(self) -> str:
        """Spelling for the other commands: `checkpoint:` and the first 12 characters of the id."""
        return f"checkpoint:{self.checkpoint.id[:12]}"

    @property
    def diagnostics(self) -> list[dict[str, Json]]:
        """Measurements of each step: loss in nats, accuracy, alignment, uniformity, gradient norm and others."""
        return cast(list[dict[str, Json]], self.store.json(self.checkpoint.diagnostics))

    @property
    def test_data(self) -> str:
        """Spellings of the test side of the training data; "" if none is known."""
        return ",".join(s.replace("@train", "@test") for s in self.recipe.data if s.endswith("@train"))

    def __repr__(self) -> str:
        """Return two lines: the training in numbers, and the folder."""
        c = self.checkpoint
        return f"{self.recipe.objective or 'initialised'}: {c.n_steps:,} steps, {c.n_pairs:,} pairs\n{self.folder}"


def recipe_of(settings: Mapping[str, Any], source: str, pairs_by_spelling: OpenPairs | None = None) -> Recipe:
    """Make a Recipe from its keys and the budgets' short names (steps, pairs, seconds, flops, epochs). A key whose value is None is not set.

    Without a budget, the data are seen once.

    Raises:
        UnknownName: a key is unknown. The message names the nearest key.
        InvalidInput: a value is of the wrong kind, or there are two budgets.

    >>> recipe_of({"start": "model", "objective": "infonce", "pairs": 640}, "here").budget
    {'pairs': 640}
    """
    keys = {key: value for key, value in settings.items() if value is not None}
    for key in keys:
        if key not in _FIELDS and key not in BUDGETS:
            raise UnknownName.among(f"key of {source}", key, [*_FIELDS, *BUDGETS])
    budgets = {key: keys.pop(key) for key in BUDGETS if key in keys}
    for key in _LISTS & set(keys):
        keys[key] = (keys[key],) if isinstance(keys[key], str) else tuple(keys[key])
    if mistakes := [m for key, value in keys.items() if (m := _mistake(key, value))]:
        raise InvalidInput.all_of(source, mistakes)
    n_budgets = len(budgets) + bool(keys.get("budget")) + bool(keys.get("n_steps"))
    if n_budgets > 1:
        raise InvalidInput(
            f"{source} names {n_budgets} budgets ({', '.join(budgets)} …); expected one; leave the others out"
        )
    if n_budgets == 0 and keys.get("objective"):
        budgets = {"epochs": 1}
    recipe = Recipe(**keys)
    return _with_budget(recipe, budgets, {} if pairs_by_spelling is None else pairs_by_spelling)


def read_recipe(path: Path) -> dict[str, Any]:
    """Return the keys of a recipe file (TOML).

    Raises:
        InvalidInput: the file does not exist or is no TOML.
    """
    return read_toml(path, "recipe")


def read_architecture(path: Path) -> dict[str, Any]:
    """Return the tables of an architecture file (TOML).

    Raises:
        InvalidInput: the file does not exist or is no TOML.
    """
    return read_toml(path, "architecture")


def train_into(
    recipe: Recipe,
    store: Store,
    out: Path | None = None,
    callbacks: "Callbacks | None" = None,
    pairs_by_spelling: OpenPairs | None = None,
) -> Training:
    """Train a recipe. With `out`, write the checkpoint and its recipe into that folder, all or nothing.

    Raises:
        InvalidInput: the folder holds files of somebody else, or the checkpoint of another recipe; and as `train`.
    """
    pairs_by_spelling = {} if pairs_by_spelling is None else pairs_by_spelling
    recipe = resolved(recipe, store, pairs_by_spelling)
    is_written = out is not None and rank() == 0
    if out is not None and is_written:
        _check_recipe(out, recipe)
        prepare(_claim(out, recipe), [_OWN, "README.md", "config.json", "model.safetensors", "modules.json"])
    if rank() == 0:
        store.sweep()
    checkpoint = train(recipe, store, callbacks, pairs_by_spelling)
    folder = store.fetched_folder(checkpoint.id)
    if out is not None and is_written:
        publish(_claim(out, recipe), _files(folder, recipe))
    return Training(checkpoint, recipe, folder if out is None else out, store)


def _files(folder: Path, recipe: Recipe) -> dict[str, bytes | Path]:
    """Return the files of a checkpoint's folder, and its recipe as a further file."""
    files: dict[str, bytes | Path] = {name: folder / name for name in plain_files(folder)}
    return files | {_OWN: json.dumps(recipe.to_json(), indent=1, ensure_ascii=False, sort_keys=True).encode()}


@dataclass(frozen=True)
class TrainingPlan:
    """The estimated cost of a training, before its first step."""

    recipe: Recipe
    n_pairs: int
    seconds: float
    """Estimated from the machine's speed and the lengths of a sample; 0 if the checkpoint is in the store."""
    is_done: bool

    def line(self) -> str:
        """Return the plan in one line."""
        r = self.recipe
        head = (
            f"{r.objective}: {r.n_steps:,} steps of {pairs_per_step(r):,}, {self.n_pairs:,} pairs"
            if r.objective
            else "a new encoder, as initialised"
        )
        return f"{head}; {'in the store already' if self.is_done else f'about {max(1, round(self.seconds)):,} s'}"

    def lines(self) -> list[str]:
        """Return every key of the recipe that is set, then the plan in one line."""
        plain = Recipe().content()
        keys = {k: v for k, v in self.recipe.content().items() if v != plain.get(k) and not k.endswith("_sha256")}
        return [*(f"{key} = {_short(value)}" for key, value in keys.items()), self.line()]


def plan_of(recipe: Recipe, store: Store, pairs_by_spelling: OpenPairs | None = None) -> TrainingPlan:
    """Check that a recipe can be trained, and estimate its cost.

    Raises:
        InvalidInput: as `train`.
    """
    pairs_by_spelling = {} if pairs_by_spelling is None else pairs_by_spelling
    recipe = resolved(recipe, store, pairs_by_spelling)
    is_done = recalled(recipe, store) is not None
    n_pairs = sum(len(open_pairs(spelling, pairs_by_spelling)) for spelling in recipe.data)
    n_pairs = n_pairs if recipe.n_pairs is None else min(n_pairs, recipe.n_pairs)
    if is_done or not recipe.objective or rank():  # only the first of several processes plans
        return TrainingPlan(recipe, n_pairs, 0.0, is_done)
    with quiet(), Scratch() as folder:
        prepared = ready(recipe, store, folder, pairs_by_spelling)
        forward_s = estimate(prepared.encoder.tower("query"), prepared.pairs.left).seconds
        if prepared.pairs.kind != "items":
            forward_s += estimate(prepared.encoder.tower("document"), prepared.pairs.right).seconds * (
                1 + recipe.n_negatives
            )
    passes = 4 if recipe.chunk else 3  # backward is twice forward; in chunks, forward is done twice
    return TrainingPlan(
        recipe, n_pairs, passes * forward_s * recipe.n_steps * pairs_per_step(recipe) / len(prepared.pairs), False
    )


def changed(then: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """Return one sentence for each changed field of a recipe.

    >>> changed({"seed": 0, "n_steps": 5}, {"seed": 1, "n_steps": 5})
    ['seed was 0, is 1']
    """
    names = sorted({*then, *now})
    return [f"{n} was {_short(then.get(n))}, is {_short(now.get(n))}" for n in names if then.get(n) != now.get(n)]


def _claim(out: Path, recipe: Recipe) -> FolderClaim:
    """Return the claim on an output folder. The folder must be free, or hold a checkpoint of the same recipe."""
    return FolderClaim(out, {"name": "a checkpoint", "recipe": recipe.id}, paths_in([recipe.start, list(recipe.data)]))


def _check_recipe(out: Path, recipe: Recipe) -> None:
    """Refuse a folder with files of somebody else, or with the checkpoint of another recipe; name the differences."""
    held = Manifest.read(out)
    if held is None and out.is_dir() and any(not p.name.startswith(".evidense-") for p in out.iterdir()):
        raise InvalidInput(
            f"'{out}' holds files, but no checkpoint of Evidense; expected an empty or new folder, since files of another model "
            f"would become part of this one; name another folder, such as --out {next_free(out)}"
        )
    if held is not None and held.state(out, _OWN) is FileState.OURS:
        now = recipe.content() | {"parents": list(recipe.parents)}
        if differences := changed(_content(out / _OWN), now):
            raise InvalidInput(
                f"'{out}' holds a checkpoint of another recipe: {'; '.join(differences)}; expected the same recipe; name another folder, such as "
                f"--out {next_free(out)}, or delete this one"
            )


def _content(path: Path) -> dict[str, Json]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {**data["content"], "parents": data["parents"]}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"'{path}' is no recipe ({error!r}); expected the file that train writes; delete the folder"
        ) from None


def _with_budget(recipe: Recipe, budgets: Mapping[str, Any], pairs_by_spelling: OpenPairs) -> Recipe:
    if not budgets:
        return recipe
    (kind, amount), *_ = budgets.items()
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
        raise InvalidInput(f"{kind} is {amount!r}; expected a number above 0")
    if kind == "epochs":
        n = sum(len(open_pairs(spelling, pairs_by_spelling)) for spelling in recipe.data)
        n = n if recipe.n_pairs is None else min(n, recipe.n_pairs)
        return replace(recipe, budget={"pairs": round(amount * n)})
    return replace(recipe, budget={kind: amount})


def _mistake(key: str, value: Any) -> str:
    """Return the mistake if a value is of the wrong kind; '' otherwise."""
    default = {f.name: f for f in fields(Recipe)}[key]
    if key in _TABLES:
        return "" if isinstance(value, Mapping) else f"'{key}' is {value!r}; expected a table of keys and values"
    if key in _LISTS:
        return "" if all(isinstance(x, str) for x in value) else f"'{key}' is {value!r}; expected names of data"
    kinds: Mapping[str, tuple[type, ...]] = {
        "str": (str,), "int": (int,), "float": (int, float), "int | None": (int,), "float | None": (int, float), "bool | None": (bool,),
    }  # fmt: skip
    named = default.type if isinstance(default.type, str) else getattr(default.type, "__name__", str(default.type))
    expected = kinds[named]
    is_right = isinstance(value, expected) and (bool in expected or not isinstance(value, bool))
    return "" if is_right else f"'{key}' is {value!r}; expected {expected[-1].__name__}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
