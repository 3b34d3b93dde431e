"""The promise of every claim on the shelf: it finds what is planted, and does not find what is not."""

import math
from dataclasses import replace
from typing import get_args

import pytest

from evidense import registry
from evidense.parts import Claim, ClaimVerdict, Decision

NAMES = list(registry.summaries("claims"))


@pytest.fixture(params=NAMES)
def claim(request: pytest.FixtureRequest) -> Claim:
    part: Claim = registry.part("claims", request.param)
    return part


def test_the_shelf_is_not_empty() -> None:
    assert {"helps", "harms", "same"} <= set(NAMES)


def test_it_keeps_the_contract(claim: Claim) -> None:
    assert isinstance(claim, Claim)
    assert claim.sentence.endswith(".")
    assert claim.source


def test_what_is_planted_is_found(claim: Claim) -> None:
    found = [claim.decide(claim.true_world(seed)).verdict for seed in range(20)]
    assert found.count("HOLDS") >= 16
    assert found.count("FAILS") <= 1


def test_what_is_not_there_is_not_upheld(claim: Claim) -> None:
    assert [claim.decide(claim.false_world(seed)).verdict for seed in range(20)].count("HOLDS") <= 1


def test_a_decision_gives_its_reason(claim: Claim) -> None:
    for world in (claim.true_world(0), claim.false_world(0)):
        decision = claim.decide(world)
        assert isinstance(decision, Decision)
        assert decision.verdict in get_args(ClaimVerdict)
        assert decision.reason
        assert not decision.reason.endswith(".")


def test_worlds_repeat_at_their_seed(claim: Claim) -> None:
    assert claim.true_world(3) == claim.true_world(3)
    assert claim.true_world(3) != claim.true_world(4)


def test_too_few_clusters_decide_nothing(claim: Claim) -> None:
    world = claim.true_world(0)
    few = replace(world, estimate=replace(world.estimate, n_clusters=19))
    assert claim.decide(few).verdict == "UNDECIDED"


def test_an_interval_of_everything_decides_nothing(claim: Claim) -> None:
    world = claim.true_world(0)
    wide = replace(world, estimate=replace(world.estimate, effect=0.0, low=-math.inf, high=math.inf))
    assert claim.decide(wide).verdict == "UNDECIDED"


def test_the_three_claims_say_what_the_rule_says() -> None:
    from evidense.stats import label

    held_by = {"HELPS": "helps", "HARMS": "harms", "SAME": "same", "IDENTICAL": "same"}
    base = registry.part("claims", "same").true_world(0)
    ends = [-0.05, -0.02, -0.01, 0.0, 0.01, 0.02, 0.05]
    for low, high in [(a, b) for a in ends for b in ends if a <= b]:
        evidence = replace(base, estimate=replace(base.estimate, effect=(low + high) / 2, low=low, high=high))
        holding = [
            n for n in ("helps", "harms", "same") if registry.part("claims", n).decide(evidence).verdict == "HOLDS"
        ]
        word = label(evidence.estimate, evidence.margin)
        assert holding == ([held_by[word]] if word in held_by else [])
