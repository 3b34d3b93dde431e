"""The best of several checkpoints: what it is worth once it is known that it was chosen for being the best."""

import numpy as np
from looking_worlds import Checkpoints, name_best

from evidense.stats import Differences, resample, winner
from worlds import WORLDS, seldom

RUNS = 80


def best_of(values: np.ndarray, errors: np.ndarray) -> object:
    one = Differences(values, np.arange(values.shape[1]))
    return winner(resample([one], n_resamples=999, seed=0), values.mean(axis=1), errors)


def test_the_best_of_twenty_equal_checkpoints_is_shrunk_to_about_zero() -> None:
    found = name_best(Checkpoints(WORLDS["continuous"], 100, "all equal", 20), RUNS, 499)
    assert found.alone > 0.1  # what naming only the best does
    assert seldom(found.helps, 0.05, RUNS)
    assert seldom(1 - found.holds, 0.05, RUNS)
    assert found.observed > 0.025
    assert abs(found.shrunken) < 0.009


def test_a_checkpoint_that_leads_clearly_keeps_its_effect() -> None:
    found = name_best(Checkpoints(WORLDS["continuous"], 300, "one .10 better", 20), 40, 499)
    assert abs(found.shrunken) < 0.008
    assert found.error < 1.1


def test_the_first_of_equal_checkpoints_is_the_best_and_copies_add_no_bias() -> None:
    row = np.tile([0.3, -0.1, 0.2, 0.0], 10)
    found = best_of(np.stack([row, row, row]), np.full(3, 0.03))
    assert found == best_of(np.stack([row, row - 0.5, row]), np.full(3, 0.03))
    assert found.at == 0  # type: ignore[attr-defined]
    assert abs(found.shrunken - found.observed) < 0.003  # type: ignore[attr-defined]


def test_checkpoints_without_any_difference_are_worth_nothing() -> None:
    found = best_of(np.zeros((3, 40)), np.zeros(3))
    assert found.observed == found.shrunken == 0.0  # type: ignore[attr-defined]
