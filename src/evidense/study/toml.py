"""Study files: TOML to a Study and back. An unknown key is an error with the nearest name."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.errors import InvalidInput, UnknownName
from evidense.records import Study
from evidense.study.arms import arms_of
from evidense.study.dissect import dissections_of
from evidense.study.factorial import factorial_of

_KEYS = {f.name: f for f in fields(Study) if f.name not in {"parents", "observed", "registered"}}
_REQUIRED = [name for name, f in _KEYS.items() if f.default is MISSING and f.default_factory is MISSING]
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "question"), (str,)),
    **dict.fromkeys(
        ("systems", "collections", "measures", "claims", "slices", "references", "excluded", "arms", "dissect"), (list,)
    ),
    "factorial": (dict,),
    **dict.fromkeys(("margin", "confidence"), (int, float)),
    **dict.fromkeys(("seed", "n_resamples", "depth", "sample_queries", "sample_documents"), (int,)),
}


_TABLES = ("factorial", "arms", "dissect")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises:
        InvalidInput: no TOML, a missing key, or a value of the wrong kind: all of them at once.
        UnknownName: an unknown key, with the nearest.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidInput(
            f"study file '{path}' does not exist; expected a TOML file or a shipped study; see `evidense run --list`"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"study file '{path}' is not TOML: {error}; correct that line") from None
    return study_from(data, str(path))


def study_from(data: Mapping[str, Any], source: str) -> Study:
    """Make a Study from the keys of a study file.

    Raises:
        InvalidInput, UnknownName: as `read_study`.
    """
    for key in data:
        if key not in _KEYS:
            raise UnknownName.among(f"key of {source}", key, _KEYS)
    data = {"systems": [], **data} if _is_trained(data) else data
    mistakes = [f"'{name}' is missing; expected a value" for name in _REQUIRED if name not in data]
    mistakes += [_kind_mistake(k, v) for k, v in data.items() if not isinstance(v, _KINDS[k]) or isinstance(v, bool)]
    mistakes += _value_mistakes(data) if not mistakes else []
    if mistakes:
        raise InvalidInput.all_of(source, mistakes)
    _check_training(data, source)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    values["measures"] = tuple(measures.canonical(m) for m in values.get("measures", measures.DEFAULT))
    return Study(**values)


def write_study(study: Study) -> str:
    """Return a Study as a study file that reads back to the same Study."""
    content = {key: value for key, value in study.content().items() if value is not None and value != {}}
    plain = {key: content[key] for key in _KEYS if key in content and key not in _TABLES}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    lines += _section("factorial", content.get("factorial", {}))
    for name in ("arms", "dissect"):
        for row in content.get(name, []):
            lines += ["", f"[[{name}]]", *(f"{_key(key)} = {_toml(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _section(name: str, table: Mapping[str, Any]) -> list[str]:
    """Return a table, its own tables as sections of their own and what lies deeper inline."""
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = [f"{_key(key)} = {_toml(value)}" for key, value in table.items() if key not in tables]
    lines = ["", f"[{name}]", *plain] if table else []
    for key, inner in tables.items():
        lines += ["", f"[{name}.{key}]", *(f"{_key(k)} = {_toml(v)}" for k, v in inner.items())]
    return lines


def _toml(value: Any) -> str:
    """JSON's numbers, strings and lists of them are TOML's too; tables are written inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _is_trained(data: Mapping[str, Any]) -> bool:
    return bool(data.get("factorial") or data.get("arms"))


def _check_training(data: Mapping[str, Any], source: str) -> None:
    factorial = factorial_of(data["factorial"], source) if data.get("factorial") else None
    arms_of(data.get("arms", []), source, factorial)
    dissections_of(data, source)


def _kind_mistake(key: str, value: Any) -> str:
    expected = " or ".join(kind.__name__ for kind in _KINDS[key])
    return f"'{key}' is {value!r}, a {type(value).__name__}; expected {expected}"


def _value_mistakes(data: Mapping[str, Any]) -> list[str]:
    rules = [
        (len(data["systems"]) >= 2 or _is_trained(data), f"'systems' names {len(data['systems'])}; expected a baseline and at least one more"),
        (len(data["collections"]) >= 1, "'collections' is empty; expected at least one (--on)"),
        (0 < data.get("margin", 0.02) < 1, f"'margin' is {data.get('margin')}; expected a number between 0 and 1, in units of the measure"),
        (0 < data.get("confidence", 0.95) < 1, f"'confidence' is {data.get('confidence')}; expected a number between 0 and 1"),
        (data.get("n_resamples", 10_000) >= 999, f"'n_resamples' is {data.get('n_resamples')}; expected at least 999"),
        (data.get("depth", 100) >= 10, f"'depth' is {data.get('depth')}; expected at least 10"),
        (not (_is_trained(data) and data.get("claims")), f"'claims' is {data.get('claims')}; a study that trains decides its own three; leave it out"),
    ]  # fmt: skip
    rules += [
        (data.get(k) is None or data[k] >= 20, f"'{k}' is {data.get(k)}; expected at least 20")
        for k in ("sample_queries", "sample_documents")
    ]
    return [message for holds, message in rules if not holds]
