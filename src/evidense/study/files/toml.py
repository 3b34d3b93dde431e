"""Study files: read TOML into a Study, and write a Study as TOML. An unknown key is an error that names the nearest key."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.boundary.documents import checked, read_toml
from evidense.boundary.shown import STEERING
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, UnknownName
from evidense.records import Study
from evidense.study.files.dissect_tables import dissections_of
from evidense.study.files.expected_tables import expected_of
from evidense.study.files.form import StudyForm, mistakes_of, spelt_margin
from evidense.study.files.names_tables import names_of
from evidense.study.files.seeds import named_systems
from evidense.study.trained.tables import training_tables

KEYS = {f.name: f for f in fields(Study) if f.name not in {"parents", "observed", "registered"}}
TABLES = ("factorial", "arms", "dissect", "expected", "names", "seeds")
SETTINGS = tuple(key for key in KEYS if key not in {"systems", "collections", *TABLES} or key in {"names", "seeds"})
"""Keys of a comparison that can be set, apart from its systems and collections."""
QUESTION = "How do these systems compare?"
"""What is asked where a study file does not say it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises:
        InvalidInput: the file is no TOML, lacks a key, or has a value of the wrong kind. The message lists all mistakes.
        UnknownName: a key is unknown. The message names the nearest key.
    """
    if not path.exists():
        raise InvalidInput(
            f"study file '{path}' does not exist; expected a TOML file or a shipped study; see `evidense run --list`"
        )
    return study_from(read_toml(path, "study"), str(path))


def study_from(data: Mapping[str, Any], source: str) -> Study:
    """Make a Study from the keys of a study file.

    Raises:
        InvalidInput, UnknownName: as `read_study`.
    """
    for key in data:
        if key not in KEYS:
            raise UnknownName.among(f"key of {source}", key, KEYS)
    data = {"question": QUESTION, **data}
    data = {"systems": [], **data} if _is_trained(data) else data
    data = {key: spelt_margin(value) if key == "margin" else value for key, value in data.items()}
    form = checked(StudyForm, data, source)
    named = named_systems(form.systems, form.references, form.seeds)
    data = {**data, **{key: value for key, value in named.keys().items() if value or key in data}}
    form = form.model_copy(update=named.keys())
    if mistakes := list(mistakes_of(data, form)):
        raise InvalidInput.all_of(source, mistakes)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    with foreign(source, "Expected the keys of a study file; see the studies that ship."):
        study = Study(**values)
        training_tables(study, source)
        dissections_of(study, source)
    study = replace(study, measures=tuple(measures.canonical(m) for m in values.get("measures", measures.DEFAULT)))
    return replace(study, expected=expected_of(study, source), names=names_of(study, source))


def write_study(study: Study) -> str:
    """Return a Study as a study file that reads back to the same Study."""
    content = {key: value for key, value in study.content().items() if value is not None and value != {}}
    plain = {key: content[key] for key in KEYS if key in content and key not in TABLES}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for name in ("names", "seeds", "factorial"):
        lines += _section(name, content.get(name, {}))
    for name in ("arms", "dissect", "expected"):
        for row in content.get(name, []):
            lines += ["", f"[[{name}]]", *(f"{_key(key)} = {_toml(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _section(name: str, table: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table. Its direct sub-tables become sections; deeper tables are written inline."""
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = [f"{_key(key)} = {_toml(value)}" for key, value in table.items() if key not in tables]
    lines = ["", f"[{name}]", *plain] if plain else []
    for key, inner in tables.items():
        lines += ["", f"[{name}.{key}]", *(f"{_key(k)} = {_toml(v)}" for k, v in inner.items())]
    return lines


def _toml(value: Any) -> str:
    """Return a value as TOML. Numbers, strings and lists are written as in JSON; tables are written inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return _quoted(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(value: Any) -> str:
    return STEERING.sub(lambda match: f"\\U{ord(match[0]):08x}", json.dumps(value, ensure_ascii=False))


def _is_trained(data: Mapping[str, Any]) -> bool:
    return bool(data.get("factorial") or data.get("arms"))
