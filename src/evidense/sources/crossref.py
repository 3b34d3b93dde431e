"""Crossref: DOIs of publishers, with retractions and corrections."""

import re
from collections.abc import Sequence
from typing import Any

from evidense.parts.literature import Manners, Offer, Reply, Request
from evidense.sources._agencies import may_be_crossref
from evidense.sources._index import ResultPage, bare, json_of, search_words
from evidense.sources._shapes import count, kept, needed_rows, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, plain
from evidense.texts.identifiers import normal_arxiv, normal_doi
from evidense.texts.loose_json import at, first, rows, text
from evidense.values import Notice, Reference, Work
from evidense.values.literature import Relation

_RELATIONS: dict[str, Relation] = {
    "retraction": "retraction", "partial_retraction": "retraction", "removal": "retraction", "withdrawal": "withdrawal",
    "correction": "correction", "corrigendum": "correction", "erratum": "correction", "addendum": "correction",
    "expression_of_concern": "concern",
}  # fmt: skip
_RETRACTED = re.compile(r"\s*RETRACTED(?: ARTICLE)?\s*:")


class Crossref(TopicIndex):
    """The index of Crossref."""

    name: str = "crossref"
    display_name: str = "Crossref"
    covers: str = "DOIs of Crossref's members"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "retractions"})
    manners: Manners = Manners(
        "https://api.crossref.org", 3.0, 1, "EVIDENSE_KEY_CROSSREF", "crossref-plus-api-token", takes_mailto=True
    )
    batch: int = 60

    def identifier_of(self, reference: Reference) -> str:
        """Return the DOI, unless another agency registered it; one with a comma cannot stand in a list."""
        doi = reference.identifiers.get("doi", "")
        return f"doi:{doi}" if may_be_crossref(doi) and "," not in doi else ""

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Ask for many DOIs: filters of one name are joined by or."""
        filters = ",".join(f"doi:{doi}" for doi in bare(identifiers))
        return Request(self.name, "works", {"filter": filters, "rows": str(len(identifiers))})

    def title_request(self, reference: Reference) -> Request:
        """Ask for a title with the first author's name."""
        words = search_words(reference)
        author = reference.authors[0].split(",")[0] if reference.authors else ""
        return Request(self.name, "works", {"query.bibliographic": f"{words} {author}".strip(), "rows": "5"})

    def topic_query(self, facets: Facets) -> str:
        """Write plain words: it ranks by them, and knows no operators."""
        return plain(facets)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask by offset: a cursor lives five minutes, and a search that was killed goes on later."""
        return Request(
            self.name, "works", {"query.bibliographic": query, "rows": str(page.size), "offset": str(page.start)}
        )

    def page(self, reply: Reply) -> ResultPage:
        """Read `message.items`."""
        data = json_of(reply)
        items = needed_rows(data, "message", "items")
        return ResultPage([_work(item) for item in items], count(data, "message", "total-results"))


def _work(item: dict[str, Any]) -> Work:
    doi = normal_doi(text(item, "DOI"))
    title = text(item, "title", 0)
    if subtitle := text(item, "subtitle", 0):
        title = title if subtitle.lower() in title.lower() else f"{title}: {subtitle}"
    published = first(
        [text(item, key, "date-parts", 0, 0) for key in ("issued", "published", "published-online", "created")]
    )
    preprint_of = normal_doi(text(item, "relation", "is-preprint-of", 0, "id"))
    return Work(
        "crossref", kept(doi=doi, arxiv=normal_arxiv(doi)[0] if doi.startswith("10.48550/") else ""), title,
        tuple(name for author in rows(item, "author") if (name := _author(author))), year(published),
        first([text(item, "container-title", 0), text(item, "event", "name"), text(item, "institution", 0, "name"), text(item, "group-title")]),
        text(item, "type").lower(), {"doi": preprint_of} if preprint_of else {}, _notices(item), text(item, "abstract"),
        text(item, "link", 0, "URL"), text(item, "license", 0, "URL"), text(item, "URL"),
    )  # fmt: skip


def _author(author: dict[str, Any]) -> str:
    family, given = text(author, "family"), text(author, "given")
    return f"{family}, {given}" if family and given else first([family, text(author, "name"), given])


def _notices(item: dict[str, Any]) -> tuple[Notice, ...]:
    """Return what was published about the work; `update-to` is the other direction: this item is itself a notice."""
    found = [Notice("retraction", reason="its title says so")] if _RETRACTED.match(text(item, "title", 0)) else []
    for update in rows(item, "updated-by"):
        relation = _RELATIONS.get(text(update, "type").lower().replace("-", "_").replace(" ", "_"))
        if relation is not None:
            found.append(Notice(relation, _date(update), text(update, "label"), normal_doi(text(update, "DOI"))))
    return tuple(sorted(dict.fromkeys(found), key=lambda notice: not notice.date))


def _date(update: dict[str, Any]) -> str:
    parts = at(update, "updated", "date-parts", 0)
    numbers = [part for part in parts if isinstance(part, int)] if isinstance(parts, list) else []
    return "-".join(f"{number:02d}" for number in numbers[:3]) or text(update, "updated", "date-time")[:10]


PART = Crossref()
