"""Topics: an index is searched page after page, until the limit, its end, or whatever stops it."""

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evidense.parts.literature import Offer, Reply, Request, Wire
from evidense.sources._index import Index, ResultPage
from evidense.values import Answer, State, Work

Facets = Sequence[Sequence[str]]
"""Per facet of a question its terms, any of which will do; the first is the question's own."""


@dataclass(frozen=True)
class TopicPage:
    """Which page of a search is asked for."""

    number: int
    """From 0."""
    size: int
    """Works on a page."""
    cursor: str = ""

    @property
    def start(self) -> int:
        """Return how many works stand before this page."""
        return self.number * self.size


@dataclass
class _Search:
    """A search so far."""

    works: list[Work] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    total: int | None = None
    """How many works the index says that it has."""

    def add(self, page: ResultPage, reply: Reply) -> bool:
        """Add a page, and say whether it brought anything: an index may send its last page for ever."""
        is_new = list(page.works) != self.works[-len(page.works) :] if page.works else False
        if self.total is None:
            self.total = page.total if page.n_found is None else page.n_found
        self.works += page.works if is_new else ()
        self.blobs += [reply.blob] if reply.blob else []
        return is_new

    def is_at_end(self, page: TopicPage, n_sent: int) -> bool:
        """Say whether no page follows; one that is shorter than asked for is the last only where no total says otherwise."""
        return n_sent < page.size if self.total is None else page.start + page.size >= self.total


class TopicIndex(Index):
    """An index over the network that can be searched by topic. A part names its query and its requests; the rest is here."""

    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic"})
    topic_size: int = 100
    """Works on a page."""
    first_cursor: str = ""
    """What stands for the first page; "" where pages are counted."""
    deepest: int = 10_000
    """The most works of one search that the index gives."""

    @abstractmethod
    def topic_query(self, facets: Facets) -> str:
        """Write a question in the language of the index."""

    @abstractmethod
    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Return the request for one page of a search."""

    def next_cursor(self, reply: Reply) -> str:
        """Return the cursor of the next page; "" at the end."""
        return ""

    def by_topic(self, query: str, limit: int, wire: Wire, spelling: str) -> Answer:
        """Search for works on a topic, the best first."""
        if not query.strip() or limit < 1:
            return Answer(
                self.name, "not asked", by="topic", detail="the query is empty" if limit >= 1 else "no works are wanted"
            )
        search, wanted = _Search(), min(limit, self.deepest)
        stopped = self._pages(query, wanted, search, wire)
        if stopped is not None and not search.works:
            return stopped
        works, total = tuple(search.works[:wanted]), search.total
        why = f", then {stopped.state}: {stopped.detail}" if stopped is not None else ""
        state: State = "found" if works else "not there"
        return Answer(
            self.name, state, works, "topic", _share(len(works), total, why), tuple(search.blobs), total=total
        )

    def _pages(self, query: str, wanted: int, search: _Search, wire: Wire) -> Answer | None:
        """Ask for pages until enough works are there; return why it stopped before that, None at the end."""
        size, cursor, number = min(self.topic_size, wanted), self.first_cursor, 0
        while len(search.works) < wanted:
            page = TopicPage(number, size, cursor)
            reply = wire.ask(self.topic_request(query, page), self.manners)
            found, failed = self._read(reply, "topic")
            if failed is not None:
                return failed
            if not search.add(found, reply):
                return self._early_end(search, page)
            following = self.next_cursor(reply)
            if search.is_at_end(page, len(found.works)) or (self.first_cursor and following in ("", cursor)):
                return None
            cursor, number = following, number + 1
        return None

    def _early_end(self, search: _Search, page: TopicPage) -> Answer | None:
        """Return what an empty page, or the same one again, means: the end, or a failure where more works were promised."""
        if not search.total or page.start >= min(search.total, self.deepest):
            return None
        return Answer(
            self.name, "unreachable", by="topic", blobs=tuple(search.blobs),
            detail=f"page {page.number + 1} brought nothing new, although it says that it has {search.total:,} works",
        )  # fmt: skip


def _share(n_works: int, total: int | None, why: str) -> str:
    if total is not None and total > n_works:
        return f"{n_works:,} of {total:,}{why}"
    return f"{n_works:,}{why}" if why else ""


def clean_term(term: str) -> str:
    """Return the words of a term without signs that a query language would read; hyphens within words stay.

    >>> clean_term('"dense retrieval" OR (x:y)*')
    'dense retrieval OR x y'
    """
    return " ".join(re.findall(r"[^\W_]+(?:[-'’.][^\W_]+)*", term))


def boolean(facets: Facets, spelt: Callable[[str], str] = '"{}"'.format) -> str:
    """Write facets as Boolean query: any term of each facet.

    >>> boolean([["dense retrieval", "bi-encoder"], ["multimodal"]])
    '("dense retrieval" OR "bi-encoder") AND ("multimodal")'
    """
    groups = [" OR ".join(spelt(term) for text in facet if (term := clean_term(text))) for facet in facets]
    return " AND ".join(f"({group})" for group in groups if group)


def plain(facets: Facets) -> str:
    """Write facets as plain words: the first term of each.

    >>> plain([["dense retrieval", "bi-encoder"], ["multi-modal"]])
    'dense retrieval multi modal'
    """
    return " ".join(clean_term(facet[0]).replace("-", " ") for facet in facets if facet)
