"""Documents: reads JSON and TOML from outside. The parser limits depth and digits and refuses lone surrogates; typed models check the values."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic_core
from pydantic import BaseModel, ConfigDict, ValidationError

from evidense.boundary.files import read_text
from evidense.errors import InvalidInput

MOST_CONTAINERS = 5_000_000
MOST_SHOWN = 60
"""How many characters of a wrong value a message shows."""


class Form(BaseModel):
    """Base model of a file format: frozen; unknown keys are ignored, numbers are finite, types are not converted."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False, protected_namespaces=())


AnyForm = TypeVar("AnyForm", bound=BaseModel)


def parsed(data: bytes | str, place: str) -> Any:
    """Return a JSON value: at most 200 levels deep, integers of at most 4,300 digits, no lone surrogates. NaN and Infinity are read.

    More than five million lists and objects are refused: each of them takes thirty times the memory of its two brackets.

    Raises:
        InvalidInput: the data are not such JSON; the message has line and column.

    >>> parsed('{"a": [1, 2.5]}', "page.json")
    {'a': [1, 2.5]}
    >>> parsed('[1,', "page.json")
    Traceback (most recent call last):
    evidense.errors.InvalidInput: 'page.json' is not JSON: EOF while parsing a value at line 1 column 3. Correct the file or write it again.
    """
    bounded(data, place)
    try:
        return pydantic_core.from_json(data)
    except (ValueError, UnicodeEncodeError) as error:
        raise InvalidInput(f"'{place}' is not JSON: {error}. Correct the file or write it again.") from None


def bounded(data: bytes | str, place: str) -> None:
    """Refuse JSON with too many lists and objects, before it is parsed.

    Raises:
        InvalidInput: it holds more than five million lists and objects.
    """
    if len(data) <= 2 * MOST_CONTAINERS:
        return
    n = data.count("[") + data.count("{") if isinstance(data, str) else data.count(b"[") + data.count(b"{")
    if n > MOST_CONTAINERS:
        raise InvalidInput(
            f"'{place}' holds {n:,} lists and objects. Expected at most {MOST_CONTAINERS:,}; split the file."
        )


def read_as(form: type[AnyForm], data: bytes | str, place: str) -> AnyForm:
    """Return JSON as the model of its format.

    Raises:
        InvalidInput: the data are not JSON, or values are missing or of another type; all at once.
    """
    return checked(form, parsed(data, place), place)


def checked(form: type[AnyForm], value: Any, place: str) -> AnyForm:
    """Return a parsed value (of JSON, TOML or Python) as the model of its format.

    Raises:
        InvalidInput: values are missing or of another type; all at once.
    """
    try:
        return form.model_validate(value)
    except ValidationError as error:
        mistakes = [_sentence(dict(mistake)) for mistake in error.errors(include_url=False)]
        raise InvalidInput.all_of(place, list(dict.fromkeys(mistakes))) from None


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return the keys of a TOML file.

    Raises:
        InvalidInput: the file does not exist, is not a file, or is not TOML.
    """
    text = read_text(path, f"{'an' if what[0] in 'aeiou' else 'a'} {what} file (TOML)")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # an integer of thousands of digits is one, too
        raise InvalidInput(f"{what} file '{path}' is not TOML: {error}; correct that line") from None
    except RecursionError:
        raise InvalidInput(
            f"{what} file '{path}' is nested too deeply. Expected a few levels; write it flatter."
        ) from None


_LIMITS = {"greater_than_equal": ("ge", "or more"), "less_than_equal": ("le", "or less")}
"""Kind of a mistake → the key of its limit, and words after the limit."""


def _sentence(mistake: dict[str, Any]) -> str:
    place = _place(mistake["loc"])
    if mistake["type"] == "missing":
        return f"{place} is missing. Expected a value."
    limits = mistake.get("ctx") or {}
    if mistake["type"] in _LIMITS:
        key, words = _LIMITS[mistake["type"]]
        return f"{place} is {_short(mistake['input'])}; expected {limits[key]} {words}"
    return f"{place} is {_short(mistake['input'])}, {_kind(mistake['input'])}. {_expected(str(mistake['msg']))}"


def _expected(message: str) -> str:
    return message.replace("Input should be", "Expected").removeprefix("Value error, ").rstrip(".") + "."


def _place(steps: Sequence[int | str]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    return f"'{text}'" if text else "the whole"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits
        text = "…"
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
    }
    return "nothing" if value is None else kinds.get(type(value), f"a {type(value).__name__}")
