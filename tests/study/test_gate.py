"""The gate on verdicts whose answer follows from the definition: an interval, a margin, a number of groups, a baseline's mean."""

from typing import Any

import pytest

from evidense.errors import UnknownName
from evidense.records import Verdict
from evidense.study.gates.gate import gate

MARGIN = 0.02
HARMS, LOSS_OPEN, TINY_LOSS, SAME, TINY_GAIN, GAIN, WIDE = (
    (-0.08, -0.03), (-0.05, 0.01), (-0.015, -0.005), (-0.01, 0.01), (0.005, 0.015), (0.01, 0.06), (-0.3, 0.4),
)  # fmt: skip
"""Intervals [low, high] against a margin of .02."""


def verdict(interval: tuple[float, float], **more: Any) -> Verdict:
    """A comparison on 500 queries in 400 groups, against a baseline whose mean is .5."""
    low, high = interval
    plain: dict[str, Any] = {"n_clusters": 400, "base_mean": 0.5, "details": {}, "verdict": "UNDECIDED", **more}
    return Verdict(
        claim="helps", system="new", baseline="old", collection="c", measure="nDCG@10", effect=(low + high) / 2, low=low,
        high=high, n=500, margin=MARGIN, system_mean=0.5, **plain,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("interval", "is_met", "is_met_with_undecided"),
    [
        (HARMS, False, False),
        (LOSS_OPEN, False, True),
        (WIDE, False, True),
        *((x, True, True) for x in (TINY_LOSS, SAME, TINY_GAIN, GAIN)),
    ],
)
def test_no_harm_is_met_where_a_loss_beyond_the_margin_is_ruled_out(
    interval: tuple[float, float], is_met: bool, is_met_with_undecided: bool
) -> None:
    row = verdict(interval)
    assert gate([row], "no-harm", MARGIN).passed is is_met
    assert gate([row], "no-harm", MARGIN, allow_undecided=True).passed is is_met_with_undecided


@pytest.mark.parametrize(
    ("interval", "is_met", "is_met_with_undecided"),
    [(HARMS, False, False), (LOSS_OPEN, False, True), *((x, False, False) for x in (TINY_LOSS, SAME, TINY_GAIN)), (GAIN, True, True)],
)  # fmt: skip
def test_helps_is_met_where_a_gain_is_shown_that_may_exceed_the_margin(
    interval: tuple[float, float], is_met: bool, is_met_with_undecided: bool
) -> None:
    row = verdict(interval)
    assert gate([row], "helps", MARGIN).passed is is_met
    assert gate([row], "helps", MARGIN, allow_undecided=True).passed is is_met_with_undecided


@pytest.mark.parametrize(("low", "is_met"), [(-0.0201, False), (-0.0199, True)])
def test_no_harm_turns_where_the_interval_crosses_the_margin(low: float, is_met: bool) -> None:
    assert gate([verdict((low, 0.05))], "no-harm", MARGIN).passed is is_met


@pytest.mark.parametrize(("n_clusters", "is_met"), [(19, False), (20, True)])
@pytest.mark.parametrize("name", ["no-harm", "helps"])
def test_no_gate_is_met_from_fewer_than_twenty_groups(name: str, n_clusters: int, is_met: bool) -> None:
    assert gate([verdict(GAIN, n_clusters=n_clusters)], name, MARGIN).passed is is_met


def test_too_few_groups_are_undecided_even_where_the_interval_harms() -> None:
    few = verdict(HARMS, n_clusters=19)
    (failure,) = gate([few], "no-harm", MARGIN).failures
    assert "too few to decide: 19 independent groups" in failure
    assert gate([few], "no-harm", MARGIN, allow_undecided=True).passed


@pytest.mark.parametrize(("n_groups", "is_met"), [(182, False), (183, True)])
def test_no_harm_without_a_gain_needs_enough_groups_to_have_seen_every_kind_of_query(
    n_groups: int, is_met: bool
) -> None:
    assert gate([verdict(SAME, n_clusters=n_groups)], "no-harm", MARGIN).passed is is_met
    as_groups = verdict(SAME, n_clusters=100, details={"n_groups": n_groups})
    assert gate([as_groups], "no-harm", MARGIN).passed is is_met


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (verdict(HARMS), "new on c: HARMS (−.055 [−.080, −.030])"),
        (verdict(LOSS_OPEN), "new on c: a loss of .050 is not ruled out (margin .02)"),
        (
            verdict(SAME, n_clusters=100),
            "new on c: the interval shows no loss beyond .02, but 100 different queries are too few to rely on that: a kind that makes up 3.6 %",
        ),
        (
            verdict((0.0, 0.0), n_clusters=100, verdict="IDENTICAL"),
            "new on c: identical on all 500 queries (100 different ones), but 183 are needed at a margin of .02: use --margin .04, or more",
        ),
    ],
)
def test_a_failure_says_which_system_where_and_why(row: Verdict, reason: str) -> None:
    (failure,) = gate([row], "no-harm", MARGIN).failures
    assert failure.startswith(reason)


def test_a_baseline_with_nothing_to_lose_meets_no_gate() -> None:
    floor = verdict((0.0, 0.0), base_mean=0.0)
    (failure,) = gate([floor], "no-harm", MARGIN).failures
    assert "no loss could show" in failure


def test_one_collection_that_fails_fails_the_gate_and_is_named() -> None:
    bad = Verdict(**{**vars(verdict(HARMS)), "collection": "d"})
    met = gate([verdict(GAIN), bad], "no-harm", MARGIN)
    assert (met.passed, bool(met), len(met.failures)) == (False, False, 1)
    assert met.failures[0].startswith("new on d: HARMS")


def test_verdicts_of_the_literature_are_not_held_against_a_gate_and_none_is_not_met() -> None:
    claim = verdict(HARMS, verdict="FAILS")
    assert not gate([claim], "no-harm", MARGIN)
    assert gate([claim, verdict(GAIN)], "no-harm", MARGIN)


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(UnknownName, match="no-harm"):
        gate([], "no harm at all", MARGIN)
