"""What the indexes send beside the plain case: two sources of one notice, dates in two forms, markup, missing and doubled fields."""

import json
from typing import Any

import pytest

from evidense import registry
from evidense.parts import Manners, Reply, Request, Source
from evidense.values import Reference, Work

pytest.importorskip("lxml")


class Sent:
    """A wire that gives one answer."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[Request] = []

    def ask(self, request: Request, manners: Manners) -> Reply:
        self.asked.append(request)
        return Reply("found", 200, self.body)


def work_of(name: str, sent: Any, **identifiers: str) -> Work:
    source: Source = registry.part("sources", name)
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answer = source.by_identifiers([Reference("k", title="x", identifiers=identifiers)], Sent(body), name)[0]
    assert answer.state == "found", answer
    return answer.works[0]


def crossref(item: dict[str, Any]) -> Work:
    return work_of("crossref", {"message": {"items": [{"DOI": "10.1101/A.1", **item}]}}, doi="10.1101/a.1")


def test_crossref_s_preprint_has_its_server_as_venue_and_its_markup_is_dropped() -> None:
    work = crossref(
        {
            "institution": [{"name": "bioRxiv"}], "container-title": [], "type": "posted-content", "issued": {"date-parts": [[2024, 4, 1]]},
            "title": ["Editing of <i>SMARCB1</i> &amp; friends"], "abstract": "<jats:p>Rare variants.</jats:p>", "subtitle": [],
            "author": [{"given": "Michael", "family": "Herger", "sequence": "first"}, {"name": "The Consortium", "sequence": "additional"}, {}],
            "relation": {"is-preprint-of": [{"id-type": "doi", "id": "10.1038/B.2", "asserted-by": "subject"}]},
        }
    )  # fmt: skip
    assert (work.venue, work.title, work.abstract, work.year) == (
        "bioRxiv",
        "Editing of SMARCB1 & friends",
        "Rare variants.",
        2024,
    )
    assert work.authors == ("Herger, Michael", "The Consortium")
    assert work.published_as == {"doi": "10.1038/b.2"}


def test_crossref_s_notice_from_two_sources_is_one_and_its_date_has_two_forms() -> None:
    notice = {"DOI": "10.1/n", "type": "retraction", "label": "Retraction"}
    parts = {"updated": {"date-parts": [[2023, 4, 22]]}}
    work = crossref(
        {"updated-by": [{**notice, **parts, "source": "publisher"}, {**notice, **parts, "source": "retraction-watch"}]}
    )
    assert [(n.relation, n.date, n.reason) for n in work.notices] == [("retraction", "2023-04-22", "Retraction")]
    dated = crossref({"updated-by": [{**notice, "updated": {"date-time": "2020-05-05T00:00:00Z"}}]})
    assert dated.notices[0].date == "2020-05-05"
    assert crossref({"updated-by": [{"type": "new_version"}]}).notices == ()
    assert crossref({"update-to": [{"type": "retraction", "DOI": "10.1/other"}]}).notices == (), (
        "it is a notice, and not retracted itself"
    )


def test_semantic_scholar_s_paper_is_preprint_and_published_in_one() -> None:
    ids = {
        "DBLP": "x",
        "ArXiv": "2304.05376",
        "PubMedCentral": "11116106",
        "DOI": "10.1038/S42256",
        "CorpusId": 258059792,
        "PubMed": "38799228",
    }
    paper = {
        "paperId": "354d",
        "externalIds": ids,
        "title": "Augmenting",
        "venue": "Nature",
        "year": 2024,
        "authors": [{"name": "P. Schwaller"}],
    }
    work = work_of("semantic_scholar", [paper], arxiv="2304.05376")
    assert work.identifiers == {
        "doi": "10.1038/s42256",
        "arxiv": "2304.05376",
        "pmid": "38799228",
        "pmcid": "PMC11116106",
        "s2": "354d",
    }
    assert work.published_as == {"doi": "10.1038/s42256", "venue": "Nature", "year": "2024"}
    assert (
        work_of(
            "semantic_scholar",
            [{**paper, "venue": "arXiv.org", "externalIds": {"ArXiv": "2304.05376"}}],
            arxiv="2304.05376",
        ).published_as
        == {}
    )


def test_openalex_s_abstract_is_put_back_in_order_and_nulls_are_nothing() -> None:
    item = {
        "id": "https://openalex.org/W1", "doi": "https://doi.org/10.1234/X", "title": None, "primary_location": None, "locations": None,
        "abstract_inverted_index": {"again": [1, 3], "Once": [0], "and": [2]}, "authorships": [{"author": {}, "raw_author_name": "A. B."}],
        "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/123", "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/456"},
    }  # fmt: skip
    work = work_of("openalex", {"results": [item], "meta": {"count": 1}}, doi="10.1234/x")
    assert (work.abstract, work.authors, work.title, work.venue) == ("Once again and again", ("A. B.",), "", "")
    assert work.identifiers == {"doi": "10.1234/x", "pmid": "123", "pmcid": "PMC456", "openalex": "W1"}


def test_datacite_names_a_publisher_in_two_ways() -> None:
    for publisher in ("Zenodo", {"name": "Zenodo", "publisherIdentifier": "x"}):
        item = {
            "doi": "10.5281/Z.1",
            "titles": [{"title": "Untertitel", "titleType": "Subtitle"}, {"title": "Main"}],
            "publisher": publisher,
        }
        work = work_of("datacite", {"data": [{"attributes": item}], "meta": {"total": 1}}, doi="10.5281/z.1")
        assert (work.venue, work.title) == ("Zenodo", "Main")


def test_arxiv_reports_a_wrong_id_as_an_entry_that_is_no_work() -> None:
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#incorrect_id</id><title>Error</title></entry>'
        b"<entry><id>http://arxiv.org/abs/hep-th/9901001v3</id><title>Old\n  ids</title><published>1999-01-01T00:00:00Z</published>"
        b"<author><name>A. B.</name></author></entry></feed>"
    )
    work = work_of("arxiv", feed, arxiv="hep-th/9901001")
    assert (work.title, work.year, work.authors) == ("Old ids", 1999, ("A. B.",))


@pytest.mark.parametrize(
    ("name", "most"),
    [("crossref", 60), ("datacite", 50), ("openalex", 50), ("europepmc", 60), ("semantic_scholar", 500)],
)
def test_no_batch_is_larger_than_the_index_allows(name: str, most: int) -> None:
    prefix = "10.5281" if name == "datacite" else "10.1145"
    references = [Reference(str(i), title="x", identifiers={"doi": f"{prefix}/{i}"}) for i in range(501)]
    source: Source = registry.part("sources", name)
    wire = Sent(b"{}")
    source.by_identifiers(references, wire, name)
    assert len(wire.asked) == -(-501 // most)
    assert all(len("".join(request.query.values())) < 8_000 for request in wire.asked)


def test_signs_of_a_query_language_do_not_reach_it() -> None:
    hostile = 'A "title" OR doi:* AND (x) {y} [z] \\ filter,search|other & more: the ~end^2?'
    for name in ("crossref", "datacite", "arxiv", "openalex", "semantic_scholar", "europepmc"):
        source: Source = registry.part("sources", name)
        wire = Sent(b"{}")
        source.by_title(Reference("k", title=hostile), wire, name)
        (request,) = wire.asked
        told = (
            " ".join(request.query.values())
            .replace("titles.title:(", "")
            .replace("TITLE:(", "")
            .replace(")", "")
            .replace("title.search:", "")
        )
        assert not set('"*\\{}[]|&~^?') & set(told), told
