"""The long simulations over seeds × queries: the table of docs/statistics.md, families of three, the claims at their boundary."""

import numpy as np
import pytest
import seeded_table as table
from crossed_worlds import Crossed

from evidense import registry
from evidense.claims import _effects
from evidense.claims._effects import INTERACTION_MARGIN, MARGIN
from evidense.stats import EFFECTS, Seeded, seeded_mean_over
from worlds import at_most

pytestmark = pytest.mark.calibrate

CLAIMS = ("pretraining_adds", "finetuning_adds", "they_interact")
SEEDS = range(400)


@pytest.mark.parametrize("world", list(table.cells()), ids=str)
def test_the_interval_holds_what_it_says(world: Crossed) -> None:
    share, _ = table.held(world)
    assert share >= 0.93
    assert at_most(1 - share, 0.05, table.RUNS)


@pytest.mark.parametrize("n_seeds", [3, 5])
@pytest.mark.parametrize(("n_queries", "seed_sd"), [(50, 0.0), (200, 0.01), (800, 0.03)])
def test_three_intervals_hold_together(n_seeds: int, n_queries: int, seed_sd: float) -> None:
    assert at_most(1 - table.family_held(n_seeds, n_queries, seed_sd), 0.05, table.RUNS)


def test_the_mean_over_collections_that_share_their_seeds_holds_its_level() -> None:
    """Half of a seed's luck is the same on every collection."""
    held = []
    for i in range(1000):
        rng = np.random.default_rng([i, 11])
        shared, family = rng.standard_normal((1, 5, 1)), []
        for n in (60, 150, 400):
            luck = 0.02 * np.sqrt(0.5) * (shared + rng.standard_normal((1, 5, 1)))
            family.append(Seeded(luck + Crossed(5, n, 0.0).draw(rng)[None], np.arange(n)))
        e = seeded_mean_over(family, n_resamples=999, seed=i)[0]
        held.append(e.low <= 0 <= e.high)
    assert at_most(1 - float(np.mean(held)), 0.05, 1000)


@pytest.mark.parametrize("at", range(3), ids=EFFECTS)
def test_a_claim_at_its_boundary_is_seldom_upheld(at: int) -> None:
    """Its own effect is none, and the two others are twice their margins."""
    gains = 2 * np.array([MARGIN, MARGIN, INTERACTION_MARGIN])
    gains[at] = 0.0
    upheld = _verdicts(gains, at).count("HOLDS")
    assert at_most(upheld / len(SEEDS), 0.05, len(SEEDS))


@pytest.mark.parametrize("at", range(3), ids=EFFECTS)
def test_a_claim_at_its_margin_is_seldom_refuted(at: int) -> None:
    gains = np.zeros(3)
    gains[at] = (MARGIN, MARGIN, INTERACTION_MARGIN)[at]
    refuted = _verdicts(gains, at).count("FAILS")
    assert at_most(refuted / len(SEEDS), 0.05, len(SEEDS))


def _verdicts(gains: np.ndarray, at: int) -> list[str]:
    claim = registry.part("claims", CLAIMS[at])
    worlds = (_effects.world(tuple(float(g) for g in gains), seed) for seed in SEEDS)
    return [claim.decide(world[EFFECTS[at]]).verdict for world in worlds]
