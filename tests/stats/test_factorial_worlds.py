"""The contract of the design over whole families: what is planted in a factorial is found, and nothing else is upheld."""

from functools import cache

import numpy as np
import pytest

from evidense import registry
from evidense.claims import _effects
from evidense.claims._effects import INTERACTION_MARGIN, MARGIN, means, scores
from evidense.errors import InvalidInput
from evidense.parts import Claim, Evidence
from evidense.stats import CELLS, EFFECTS, FACTORIAL, Seeded, contrasts, logit_contrasts, logit_means, seeded

SEEDS = range(12)
CLAIM = {"pretraining": "pretraining_adds", "finetuning": "finetuning_adds", "interaction": "they_interact"}
WORLDS = {
    "only pre-training helps": (2 * MARGIN, 0.0, 0.0),
    "only fine-tuning helps": (0.0, 2 * MARGIN, 0.0),
    "both help": (2 * MARGIN, 2 * MARGIN, 0.0),
    "neither helps": (0.0, 0.0, 0.0),
    "each helps only with the other": (MARGIN * 2, MARGIN * 2, 2 * INTERACTION_MARGIN),
    "each helps only without the other": (MARGIN * 2, MARGIN * 2, -2 * INTERACTION_MARGIN),
}


@cache
def upheld(name: str, seed: int) -> frozenset[str]:
    """The effects whose claims hold."""
    world = _effects.world(WORLDS[name], seed)
    claims: dict[str, Claim] = {effect: registry.part("claims", CLAIM[effect]) for effect in EFFECTS}
    return frozenset(effect for effect in EFFECTS if claims[effect].decide(world[effect]).verdict == "HOLDS")


@pytest.mark.parametrize("name", WORLDS)
def test_planted_effects_are_found_and_no_others(name: str) -> None:
    planted = {effect for effect, gain in zip(EFFECTS, WORLDS[name], strict=True) if gain}
    for effect in planted:
        assert sum(effect in upheld(name, seed) for seed in SEEDS) >= 9, effect
    assert sum(bool(upheld(name, seed) - planted) for seed in SEEDS) <= 1


@pytest.mark.parametrize("name", WORLDS)
def test_simulated_worlds_have_their_stated_effects(name: str) -> None:
    gains = WORLDS[name]
    assert contrasts(means(gains)[:, None, None], FACTORIAL).ravel() == pytest.approx(gains)
    tables = np.stack([scores(gains, seed) for seed in range(40)])
    assert ((tables >= 0) & (tables <= 1)).all()
    effects = np.array([contrasts(t, FACTORIAL).mean(axis=(1, 2)) for t in tables])
    assert effects.mean(axis=0) == pytest.approx(gains, abs=0.016)  # 3.5 standard errors of 40 interactions of se .026
    assert tables.std(axis=3).mean() == pytest.approx(_effects.QUERY_SD, abs=0.02)


def test_cells_and_effects_are_in_the_order_of_the_weights() -> None:
    assert FACTORIAL.shape == (len(EFFECTS), len(CELLS))
    cells = np.random.default_rng(0).random((4, 3, 50))
    neither, pre, fine, both = cells
    slow = [
        (pre - neither) / 2 + (both - fine) / 2,
        (fine - neither) / 2 + (both - pre) / 2,
        both - pre - fine + neither,
    ]
    np.testing.assert_allclose(contrasts(cells, FACTORIAL), slow, atol=1e-12)


def test_the_interaction_of_logits_is_the_log_of_the_ratio_of_odds_ratios() -> None:
    cells = scores((0.0, 0.0, 0.2), 1)
    share = (200 * cells.mean(axis=(1, 2)) + 0.5) / 201
    odds = share / (1 - share)
    e = logit_means(cells, np.arange(200), n_resamples=999, seed=0)[EFFECTS.index("interaction")]
    assert e.effect == pytest.approx(np.log(odds[3] / odds[1] / (odds[2] / odds[0])))
    assert e.low < e.effect < e.high


def test_the_delta_method_agrees_with_drawing_the_logits_anew() -> None:
    """Bootstrap of seeds and queries together, near the floor: sd of the interaction of logits."""
    rng = np.random.default_rng(0)
    cells = scores((0.1, 0.1, 0.0), 2) * np.array([0.3, 1, 1, 1])[:, None, None]
    drawn = []
    for _ in range(600):
        some = cells[:, rng.integers(0, 5, 5)][:, :, rng.integers(0, 200, 200)].mean(axis=(1, 2))
        share = (200 * some + 0.5) / 201
        drawn.append(FACTORIAL[2] @ np.log(share / (1 - share)))
    e = logit_means(cells, np.arange(200), n_resamples=999, seed=0)[2]
    assert e.standard_error == pytest.approx(np.std(drawn), rel=0.2)


def test_a_cell_of_zeros_has_finite_logits_and_other_values_have_none(shapes_unchecked: None) -> None:
    cells = scores((0.0, 0.0, 0.0), 3) * np.array([0, 1, 1, 1])[:, None, None]
    assert np.isfinite(logit_contrasts(cells, FACTORIAL)).all()
    with pytest.raises(InvalidInput, match="odds"):
        logit_contrasts(cells * 3, FACTORIAL)
    with pytest.raises(InvalidInput, match="4 cells, but there are 3"):
        contrasts(cells[:3], FACTORIAL)


# neither, pre-trained, fine-tuned, both; the interaction on the measure, and on logits
SCALES = {
    (0.1, 0.2, 0.2, 0.4): ("HOLDS", 0.1, 0.17),
    (0.1, 0.4, 0.4, 0.7): ("UNDECIDED", 0.0, -0.54),
    (0.05, 0.2, 0.5, 0.75): ("UNDECIDED", 0.1, -0.46),
    (0.4, 0.4, 0.6, 0.6): ("FAILS", 0.0, 0.0),
}


@pytest.mark.parametrize("cells", SCALES)
def test_an_interaction_that_depends_on_the_scale_is_reported(cells: tuple[float, ...]) -> None:
    verdict, on_measure, on_logits = SCALES[cells]
    noise = 0.01 * np.random.default_rng(0).standard_normal((4, 5, 400))
    table = np.array(cells)[:, None, None] + noise
    one, other = (
        seeded([Seeded(values, np.arange(400))], n_resamples=999, seed=0)[0][2]
        for values in (contrasts(table, FACTORIAL), logit_contrasts(table, FACTORIAL))
    )
    assert (one.effect, other.effect) == pytest.approx((on_measure, on_logits), abs=0.02)
    decision = registry.part("claims", "they_interact").decide(Evidence(one, 0.02, other))
    assert decision.verdict == verdict
    assert decision.reason.startswith("scale-dependent") == (verdict == "UNDECIDED")
