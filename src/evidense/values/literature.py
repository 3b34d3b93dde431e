"""Literature: what passes between readers, sources and the audit: spans, references, works and answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evidense.values.public_records import StatedRecords

Relation = Literal["retraction", "correction", "concern", "withdrawal"]
"""What was published about a work afterwards: three words for three things, and arXiv's withdrawals."""

State = Literal["found", "not there", "blocked", "refused", "budget spent", "unreachable", "not asked"]
"""The seven ways in which an index answers. Only "found" and "not there" say anything about the work."""

ANSWERED: frozenset[State] = frozenset({"found", "not there"})


@dataclass(frozen=True)
class Span:
    """A place in the canonical text of a document: `text[start:end] == quote`."""

    start: int
    end: int
    quote: str
    page: int | None = None
    """From 1; None where the format has no pages."""


@dataclass(frozen=True)
class Reference:
    """One entry of a bibliography, as its file has it.

    `identifiers` are normalised (`texts.identifiers`): `doi` in lower case without a resolver, `arxiv` without version,
    `arxiv_version`, `pmid`, `pmcid`, `acl`, `isbn`, `url`. `fields` holds every field as written, LaTeX included.
    """

    key: str
    """How the document cites it; its number where it has no key."""
    kind: str = "misc"
    """BibTeX's entry type in lower case, or the nearest one; `software`, `webpage` and `dataset` where the format says so."""
    title: str = ""
    authors: tuple[str, ...] = ()
    """One person or institution each, as written, LaTeX decoded: "Surname, Given" or "Given Surname"."""
    has_more_authors: bool = False
    """The list ends in `and others` or et al."""
    year: int | None = None
    venue: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""
    line: int | None = None
    """The first line of the entry in its file, from 1."""
    span: Span | None = None
    """Where it stands in the canonical text of its document."""


@dataclass(frozen=True)
class Notice:
    """Something published about a work afterwards."""

    relation: Relation
    date: str = ""
    """ISO 8601, as far as it is known."""
    reason: str = ""
    identifier: str = ""
    """The DOI of the notice itself."""


@dataclass(frozen=True)
class Work:
    """What one index says about one work; fields that it does not know are empty."""

    source: str
    """The part that answered: `crossref`, `arxiv`, `folder` …"""
    identifiers: Mapping[str, str] = field(default_factory=dict)
    """Normalised, as those of a Reference; `openalex` and `s2` are ids of the index."""
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    kind: str = ""
    """As the index calls it, in lower case: `journal-article`, `posted-content`, `preprint`, `book-chapter` …"""
    published_as: Mapping[str, str] = field(default_factory=dict)
    """Identifiers of a later, published version of this preprint; with `venue` and `year` where they are known."""
    notices: tuple[Notice, ...] = ()
    abstract: str = ""
    text_url: str = ""
    """Where the full text may be fetched."""
    licence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """What a source answered to one question about one reference."""

    source: str
    state: State
    works: tuple[Work, ...] = ()
    """Best first. Empty unless the state is "found"."""
    by: Literal["identifier", "title", "topic", ""] = ""
    detail: str = ""
    """Why, in words, where it did not answer: "429, Retry-After 3600 s", "HTML where JSON was asked"."""
    blobs: tuple[str, ...] = ()
    """sha256 of the raw answers that this rests on."""
    files: tuple[str, ...] = ()
    """Of a full text: paths of the user's files that may hold it. Found by identifier: these are it; by title: whoever reads them compares titles."""
    total: int | None = None
    """How many works a search by topic has in all; None where the source does not say."""

    @property
    def has_answered(self) -> bool:
        """Say whether it says anything about the work."""
        return self.state in ANSWERED


@dataclass(frozen=True)
class Citation:
    """A place in the text that cites: the sentence, and the keys of what is cited."""

    sentence: Span
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Hidden:
    """Text that a reader of the page cannot see; it is no part of the canonical text."""

    quote: str
    reason: str
    """"render mode 3", "white on white", "0.8 pt", "off the page", "zero width"."""
    page: int | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, caption or list item of a document."""

    kind: Literal["title", "heading", "paragraph", "caption", "item", "table", "quote"]
    span: Span
    section: str = ""
    """The heading that it stands under."""


@dataclass(frozen=True)
class TableCell:
    """A cell of a table that holds text, with its place in the grid; a cell may cover several rows and columns."""

    span: Span
    row: int
    """Of its upper edge, from 0."""
    column: int
    """Of its left edge, from 0."""
    n_rows: int = 1
    n_columns: int = 1
    is_header: bool = False
    """The file says that it heads rows or columns."""


@dataclass(frozen=True)
class DocumentTable:
    """A table of a document. Every cell is a stretch of the document's text; empty ones are left out."""

    cells: tuple[TableCell, ...]
    """Row by row, left to right."""
    caption: Span | None = None


@dataclass(frozen=True)
class ReadDocument:
    """A file as a reader has read it: one canonical text, and everything that was found in it.

    `text` is in Unicode NFC with single spaces, blocks divided by a blank line, hyphens at line ends rejoined; every span counts
    characters of it. A bibliography alone has an empty text. Its record is `records.Document`.
    """

    format: str
    """The reader that read it."""
    text: str = ""
    title: str = ""
    blocks: tuple[Block, ...] = ()
    references: tuple[Reference, ...] = ()
    citations: tuple[Citation, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    mistakes: tuple[str, ...] = ()
    """What could not be read, each with its place in words: "line 57: the entry 'chen2020' has no closing brace"."""
    licence: str = ""
    is_order_sure: bool = True
    """False where the order of columns could not be confirmed."""
    stated: StatedRecords | None = None
    """What it states of itself in fields, where it is a public record of a synthesis."""
    tables: tuple[DocumentTable, ...] = ()
    """Those whose rows and columns are marked in the file; a PDF has none."""
    head: Reference | None = None
    """What its head says of the document itself, the abstract among the fields; None where the format marks no head."""
