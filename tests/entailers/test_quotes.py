"""Quotations are located exactly, up to spaces and ligatures, or nearly; what a number or a negation apart is no quotation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.entailers._quotes import located

TEXT = "We ﬁnd that tuning did not improve\nrecall@10 by 13.25 points. The insignificant effect was seen in ten of twelve data sets of the whole benchmark."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("did not improve\nrecall@10 by 13.25 points", True),
        ("We find that tuning did not improve recall@10", True),
        ("We find that tuning did not im- prove recall@10", False),
        ("significant effect was seen in ten", False),
        ("The insignificant effect was seen in ten of twelve datasets of the whole benchmark.", True),
        ("The insignificant effect was seen in ten of twelve data sets of the whole benchmark.", True),
        ("The insignificant efect was seen in ten of twelve data sets of the whole benchmark.", True),
        ("The significant effect was seen in ten of twelve data sets of the whole benchmark.", False),
        ("The insignificant effect was seen in six of twelve data sets of our whole benchmark.", False),
        ("We find that tuning did improve recall@10 by 13.25 points. The insignificant effect was seen in ten of twelve data sets", False),
        ("We find that tuning did not improve recall@10 by 13.35 points. The insignificant effect was seen in ten of twelve", False),
        ("recall@10 by 13.2", False),
        ("tuning", False),
        ("", False),
    ],
)  # fmt: skip
def test_a_quotation_is_found_or_not(quote: str, found: bool) -> None:
    span = located(quote, TEXT)
    assert (span is not None) == found
    if span is not None:
        assert TEXT[span.start : span.end] == span.quote


@given(text=st.text(max_size=120), start=st.integers(0, 100), size=st.integers(0, 80), other=st.text(max_size=60))
def test_a_span_holds_its_own_words(text: str, start: int, size: int, other: str) -> None:
    for quote in (text[start : start + size], other):
        span = located(quote, text)
        assert span is None or text[span.start : span.end] == span.quote
