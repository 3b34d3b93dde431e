"""Europe PMC: biomedical papers and preprints, with notices and open full texts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evidense.parts.literature import Manners, Offer, Reply, Request, Wire
from evidense.sources._index import ResultPage, json_of, search_words
from evidense.sources._shapes import count, kept, needed_rows, year
from evidense.sources._topics import Facets, TopicIndex, TopicPage, boolean
from evidense.texts.identifiers import normal_doi
from evidense.texts.loose_json import first, rows, text
from evidense.values import Answer, Notice, Reference, Work
from evidense.values.literature import Relation

_RELATIONS: dict[str, Relation] = {
    "retraction in": "retraction", "partial retraction in": "retraction", "erratum in": "correction",
    "corrected and republished in": "correction", "expression of concern in": "concern",
}  # fmt: skip
_FIELD = {"doi": "DOI", "pmid": "EXT_ID", "pmcid": "PMCID"}


class EuropePmc(TopicIndex):
    """The search of Europe PMC."""

    name: str = "europepmc"
    display_name: str = "Europe PMC"
    covers: str = "biomedical papers, preprints of the life sciences, open full texts"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "full text", "retractions"})
    manners: Manners = Manners("https://www.ebi.ac.uk/europepmc/webservices/rest", 5.0, 2)
    batch: int = 60
    first_cursor: str = "*"

    def identifier_of(self, reference: Reference) -> str:
        """Return the PubMed Central or PubMed id, else a DOI that is not arXiv's."""
        named = [f"{kind}:{reference.identifiers[kind]}" for kind in ("pmcid", "pmid") if kind in reference.identifiers]
        doi = reference.identifiers.get("doi", "")
        return first([*named, f"doi:{doi}" if doi and not doi.startswith("10.48550/") else ""])

    def absence(self, identifier: str) -> bool:
        """It holds one field only: a DOI that it lacks may exist."""
        return not identifier.startswith("doi:")

    def batch_request(self, identifiers: Sequence[str]) -> Request:
        """Ask for many identifiers in one query; one may be held twice, as preprint and as paper."""
        terms = [
            f'{_FIELD[kind]}:"{value}"' for kind, _, value in (i.replace('"', "").partition(":") for i in identifiers)
        ]
        return self._search(" OR ".join(terms), 2 * len(terms))

    def title_request(self, reference: Reference) -> Request:
        """Ask for the words of a title."""
        return self._search(f"TITLE:({search_words(reference)})", 5)

    def topic_query(self, facets: Facets) -> str:
        """Write a Boolean query over titles and abstracts."""
        return boolean(facets, 'TITLE_ABS:"{}"'.format)

    def topic_request(self, query: str, page: TopicPage) -> Request:
        """Ask with a cursor."""
        search = self._search(query, page.size)
        return replace(search, query={**search.query, "cursorMark": page.cursor})

    def next_cursor(self, reply: Reply) -> str:
        """Return the cursor of the next page; the last page names itself."""
        return text(json_of(reply), "nextCursorMark")

    def page(self, reply: Reply) -> ResultPage:
        """Read `resultList.result`."""
        data = json_of(reply)
        items = needed_rows(data, "resultList", "result")
        return ResultPage([_work(item) for item in items], count(data, "hitCount"))

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Fetch the JATS of an open paper; its bytes are the blob of the answer."""
        pmcid = work.identifiers.get("pmcid", "")
        if not pmcid:
            return Answer(self.name, "not asked", detail="the work has no PubMed Central id")
        reply = wire.ask(Request(self.name, f"{pmcid}/fullTextXML", expects="xml"), self.manners)
        works = (work,) if reply.state == "found" else ()
        return Answer(self.name, reply.state, works, "identifier", reply.detail, (reply.blob,) if reply.blob else ())

    def _search(self, query: str, size: int) -> Request:
        return Request(
            self.name, "search", {"query": query, "format": "json", "resultType": "core", "pageSize": str(size)}
        )


def _work(item: dict[str, Any]) -> Work:
    pmcid = text(item, "pmcid")
    names = [_author(author) for author in rows(item, "authorList", "author")]
    if not names:
        names = [name.strip() for name in text(item, "authorString").rstrip(".").split(",")]
    venue = first([text(item, "journalInfo", "journal", "title"), text(item, "bookOrReportDetails", "publisher")])
    return Work(
        "europepmc", kept(doi=normal_doi(text(item, "doi")), pmid=text(item, "pmid"), pmcid=pmcid), text(item, "title").rstrip("."),
        tuple(name for name in names if name), year(item, "pubYear"), venue,
        "preprint" if text(item, "source") == "PPR" else text(item, "pubTypeList", "pubType", 0).lower(), {}, _notices(item),
        text(item, "abstractText"), licence=text(item, "license"), url=f"https://europepmc.org/article/{text(item, 'source')}/{text(item, 'id')}",
    )  # fmt: skip


def _author(author: dict[str, Any]) -> str:
    family, given = text(author, "lastName"), text(author, "firstName") or text(author, "initials")
    return (
        f"{family}, {given}" if family and given else first([text(author, "collectiveName"), text(author, "fullName")])
    )


def _notices(item: dict[str, Any]) -> tuple[Notice, ...]:
    return tuple(
        Notice(relation, reason=text(linked, "reference"))
        for linked in rows(item, "commentCorrectionList", "commentCorrection")
        if (relation := _RELATIONS.get(text(linked, "type").lower()))
    )


PART = EuropePmc()
