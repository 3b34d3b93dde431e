"""Sentences: every span quotes its text, and abbreviations, citations, numbers and initials stay whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.texts.sentences import sentences

PIECES = st.lists(
    st.sampled_from(
        [
            "Fig. 3",
            "e.g.",
            "A.",
            "et al.",
            "(2020)",
            "[3]",
            "0.5",
            "!",
            "?",
            ".",
            "…",
            " ",
            "\n\n",
            "\n",
            "We",
            "do",
            "ﬁne",
            "\u00ad",
            "”",
            "é",
        ]
    ),
    max_size=30,
)


@given(st.one_of(st.text(max_size=80), PIECES.map(" ".join), PIECES.map("".join)))
def test_every_span_quotes_its_text_and_nothing_but_spaces_is_left_out(text: str) -> None:
    spans = sentences(text)
    assert all(text[s.start : s.end] == s.quote and s.quote.strip() == s.quote and s.quote for s in spans)
    ends = [0, *(place for s in spans for place in (s.start, s.end)), len(text)]
    assert ends == sorted(ends)
    between = [text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]
    assert not "".join(between).strip()


@pytest.mark.parametrize(
    "text",
    [
        "See Fig. 3 and Eq. (4).|It holds.",
        "Smith et al. (2020) agree.|Others do not.",
        "As J. R. Smith says, yes.|No.",
        "The value is 0.5, i.e. half of it.|Then 3.2 points were lost.",
        "It works [3].|It fails [4, 5].",
        "It works.[3]|It fails.",
        "It works. [3], [4] [@lee; @cho]|It fails. [5].|It is [6].|[7] is late.",
        "As Lee et al. [3] BERT wins.|It rains. [4]",
        "“Is it true?” asked the reader.|It is.",
        "We used vitamin C.|It helped.",
        "Compare U.S. farms with others, e.g. those of Peru.|They differ.",
        "No. 5 was best.|P. falciparum was found.",
        "Results were clear!|Why?|Nobody knows…|We ask.",
        "First paragraph without a stop|Second paragraph.",
        "Dr. Lee, Ph.D. students and St. Mary's took part.|All stayed.",
        "The gain (p < .05) is large.|(It was not planned.)|The rest is noise.",
        "It was seen in plants, animals, etc.|The rest was lost.",
        "E. coli grows at 37 °C.|Yeast vs. mould was not tested.",
        "The method of Lee et al. is slow.|Ours is not.",
        "We follow Lee et al.|We differ in one step.",
        "Version 2.1.3 was used.|See https://example.org/a.b?c=d. It is online.",
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    if "https" in text:
        text = text.replace(" It is online.", "|It is online.")
    if "paragraph" in text:
        expected, text = text.split("|"), text.replace("|", "\n\n")
    else:
        expected, text = text.split("|"), text.replace("|", " ")
    assert [s.quote for s in sentences(text)] == expected
