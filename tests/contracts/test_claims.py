"""The promise of every claim on the shelf: it finds what is planted, and does not find what is not."""

import math
import re
from dataclasses import replace
from typing import get_args

import pytest

from evidense import registry
from evidense.claims._literature import decide_level
from evidense.errors import InvalidInput
from evidense.parts import Claim, ClaimVerdict, Decision, Hypothesis, LiteratureClaim

N_SEEDS = 10
EVERY = list(registry.summaries("claims"))
LITERATURE = [n for n in EVERY if isinstance(registry.part("claims", n), LiteratureClaim)]
UNTESTABLE = [n for n in LITERATURE if registry.part("claims", n).untestable]
NAMES = [n for n in EVERY if n not in UNTESTABLE]
LEVELS = [
    pytest.param(h, id=f"{name}-{n}-{h.level}")
    for name in LITERATURE
    for n, h in enumerate(registry.part("claims", name).hypotheses, 1)
]


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
    found = [claim.decide(claim.true_world(seed)).verdict for seed in range(N_SEEDS)]
    assert found.count("HOLDS") >= 0.8 * N_SEEDS
    assert "FAILS" not in found


def test_what_is_not_there_is_not_upheld(claim: Claim) -> None:
    assert [claim.decide(claim.false_world(seed)).verdict for seed in range(N_SEEDS)].count("HOLDS") <= 1


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


def test_at_least_three_of_the_seed_report_are_descriptions() -> None:
    assert len([n for n in UNTESTABLE if registry.part("claims", n).code.startswith("S")]) >= 3


@pytest.mark.parametrize("name", UNTESTABLE)
def test_what_cannot_be_tested_says_why_and_ships_no_worlds(name: str) -> None:
    claim = registry.part("claims", name)
    anything = registry.part("claims", "helps").true_world(0)
    assert isinstance(claim, Claim)
    assert (claim.hypotheses, claim.decide(anything)) == ((), Decision("NOT_TESTABLE", claim.untestable))
    assert len(claim.untestable) > 30
    for world in (claim.true_world, claim.false_world):
        with pytest.raises(InvalidInput, match="cannot be tested"):
            world(0)


@pytest.mark.parametrize("name", LITERATURE)
def test_a_claim_of_the_literature_says_who_claims_it_and_what_would_decide_it(name: str) -> None:
    claim = registry.part("claims", name)
    assert re.fullmatch(r"[\w.-]{1,8}", claim.code)
    assert claim.source
    assert claim.sentence.endswith(".")
    assert bool(claim.untestable) != bool(claim.hypotheses)
    assert claim.untestable or claim.decided_by


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_registered_in_full(level: Hypothesis) -> None:
    for text in (level.estimand, level.comparator, level.margin_reason, level.family, level.refuted_by):
        assert len(text) >= 15
        assert not text.endswith(".")
    assert level.margin != 0
    assert level.margin > 0 or level.relation != "within"
    assert level.sought.estimand
    assert all(c.sentence and c.sought.estimand for c in level.controls)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_finds_its_planted_truth(level: Hypothesis) -> None:
    found = [decide_level(level, level.true_world(seed)).verdict for seed in range(N_SEEDS)]
    assert found.count("HOLDS") >= 0.8 * N_SEEDS
    assert "FAILS" not in found


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_does_not_uphold_its_planted_falsehood(level: Hypothesis) -> None:
    found = [decide_level(level, level.false_world(seed)).verdict for seed in range(N_SEEDS)]
    assert found.count("HOLDS") <= 1


@pytest.mark.parametrize("level", LEVELS)
def test_a_failed_control_leaves_a_level_undecided(level: Hypothesis) -> None:
    one = decide_level(level, replace(level.true_world(0), failed=("the probe does not read the query",)))
    assert one.verdict == "UNDECIDED"
    assert "does not read" in one.reason


def test_no_two_claims_of_the_literature_have_one_code() -> None:
    codes = [registry.part("claims", name).code for name in LITERATURE]
    assert len(codes) == len(set(codes))
