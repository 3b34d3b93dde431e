"""Plain reports: the seed report and others, with their claims, sections, citations and references."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.errors import InvalidInput
from evidense.readers.plain import PART, plain_document
from evidense.values import ReadDocument


def spans_hold(document: ReadDocument) -> bool:
    spans = [block.span for block in document.blocks] + [citation.sentence for citation in document.citations]
    spans += [reference.span for reference in document.references if reference.span]
    return all(document.text[span.start : span.end] == span.quote for span in spans)


def test_the_seed_report_is_read_whole(shared_data: Path) -> None:
    document = registry.read(shared_data / "seed_report.txt")
    assert document.format == "plain"
    assert document.title.startswith("Alignment-Driven Fine-Tuning")
    claims = [block.span.quote for block in document.blocks if block.kind == "item"]
    assert len(claims) == 6
    assert claims[0].endswith("untrained backbone coun")
    headings = [block.span.quote for block in document.blocks if block.kind == "heading"]
    assert headings == ["Abstract", "1 Introduction", "2 Methodology", "3 Results", "4 Limitations", "5 Extracted Claims", "References"]  # fmt: skip
    assert [r.identifiers["arxiv"] for r in document.references] == ["2402.11690", "2204.10641", "2505.07166"]
    assert [r.key for r in document.references] == ["1", "2", "3"]
    assert document.citations == ()
    assert spans_hold(document)


def test_numbered_references_and_their_citations_are_read() -> None:
    document = plain_document(
        "plain",
        "A report\n\nFindings\n\nModels improve [1, 2]. Others do not.\n\n- one finding [2]\n- another\n\nReferences\n"
        '[1] A. Vaswani and N. Shazeer, "Attention is all you need," NIPS, 2017.\n'
        "[2] Smith J, Jones K (2019). A study of things\n    cut in two. Journal of Things. doi:10.1000/\n    182-a\n",
        (),
    )
    assert [(c.sentence.quote, c.keys) for c in document.citations] == [
        ("Models improve [1, 2].", ("1", "2")),
        ("one finding [2]", ("2",)),
    ]
    one, two = document.references
    assert (one.key, one.title, one.authors, one.year) == ("1", "Attention is all you need", ("A. Vaswani", "N. Shazeer"), 2017)  # fmt: skip
    assert (two.title, two.authors, two.identifiers) == ("A study of things cut in two", ("Smith J", "Jones K"), {"doi": "10.1000/182-a"})  # fmt: skip
    assert [block.section for block in document.blocks if block.kind == "item"] == ["Findings", "Findings"]
    assert spans_hold(document)


def test_a_report_without_references_has_none() -> None:
    document = plain_document("plain", "Title\n\nOnly text here.", ())
    assert (document.title, document.references) == ("Title", ())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Barn owls hunt mice at night. They rest by day.", ["paragraph"]),
        ("Barn owls hunt mice at night", ["paragraph"]),
        ("Barn owls hunt mice at night.\n\nThey rest by day.", ["paragraph", "paragraph"]),
        ("Barn owls hunt mice at night [1]\n\nReferences\n[1] A. Bell. Owls at night. 2001.", ["paragraph", "heading"]),
        ("Do barn owls hunt at night?\n\nThey rest by day.", ["title", "paragraph"]),
        ("Barn owls at night\n\nReferences\n[1] A. Bell. Owls at night. 2001.", ["title", "heading"]),
    ],
)  # fmt: skip
def test_a_first_line_that_ends_as_a_sentence_or_is_all_there_is_is_text(text: str, kinds: list[str]) -> None:
    document = plain_document("plain", text, ())
    assert [block.kind for block in document.blocks] == kinds
    assert spans_hold(document)


def test_text_that_nobody_sees_is_left_out_and_listed() -> None:
    document = plain_document("plain", "Title\n\nIgnore\u202e this\U000e0041.", ())
    assert "\u202e" not in document.text
    assert [hidden.quote for hidden in document.hidden] == ["\u202e", "\U000e0041"]


@pytest.mark.parametrize("data", [b"", b" \n", b"\x00\x01"])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.txt").write_bytes(data)
    with pytest.raises(InvalidInput):
        PART.read(tmp_path / "r.txt")


LINE = st.text(st.sampled_from("aA1 .,-|[]\t\ufffe\u0301\u200b(“”:;é") | st.characters(), max_size=40)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(LINE | st.sampled_from(["", "References", "- x", "[1] A. B. Title. 2019.", "a\tclaim\tb"]), max_size=20)
)
def test_every_span_is_its_quote_whatever_the_text(lines: list[str]) -> None:
    assert spans_hold(plain_document("plain", "\n".join(lines), ()))
