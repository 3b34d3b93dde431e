"""The one axis of a page: order kept, margin seen, ticks apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.report.scale import APART, Scale

effects = st.floats(-1, 1, allow_nan=False)


@given(st.lists(effects, min_size=2, max_size=20), st.floats(0.001, 0.2))
def test_a_larger_effect_lies_further_right(values: list[float], margin: float) -> None:
    scale = Scale.over(values, margin)
    places = [scale.at(v) for v in sorted(values)]
    assert places == sorted(places)
    assert all(2 <= p <= 98 for p in places)
    start, width = scale.band
    assert start < scale.zero < start + width


@pytest.mark.parametrize("largest", [0.03, 0.3, 0.9])
def test_the_margin_can_be_seen_beside_any_effect(largest: float) -> None:
    scale = Scale.over([-largest, 0.01], 0.02)
    assert scale.band[1] > 15
    assert ("stretched" in scale.caption) is (largest > 0.1)


@given(st.lists(effects, min_size=1, max_size=8), st.floats(0, 0.2))
def test_tick_labels_keep_apart_and_zero_is_one_of_them(values: list[float], margin: float) -> None:
    ticks = Scale.over(values, margin).ticks
    assert "0" in [t.text for t in ticks]
    assert all(b.at - a.at >= APART - 0.02 for a, b in pairwise(ticks))
