"""Templates: studies at the scale of papers. They are not run here; everything that needs no weights is checked."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from typing import Any

from evidense import measures, registry
from evidense.boundary.numerals import plain
from evidense.compute.trials.model_check import Facts, check_model
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from evidense.parts import Objective
from evidense.records import Study
from evidense.study.files.toml import study_from
from evidense.study.trained.training import recipe_of
from evidense.training.loop import budget
from evidense.training.readiness import recipe_mistakes
from evidense.values import Spelling

ROOM = "paper_scale"
_OWN = {"why", "notes", "models", "recipes", "expected"}
_RECIPE_KEYS = {"label", "source", "recipe", "n_training_pairs", "epochs", "n_steps"}
_EXPECTED_KEYS = {"model", "collection", "values", "source"}


@dataclass(frozen=True)
class Template:
    """A study file with facts on its models, trainings and published numbers."""

    name: str
    study: Study
    why: str
    """The reason why it is not run here."""
    notes: tuple[str, ...]
    models: tuple[Facts, ...]
    recipes: tuple[Mapping[str, Any], ...]
    expected: tuple[Mapping[str, Any], ...]


def is_template(name: str | None) -> bool:
    """Say whether a name is that of a template."""
    return (name or "").startswith(f"{ROOM}/")


def names() -> dict[str, str]:
    """Return name → question of every template."""
    files = (f for f in resources.files("evidense.study.shipped").joinpath(ROOM).iterdir() if f.name.endswith(".toml"))
    questions = {
        f"{ROOM}/{f.name.removesuffix('.toml')}": tomllib.loads(f.read_text(encoding="utf-8"))["question"]
        for f in files
    }
    return dict(sorted(questions.items()))


def read_template(name: str) -> Template:
    """Return a shipped template.

    Raises:
        UnknownName: with the nearest names.
        InvalidInput: the file does not have the form of a template.
    """
    if name not in names():
        raise UnknownName.among("template", name, names())
    path = resources.files("evidense.study.shipped").joinpath(f"{name}.toml")
    return template_from(tomllib.loads(path.read_text(encoding="utf-8")), name)


def template_from(data: Mapping[str, Any], name: str) -> Template:
    """Make a Template from the keys of its file.

    Raises:
        UnknownName, InvalidInput: a key or value is not of the form.
    """
    study_keys = {key: value for key, value in data.items() if key != "template"}
    table = data.get("template", {})
    _refuse_unknown(table, _OWN, f"[template] of {name}")
    for key, known in (
        ("recipes", _RECIPE_KEYS),
        ("expected", _EXPECTED_KEYS),
        ("models", {f.name for f in fields(Facts)}),
    ):
        for entry in table.get(key, []):
            _refuse_unknown(entry, known, f"[[template.{key}]] of {name}")
    return Template(
        name=name,
        study=study_from(study_keys, name),
        why=table["why"],
        notes=tuple(table.get("notes", ())),
        models=tuple(Facts(**entry) for entry in table["models"]),
        recipes=tuple(table.get("recipes", ())),
        expected=tuple(table.get("expected", ())),
    )


def refusal(template: Template) -> InvalidInput:
    """Return the error that is raised if somebody runs a template."""
    return InvalidInput(
        f"{template.name} is a template, not run here ({template.why}); expected --plan, which checks it; to run it: download "
        f"{', '.join(m.id for m in template.models)}, follow the template's notes, save the file without its [template] tables as STUDY.toml, "
        "and type `evidense run STUDY.toml`"
    )


def check(template: Template) -> tuple[list[str], list[str]]:
    """Check everything that needs no weights and no data. Return the lines of the plan and the mistakes.

    Raises:
        MissingExtra: torch or transformers is not installed.
    """
    lines = [f"{template.name}: a template, not run here: {template.why}"]
    mistakes: list[str] = []
    for section in (_models, _systems, _collections, _recipes, _expected):
        for line, wrong in section(template):
            lines.append(line)
            mistakes += wrong
    lines += [f"note: {note}" for note in template.notes]
    lines += [f"MISTAKE: {mistake}" for mistake in mistakes] or ["everything that can be checked here agrees"]
    return lines, mistakes


CheckedLines = Iterator[tuple[str, list[str]]]
"""Lines of the plan, each with the mistakes that belong to it."""


def _models(template: Template) -> CheckedLines:
    for facts in template.models:
        checked = check_model(facts)
        yield f"model {facts.id}: not reachable, not checked ({facts.source})", []
        yield f"  its class: {checked.line}", list(checked.mistakes)


def _systems(template: Template) -> CheckedLines:
    for text in (*template.study.systems, *template.study.references):
        try:
            spelling = Spelling.parse(text)
            if "./" in spelling.head:
                yield f"system {text}: a folder that you make, see the notes", []
                continue
            part, _ = registry.system(spelling)
            yield f"system {text}: opened by {part.name}", []
        except EvidenseError as error:
            yield f"system {text}: cannot be opened", [str(error)]


def _collections(template: Template) -> CheckedLines:
    for text in template.study.collections:
        try:
            part, _ = registry.dataset(text)
            yield f"collection {text}: read by {part.name}; not reachable, not checked", []
        except EvidenseError as error:
            yield f"collection {text}: cannot be read", [str(error)]


def _recipes(template: Template) -> CheckedLines:
    for entry in template.recipes:
        label, stated = entry["label"], entry.get("n_steps")
        try:
            recipe = recipe_of({**entry["recipe"], **_budget(entry)}, label)
            recipe = budget.fixed(recipe, lambda: budget.Speed(0, 0))
            objective: Objective = registry.part("objectives", recipe.objective)
            wrong = [f"{label}: {m}" for m in recipe_mistakes(replace(recipe, n_steps=recipe.n_steps or 1), objective)]
        except EvidenseError as error:
            yield f"training {label}: cannot be read", [f"{label}: {error}"]
            continue
        if stated is not None and stated != recipe.n_steps:
            wrong.append(f"{label}: {recipe.n_steps:,} steps by pairs, epochs and batch; the template says {stated:,}")
        per_step = budget.pairs_per_step(recipe)
        steps = (
            f"{recipe.n_steps:,} steps of {per_step:,} pairs"
            if stated
            else f"steps not published, {per_step:,} pairs each: name a budget"
        )
        yield f"training {label}: {recipe.objective}, {steps} ({entry['source']})", wrong


def _budget(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the budget in pairs if their number is published; else one step, so that the recipe can be checked."""
    if "n_training_pairs" in entry:
        return {"pairs": entry["n_training_pairs"] * entry["epochs"]}
    return {"steps": 1}


def _expected(template: Template) -> CheckedLines:
    """Check the values of [[template.expected]]; those of [[expected]], which a page compares, are checked with the study."""
    known = {facts.id for facts in template.models}
    for entry in template.expected:
        wrong = (
            []
            if entry["model"] in known
            else [f"expected numbers for '{entry['model']}', which is no model of the template"]
        )
        shown = []
        for name, value in entry["values"].items():
            try:
                shown.append(f"{measures.canonical(name)} {plain(value)}")
            except EvidenseError as error:
                wrong.append(str(error))
            if not 0 <= value <= 1:
                wrong.append(f"{entry['model']}: {name} is {value}; expected a share")
        yield f"published {entry['model']}, {entry['collection']}: {', '.join(shown)} ({entry['source']})", wrong
    for table in template.study.expected:
        values = ", ".join(f"{measure} {plain(value)}" for measure, value in table["values"].items())
        yield f"the page compares {table['system']}, {table['collection']}: {values} ({table['source']})", []


def _refuse_unknown(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in entry:
        if key not in known:
            raise UnknownName.among(f"key of {where}", key, known)
