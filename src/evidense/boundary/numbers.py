"""Numbers: reads a cell or JSON value as a whole or finite number, or returns None."""

import math
import re
from numbers import Integral, Real
from typing import TypeGuard

LARGEST = 2**31 - 1
"""Judgements, places and rows are stored in 32 bits."""
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DIGITS = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_MOST_CHARACTERS = 64


def finite_number(value: object) -> float | None:
    """Return a number, or text that spells one in ASCII digits, as a finite float; None for anything else.

    >>> finite_number("1e-3"), finite_number(" 2 "), finite_number("1_000"), finite_number("nan"), finite_number(True)
    (0.001, 2.0, None, None, None)
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MOST_CHARACTERS or not _DECIMAL.fullmatch(text):
            return None
        number = float(text)
    elif isinstance(value, Real) and not _is_bool(value):
        try:
            number = float(value)
        except OverflowError:
            return None
    else:
        return None
    return number if math.isfinite(number) else None


def whole_number(value: object, lowest: int = -LARGEST - 1, highest: int = LARGEST) -> int | None:
    """Return a whole number within these bounds, in any notation; None for anything else.

    >>> whole_number("1.0"), whole_number("1e0"), whole_number(2.0), whole_number("0.5"), whole_number(2**40)
    (1, 1, 2, None, None)
    """
    if _is_digits(value) or (isinstance(value, Integral) and not _is_bool(value)):
        whole = int(value)  # never by way of a float, which forgets the last digits of a large number
    else:
        number = finite_number(value)
        if number is None or not number.is_integer():
            return None
        whole = int(number)
    return whole if lowest <= whole <= highest else None


def _is_digits(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _DIGITS.fullmatch(value.strip()) is not None


def _is_bool(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ == "bool_"
