"""What budgets give, where their curves cross and what a pair is worth: found in worlds in which it is known."""

import numpy as np
import pytest
from budget_worlds import CELLS, WORLDS, BudgetWorld, along_finetuning, along_pretraining
from scipy.stats import binom

from evidense.errors import InvalidInput
from evidense.stats.crossed import Seeded
from evidense.stats.populations.budgets import (
    BudgetCurve,
    CellTables,
    change_of_gain,
    crossing,
    equivalent_budget,
    exchange_rate,
    gain_a_doubling,
)

N_STUDIES = 200
LEAST = int(binom.ppf(0.01, N_STUDIES, 0.95))
"""Fewer studies than this cover with 95 % in 1 of 100 runs only."""
POINT = (1000, 4000)
"""A cell: 1,000 pairs of fine-tuning after 4,000 of pre-training."""


def flat(means: list[float], n_seeds: int = 2) -> CellTables:
    """Cells that have the same value in every seed on every query."""
    return CellTables([Seeded(np.broadcast_to(np.array(means)[:, None, None], (len(means), n_seeds, 2)), np.arange(2))])


def test_a_line_over_doublings_has_its_slope_and_no_bend() -> None:
    curve = BudgetCurve((10, 20, 40, 80), (0, 1, 2, 3), 4)
    cells = flat([0.1, 0.15, 0.2, 0.25])
    assert gain_a_doubling(cells, curve) == pytest.approx((0.05, 0.05, 0.05))
    assert change_of_gain(cells, curve) == pytest.approx((0, 0, 0), abs=1e-12)


def test_halving_gains_bend_by_the_least_squares_parabola() -> None:
    means = [0.0, 0.4, 0.6, 0.7, 0.75]
    doublings = np.arange(5)
    bend = 2 * np.polyfit(doublings, means, 2)[0]
    slope = np.polyfit(doublings, means, 1)[0]
    curve = BudgetCurve([2.0**k for k in doublings], range(5), 5)
    assert change_of_gain(flat(means), curve)[0] == pytest.approx(bend)
    assert gain_a_doubling(flat(means), curve)[0] == pytest.approx(slope)


def test_lines_cross_where_they_meet_on_the_scale_of_doublings() -> None:
    cells = flat([0.1, 0.3, 0.2, 0.2])
    found = crossing(cells, BudgetCurve((100, 400), (0, 1), 4), BudgetCurve((100, 400), (2, 3), 4))
    assert found.value == pytest.approx(200)
    assert (found.sign_below, found.sign_above, found.is_decided) == (-1, 1, True)


def test_curves_that_never_meet_have_no_crossing_and_one_sign() -> None:
    cells = flat([0.4, 0.5, 0.1, 0.2])
    found = crossing(cells, BudgetCurve((100, 400), (0, 1), 4), BudgetCurve((200, 800), (2, 3), 4))
    assert (found.value, found.low, found.sign_below, found.sign_above) == (None, None, 1, 1)
    assert not found.covers(300)


def test_equal_curves_leave_every_budget_open() -> None:
    found = crossing(flat([0.1, 0.2, 0.1, 0.2]), BudgetCurve((1, 2), (0, 1), 4), BudgetCurve((1, 2), (2, 3), 4))
    assert (found.is_open_below, found.is_open_above, found.is_decided) == (True, True, False)
    assert found.covers(1000)


def test_an_exchange_rate_is_the_ratio_of_gains_a_pair() -> None:
    cells = BudgetWorld("both help, less and less").truth()
    rate = exchange_rate(cells, along_finetuning(POINT[1]), along_pretraining(POINT[0]), POINT)
    world = WORLDS["both help, less and less"]
    bought = (world(4000, 2000) - world(4000, 500)) / (2 * 1000)  # two doublings around 1,000 pairs
    paid = (world(8000, 1000) - world(2000, 1000)) / (2 * 4000)
    assert rate.value == pytest.approx(bought / paid, rel=1e-3)


def test_the_rate_is_open_above_where_the_other_stage_gives_nothing() -> None:
    cells = BudgetWorld("only fine-tuning helps").draw(0)
    rate = exchange_rate(cells, along_finetuning(POINT[1]), along_pretraining(POINT[0]), POINT)
    assert rate.is_open_above
    assert rate.low is not None
    assert rate.low > 1


