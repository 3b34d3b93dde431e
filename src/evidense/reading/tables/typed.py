"""Typed: reads one value of a table as text, id or judgement. A value of another type is refused, never converted to text."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from evidense.boundary.numbers import LARGEST, whole_number
from evidense.boundary.shown import shown_line
from evidense.errors import InvalidInput

_KINDS: dict[type, str] = {bool: "true or false", list: "a list", dict: "an object", bytes: "bytes"}
_MOST_SHOWN = 60


def is_missing(value: object) -> bool:
    """Say whether a cell is empty: null, or NaN, which pandas and others write for null.

    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing("nan")
    (True, True, False, False)
    """
    return value is None or (isinstance(value, float | Decimal) and value != value)


def as_text(value: object, where: str = "") -> str:
    """Return a text without outer white space: "" for an empty cell, and a finite number as it is written.

    `where` follows the value in messages, as " in the column 'text'".

    Raises:
        InvalidInput: the value is true or false, a list, an object, bytes, a date or an infinite number.

    >>> as_text(" a "), as_text(None), as_text(float("nan")), as_text(42), as_text(0.5)
    ('a', '', '', '42', '0.5')
    """
    if isinstance(value, str):
        return value.strip()
    if is_missing(value):
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    raise InvalidInput(f"{_said(value, where)}; expected text; correct it")


def as_id(value: object, where: str = "") -> str:
    """Return an id as text: 1 and 1.0 are the same id, since tables with gaps turn whole numbers into decimals.

    Raises:
        InvalidInput: as `as_text`, or the value is a number with a fraction.

    >>> as_id("d1"), as_id(1), as_id(1.0), as_id("1.0"), as_id(None)
    ('d1', '1', '1', '1.0', '')
    """
    if isinstance(value, float | Decimal) and not is_missing(value):
        whole = whole_number(float(value), -(2**53) + 1, 2**53 - 1)
        if whole is None or whole != value:
            raise InvalidInput(f"{_said(value, where)}; expected an id as text or a whole number; correct it")
        return str(whole)
    return as_text(value, where)


def as_texts(value: object, where: str = "") -> list[str]:
    """Return the texts of a cell that may hold a list; nulls in a list are skipped.

    Raises:
        InvalidInput: as `as_text`, of any member.

    >>> as_texts(["a", None, "b"]), as_texts("a"), as_texts(None)
    (['a', 'b'], ['a'], [])
    """
    return [as_text(member, where) for member in members(value) if not is_missing(member)]


def as_ids(value: object, where: str = "") -> list[str]:
    """Return the ids of a cell that may hold a list; nulls in a list are skipped.

    Raises:
        InvalidInput: as `as_id`, of any member.
    """
    return [as_id(member, where) for member in members(value) if not is_missing(member)]


def members(value: object) -> list[Any]:
    """Return the members of a cell that may hold a list."""
    return value if isinstance(value, list) else [value]


def as_gain(value: object, where: str = "") -> int:
    """Return a judgement: a whole number in any notation.

    Raises:
        InvalidInput: the value is empty, NaN, a fraction, true or false, or beyond 32 bits.

    >>> as_gain("1.0"), as_gain(2)
    (1, 2)
    """
    number = whole_number(str(value) if isinstance(value, Decimal) else value, -LARGEST)
    if number is None:
        raise InvalidInput(
            f"'{_short(value)}'{where} is no whole number of 32 bits; expected a judgement 0, 1, 2 …; correct it, or rename "
            "the column if it holds none"
        )
    return number


def as_slice(value: object) -> str:
    """Return the value of a column to slice by; "" for an empty cell, a list, an object or bytes.

    >>> as_slice(True), as_slice(0.5), as_slice(["a"]), as_slice(float("nan"))
    ('True', '0.5', '', '')
    """
    return "" if is_missing(value) or isinstance(value, list | dict | bytes) else str(value).strip()


@contextmanager
def noted(mistakes: list[str], place: str = "") -> Iterator[None]:
    """Turn an InvalidInput of this block into a mistake, so that one error can report all of them."""
    try:
        yield
    except InvalidInput as error:
        mistakes.append(f"{place}: {error}" if place else str(error))


def _said(value: object, where: str) -> str:
    return f"'{_short(value)}'{where} is {_KINDS.get(type(value), f'a {type(value).__name__}')}"


def _short(value: Any) -> str:
    try:
        text = str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits
        text = "…"
    return shown_line(text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…")
