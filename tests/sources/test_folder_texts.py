"""PDF, JATS and TEI files of a folder are the texts of the works that they belong to: by an entry's field or key, else by their title."""

from pathlib import Path

import pytest

import evidense as ev
from evidense.auditing.statements import TracedStatement
from evidense.errors import EvidenseError
from evidense.sources.folder import PART
from evidense.values import Reference, Work
from readers.pdfs import pdf_of

WATER = (
    "@article{water2020, title = {Watering Twice a Day}, author = {Lee, Ara}, year = 2020, doi = {10.5555/water}%s}\n"
)
ARTICLE = """<article><front><article-meta><title-group><article-title>Watering Twice a Day</article-title></title-group></article-meta></front>
<body><sec><title>Results</title><p>Watering twice a day cuts leaf rot by 12 % in June.</p></sec></body></article>"""
PAPER = """# Read again

Watering twice a day cuts leaf rot by 12 % [1].

## References

1. Lee, A. (2020). Watering Twice a Day. Journal of Botany. doi:10.5555/water.
"""
TITLE, BODY = "Watering Twice a Day", "Watering twice a day cuts leaf rot by 12 % in June."


def pdf(title: str = TITLE, body: str = BODY) -> bytes:
    return pdf_of([f"BT /F1 20 Tf 72 700 Td ({title}) Tj /F1 11 Tf 0 -40 Td ({body}) Tj ET".encode()])


def statement(folder: Path) -> TracedStatement:
    """Audit the paper beside these files, and return its one citing sentence."""
    (folder / "paper.md").write_text(PAPER)
    result = ev.audit(folder / "paper.md", f"folder:{folder / 'works'}", offline=True)
    (found,) = result.audit.statements
    return found


@pytest.fixture
def works(tmp_path: Path) -> Path:
    (tmp_path / "works").mkdir()
    (tmp_path / "works/mine.bib").write_text(WATER % "")
    return tmp_path / "works"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("", "Water2020.pdf"),  # as the key
        (", file = {Full Text:storage/K3/Lee - 2020.pdf:application/pdf}", "Lee - 2020.pdf"),
        ("", "no_such_key.pdf"),  # by its title
    ],
)
def test_a_pdf_is_the_text_of_its_work(works: Path, field: str, name: str) -> None:
    (works / "mine.bib").write_text(WATER % field)
    (works / name).write_bytes(pdf())
    (works / "other.pdf").write_bytes(pdf("On Shade", "Watering twice a day cuts leaf rot by 12 % in May."))
    found = statement(works.parent)
    assert found.quote is not None
    assert found.quote.span.quote == BODY
    assert found.source == "1"
    assert [loss.rule for loss in found.losses] == ["condition"]


def test_a_jats_article_is_one_too(works: Path) -> None:
    (works / "a.nxml").write_text(ARTICLE)
    found = statement(works.parent)
    assert found.quote is not None
    assert found.quote.section == "Results"


def test_a_file_of_another_title_is_not_taken_for_it(works: Path) -> None:
    (works / "other.pdf").write_bytes(pdf("On Shade"))
    assert statement(works.parent).alignment.kind == "NO TEXT"


def test_a_text_that_cannot_be_read_is_said(works: Path) -> None:
    (works / "water2020.pdf").write_bytes(b"%PDF-1.7 cut")
    (works.parent / "paper.md").write_text(PAPER)
    audit = ev.audit(works.parent / "paper.md", f"folder:{works}", offline=True).audit
    assert audit.statements[0].alignment.kind == "NO TEXT"
    (source,) = [source for source in audit.sources if source.name == "folder:works"]
    assert len(source.flaws) == 1
    assert "water2020.pdf" in source.flaws[0]
    assert "damaged PDF" in source.flaws[0]
    assert str(works) not in source.flaws[0]


