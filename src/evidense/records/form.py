"""The common form of a record: content that makes the id, parents, and what was merely observed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from evidense.errors import InvalidInput

Json = Any
"""What JSON can hold: None, bool, int, float, str, list, dict with text keys."""


def canonical_json(value: Json) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, floats as Python's shortest repr.

    Raises:
        InvalidInput: a NaN, an infinity, half of a surrogate pair, or an object, none of which JSON can hold.

    >>> canonical_json({"b": 1, "a": (0.1, None)})
    '{"a":[0.1,null],"b":1}'
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"a record cannot hold this value ({error}); expected texts, lists, finite numbers of Python; use null for none"
        ) from None
    return text


def sha256_of(value: Json) -> str:
    """Return the sha256 of the canonical JSON of a value, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Record:
    """The common form: content that makes the id, parents that it rests on, and what was merely observed.

    `observed` (started_at, wall_s, host, versions …) is kept beside the content and is no part of the id, so equal work has
    equal ids.
    """

    kind: ClassVar[str]
    blob_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold the sha256 of a blob."""
    unset: ClassVar[frozenset[str]] = frozenset()
    """Fields that are no part of the content while they are empty, so that a record without them keeps its id."""
    parents: tuple[str, ...] = ()
    observed: Mapping[str, Json] = field(default_factory=dict, compare=False)

    def content(self) -> dict[str, Json]:
        """Return the fields that the record is about, as JSON values."""
        own = (
            {f.name for f in fields(self)}
            - {"parents", "observed"}
            - {name for name in self.unset if not getattr(self, name)}
        )
        return json.loads(canonical_json({name: getattr(self, name) for name in own}))  # type: ignore[no-any-return]

    @cached_property
    def id(self) -> str:
        """Return the sha256 of (kind, content, parents)."""
        return sha256_of([self.kind, self.content(), list(self.parents)])

    def relabelled(self, **names: Json) -> Self:
        """Return a copy for readers, with other names of what it is about. It goes by the id of this record, and is never stored."""
        copy = replace(self, **names)
        vars(copy)["id"] = self.id
        return copy

    def to_json(self) -> dict[str, Json]:
        """Return everything, the id included, as it is stored."""
        return {"kind": self.kind, "id": self.id, "parents": list(self.parents), "content": self.content(), "observed": dict(self.observed)}  # fmt: skip
