"""Literature: what an audit leaves behind: the document that was read, works with the origin of each field, statements, and their checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True)
class Document(Record):
    """A file as a reader has read it."""

    kind: ClassVar[str] = "document"
    blob_fields: ClassVar[tuple[str, ...]] = ("text",)
    name: str
    """Name of the file, without its folder."""
    sha256: str
    """Of the bytes of the file."""
    format: str
    """The reader that read it."""
    text: str
    """Blob: the canonical text, UTF-8; empty for a bibliography alone."""
    title: str = ""
    n_references: int = 0
    n_citations: int = 0
    hidden: tuple[Mapping[str, Json], ...] = ()
    """Text that a reader of the page cannot see: quote, reason, page."""
    mistakes: tuple[str, ...] = ()
    """What could not be read, each with its place."""
    licence: str = "unknown"
    is_order_sure: bool = True


@dataclass(frozen=True, kw_only=True)
class Paper(Record):
    """A work, as the indexes that hold it describe it."""

    kind: ClassVar[str] = "paper"
    title: str
    authors: tuple[str, ...] = ()
    year: Json = None
    venue: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)
    published_as: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Mapping[str, Json], ...] = ()
    """Retractions, corrections, expressions of concern: relation, date, reason, identifier."""
    licence: str = "unknown"
    provenance: Mapping[str, Json] = field(default_factory=dict)
    """Field → the indexes that have this value of it."""
    blobs: tuple[str, ...] = ()
    """sha256 of the raw answers that this rests on."""


@dataclass(frozen=True, kw_only=True)
class Statement(Record):
    """A sentence of a document. Its parent is the Document."""

    kind: ClassVar[str] = "statement"
    text: str
    place: str
    """Where it stands, in words."""
    says: str
    """What it is: finding, method, definition, aim or background."""


@dataclass(frozen=True, kw_only=True)
class SourceCheck(Record):
    """What a reference or a statement comes to beside its sources. Its parents are the Document, and the Papers or the Statement."""

    kind: ClassVar[str] = "source check"
    about: Literal["reference", "statement"]
    subject: str
    """The key of the reference, or the text of the statement."""
    verdict: str
    """OK, WRONG FIELD … of a reference; VERBATIM, NEAR, NOT LOCATED or NO TEXT of a statement."""
    reason: str = ""
    place: str = ""
    fields: tuple[Mapping[str, Json], ...] = ()
    """Fields that are wrong: name, cited, found, by."""
    asked: tuple[Mapping[str, Json], ...] = ()
    """One a source: source, answer, by, detail."""
    newer: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Json] = field(default_factory=dict)
    """Of a statement: source, quote, lost, added, rules."""
