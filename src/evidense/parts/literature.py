"""Sources and readers: where works are looked up, and how a file becomes text with references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from evidense.parts.names import Named
from evidense.values import Answer, ReadDocument, Reference, State, Work

Offer = Literal["identifiers", "title", "topic", "full text", "retractions"]
"""What a source can be asked for."""


@dataclass(frozen=True)
class Reply:
    """What came back over the wire for one request, or why nothing came."""

    state: State
    """"found" where the body may be parsed; "not there" is a 404 of the index itself."""
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    detail: str = ""
    blob: str = ""
    """sha256 of the body in the store."""


@dataclass(frozen=True)
class Request:
    """One request to an index."""

    source: str
    path: str
    """Below the base URL of the source (`EVIDENSE_URL_<SOURCE>`)."""
    query: Mapping[str, str] = field(default_factory=dict)
    expects: Literal["json", "xml", "csv", "text", "pdf"] = "json"
    """Another content type is "blocked", never "not there"."""
    body: Any = None
    """Posted as JSON where it is given."""
    cost_usd: float = 0.0


class Wire(Protocol):
    """How a source reaches its index: `fetching` keeps limits, budgets, caches and safety, and the source knows nothing of them."""

    def ask(self, request: Request, manners: "Manners") -> Reply:
        """Send a request, or say why it was not sent or not answered. It raises nothing for what an index does."""
        ...


@dataclass(frozen=True)
class Manners:
    """How an index wants to be asked, until its answers' headers say otherwise."""

    url: str
    """The base URL; `EVIDENSE_URL_<SOURCE>` replaces it."""
    per_second: float = 1.0
    at_once: int = 1
    key_variable: str = ""
    """The environment variable that may hold a key, and `key_header`, the header that carries it."""
    key_header: str = ""
    needs_key: bool = False
    takes_mailto: bool = False


@runtime_checkable
class Source(Named, Protocol):
    """An index or a folder of works."""

    @property
    def display_name(self) -> str:
        """How people write its name: "Semantic Scholar"; its part name is for files and options."""
        ...

    @property
    def offers(self) -> frozenset[Offer]:
        """What it can be asked for."""
        ...

    @property
    def spellings(self) -> tuple[str, ...]:
        """How `--sources` names it: its name, or `folder:PATH`."""
        ...

    @property
    def manners(self) -> Manners | None:
        """How it is asked over the network; None for one that needs none."""
        ...

    @property
    def covers(self) -> str:
        """What it holds, in a few words: "DOIs of Crossref's members", "arXiv preprints"."""
        ...

    def recognises(self, spelling: str) -> bool:
        """Say whether `--sources` means this part: its name, or `folder:PATH`."""
        ...

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references by their identifiers, many at once; position → answer, without those whose identifiers it does not know."""
        ...

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference by title, first author and year; up to five works, best first."""
        ...

    def topic_query(self, facets: Sequence[Sequence[str]]) -> str:
        """Write a question in the language of the source: per facet its terms, any of which will do; "" where it is not searched by topic."""
        ...

    def by_topic(self, query: str, limit: int, wire: Wire, spelling: str) -> Answer:
        """Search for works on a topic by a query in the language of the source; at most `limit` works, the best first."""
        ...

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Fetch the text of a work, whose bytes are the answer's blob in the store or one of its files, or say why there is none."""
        ...


@runtime_checkable
class Reader(Named, Protocol):
    """Reads one format."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File name endings, in lower case: `.bib`."""
        ...

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is of this format, by its first 4 KiB before its name."""
        ...

    def read(self, path: Path) -> ReadDocument:
        """Read a file.

        Raises:
            InvalidInput: nothing in it can be read; what is wrong with a part of it is among the document's mistakes.
            UnsafeInput: a bomb, or something that reaches outside the file.
        """
        ...


@runtime_checkable
class PaperShelf(Protocol):
    """A source of files that may be whole papers, which somebody else reads for it."""

    def papers(self, spelling: str) -> tuple[str, ...]:
        """Return the paths of the papers."""
        ...

    def by_topic_with(self, query: str, limit: int, spelling: str, heads: Mapping[str, Reference]) -> Answer:
        """Rank works for a query; `heads` says of each path of a paper that was read what its head says, the abstract among the fields."""
        ...
