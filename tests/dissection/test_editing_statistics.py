"""Differences in differences on planted worlds: an effect is found, none is not, and what all facts share cancels."""

import numpy as np
import pytest

from evidense.dissection.editing.difference_in_differences import FourCells, effects
from evidense.errors import InvalidInput

N_SEEDS, N_PAIRS = 5, 16


def planted(seed: int, effect: float) -> FourCells:
    """Facts differ, seeds differ, and an edit harms every fact alike; edited ones by `effect` more."""
    rng = np.random.default_rng(seed)
    facts = rng.normal(0.6, 0.2, (2, N_PAIRS))
    seeds = rng.normal(0, 0.05, N_SEEDS)

    def cell(kind: int, shift: float) -> np.ndarray:
        return (facts[kind] + seeds[:, None] + shift + rng.normal(0, 0.1, (N_SEEDS, N_PAIRS)))[None]

    return FourCells(cell(0, -0.1 + effect), cell(1, -0.1), cell(0, 0.0), cell(1, 0.0))


@pytest.mark.parametrize(("effect", "sign"), [(-0.3, -1), (0.3, 1)])
def test_a_planted_effect_is_found(effect: float, sign: int) -> None:
    found = [effects(planted(seed, effect), 0.95, 999, 0)[0].alone for seed in range(20)]
    assert sum(sign * (e.low if sign > 0 else e.high) > 0 for e in found) >= 16
    assert np.mean([e.effect for e in found]) == pytest.approx(effect, abs=0.03)


def test_no_effect_is_found_without_a_planted_one() -> None:
    found = [effects(planted(seed, 0.0), 0.95, 999, 0)[0].alone for seed in range(40)]
    assert sum(e.low > 0 or e.high < 0 for e in found) <= 4


def test_changes_common_to_all_facts_cancel_exactly() -> None:
    one = planted(3, 0.2)
    moved = FourCells(one.edited_copy_edited_facts + 0.5, one.edited_copy_control_facts + 0.5, *one.parts[2:])
    assert moved.differences() == pytest.approx(one.differences())


def test_joint_intervals_of_contrasts_are_no_narrower() -> None:
    tables = [planted(seed, -0.2) for seed in range(4)]
    joined = FourCells(*(np.concatenate([t.parts[i] for t in tables]) for i in range(4)))
    for effect in effects(joined, 0.95, 999, 0):
        assert effect.together.low <= effect.alone.low
        assert effect.together.high >= effect.alone.high


def test_tables_of_other_shapes_are_refused() -> None:
    one = np.zeros((1, 2, 3))
    with pytest.raises(InvalidInput, match="one shape"):
        FourCells(one, one, one, one[:, :1])