def test_a_cell_on_the_curve_is_worth_its_own_budget() -> None:
    curve = along_pretraining()
    found = equivalent_budget(BudgetWorld("only pre-training helps").truth(), curve, CELLS.index((4000, 0)))
    assert found.value == pytest.approx(4000, rel=1e-6)


def test_two_collections_are_averaged() -> None:
    first, second = flat([0.1, 0.2]), flat([0.3, 0.8])
    both = CellTables([*first.tables, *second.tables])
    assert gain_a_doubling(both, BudgetCurve((1, 2), (0, 1), 2))[0] == pytest.approx(0.3)


def test_one_seed_is_uncertain_by_its_queries_only() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((2, 1, 40))
    cells = CellTables([Seeded(values, np.arange(40))])
    value, low, high = gain_a_doubling(cells, BudgetCurve((1, 2), (0, 1), 2))
    differences = (values[1] - values[0])[0]
    error = differences.std(ddof=1) / np.sqrt(40)
    assert value == pytest.approx(differences.mean())
    assert (high - low) / 2 == pytest.approx(2.0227 * error, rel=1e-3)  # t of 39 degrees


@pytest.mark.parametrize(
    ("budgets", "cells"), [((1,), (0,)), ((0, 1), (0, 1)), ((2, 1), (0, 1)), ((1, 2), (0,))], ids=str
)
def test_a_curve_needs_growing_budgets_above_0_with_a_cell_each(budgets: tuple[int], cells: tuple[int]) -> None:
    with pytest.raises(InvalidInput, match="expected at least two budgets above 0"):
        BudgetCurve(budgets, cells, 3)


def test_what_cannot_be_asked_is_refused_in_words() -> None:
    two = BudgetCurve((1, 2), (0, 1), 2)
    with pytest.raises(InvalidInput, match="expected 3 to see whether it bends"):
        _ = two.bend
    with pytest.raises(InvalidInput, match="train both at the same budgets"):
        crossing(flat([0.1, 0.2]), two, BudgetCurve((4, 8), (0, 1), 2))


def _covered(name: str, n_studies: int) -> dict[str, int]:
    """How many studies cover the truth of the world: slopes, bends, crossing, worth and exchange rate."""
    world = BudgetWorld(name)
    truth = world.truth()
    curves = {"pre-training": along_pretraining(), "fine-tuning": along_finetuning()}
    curves |= {"pre-training, tuned": along_pretraining(1000), "fine-tuning, pre-trained": along_finetuning(4000)}
    inversions = {
        "crossing": lambda cells: crossing(cells, curves["pre-training"], curves["fine-tuning"]),
        "worth": lambda cells: equivalent_budget(cells, curves["pre-training"], CELLS.index((0, 500))),
        "rate": lambda cells: exchange_rate(cells, along_finetuning(POINT[1]), along_pretraining(POINT[0]), POINT),
    }
    true_values = {key: find(truth).value for key, find in inversions.items()}
    counts: dict[str, int] = {}
    for seed in range(n_studies):
        cells = world.draw(seed)
        for label, curve in curves.items():
            for ask in (gain_a_doubling, change_of_gain):
                _, low, high = ask(cells, curve)
                key = f"{ask.__name__} of {label}"
                counts[key] = counts.get(key, 0) + (low <= ask(truth, curve)[0] <= high)
        for key, find in inversions.items():
            if (value := true_values[key]) is not None:
                counts[key] = counts.get(key, 0) + find(cells).covers(value)
    return counts


@pytest.mark.calibrate
@pytest.mark.parametrize("name", WORLDS)
def test_the_intervals_of_curves_cover_as_often_as_they_say(name: str) -> None:
    counts = _covered(name, N_STUDIES)
    print("\n" + "\n".join(f"{name}: {key} {n} of {N_STUDIES}" for key, n in counts.items()))
    assert min(counts.values()) >= LEAST, counts


def test_curves_that_cross_are_found_to_cross() -> None:
    counts = _covered("curves cross", 10)
    assert "crossing" in counts
    assert min(counts.values()) >= 7, counts
