"""Preprints of arXiv, with their versions, withdrawals and published forms."""

import re
from collections.abc import Sequence
from typing import Any

from evidense.fetching.bodies import xml_root
from evidense.parts.literature import Manners, Offer, Reply, Request, Wire
from evidense.sources._index import ResultPage, bare
from evidense.sources._shapes import OtherForm, kept, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, boolean
from evidense.texts.identifiers import normal_arxiv, normal_doi
from evidense.texts.titles import title_words
from evidense.values import Answer, Notice, Reference, Work

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_WITHDRAWN = re.compile(r"\bwithdrawn\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(19\d\d|20\d\d)(?!\d)")


class Arxiv(TopicIndex):
    """The export interface of arXiv."""

    name: str = "arxiv"
    display_name: str = "arXiv"
    covers: str = "arXiv preprints"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "full text"})
    manners: Manners = Manners("https://export.arxiv.org", 1 / 3, 1)
    batch: int = 100

    def identifier_of(self, reference: Reference) -> str:
        """Return the arXiv id without version."""
        arxiv = reference.identifiers.get("arxiv", "")
        return f"arxiv:{arxiv}" if arxiv else ""

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Ask for many ids at once."""
        query = {"id_list": ",".join(bare(identifiers)), "max_results": str(len(identifiers))}
        return Request(self.name, "api/query", query, expects="xml")

    def title_request(self, reference: Reference) -> Request:
        """Ask for the longest words of a title."""
        longest = sorted(set(title_words(reference.title)), key=lambda word: (-len(word), word))[:6]
        query = " AND ".join(f"ti:{word}" for word in longest)
        return Request(self.name, "api/query", {"search_query": query, "max_results": "5"}, expects="xml")

    def topic_query(self, facets: Facets) -> str:
        """Write a Boolean query over all fields."""
        return boolean(facets, 'all:"{}"'.format)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask for works from a place on, the best first."""
        query_fields = {
            "search_query": query,
            "start": str(page.start),
            "max_results": str(page.size),
            "sortBy": "relevance",
        }
        return Request(self.name, "api/query", query_fields, expects="xml")

    def page(self, reply: Reply) -> ResultPage:
        """Read the Atom feed; an entry that reports an error is no work."""
        try:
            feed = xml_root(reply.body)
        except ValueError:
            raise OtherForm("no Atom feed") from None
        if feed.tag != f"{_ATOM}feed":
            raise OtherForm("no Atom feed")
        works = [work for entry in feed.iter(f"{_ATOM}entry") if (work := _work(entry)) is not None]
        total = _text(feed, f"{_SEARCH}totalResults")
        n_found = int(total) if total.isdecimal() and len(total) < 12 else None
        return ResultPage(works, None if works else n_found, n_found)

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Fetch the PDF of a preprint; its bytes are the blob of the answer."""
        arxiv = work.identifiers.get("arxiv", "")
        if not arxiv:
            return Answer(self.name, "not asked", detail="the work has no arXiv id")
        reply = wire.ask(Request(self.name, f"pdf/{arxiv}", expects="pdf"), self.manners)
        works = (work,) if reply.state == "found" else ()
        return Answer(self.name, reply.state, works, "identifier", reply.detail, (reply.blob,) if reply.blob else ())


def _work(entry: Any) -> Work | None:
    address = _text(entry, f"{_ATOM}id")
    arxiv = normal_arxiv(address.rpartition("/abs/")[2])[0] if "/abs/" in address else ""
    if not arxiv:
        return None
    comment = _text(entry, f"{_ARXIV}comment")
    notices = (
        (Notice("withdrawal", _text(entry, f"{_ATOM}updated")[:10], comment[:200]),)
        if _WITHDRAWN.search(comment)
        else ()
    )
    authors = tuple(name for author in entry.iter(f"{_ATOM}author") if (name := _text(author, f"{_ATOM}name")))
    return Work(
        "arxiv", kept(arxiv=arxiv), _text(entry, f"{_ATOM}title"), authors, year(_text(entry, f"{_ATOM}published")), "arXiv", "preprint",
        _published(entry), notices, _text(entry, f"{_ATOM}summary"), f"https://arxiv.org/pdf/{arxiv}", url=f"https://arxiv.org/abs/{arxiv}",
    )  # fmt: skip


def _published(entry: Any) -> dict[str, str]:
    """Return the published form that the authors named: a DOI, and the journal with its year."""
    doi, journal = normal_doi(_text(entry, f"{_ARXIV}doi")), _text(entry, f"{_ARXIV}journal_ref")
    published = kept(doi="" if doi.startswith("10.48550/") else doi, venue=journal)
    if published and (match := _YEAR.search(journal)):
        published["year"] = match[1]
    return published


def _text(element: Any, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else " ".join("".join(found.itertext()).split())


PART = Arxiv()
