"""Criteria: what each line means, what records do not tell, and which lines contradict each other."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.searching.criteria import criteria_of, read_criteria
from evidense.values import Notice, Work

TEXT = """
# what the review is about
include: about dense retrieval: dense retrieval | bi-encoder | embedding*
exclude: speech: speech | audio
exclude: year < 2018
exclude: kind: dataset | software
"""


def work(
    title: str = "On Dense Retrieval", abstract: str = "We retrieve.", year: int | None = 2020, **more: object
) -> Work:
    return Work("x", {}, title, year=year, abstract=abstract, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hit", "record", "text"),
    [
        (work(), "", ""),
        (work(year=2017), "year < 2018", ""),
        (work(year=None), "", ""),
        (work(kind="dataset"), "kind: dataset, software", ""),
        (work(title="Bi-Encoders"), "", ""),
        (work(title="Embeddings of words"), "", ""),
        (work(title="Sparse retrieval"), "", "not about dense retrieval"),
        (work(title="Sparse retrieval", abstract=""), "", ""),
        (work(abstract="Of Speech."), "", "speech"),
        (work(abstract="Of speechless people."), "", ""),
    ],
)
def test_each_exclusion_has_its_reason(hit: Work, record: str, text: str) -> None:
    criteria = criteria_of(TEXT)
    assert criteria.reason(hit, about_text=False) == record
    assert criteria.reason(hit, about_text=True) == text


def test_a_work_is_included_only_where_every_inclusion_is_known_to_hold() -> None:
    criteria = criteria_of(TEXT + "include: year >= 2018")
    assert criteria.is_included(work())
    assert not criteria.is_included(work(year=None))
    assert not criteria.is_included(work(title="Sparse", abstract=""))
    assert not criteria_of("exclude: year < 2018").is_included(work())


def test_retracted_and_without_abstract() -> None:
    criteria = criteria_of("exclude: retracted\nexclude: no abstract")
    assert criteria.reason(work(notices=(Notice("retraction"),)), about_text=False) == "retracted"
    assert criteria.reason(work(notices=(Notice("concern"),)), about_text=False) == ""
    assert criteria.reason(work(abstract=""), about_text=False) == "no abstract"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("include: year >= 2020\nexclude: year > 2018", "lines 1 and 2 leave no year"),
        ("include: year < 2010\ninclude: year > 2015", "lines 1 and 2 leave no year"),
        (
            "include: dense: dense retrieval\nexclude: retrieval: retriev*",
            "line 1 includes 'dense', whose every word line 2 excludes",
        ),
        ("include: retracted\nexclude: retracted", "line 1 includes and line 2 excludes 'retracted'"),
        (
            "include: kind: preprint\nexclude: kind: preprint | dataset",
            "line 1 includes and line 2 excludes kind: preprint",
        ),
        ("dense", "line 1: 'dense' begins neither"),
        ("include:", "line 1"),
        ("include: dense", "line 1: 'dense' names no words"),
        ("include: dense: | ", "line 1: 'dense: |' names no words"),
        ("# nothing", "holds no criterion"),
    ],
)
def test_what_cannot_be_met_or_read_is_refused_with_its_lines(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match="criteria") as refused:
        criteria_of(text)
    assert words in str(refused.value)


def test_criteria_that_only_overlap_are_taken() -> None:
    words = criteria_of("include: dense: dense retrieval | embeddings\nexclude: retrieval: retrieval")
    years = criteria_of("include: year >= 2018\nexclude: year > 2020")
    assert [line.effect for line in (*words.lines, *years.lines)] == ["include", "exclude"] * 2


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_file_is_read_or_refused(text: str, abstract: str) -> None:
    try:
        criteria = criteria_of(text)
    except InvalidInput:
        return
    criteria.reason(work(abstract=abstract), about_text=True)


def test_a_file_is_named_in_its_refusal(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("what?")
    with pytest.raises(InvalidInput, match=r"mine\.txt"):
        read_criteria(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exclude: yer < 3", "line 1: unknown field 'yer' in 'yer < 3'; only year is compared"),
        ("exclude: year < 3", "line 1: 'year < 3' compares the year with no year of four digits"),
    ],
)
def test_a_comparison_that_there_is_not_is_named(line: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)):
        criteria_of(line)


def test_a_name_may_hold_a_sign_of_comparison() -> None:
    assert criteria_of("include: p < .05: significant").lines[0].terms == ("significant",)
