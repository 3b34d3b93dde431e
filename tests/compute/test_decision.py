"""The reason of an UNDECIDED verdict says what is still possible, and never a loss that the interval rules out."""

from dataclasses import replace

from evidense.compute.comparison.decision import reason_of
from evidense.stats import planted_estimate


def reason(*, low: float, high: float, n_groups: int) -> str:
    estimate = planted_estimate(0.0, 0)
    estimate = replace(estimate, low=low, high=high, n_clusters=n_groups, n_groups=n_groups)
    return reason_of(estimate, "UNDECIDED", 0.02)


def test_few_groups_may_miss_a_kind_of_query() -> None:
    assert "may be missing among 50" in reason(low=-0.015, high=0.03, n_groups=50)


def test_a_loss_that_is_ruled_out_is_not_called_possible() -> None:
    assert reason(low=-0.015, high=0.03, n_groups=200).startswith(
        "no loss beyond .02; a gain of up to .030 is still possible"
    )


def test_a_loss_that_is_not_ruled_out_is_named() -> None:
    assert reason(low=-0.05, high=0.03, n_groups=200).startswith("a loss of up to .050 is still possible")
