"""Quantities: numbers are read as people write them, and two of them agree where one may be the other."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidense.checking.quantities import agree, is_bound_dropped, quantities


def _one(text: str):  # type: ignore[no-untyped-def]
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("45 %", "45 percent"), ("45%", ".45"), (".0451", ".045"), ("1,200 patients", "1200 participants"), ("half", "50%"), ("two-fold", "twice"),
        ("twofold", "2-fold"), ("fourteen mice", "14 mice"), ("1.5 million people", "1,500,000 people"), ("3 × 10⁻⁵", "0.00003"), ("110M", "110 million"),
        ("5.1 ± 0.3 mg", "5.1 mg"), ("12.5–14.0 mg", "12.5 to 14.0 mg"), ("p < 0.01", "P<.01"), ("about 45%", "44.6%"), ("·5 kg", "0.5 kg"),
        ("two thirds", "67%"), ("3 hrs", "3 hours"), ("1 hr", "1 h"), ("20 mins", "20 min"),
    ],
)  # fmt: skip
def test_equal_quantities_agree_in_both_orders(one: str, other: str) -> None:
    assert agree(_one(one), _one(other))
    assert agree(_one(other), _one(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("45%", "54%"), ("45%", "4.5%"), ("0.451", "0.46"), ("5 mg", "5 kg"), ("at least 40%", "at most 40%"), ("up to 93%", "up to 6%"), ("−5 °C", "5 °C"),
        ("p < 0.05", "p > 0.05"), ("3-fold", "30-fold"), ("12–14 mg", "12–15 mg"), ("p = 0.04", "0.04"), ("half", "a third"), ("110M", "340M"),
    ],
)  # fmt: skip
def test_other_quantities_do_not(one: str, other: str) -> None:
    assert not agree(_one(one), _one(other))
    assert not agree(_one(other), _one(one))


def test_a_bound_bears_out_what_lies_within_it_alone() -> None:
    assert agree(_one("more than 40%"), _one("45%"))
    assert not agree(_one("more than 50%"), _one("45%"))
    assert is_bound_dropped(_one("45%"), _one("up to 45%"))
    assert not is_bound_dropped(_one("up to 45%"), _one("45%"))


@pytest.mark.parametrize(
    "text", ["IL-6", "p53", "BM25 and COX-2", "R@10", "a 3D model", "the 5th", "no numbers", "one of them", ""]
)
def test_digits_of_names_are_no_quantities(text: str) -> None:
    assert quantities(text) == ()


def test_a_number_after_a_year_is_read() -> None:
    assert [q.low for q in quantities("from 26.5% in 1990 to 17.6% in 2015")] == [26.5, 1990, 17.6, 2015]


@example("0±–1")
@example("1 × 10^99999999")
@example("9" * 400 + " ± " + "9" * 400)
@given(st.text("0123456789.,%±<>-–×^ eEpmgk()half to", max_size=60))
def test_every_quantity_is_a_stretch_of_its_text(text: str) -> None:
    found = quantities(text)
    assert all(text[q.start : q.end] == q.quote and q.low <= q.high for q in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(agree(q, q) for q in found)
