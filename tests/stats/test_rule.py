from dataclasses import replace

import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.stats import Differences, Estimate, label, queries_to_decide, simultaneous

BASE = Estimate(0.0, -0.01, 0.01, 0.5, 0.5, 0.005, 100, 100, "made by hand", 30, 40, 30, 0.5, 0.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.01, 0.01, "SAME"),
        (-0.02, 0.02, "SAME"),  # the margin itself belongs to SAME
        (0.005, 0.015, "SAME"),  # a gain too small to matter is SAME, not HELPS
        (-0.015, -0.005, "SAME"),
        (0.005, 0.03, "HELPS"),
        (-0.03, -0.005, "HARMS"),
        (0.0, 0.03, "UNDECIDED"),
        (-0.03, 0.0, "UNDECIDED"),
        (-0.021, 0.01, "UNDECIDED"),
        (-0.05, 0.05, "UNDECIDED"),
    ],
)
def test_the_rule(low: float, high: float, expected: str) -> None:
    assert label(replace(BASE, effect=(low + high) / 2, low=low, high=high), 0.02) == expected


def test_fewer_than_twenty_clusters_decide_nothing() -> None:
    assert label(replace(BASE, n_clusters=19), 0.02) == "UNDECIDED"
    assert label(replace(BASE, n_clusters=20), 0.02) == "SAME"
    assert label(replace(BASE, n_clusters=19, win=0, tie=100, loss=0), 0.02) == "UNDECIDED"
    assert label(replace(BASE, n_clusters=20, win=0, tie=100, loss=0), 0.02) == "IDENTICAL"


def test_baseline_with_nothing_to_lose_gives_no_all_clear() -> None:
    at_zero = replace(BASE, effect=0.0, low=0.0, high=0.0, win=0, tie=100, loss=0, least=0.0, most=1.0)
    nearly = replace(BASE, effect=0.001, low=-0.015, high=0.01, least=-0.015, most=0.985)
    assert [label(e, 0.02) for e in (at_zero, nearly)] == ["UNDECIDED", "UNDECIDED"]
    assert label(replace(nearly, low=-0.01), 0.02) == "SAME"  # the data rule the loss out, not the floor
    assert label(replace(at_zero, effect=0.1, low=0.05, high=0.15, win=100, tie=0), 0.02) == "HELPS"
    assert queries_to_decide(at_zero, 0.02) is None


def test_a_margin_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"margin is -0\.1"):
        label(BASE, -0.1)
    with pytest.raises(InvalidInput, match="nan"):
        label(BASE, float("nan"))


def test_queries_to_decide() -> None:
    undecided = replace(BASE, effect=-0.013, low=-0.055, high=0.029, n=96, n_clusters=96)
    assert queries_to_decide(undecided, 0.02) == 1100  # 96 · (.042 / .013)² = 1002, two digits, rounded up
    assert queries_to_decide(BASE, 0.02) is None  # decided already
    assert queries_to_decide(replace(undecided, effect=0.0), 0.0) is None  # nothing would do


def test_a_decision_wants_twenty_clusters_too() -> None:
    assert queries_to_decide(replace(BASE, n=100, n_clusters=10), 0.02) == 200


def test_that_many_queries_decide_about_half_of_the_time() -> None:
    rng = np.random.default_rng(0)
    decided = []
    for seed in range(60):
        values = rng.normal(0.03, 0.25, (1, 100))
        one = simultaneous([Differences(values, np.arange(100))], n_resamples=499, seed=seed)[0][0]
        more = queries_to_decide(one, 0.02)
        if more is None:
            continue
        again = rng.choice((values[0] - values.mean()) + one.effect, (1, min(more, 20_000)))
        e = simultaneous([Differences(again, np.arange(again.shape[1]))], n_resamples=499, seed=seed)[0][0]
        decided.append(label(e, 0.02) != "UNDECIDED")
    assert 0.3 <= np.mean(decided) <= 0.8
