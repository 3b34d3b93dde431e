"""Shapes: reads the JSON of an index without trusting its form."""

import html
import re
from collections.abc import Sequence
from typing import Any

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")


class OtherForm(Exception):
    """An answer that parses and is not what the index sends: another page behind the same address."""


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


def needed_rows(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the objects of a list that every answer of the index has.

    Raises:
        OtherForm: there is no list.
    """
    if not isinstance(at(value, *path), list):
        raise OtherForm(f"no list '{'.'.join(map(str, path)) or 'answer'}'")
    return rows(value, *path)


def year(value: Any, *path: str | int) -> int | None:
    """Return the year at the beginning of a text or number; None where there is none."""
    match = re.match(r"\s*(1[5-9]\d\d|20\d\d)(?!\d)", str(at(value, *path) or ""))
    return int(match[1]) if match else None


def count(value: Any, *path: str | int) -> int | None:
    """Return a number of things at a path; None where there is none."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def kept(**identifiers: str) -> dict[str, str]:
    """Return the identifiers that are not empty."""
    return {kind: value for kind, value in identifiers.items() if value}


def first(texts: Sequence[str]) -> str:
    """Return the first text that is not empty."""
    return next((one for one in texts if one), "")
