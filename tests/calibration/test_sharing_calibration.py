"""Shared items and new collections: every row of the tables of docs/statistics.md within its bound."""

import numpy as np
import pytest

from calibration.sharing_table import SEEDED, SHARED
from stats.sharing_worlds import NEW_WORLDS, NewWorld, SharedWorld

pytestmark = pytest.mark.calibrate
N = 1000


def error(share: float) -> float:
    return float(np.sqrt(share * (1 - share) / N))


@pytest.mark.parametrize("world", NEW_WORLDS, ids=str)
def test_a_new_collection_and_the_mean_are_covered(world: NewWorld) -> None:
    assert min(world.coverage(N, seed=1)) >= world.least - 2 * error(world.least)


@pytest.mark.parametrize("world", SHARED, ids=str)
def test_the_mean_over_collections_is_covered(world: SharedWorld) -> None:
    assert 0.93 - 2 * error(0.93) <= world.coverage(N, is_joined=True, seed=1) <= 0.99


@pytest.mark.parametrize(("share", "seed_sd"), SEEDED)
def test_effects_over_seeds_are_covered(share: float, seed_sd: float) -> None:
    assert SharedWorld(200, share).seeded_coverage(N, seed_sd, is_joined=True, seed=1) >= 0.93 - 2 * error(0.93)