def test_a_folder_of_texts_alone_knows_no_work_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf())
    answer = PART.by_title(Reference("k", title=TITLE), None, f"folder:{tmp_path}")  # type: ignore[arg-type]
    assert (answer.state, answer.detail) == ("not asked", "no bibliography is in it; name one: folder:PATH")
    answers = PART.by_identifiers([Reference("k", identifiers={"doi": "10.5555/water"})], None, f"folder:{tmp_path}")  # type: ignore[arg-type]
    assert answers[0].state == "not asked"
    answer = PART.full_text(Work("x", {}, TITLE), None, f"folder:{tmp_path}")  # type: ignore[arg-type]
    assert (answer.state, answer.by, [Path(path).name for path in answer.files]) == ("found", "title", ["a.pdf"])


def test_an_entry_that_cannot_be_read_is_named(works: Path) -> None:
    (works / "mine.bib").write_text(
        WATER % "" + "@article{lost, title = {x\n" + WATER.replace("water2020", "again") % ""
    )
    (flaw,) = PART.flaws(f"folder:{works}")
    assert flaw.startswith("mine.bib line 2: the entry 'lost' is not closed")


def test_an_encoder_searches_beside_bm25(works: Path) -> None:
    pytest.importorskip("wordllama")
    (works / "a.nxml").write_text(ARTICLE)
    (works.parent / "paper.md").write_text(PAPER)
    audit = ev.audit(works.parent / "paper.md", f"folder:{works}", offline=True, encoder="wordllama").audit
    assert audit.encoder is not None
    assert (audit.encoder.name, len(audit.encoder.fingerprints)) == ("wordllama", 2)
    assert audit.statements[0].quote is not None
    assert audit.statements[0].quote.span.quote == BODY


@pytest.mark.parametrize(("spelling", "words"), [("bm25", "Expected an encoder"), ("wordlama", "unknown system")])
def test_what_is_no_encoder_is_refused_before_anything_is_asked(works: Path, spelling: str, words: str) -> None:
    (works.parent / "paper.md").write_text(PAPER)
    with pytest.raises(EvidenseError, match=words):
        ev.audit(works.parent / "paper.md", f"folder:{works}", offline=True, encoder=spelling)


HEAD = """<article><front><journal-meta><journal-title>Journal of Botany</journal-title></journal-meta><article-meta>
<article-id pub-id-type="doi">10.5555/Water</article-id><title-group><article-title>Watering Twice a Day</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ara</given-names></name></contrib></contrib-group>
<pub-date><year>2020</year></pub-date><abstract><title>Aims</title><p>We water tomatoes.</p><p>Rot falls.</p></abstract></article-meta></front></article>"""


def test_papers_without_a_bibliography_are_works_of_a_search(tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    (tmp_path / "works/a.nxml").write_text(HEAD)
    (tmp_path / "works/broken.nxml").write_text("<article>")
    (tmp_path / "works/b.pdf").write_bytes(pdf("Tomatoes in June", "Abstract. Tomatoes rot in June."))
    outcome = ev.search("Do tomatoes rot?", [f"folder:{tmp_path / 'works'}"], offline=True).outcome
    (first, second) = sorted((hit.work for hit in outcome.found.hits), key=lambda work: work.title)
    assert (second.title, second.authors, second.year, second.venue) == (
        TITLE,
        ("Lee, Ara",),
        2020,
        "Journal of Botany",
    )
    assert (second.identifiers["doi"], second.abstract) == ("10.5555/water", "We water tomatoes. Rot falls.")
    assert (first.title, first.abstract) == ("Tomatoes in June", "Tomatoes rot in June.")
    assert outcome.sources[0].detail == "2; could not be read: broken.nxml"


def test_an_entry_without_an_abstract_takes_that_of_its_text(works: Path) -> None:
    (works / "a.nxml").write_text(HEAD)
    outcome = ev.search("Do tomatoes rot?", [f"folder:{works}"], offline=True).outcome
    (hit,) = outcome.found.hits
    assert hit.work.abstract == "We water tomatoes. Rot falls."
