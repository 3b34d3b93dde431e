"""Search plan and Screening: what was asked of each index, and what became of every record that was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True)
class SearchPlan(Record):
    """A question with its facets and a query for each index."""

    kind: ClassVar[str] = "search plan"
    question: str
    facets: tuple[Mapping[str, Json], ...] = ()
    """name, terms."""
    queries: Mapping[str, Json] = field(default_factory=dict)
    """Source → query and limit."""


@dataclass(frozen=True, kw_only=True)
class Screening(Record):
    """What a search came to, up to the end of screening. Its parent is the SearchPlan."""

    kind: ClassVar[str] = "screening"
    blob_fields: ClassVar[tuple[str, ...]] = ("events",)
    events: str
    """Blob: JSON lines, one step of one record each."""
    numbers: Mapping[str, Json] = field(default_factory=dict)
    """The PRISMA numbers, as the events give them."""
    criteria: tuple[str, ...] = ()
    sources: tuple[Mapping[str, Json], ...] = ()
    """source, state, works, total, detail."""
    passed: tuple[str, ...] = ()
    """Names of the works that passed, the likeliest first."""
    blobs: tuple[str, ...] = ()
    """sha256 of the raw answers that this rests on."""
