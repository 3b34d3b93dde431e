"""Sealing: JSON with its own hash, so that any damage is noticed."""

import json
from collections.abc import Mapping
from typing import cast

from evidense.errors import StoreError
from evidense.records import Json, canonical_json, sha256_of


def sealed(value: Mapping[str, Json]) -> bytes:
    """Return JSON with its own hash, so that `unsealed` notices any damage.

    >>> unsealed(sealed({"blob": "ab"}))
    {'blob': 'ab'}
    """
    return canonical_json({**value, "sha256": sha256_of(value)}).encode()


def unsealed(data: bytes) -> dict[str, Json]:
    """Return the sealed value.

    Raises:
        StoreError: the bytes are not those that were written.
    """
    try:
        value = json.loads(data)
        stated = value.pop("sha256")
        is_same = sha256_of(value) == stated
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"no sealed JSON ({error!r})") from None
    if not is_same:
        raise StoreError("its hash is not that of its content")
    return cast(dict[str, Json], value)
