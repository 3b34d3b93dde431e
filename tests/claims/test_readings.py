"""How the claims about one comparison or one factorial read an interval: the word follows from its ends and the margin."""

from dataclasses import replace

import pytest

from evidense import registry
from evidense.parts import Evidence
from evidense.stats import Estimate

MARGIN = 0.04
PLAIN = Estimate(
    effect=0.0, low=-0.01, high=0.01, p=0.5, p_adjusted=0.5, standard_error=0.01, n=400, n_clusters=400, test="planted", win=120,
    tie=160, loss=120, probability_of_improvement=0.5, d_z=0.0, n_seeds=5,
)  # fmt: skip
INSIDE, GAIN, LOSS, SMALL_GAIN, SMALL_LOSS, WIDE, BELOW_A_GAIN, ABOVE_A_LOSS = (
    (-0.01, 0.01), (0.01, 0.09), (-0.09, -0.01), (0.01, 0.03), (-0.03, -0.01), (-0.3, 0.3), (-0.2, 0.02), (-0.02, 0.2),
)  # fmt: skip
EVERY = (INSIDE, GAIN, LOSS, SMALL_GAIN, SMALL_LOSS, WIDE, BELOW_A_GAIN, ABOVE_A_LOSS)
HOLDS, FAILS, OPEN = "HOLDS", "FAILS", "UNDECIDED"
GAINS = {
    INSIDE: FAILS, GAIN: HOLDS, LOSS: FAILS, SMALL_GAIN: FAILS, SMALL_LOSS: FAILS, WIDE: OPEN, BELOW_A_GAIN: FAILS, ABOVE_A_LOSS: OPEN,
}  # fmt: skip
"""A gain is there, or none beyond the margin is possible."""
LOSSES = {(-high, -low): word for (low, high), word in GAINS.items()}
SAMES = {
    INSIDE: HOLDS, GAIN: OPEN, LOSS: OPEN, SMALL_GAIN: HOLDS, SMALL_LOSS: HOLDS, WIDE: OPEN, BELOW_A_GAIN: OPEN, ABOVE_A_LOSS: OPEN,
    (0.05, 0.09): FAILS, (-0.09, -0.05): FAILS,
}  # fmt: skip


def evidence(interval: tuple[float, float], **more: object) -> Evidence:
    low, high = interval
    return Evidence(replace(PLAIN, effect=(low + high) / 2, low=low, high=high, **more), MARGIN)


def word(name: str, given: Evidence) -> str:
    return registry.part("claims", name).decide(given).verdict


@pytest.mark.parametrize(
    ("name", "words"),
    [("helps", GAINS), ("pretraining_adds", GAINS), ("finetuning_adds", GAINS), ("harms", LOSSES), ("same", SAMES)],
)
def test_the_word_follows_from_the_interval_and_the_margin(name: str, words: dict[tuple[float, float], str]) -> None:
    assert {interval: word(name, evidence(interval)) for interval in words} == words


@pytest.mark.parametrize("name", ["helps", "harms", "same", "pretraining_adds", "finetuning_adds", "they_interact"])
def test_fewer_than_twenty_groups_decide_nothing(name: str) -> None:
    for interval in EVERY:
        assert word(name, evidence(interval, n_clusters=19)) == OPEN


@pytest.mark.parametrize("name", ["helps", "harms", "pretraining_adds", "finetuning_adds"])
def test_identical_systems_neither_gain_nor_lose(name: str) -> None:
    assert word(name, evidence((0.0, 0.0), win=0, tie=400, loss=0)) == FAILS
    assert word("same", evidence((0.0, 0.0), win=0, tie=400, loss=0)) == HOLDS


@pytest.mark.parametrize(
    ("interval", "logit", "expected"),
    [
        (GAIN, (0.1, 0.9), HOLDS),
        (LOSS, (-0.9, -0.1), HOLDS),
        (GAIN, (-0.9, -0.1), OPEN),
        (LOSS, (0.1, 0.9), OPEN),
        (GAIN, (-0.1, 0.9), OPEN),
        (INSIDE, (-0.1, 0.1), FAILS),
        (INSIDE, (0.1, 0.9), OPEN),
        (WIDE, (0.1, 0.9), OPEN),
        (GAIN, None, HOLDS),
        (LOSS, None, HOLDS),
        (INSIDE, None, FAILS),
    ],
)
def test_an_interaction_needs_the_same_side_on_both_scales(
    interval: tuple[float, float], logit: tuple[float, float] | None, expected: str
) -> None:
    plain = evidence(interval)
    on_logits = None if logit is None else replace(plain.estimate, low=logit[0], high=logit[1])
    assert word("they_interact", replace(plain, logit=on_logits)) == expected
