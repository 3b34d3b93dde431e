"""DataCite: DOIs of arXiv, Zenodo, Dagstuhl and repositories."""

from collections.abc import Sequence
from typing import Any

from evidense.parts.literature import Manners, Reply, Request
from evidense.sources._agencies import may_be_datacite
from evidense.sources._index import ResultPage, bare, json_of, search_words
from evidense.sources._shapes import count, kept, needed_rows, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, boolean
from evidense.texts.identifiers import arxiv_of_doi, normal_doi
from evidense.texts.loose_json import first, rows, text
from evidense.values import Reference, Work

_VERSIONS = frozenset(["isversionof", "ispreviousversionof", "isvariantformof", "isidenticalto"])


class DataCite(TopicIndex):
    """The index of DataCite."""

    name: str = "datacite"
    display_name: str = "DataCite"
    covers: str = "DOIs of DataCite's members: arXiv, Zenodo, Dagstuhl, repositories"
    manners: Manners = Manners("https://api.datacite.org", 3.0, 2, takes_mailto=True)
    batch: int = 50

    def identifier_of(self, reference: Reference) -> str:
        """Return the DOI, unless Crossref registered it, else that of the arXiv id."""
        doi, arxiv = reference.identifiers.get("doi", ""), reference.identifiers.get("arxiv", "")
        if may_be_datacite(doi):
            return f"doi:{doi}"
        return f"doi:10.48550/arxiv.{arxiv}" if arxiv else ""

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Ask for many DOIs in one query."""
        quoted = " OR ".join('"' + doi.replace("\\", "").replace('"', "") + '"' for doi in bare(identifiers))
        return Request(self.name, "dois", {"query": f"doi:({quoted})", "page[size]": str(len(identifiers))})

    def title_request(self, reference: Reference) -> Request:
        """Ask for the words of a title."""
        return Request(self.name, "dois", {"query": f"titles.title:({search_words(reference)})", "page[size]": "5"})

    def topic_query(self, facets: Facets) -> str:
        """Write a Boolean query over titles and abstracts."""
        return boolean(facets, '(titles.title:"{0}" OR descriptions.description:"{0}")'.format)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask by page number: with a cursor it does not rank."""
        return Request(
            self.name, "dois", {"query": query, "page[size]": str(page.size), "page[number]": str(page.number + 1)}
        )

    def page(self, reply: Reply) -> ResultPage:
        """Read `data`."""
        data = json_of(reply)
        items = needed_rows(data, "data")
        return ResultPage([_work(item.get("attributes") or {}) for item in items], count(data, "meta", "total"))


def _work(item: dict[str, Any]) -> Work:
    doi = normal_doi(text(item, "doi"))
    arxiv = arxiv_of_doi(doi)
    titles = [text(t, "title") for t in rows(item, "titles") if not text(t, "titleType")]
    abstract = [text(d, "description") for d in rows(item, "descriptions") if text(d, "descriptionType") == "Abstract"]
    return Work(
        "datacite", kept(doi=doi, arxiv=arxiv), first([*titles, text(item, "titles", 0, "title")]),
        tuple(name for creator in rows(item, "creators") if (name := _creator(creator))), year(item, "publicationYear"),
        first([text(item, "container", "title"), text(item, "publisher", "name"), text(item, "publisher")]),
        text(item, "types", "resourceTypeGeneral").lower(), _published(item, doi), (), first(abstract),
        licence=text(item, "rightsList", 0, "rights"), url=text(item, "url"),
    )  # fmt: skip


def _creator(creator: dict[str, Any]) -> str:
    family, given = text(creator, "familyName"), text(creator, "givenName")
    return f"{family}, {given}" if family and given else text(creator, "name")


def _published(item: dict[str, Any], own: str) -> dict[str, str]:
    for related in rows(item, "relatedIdentifiers"):
        doi = normal_doi(text(related, "relatedIdentifier"))
        if (
            text(related, "relationType").lower() in _VERSIONS
            and doi
            and doi != own
            and not doi.startswith("10.48550/")
        ):
            return {"doi": doi}
    return {}


PART = DataCite()
