"""Shapes: what the answers of indexes have in common: lists that must be there, counts, years, identifiers."""

import re
from typing import Any

from evidense.texts.loose_json import at, rows


class OtherForm(Exception):
    """An answer that parses and is not what the index sends: another page behind the same address."""


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
