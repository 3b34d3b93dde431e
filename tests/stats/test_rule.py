from dataclasses import replace

import numpy as np
import pytest

from evidense.boundary.numerals import short
from evidense.errors import InvalidInput
from evidense.stats import Estimate, advice, label
from evidense.stats.rule import identical_sentence, margin_seen, rules_out_loss, sees_all, unseen_sentence

BASE = Estimate(0.0, -0.01, 0.01, 0.5, 0.5, 0.005, 200, 200, "made by hand", 60, 80, 60, 0.5, 0.0)


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
def test_label_follows_the_rule(low: float, high: float, expected: str) -> None:
    assert label(replace(BASE, effect=(low + high) / 2, low=low, high=high), 0.02) == expected


def test_fewer_than_twenty_clusters_decide_nothing() -> None:
    assert label(replace(BASE, n_clusters=19), 0.02) == "UNDECIDED"
    gain = replace(BASE, effect=0.1, low=0.05, high=0.15)
    assert label(replace(gain, n_clusters=19), 0.02) == "UNDECIDED"
    assert label(replace(gain, n_clusters=20), 0.02) == "HELPS"
    assert label(replace(BASE, n_clusters=19, win=0, tie=200, loss=0), 0.02) == "UNDECIDED"
    assert label(replace(BASE, n_clusters=20, win=0, tie=200, loss=0), 0.02) == "IDENTICAL"


def test_same_requires_enough_queries_to_contain_every_kind_that_matters() -> None:
    """Of 182 queries a kind that makes up 2.007 % is missing in 2.5 % of samples: .98^182 = .0253, .98^183 = .0248."""
    assert [label(replace(BASE, n_clusters=n), 0.02) for n in (182, 183)] == ["UNDECIDED", "SAME"]
    assert [label(replace(BASE, n_clusters=n, low=-0.1, high=0.1), 0.1) for n in (35, 36)] == ["UNDECIDED", "SAME"]
    assert (
        label(replace(BASE, n_clusters=70, n_groups=200), 0.02) == "SAME"
    )  # an overlap: 200 queries that are not alike
    assert "183 are needed at this margin" in unseen_sentence(50, 0.02, 50)
    assert unseen_sentence(183, 0.02, 183) == ""


@pytest.mark.parametrize("n_groups", [20, 36, 113, 150, 182])
def test_the_margin_that_is_advised_for_identical_values_is_the_smallest_hundredth_that_suffices(n_groups: int) -> None:
    advised = margin_seen(n_groups)
    assert sees_all(n_groups, advised)
    assert not sees_all(n_groups, advised - 0.01)
    assert f"use --margin {short(advised)}, " in identical_sentence(n_groups, 0.02, n_groups)


@pytest.mark.parametrize(
    ("low", "n", "passes"),
    [(-0.01, 100, False), (-0.01, 183, True), (0.001, 30, True), (0.0, 60, False), (-0.03, 500, False)],
)
def test_no_harm_requires_a_gain_or_enough_queries(low: float, n: int, passes: bool) -> None:
    assert rules_out_loss(low, 0.5, n, 0.02) == passes
    assert sees_all(n, 0.02) == (n >= 183)


def test_baseline_with_nothing_to_lose_is_undecided() -> None:
    at_zero = replace(BASE, effect=0.0, low=0.0, high=0.0, win=0, tie=200, loss=0, base_mean=0.0)
    nearly = replace(BASE, effect=0.001, low=-0.015, high=0.01, base_mean=0.015)
    assert [label(e, 0.02) for e in (at_zero, nearly)] == ["UNDECIDED", "UNDECIDED"]
    assert label(replace(nearly, low=-0.01), 0.02) == "SAME"  # the data rule the loss out, not the floor
    assert label(replace(at_zero, effect=0.1, low=0.05, high=0.15, win=200, tie=0), 0.02) == "HELPS"
    assert advice(at_zero, 0.02) is None


def test_a_margin_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"margin is -0\.1"):
        label(BASE, -0.1)
    with pytest.raises(InvalidInput, match="nan"):
        label(BASE, float("nan"))


def test_advice_is_none_if_decided_or_if_no_number_would_decide() -> None:
    undecided = replace(BASE, effect=-0.013, low=-0.055, high=0.029, standard_error=0.021, n=96, n_clusters=96)
    assert advice(BASE, 0.02) is None
    assert advice(replace(undecided, effect=0.0, standard_error=0.0), 0.0) is None
    found = advice(undecided, 0.02)
    assert found is not None
    assert found.low <= found.about <= found.high


def test_advice_allows_for_twenty_clusters_and_more_for_same() -> None:
    gain = replace(BASE, effect=0.2, low=0.15, high=0.25, standard_error=0.025, n=100, n_clusters=10)
    found = advice(gain, 0.02)
    assert found is not None
    assert found.about == 200
    found = advice(replace(BASE, low=-0.001, high=0.001, standard_error=0.0005, n=100, n_clusters=100), 0.02)
    assert found is not None
    assert 180 <= found.about <= 190


def test_that_many_queries_decide_half_of_the_time() -> None:
    """Over true effects of any size: the middle of the advice gives an even chance, its ends 20 and 80 %."""
    rng = np.random.default_rng(0)
    decided: dict[str, list[bool]] = {"low": [], "about": [], "high": []}
    while len(decided["about"]) < 500:
        truth, n = rng.uniform(-0.15, 0.15), int(rng.choice([100, 400]))
        se = 0.25 / np.sqrt(n)
        effect = rng.normal(truth, se)
        one = replace(
            BASE, effect=effect, low=effect - 1.97 * se, high=effect + 1.97 * se, standard_error=se, n=n, n_clusters=n
        )
        found = advice(one, 0.02)
        if found is None:
            continue
        for which, seen in decided.items():
            more = max(getattr(found, which), n)
            se = 0.25 / np.sqrt(more)
            effect = rng.normal(truth, se)
            again = replace(
                one, effect=effect, low=effect - 1.97 * se, high=effect + 1.97 * se, n=more, n_clusters=more
            )
            seen.append(label(again, 0.02) != "UNDECIDED")
    shares = {which: float(np.mean(seen)) for which, seen in decided.items()}
    assert 0.45 <= shares["about"] <= 0.55
    assert 0.1 <= shares["low"] <= 0.3
    assert 0.7 <= shares["high"] <= 0.9
