"""Canonical text: always NFC with single spaces, and every place in it leads back to where it came from."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evidense.texts.canonical import canonical, unseen, vocabulary
from evidense.texts.manuscript import Manuscript, numbers_of

RAW = st.text(
    st.sampled_from("abA1 -.\n\t\r\u0301\u0327é\u200b\u202e\ufffe\x02\x00\u1100\u1161\u11a8Å\u00ad\u212b") | st.characters(),
    max_size=60,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@example("\x1f\x020")
@given(RAW)
def test_the_text_is_in_one_form_and_places_lead_back_in_order(raw: str) -> None:
    text = canonical(raw)
    assert unicodedata.is_normalized("NFC", text.text)
    assert "  " not in text.text
    assert text.text == text.text.strip()
    places = [text.raw_place(place) for place in range(len(text.text) + 1)]
    assert places == sorted(places)
    assert all(0 <= text.place(place) <= len(text.text) for place in range(len(raw) + 1))
    assert canonical(text.text).text == text.text


@settings(max_examples=300, deadline=None)
@given(st.lists(RAW, max_size=6), st.data())
def test_every_span_of_a_manuscript_is_its_quote(raws: list[str], data: st.DataObject) -> None:
    manuscript = Manuscript(vocabulary(" ".join(raws)))
    for raw in raws:
        kind = data.draw(st.sampled_from(["title", "heading", "paragraph", "item", None]))
        written = manuscript.add(kind, raw)  # type: ignore[arg-type]
        if written is not None:
            manuscript.cite(written, [(data.draw(st.integers(0, len(raw))), ("k",))])
    spans = [block.span for block in manuscript.blocks] + [citation.sentence for citation in manuscript.citations]
    assert all(manuscript.text[span.start : span.end] == span.quote for span in spans)
    assert unicodedata.is_normalized("NFC", manuscript.text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("retrie\ufffeval", "retrieval"),
        ("retrie-\nval", "retrieval"),
        ("Smith-\nJones", "Smith-Jones"),
        ("10.1007/3\ufffe540", "10.1007/3-540"),
        ("two\ufffecolumn and two-column", "two-column and two-column"),
        ("a \u200b b", "a b"),
        ("e\u200b\u0301", "é"),
        ("x\u0000y\x1b[31m", "xy[31m"),
    ],
)
def test_hyphens_at_line_ends_and_unseen_characters(raw: str, text: str) -> None:
    assert canonical(raw, vocabulary(raw)).text == text


def test_a_place_in_the_raw_text_is_found_again() -> None:
    raw = "A  \u202e retrie-\nval e\u0301t model"
    text = canonical(raw)
    for word in ("model", "val"):
        assert text.text[text.place(raw.index(word)) :].startswith(word)
        assert raw[text.raw_place(text.text.index(word)) :].startswith(word)


def test_unseen_text_is_named_but_not_what_typesetting_needs() -> None:
    assert unseen("a\u00adb\ufeffc") == []
    assert unseen("a\u202eb\u200bc\U000e0041") == ["\u202e", "\u200b", "\U000e0041"]


def test_ranges_of_numbers_are_written_out() -> None:
    assert numbers_of("1, 4–6") == ("1", "4", "5", "6")
    assert numbers_of("9-1") == ()
