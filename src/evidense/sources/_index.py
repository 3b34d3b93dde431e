"""Index: what the indexes over the network share: identifiers in batches, titles one by one, and the state of every answer."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidense.boundary.documents import parsed
from evidense.errors import InvalidInput
from evidense.parts.literature import Manners, Reply, Request, Wire
from evidense.sources._part import SourcePart
from evidense.sources._shapes import OtherForm
from evidense.texts.titles import compare_titles, title_words
from evidense.values import Answer, Reference, Work

LEAST_LIKE = 0.6
"""The least similarity of a title that is worth showing to the decision."""
MOST_WORKS = 5
MOST_WORDS = 24


@dataclass(frozen=True)
class ResultPage:
    """What one answer holds."""

    works: Sequence[Work]
    total: int | None = None
    """How many works the index says that it has; more than were sent means that the rest is unknown."""
    n_found: int | None = None
    """How many works a search by topic has in all, where `total` does not say so."""


class Index(SourcePart):
    """One index over the network. A part names its requests and reads its answers; the rest is here."""

    manners: Manners
    batch: int = 50
    """Identifiers in one request."""

    # --- of the part

    @abstractmethod
    def identifier_of(self, reference: Reference) -> str:
        """Return `kind:value` of the identifier under which the index may hold a reference; "" for none."""

    @abstractmethod
    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Return the request for works by their identifiers, each `kind:value`."""

    @abstractmethod
    def title_request(self, reference: Reference) -> Request:
        """Return the request for works by title."""

    @abstractmethod
    def page(self, reply: Reply) -> ResultPage:
        """Read an answer.

        Raises:
            OtherForm: it is not of this index.
        """

    def absence(self, identifier: str) -> bool:
        """Say whether the index would know this identifier if the work existed: only then it answers "not there"."""
        return True

    def none_known(self, reply: Reply) -> bool:
        """Say whether an answer that is no list means that none of the identifiers is known."""
        return False

    # --- of the contract

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references by their identifiers, many at once."""
        wanted = {i: key for i, reference in enumerate(references) if (key := self.identifier_of(reference))}
        answers: dict[int, Answer] = {}
        for identifiers in chunks(dict.fromkeys(wanted.values()), self.batch):
            among = frozenset(identifiers)
            reply = wire.ask(self.batch_request(identifiers), self.manners)
            page, failed = self._read(reply, "identifier")
            works = by_identifier(page.works)
            for i in (i for i, identifier in wanted.items() if identifier in among):
                answer = failed or self._identified(wanted[i], works, page, reply)
                if answer is not None:
                    answers[i] = answer
        return answers

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference by its title."""
        if not title_words(reference.title):
            return Answer(self.name, "not asked", by="title", detail="the reference has no title")
        reply = wire.ask(self.title_request(reference), self.manners)
        page, failed = self._read(reply, "title")
        if failed is not None:
            return failed
        if not page.works and page.total:
            return Answer(self.name, "unreachable", by="title", detail=_cut(page), blobs=_blobs(reply))
        nearest = nearest_titles(reference.title, page.works)
        return Answer(self.name, "found" if nearest else "not there", nearest, "title", blobs=_blobs(reply))

    # --- inside

    def _read(self, reply: Reply, by: Any) -> tuple[ResultPage, Answer | None]:
        """Return the page of an answer, or an Answer that says why there is none.

        A search always has a list, if an empty one: a 404 there is no answer of the index.
        """
        if self.none_known(reply):
            return ResultPage(()), None
        if reply.state != "found":
            state = "blocked" if reply.state == "not there" else reply.state
            detail = f"{reply.status} where a list was asked" if reply.state == "not there" else reply.detail
            return ResultPage(()), Answer(self.name, state, by=by, detail=detail, blobs=_blobs(reply))
        try:
            return self.page(reply), None
        except OtherForm as error:
            detail = f"an answer of another form ({error})"
            return ResultPage(()), Answer(self.name, "blocked", by=by, detail=detail, blobs=_blobs(reply))

    def _identified(
        self, identifier: str, held: Mapping[str, list[Work]], page: ResultPage, reply: Reply
    ) -> Answer | None:
        works = tuple(held.get(identifier, ())[:MOST_WORKS])
        if works:
            return Answer(self.name, "found", works, "identifier", blobs=_blobs(reply))
        if page.total is not None and page.total > len(page.works):
            return Answer(self.name, "unreachable", by="identifier", detail=_cut(page), blobs=_blobs(reply))
        if not self.absence(identifier):
            return None
        return Answer(self.name, "not there", by="identifier", blobs=_blobs(reply))


def json_of(reply: Reply) -> Any:
    """Return the JSON of an answer.

    Raises:
        OtherForm: it is none.
    """
    try:
        return parsed(reply.body, "answer")
    except InvalidInput:
        raise OtherForm("no JSON") from None


def chunks(identifiers: Iterable[str], size: int, most_letters: int = 5_000) -> Iterator[list[str]]:
    """Yield identifiers in lists of at most `size`, each short enough for the address of a request."""
    chunk: list[str] = []
    for identifier in identifiers:
        if chunk and (len(chunk) == size or sum(map(len, chunk)) + len(identifier) > most_letters):
            yield chunk
            chunk = []
        chunk.append(identifier)
    if chunk:
        yield chunk


def identifiers_of_work(work: Work) -> frozenset[str]:
    """Return every `kind:value` under which a work may have been asked for."""
    own = {f"{kind}:{value}" for kind, value in work.identifiers.items()}
    if arxiv := work.identifiers.get("arxiv"):
        own.add(f"doi:10.48550/arxiv.{arxiv}")
    return frozenset(own)


def by_identifier(works: Iterable[Work]) -> dict[str, list[Work]]:
    """Return the works under every `kind:value` that they have."""
    held: dict[str, list[Work]] = {}
    for work in works:
        for identifier in identifiers_of_work(work):
            held.setdefault(identifier, []).append(work)
    return held


def nearest_titles(title: str, works: Iterable[Work]) -> tuple[Work, ...]:
    """Return the works whose titles are like this one, the likest first."""
    compared = [(compare_titles(title, work.title)[1], -i, work) for i, work in enumerate(works)]
    likely = sorted((c for c in compared if c[0] >= LEAST_LIKE), key=lambda c: (c[0], c[1]), reverse=True)
    return tuple(work for _, _, work in likely[:MOST_WORKS])


def search_words(reference: Reference) -> str:
    """Return the words of a title for a search box, without signs that a query language would read."""
    return " ".join(title_words(reference.title)[:MOST_WORDS])


def bare(identifiers: Sequence[str]) -> list[str]:
    """Return identifiers without their kind."""
    return [identifier.partition(":")[2] for identifier in identifiers]


def doi_or_arxiv(reference: Reference) -> str:
    """Return the DOI of a reference, else its arXiv id, as `kind:value`."""
    doi, arxiv = reference.identifiers.get("doi", ""), reference.identifiers.get("arxiv", "")
    if doi and not doi.startswith("10.48550/"):
        return f"doi:{doi}"
    return f"arxiv:{arxiv}" if arxiv else (f"doi:{doi}" if doi else "")


def _cut(page: ResultPage) -> str:
    return f"it sent {len(page.works)} of the {page.total} works that it says it has"


def _blobs(reply: Reply) -> tuple[str, ...]:
    return (reply.blob,) if reply.blob else ()
