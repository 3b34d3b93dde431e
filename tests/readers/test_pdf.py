"""PDFs: what can be seen is read in order, what cannot is listed, and what is no readable PDF is refused in words."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from evidense.boundary.child import in_child
from evidense.errors import InvalidInput
from evidense.readers import _pages
from evidense.readers.bibtex import PART as BIBTEX
from evidense.readers.pdf import LIMITS, PART
from evidense.texts.titles import title_key
from evidense.values import Reference
from readers.pdfs import IMAGE, LOCKED, SHOWN

pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed (extra: literature)")
Make = Callable[..., Path]


@pytest.mark.parametrize(
    ("content", "text", "reason"),
    [
        (b"BT 3 Tr /F1 12 Tf 72 680 Td (Invisible by mode) Tj ET", "Invisible by mode", "render mode 3"),
        (b"BT 1 1 1 rg /F1 12 Tf 72 660 Td (White words) Tj ET", "White words", "white on white"),
        (b"BT 0.98 g /F1 12 Tf 72 660 Td (Nearly white) Tj ET", "Nearly white", "white on white"),
        (b"0 0 0.8 rg 60 580 400 60 re f BT 0 0 0.75 rg /F1 12 Tf 72 600 Td (Blue on blue) Tj ET", "Blue on blue", "in the colour of its background"),
        (b"BT /F1 0.8 Tf 72 640 Td (Tiny words) Tj ET", "Tiny words", "0.9 pt"),
        (b"BT /F1 12 Tf 0.05 0 0 0.05 72 560 Tm (Scaled words) Tj ET", "Scaled words", "0.7 pt"),
        (b"BT /F1 12 Tf 72 -50 Td (Below the page) Tj ET", "Below the page", "off the page"),
        (b"BT /F1 12 Tf 700 300 Td (Beside the page) Tj ET", "Beside the page", "off the page"),
        (b"/G0 gs BT /F1 12 Tf 72 300 Td (Transparent words) Tj ET", "Transparent words", "transparent"),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_left_out_and_listed(make_pdf: Make, content: bytes, text: str, reason: str) -> None:
    document = PART.read(make_pdf(SHOWN + content))
    assert document.text == "Visible text is here."
    assert [(hidden.quote, hidden.reason, hidden.page) for hidden in document.hidden] == [(text, reason, 1)]


@pytest.mark.parametrize(
    "content",
    [
        b"0 g 60 580 400 60 re f BT 1 g /F1 12 Tf 72 600 Td (White on black) Tj ET",
        b"BT 0.6 g /F1 12 Tf 72 600 Td (Grey words) Tj ET",
        b"BT 1 0 0 rg /F1 12 Tf 72 600 Td (Red words) Tj ET",
        b"BT /F1 1 Tf 12 0 0 12 72 600 Tm (Large by matrix) Tj ET",
        b"60 580 400 60 re S BT /F1 12 Tf 72 600 Td (In a frame) Tj ET",
    ],
)
def test_what_can_be_seen_stays(make_pdf: Make, content: bytes) -> None:
    document = PART.read(make_pdf(SHOWN + content))
    assert document.hidden == ()
    assert len(document.text.split("\n\n")) == 2 or len(document.text) > 25


def test_a_page_that_cannot_be_checked_is_not_read(make_pdf: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from evidense.readers import _pdfium

    def fails(*_: object) -> str:
        raise ValueError("no such object")

    read = _pdfium.reading()
    monkeypatch.setattr(_pdfium._Page, "_doubts", fails)
    page = json.loads(read(make_pdf(SHOWN).read_bytes()))["pages"][0]
    assert page == {"failed": "ValueError: no such object"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no text"),
        (IMAGE, "is a scan"),
        (IMAGE + b"BT 3 Tr /F1 12 Tf 72 680 Td (Recognised text) Tj ET", "a picture with unseen text behind it"),
    ],
)
def test_a_pdf_without_visible_text_is_refused_in_words(make_pdf: Make, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        PART.read(make_pdf(content))


def test_an_encrypted_pdf_is_refused(make_pdf: Make) -> None:
    with pytest.raises(InvalidInput, match="is encrypted"):
        PART.read(make_pdf(SHOWN, trailer=LOCKED))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is HTML or XML, not PDF"),
        (b"%PDF-1.4\n" + b"garbage" * 50, "damaged PDF"),
        (b"plain words", "does not begin like a PDF"),
    ],
)
def test_what_is_no_pdf_is_refused_in_words(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "x.pdf").write_bytes(data)
    with pytest.raises(InvalidInput, match=words):
        PART.read(tmp_path / "x.pdf")


def test_of_five_thousand_pages_the_first_are_read_and_it_is_said(make_pdf: Make) -> None:
    document = PART.read(make_pdf(*[SHOWN] * 5_000))
    assert document.mistakes[-1] == "it has 5,000 pages; expected at most 300; the others were not read"


def spans_hold(document: object) -> bool:
    spans = [b.span for b in document.blocks] + [c.sentence for c in document.citations]  # type: ignore[attr-defined]
    spans += [r.span for r in document.references]  # type: ignore[attr-defined]
    return all(document.text[s.start : s.end] == s.quote for s in spans)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["sample-sigconf", "sample-sigplan", "asmeconf-template", "apssamp", "dc-sample", "Rcpp-introduction", "Rcpp-FAQ"]
)  # fmt: skip
def test_two_column_papers_are_in_order_on_every_page(shared_data: Path, name: str) -> None:
    path = shared_data / "papers" / f"{name}.pdf"
    pages = json.loads(in_child("evidense.readers._pdfium:reading", path.read_bytes(), LIMITS))["pages"]
    read = [_pages.lines_of(page, number) for number, page in enumerate(pages, 1)]
    assert all(is_sure and _pages.changes(lines) <= 3 for lines, is_sure in read)
    document = PART.read(path)
    assert document.is_order_sure
    assert "\ufffe" not in document.text
    assert not re.search(r"[a-z]-\n", document.text)
    places = [b.span.page for b in document.blocks] + [r.span.page for r in document.references if r.span]
    assert set(places) == set(range(1, len(pages) + 1))
    assert document.hidden == ()
    assert spans_hold(document)


def _titles_in(printed: str, entries: Sequence[Reference]) -> set[str]:
    """Return the title keys of the entries whose title stands, but for some letters, in a printed reference; with and without subtitle."""
    from rapidfuzz.fuzz import partial_ratio

    raw = title_key(printed)
    shares = [(partial_ratio(title_key(entry.fields["title"]), raw), entry) for entry in entries]
    best = max(share for share, _ in shares)
    meant = [entry for share, entry in shares if share >= max(85, best - 1)]
    return {title_key(title) for entry in meant for title in (entry.title, entry.fields["title"])}


@pytest.mark.parametrize(
    ("name", "bib", "n_references", "title"),
    [
        ("sample-sigconf", "sample-base", 38, "The Name of the Title Is Hope"),
        ("sample-sigplan", "sample-base", 38, "The Name of the Title Is Hope"),
        ("asmeconf-template", "asmeconf-sample", 31, "A LATEX TEMPLATE FOR ASME CONFERENCE PAPERS: asmeconf.cls"),
        ("apssamp", "apssamp", 44, "Manuscript Title: with Forced Linebreak∗"),
        ("Rcpp-introduction", "Rcpp", 29, "Extending R with C++: A Brief Introduction to Rcpp"),
        ("Rcpp-FAQ", "Rcpp", 21, "Rcpp FAQ"),
        ("Rcpp-jss-2011", "Rcpp", 37, "Rcpp: Seamless R and C++ Integration"),
        ("sample-acmsmall", "sample-base", 38, "The Name of the Title Is Hope"),
    ],
)
def test_references_have_the_titles_of_the_bibliography(shared_data: Path, name: str, bib: str, n_references: int, title: str) -> None:  # fmt: skip
    document = PART.read(shared_data / "papers" / f"{name}.pdf")
    assert document.title == title
    assert len(document.references) == n_references
    entries = [r for r in BIBTEX.read(shared_data / "papers" / f"{bib}.bib").references if len(title_key(r.title)) > 8]
    printed = [(title_key(r.title), _titles_in(r.raw, entries)) for r in document.references]
    found = [title in expected for title, expected in printed if expected]
    assert len(found) > 20
    assert sum(found) / len(found) >= 0.95
    assert bool(document.citations) == (name != "Rcpp-jss-2011")  # its citations are printed as "(?)"


@pytest.mark.parametrize(("name", "n_citing"), [("Rcpp-FAQ", 15), ("Rcpp-introduction", 20), ("lmer", 30)])
def test_listings_cite_nothing_where_papers_cite_by_names(shared_data: Path, name: str, n_citing: int) -> None:
    document = PART.read(shared_data / "papers" / f"{name}.pdf")
    sentences = [citation.sentence.quote for citation in document.citations]
    assert len(sentences) >= n_citing
    assert not [quote for quote in sentences if re.search(r"#\s*\[1\]|\[\[1\]\]|^\[1\]", quote)]
