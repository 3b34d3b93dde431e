"""Loose JSON: reads what lies somewhere in JSON from outside, without trusting its form."""

import html
import re
from collections.abc import Sequence
from typing import Any

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")


def at(value: Any, *path: str | int) -> Any:
    """Return what lies at a path of keys and positions; None where it leads nowhere."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """Return a text at a path on one line, markup and character references resolved; "" where there is none."""
    found = at(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return " ".join(html.unescape(_TAG.sub("", str(found))).split())


def rows(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the objects of a list at a path; none where there is no list."""
    found = at(value, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def first(texts: Sequence[str]) -> str:
    """Return the first text that is not empty."""
    return next((one for one in texts if one), "")
