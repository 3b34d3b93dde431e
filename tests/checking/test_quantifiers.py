"""Quantifiers: of how many a sentence tells what a statement tells of all."""

import pytest

from evidense.checking.near import near_verdict
from evidense.checking.rules import mismatches

PARTS = (
    "most", "many", "some", "several", "few", "a few", "very few", "not all", "nearly all", "half of the", "half the", "most of the", "many of our",
    "a majority of", "the vast majority of", "a minority of", "a small number of", "a subset of", "a third of the", "two thirds of", "three quarters of",
    "two of nine", "one of the", "nine of the ten", "3 of 10", "3 out of 10", "one in five", "30 % of", "about 40 percent of the older", "1/3 of",
    "more than half of", "up to half of the", "only one of our five",
)  # fmt: skip


def _word(statement: str, passage: str) -> str | None:
    verdict = near_verdict(statement, passage)
    return verdict.word if verdict else None


@pytest.mark.parametrize("part", PARTS)
def test_what_holds_of_a_part_is_qualified_where_it_is_told_of_all(part: str) -> None:
    assert (
        _word("Nurses slept badly on the ward.", f"{part.capitalize()} nurses slept badly on the ward.") == "QUALIFIED"
    )
    found = mismatches("Short naps improved alertness in nurses.", f"Short naps improved alertness in {part} nurses.")
    assert [mismatch.rule for mismatch in found] == ["condition"]
    assert part in found[0].evidence


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Our model wins on the ten datasets.", "Our model wins on nine of the ten datasets."),
        ("Our five trials showed a loss of memory.", "One of our five trials showed a loss of memory."),
        ("Nurses slept badly on the ward.", "Nurses slept badly on the ward most of the time."),
    ],
)
def test_what_is_counted_may_keep_its_own_number(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "QUALIFIED"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Nurses slept badly.", "All nurses slept badly."),
        ("Some nurses slept badly.", "A third of nurses slept badly."),
        ("Two nurses slept badly.", "Two of nine nurses slept badly."),
        ("Aspirin is effective in pain.", "Aspirin is most effective in pain."),
        ("Naps help nurses on the ward.", "Most studies show that naps help nurses on the ward."),
    ],
)
def test_what_says_no_less_stays_supported(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "SUPPORTED"


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("Nurses slept badly.", "No nurses slept badly."),
        ("All nurses slept badly.", "Not all nurses slept badly."),
        ("Many nurses slept badly.", "Few nurses slept badly."),
        ("A majority of nurses slept badly.", "A minority of nurses slept badly."),
        ("Naps raised alertness in 2100 nurses.", "Naps raised alertness in 2000 nurses."),
        ("Women sleep more than men.", "Men sleep more than women."),
    ],
)
def test_what_cannot_both_be_true_stays_refuted(statement: str, passage: str) -> None:
    assert _word(statement, passage) == "REFUTED"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("among children", "among adults"),
        ("in young nurses", "in old nurses"),
        ("in smokers", "in non-smokers"),
        ("in 2021", "in 2019"),
        ("between 2001 and 2004", "between 2005 and 2009"),
    ],
)
def test_other_people_or_another_year_refute_nothing(one: str, other: str) -> None:
    for here, there in ((one, other), (other, one)):
        assert _word(f"Naps raised alertness {here}.", f"Naps raised alertness {there}.") == "SCOPE DIFFERS"
