"""The reason of an UNDECIDED verdict says what is still possible, and never a loss that the interval rules out."""

from dataclasses import replace

from evidense.compute.comparison.decision import reason_of
from evidense.stats import planted_estimate


def reason(*, low: float, high: float, n_groups: int) -> str:
    estimate = planted_estimate(0.0, 0)
    estimate = replace(estimate, low=low, high=high, n_clusters=n_groups, n_groups=n_groups)
    return reason_of(estimate, "UNDECIDED", 0.02)


def test_few_groups_may_miss_a_kind_of_query() -> None:
    said = reason(low=-0.015, high=0.03, n_groups=50)
    assert said.startswith(
        "the interval shows no loss beyond .02, but 50 different queries are too few to rely on that: a kind that makes up 7.1 % of all"
    )


def test_a_loss_that_is_ruled_out_is_not_called_possible() -> None:
    assert reason(low=-0.015, high=0.03, n_groups=200).startswith(
        "no loss beyond .02; a gain of up to .030 is still possible"
    )


def test_a_loss_that_is_not_ruled_out_is_named() -> None:
    assert reason(low=-0.05, high=0.03, n_groups=200).startswith("a loss of up to .050 is still possible")


def test_fewer_queries_than_show_all_kinds_can_only_show_a_gain() -> None:
    """183 groups rule out a loss of a kind that was missed; what fewer can decide is a difference."""
    estimate = replace(
        planted_estimate(0.0, 0),
        effect=0.09,
        low=-0.015,
        high=0.195,
        standard_error=0.05,
        n=80,
        n_clusters=80,
        n_groups=80,
    )
    said = reason_of(estimate, "UNDECIDED", 0.02)
    assert "183 are needed at this margin, or a gain that is shown; about " in said
    assert " queries would show a gain (" in said
    assert "settle" not in said
