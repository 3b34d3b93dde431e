"""OpenAlex: works of all fields, metered by a daily budget."""

from collections.abc import Sequence
from typing import Any

from evidense.parts.literature import Manners, Offer, Reply, Request
from evidense.sources._index import ResultPage, bare, doi_or_arxiv, json_of, search_words
from evidense.sources._shapes import count, kept, needed_rows, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, boolean
from evidense.texts.identifiers import arxiv_of_doi, normal_arxiv, normal_doi
from evidense.texts.loose_json import at, first, rows, text
from evidense.values import Notice, Reference, Work

_FIELDS = (
    "id,doi,ids,title,authorships,publication_year,primary_location,locations,type,is_retracted,abstract_inverted_index"
)
LIST_USD, SEARCH_USD = 0.0001, 0.001


class OpenAlex(TopicIndex):
    """The index of OpenAlex.

    Its guide shows a key as `?api_key=` only; its servers take `Authorization: Bearer` too, which keeps it out of addresses.
    Source: getApiKeyFromRequest in github.com/ourresearch/openalex-api-proxy (August 2026); pyalex pull request 30.
    """

    name: str = "openalex"
    display_name: str = "OpenAlex"
    covers: str = "works of all fields, gathered from Crossref and repositories"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "retractions"})
    manners: Manners = Manners("https://api.openalex.org", 5.0, 2, "EVIDENSE_KEY_OPENALEX", "authorization")
    batch: int = 50
    first_cursor: str = "*"

    def identifier_of(self, reference: Reference) -> str:
        """Return the DOI, else that of the arXiv id; one with a comma or a bar cannot stand in a list."""
        identifier = doi_or_arxiv(reference)
        if identifier.startswith("arxiv:"):
            identifier = f"doi:10.48550/arxiv.{identifier[6:]}"
        return "" if "," in identifier or "|" in identifier else identifier

    def absence(self, identifier: str) -> bool:
        """It lacks some preprints, and some DOIs of other agencies."""
        return not identifier.startswith("doi:10.48550/")

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Ask for many DOIs in one filter."""
        query = {"filter": "doi:" + "|".join(bare(identifiers)), "per-page": str(len(identifiers)), "select": _FIELDS}
        return Request(self.name, "works", query, cost_usd=LIST_USD)

    def title_request(self, reference: Reference) -> Request:
        """Ask for the words of a title."""
        query = {"filter": f"title.search:{search_words(reference)}", "per-page": "5", "select": _FIELDS}
        return Request(self.name, "works", query, cost_usd=SEARCH_USD)

    def topic_query(self, facets: Facets) -> str:
        """Write a Boolean query over titles and abstracts."""
        return boolean(facets)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask with a cursor; a comma or a bar would end the filter."""
        terms = query.replace(",", " ").replace("|", " ")
        search = {"filter": f"title_and_abstract.search:{terms}", "per-page": str(page.size), "cursor": page.cursor}
        return Request(self.name, "works", search | {"select": _FIELDS}, cost_usd=SEARCH_USD)

    def next_cursor(self, reply: Reply) -> str:
        """Return the cursor of the next page; null at the end."""
        return text(json_of(reply), "meta", "next_cursor")

    def page(self, reply: Reply) -> ResultPage:
        """Read `results`."""
        data = json_of(reply)
        items = needed_rows(data, "results")
        return ResultPage([_work(item) for item in items], count(data, "meta", "count"))


def _work(item: dict[str, Any]) -> Work:
    doi, places = normal_doi(text(item, "doi")), rows(item, "locations")
    arxiv = arxiv_of_doi(doi) or first(
        [normal_arxiv(url)[0] for p in places if "arxiv.org" in (url := text(p, "landing_page_url"))]
    )
    names = [text(a, "author", "display_name") or text(a, "raw_author_name") for a in rows(item, "authorships")]
    pmid, pmcid = text(item, "ids", "pmid").rpartition("/")[2], text(item, "ids", "pmcid").rpartition("/")[2].upper()
    pmcid = f"PMC{pmcid.removeprefix('PMC')}" if pmcid else ""
    place = at(item, "primary_location")
    return Work(
        "openalex", kept(doi=doi, arxiv=arxiv, pmid=pmid, pmcid=pmcid, openalex=text(item, "id").rpartition("/")[2]), text(item, "title"),
        tuple(name for name in names if name), year(item, "publication_year"), text(place, "source", "display_name"), text(item, "type").lower(),
        notices=(Notice("retraction", reason="marked as retracted"),) if item.get("is_retracted") is True else (), abstract=_abstract(item),
        text_url=text(place, "pdf_url"), licence=text(place, "license"), url=text(item, "id"),
    )  # fmt: skip


def _abstract(item: dict[str, Any]) -> str:
    """Put the words of an inverted index back in order."""
    index = item.get("abstract_inverted_index")
    placed = [
        (place, word)
        for word, places in (index.items() if isinstance(index, dict) else ())
        for place in (places if isinstance(places, list) else ())
        if isinstance(place, int)
    ]
    return " ".join(word for _, word in sorted(placed)[:3_000])


PART = OpenAlex()
