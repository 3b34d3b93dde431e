"""JATS: real articles against their XML, and XML that is out to harm."""

import csv
from pathlib import Path

import pytest

from evidense import registry
from evidense.errors import EvidenseError, InvalidInput, UnsafeInput
from evidense.readers.jats import PART
from evidense.texts.letters import words

ARTICLE = """<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "http://example.org/never-fetched.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<title-group><article-title>On <italic>A</italic>&#233; &alpha;</article-title></title-group>
<permissions><license xlink:href="https://creativecommons.org/licenses/by-nc/4.0/"><p>free</p></license></permissions>
<abstract><p>We ask. We answer.</p></abstract></article-meta></front>
<body><sec><title>Methods</title>
<p>We follow one<sup><xref ref-type="bibr" rid="r1">1</xref>&#8211;<xref ref-type="bibr" rid="r3">3</xref></sup>. And
another [<xref ref-type="bibr" rid="r4">4</xref>].<list list-type="bullet"><list-item><p>An item.</p></list-item></list></p>
<table-wrap><label>Table 1</label><caption><p>Numbers</p></caption><table><tr><th>a</th><td>1.5</td></tr></table></table-wrap>
</sec></body>
<back><ref-list><title>References</title>
<ref id="r1"><element-citation publication-type="journal">
<person-group><name><surname>Oord</surname><given-names>A van den</given-names></name><etal/></person-group>
<article-title>One <sup>2</sup></article-title><source>J One</source><year>2001a</year><pub-id pub-id-type="doi">10.1000/ABC</pub-id></element-citation></ref>
<ref id="r2"><element-citation publication-type="book"><collab>WHO</collab><source>A Book</source><year>1999</year></element-citation></ref>
<ref id="r3"><mixed-citation>Smith J, Jones K (2003) Plain text of it. Journal 5: 1-9.</mixed-citation></ref>
<ref id="r4"><label>4</label><citation citation-type="journal"><article-title>Four</article-title></citation></ref>
</ref-list></back></article>"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.nxml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_article_is_read_with_sections_citations_references_and_licence(tmp_path: Path) -> None:
    document = registry.read(write(tmp_path, ARTICLE))
    assert (document.format, document.title, document.licence) == ("jats", "On Aé α", "CC BY-NC 4.0")
    assert [(b.kind, b.section, b.span.quote) for b in document.blocks] == [
        ("title", "", "On Aé α"), ("heading", "", "Abstract"), ("paragraph", "Abstract", "We ask. We answer."), ("heading", "", "Methods"),
        ("paragraph", "Methods", "We follow one. And another [4]."), ("item", "Methods", "An item."), ("caption", "Methods", "Table 1 Numbers"),
        ("table", "Methods", "a | 1.5"), ("heading", "", "References"),
    ]  # fmt: skip
    assert [(c.sentence.quote, c.keys) for c in document.citations] == [
        ("We follow one.", ("r1", "r2", "r3")), ("And another [4].", ("r4",)),
    ]  # fmt: skip
    one, two, three, four = document.references
    assert (one.title, one.authors, one.has_more_authors, one.year, one.venue) == (
        "One 2",
        ("Oord, A van den",),
        True,
        2001,
        "J One",
    )
    assert (one.key, one.kind, one.identifiers) == ("r1", "article", {"doi": "10.1000/abc"})
    assert (two.title, two.authors, two.venue) == ("A Book", ("WHO",), "")
    assert (three.title, three.authors, three.year) == ("Plain text of it", ("Smith J", "Jones K"), 2003)
    assert four.title == "Four"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('<!DOCTYPE article [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><article>&b;</article>', UnsafeInput),
        ('<!DOCTYPE article [<!ENTITY f SYSTEM "file:///etc/hostname">]><article>&f;</article>', UnsafeInput),
        ("<article><front>", InvalidInput),
        ("<article " + "<a>" * 5, InvalidInput),
        ("<article>" + "<sec>" * 2_000 + "</sec>" * 2_000 + "</article>", InvalidInput),
        ("<html/>", InvalidInput),
        ("", InvalidInput),
    ],
)
def test_harmful_and_broken_xml_is_refused_in_words(tmp_path: Path, text: str, error: type[EvidenseError]) -> None:
    with pytest.raises(error, match=r"a\.nxml"):
        PART.read(write(tmp_path, text))


def test_an_article_without_anything_is_empty_not_an_error(tmp_path: Path) -> None:
    assert PART.read(write(tmp_path, "<article/>")).references == ()


def test_thirty_real_articles_have_the_titles_of_their_xml(shared_data: Path) -> None:
    from lxml import etree

    n_titles = 0
    for path in sorted((shared_data / "jats").glob("*.nxml")):
        document, tree = PART.read(path), etree.parse(path)
        spans = [b.span for b in document.blocks] + [c.sentence for c in document.citations]
        spans += [r.span for r in document.references if r.span]
        assert all(document.text[s.start : s.end] == s.quote for s in spans)
        assert document.licence.startswith("CC BY")
        assert {key for c in document.citations for key in c.keys} <= {r.key for r in document.references}
        assert len(list(tree.iter("ref"))) == len(document.references)
        for ref, reference in zip(tree.iter("ref"), document.references, strict=True):
            title = next((t for tag in ("article-title", "chapter-title", "source") for t in ref.iter(tag)), None)
            if title is not None:
                assert reference.title == " ".join("".join(title.itertext()).split())
                n_titles += 1
    assert n_titles == 996


def test_annotated_evidence_is_found_in_the_text(shared_data: Path) -> None:
    articles = {path.stem: "".join(words(PART.read(path).text)) for path in (shared_data / "jats").glob("*.nxml")}
    with (shared_data / "evidence_inference" / "evidence_inference_annotations.csv").open(newline="") as file:
        found = [
            "".join(words(row["Annotations"])) in articles[f"PMC{row['PMCID']}"]
            for row in csv.DictReader(file)
            if f"PMC{row['PMCID']}" in articles and row["Annotations"].strip()
        ]
    assert len(found) == 61
    assert sum(found) / len(found) >= 0.95
