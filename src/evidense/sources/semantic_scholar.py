"""Semantic Scholar: papers with arXiv, ACL and DBLP identifiers."""

from collections.abc import Sequence
from typing import Any

from evidense.parts.literature import Manners, Reply, Request
from evidense.sources._index import ResultPage, doi_or_arxiv, json_of, search_words
from evidense.sources._shapes import OtherForm, count, kept, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, plain
from evidense.texts.identifiers import normal_doi
from evidense.texts.loose_json import at, first, rows, text
from evidense.texts.venues import is_preprint
from evidense.values import Reference, Work

_FIELDS = "title,authors,year,venue,publicationVenue,journal,externalIds,publicationTypes,abstract,openAccessPdf,url"
_PREFIX = {"doi": "DOI", "arxiv": "ARXIV", "acl": "ACL", "pmid": "PMID", "pmcid": "PMCID"}


class SemanticScholar(TopicIndex):
    """The academic graph of Semantic Scholar."""

    name: str = "semantic_scholar"
    display_name: str = "Semantic Scholar"
    covers: str = "papers of all fields, with identifiers of arXiv, the ACL Anthology and PubMed"
    manners: Manners = Manners("https://api.semanticscholar.org", 0.5, 1, "EVIDENSE_KEY_SEMANTIC_SCHOLAR", "x-api-key")
    batch: int = 500

    deepest: int = 1_000

    def identifier_of(self, reference: Reference) -> str:
        """Return the DOI, else the arXiv id, else one of the ACL Anthology or PubMed."""
        others = [
            f"{kind}:{reference.identifiers[kind]}"
            for kind in ("acl", "pmid", "pmcid")
            if kind in reference.identifiers
        ]
        return first([doi_or_arxiv(reference), *others])

    def absence(self, identifier: str) -> bool:
        """It lacks some preprints."""
        return identifier.startswith("doi:") and not identifier.startswith("doi:10.48550/")

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Post many ids; the answer is a list in their order, with null for what is not known."""
        ids = [
            f"{_PREFIX[kind]}:{value.removeprefix('PMC')}" for kind, _, value in (i.partition(":") for i in identifiers)
        ]
        return Request(self.name, "graph/v1/paper/batch", {"fields": _FIELDS}, body={"ids": ids})

    def title_request(self, reference: Reference) -> Request:
        """Ask for the words of a title."""
        query = {"query": search_words(reference), "limit": "5", "fields": _FIELDS}
        return Request(self.name, "graph/v1/paper/search", query)

    def topic_query(self, facets: Facets) -> str:
        """Write plain words: its ranked search knows no operators, and finds nothing for hyphens."""
        return plain(facets)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask by offset; its search with operators pages by tokens and does not rank."""
        search = {
            "query": query.replace("-", " "),
            "offset": str(page.start),
            "limit": str(page.size),
            "fields": _FIELDS,
        }
        return Request(self.name, "graph/v1/paper/search", search)

    def page(self, reply: Reply) -> ResultPage:
        """Read the list of a batch, or `data` of a search, which is missing where nothing was found."""
        data = json_of(reply)
        if isinstance(data, list):
            return ResultPage([_work(item) for item in data if isinstance(item, dict)])
        total = count(data, "total")
        if total is None and not isinstance(at(data, "data"), list):
            raise OtherForm("neither a list nor a total")
        return ResultPage([_work(item) for item in rows(data, "data")], total)

    def none_known(self, reply: Reply) -> bool:
        """Read the 400 with which it answers a batch of which it knows nothing."""
        return reply.status == 400 and b"No valid paper ids" in reply.body


def _work(item: dict[str, Any]) -> Work:
    ids, venue = (
        item.get("externalIds"),
        first([text(item, "publicationVenue", "name"), text(item, "venue"), text(item, "journal", "name")]),
    )
    doi, arxiv, pmcid = normal_doi(text(ids, "DOI")), text(ids, "ArXiv"), text(ids, "PubMedCentral")
    known = kept(
        doi=doi, arxiv=arxiv.lower(), acl=text(ids, "ACL"), pmid=text(ids, "PubMed"), pmcid=f"PMC{pmcid}" if pmcid else "", s2=text(item, "paperId"),
    )  # fmt: skip
    published: dict[str, str] = {}
    if arxiv and ((doi and not doi.startswith("10.48550/")) or (venue and not is_preprint(venue))):
        published = kept(
            doi="" if doi.startswith("10.48550/") else doi,
            venue="" if is_preprint(venue) else venue,
            year=text(item, "year"),
        )
    return Work(
        "semantic_scholar", known, text(item, "title"), tuple(n for a in rows(item, "authors") if (n := text(a, "name"))), year(item, "year"),
        venue, text(item, "publicationTypes", 0).lower(), published, abstract=text(item, "abstract"),
        text_url=text(item, "openAccessPdf", "url"), licence=text(item, "openAccessPdf", "license"), url=text(item, "url"),
    )  # fmt: skip


PART = SemanticScholar()
