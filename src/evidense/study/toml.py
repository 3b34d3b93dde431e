"""Study files: TOML to a Study and back. An unknown key is an error with the nearest name."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.errors import InvalidInput, UnknownName
from evidense.records import Study

_KEYS = {f.name: f for f in fields(Study) if f.name not in {"parents", "observed"}}
_REQUIRED = [name for name, f in _KEYS.items() if f.default is MISSING and f.default_factory is MISSING]
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "question"), (str,)),
    **dict.fromkeys(("systems", "collections", "measures", "claims", "slices", "references", "excluded"), (list,)),
    **dict.fromkeys(("margin", "confidence"), (int, float)),
    **dict.fromkeys(("seed", "n_resamples", "depth", "sample_queries", "sample_documents"), (int,)),
}


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
    mistakes = [f"'{name}' is missing; expected a value" for name in _REQUIRED if name not in data]
    mistakes += [_kind_mistake(k, v) for k, v in data.items() if not isinstance(v, _KINDS[k]) or isinstance(v, bool)]
    mistakes += _value_mistakes(data) if not mistakes else []
    if mistakes:
        raise InvalidInput.all_of(source, mistakes)
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    values["measures"] = tuple(measures.canonical(m) for m in values.get("measures", measures.DEFAULT))
    return Study(**values)


def write_study(study: Study) -> str:
    """Return a Study as a study file that reads back to the same Study."""
    lines = [f"{key} = {_toml(value)}" for key, value in study.content().items() if value is not None]
    return "\n".join(sorted(lines, key=lambda line: list(_KEYS).index(line.split(" = ")[0]))) + "\n"


def _toml(value: Any) -> str:
    """JSON's numbers, strings and lists of them are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def _kind_mistake(key: str, value: Any) -> str:
    expected = " or ".join(kind.__name__ for kind in _KINDS[key])
    return f"'{key}' is {value!r}, a {type(value).__name__}; expected {expected}"


def _value_mistakes(data: Mapping[str, Any]) -> list[str]:
    rules = [
        (len(data["systems"]) >= 2, f"'systems' names {len(data['systems'])}; expected a baseline and at least one more"),
        (len(data["collections"]) >= 1, "'collections' is empty; expected at least one (--on)"),
        (0 < data.get("margin", 0.02) < 1, f"'margin' is {data.get('margin')}; expected a number between 0 and 1, in units of the measure"),
        (0 < data.get("confidence", 0.95) < 1, f"'confidence' is {data.get('confidence')}; expected a number between 0 and 1"),
        (data.get("n_resamples", 10_000) >= 999, f"'n_resamples' is {data.get('n_resamples')}; expected at least 999"),
        (data.get("depth", 100) >= 10, f"'depth' is {data.get('depth')}; expected at least 10"),
    ]  # fmt: skip
    rules += [
        (data.get(k) is None or data[k] >= 20, f"'{k}' is {data.get(k)}; expected at least 20")
        for k in ("sample_queries", "sample_documents")
    ]
    return [message for holds, message in rules if not holds]
