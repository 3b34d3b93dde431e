"""Is the rule as strict as it says? 400 runs a cell with fewer resamples than in use; the long tables are in tests/calibration."""

import numpy as np
import pytest
import scipy.stats
from crossed_worlds import Crossed

from evidense.stats import Seeded, label, seeded, simultaneous
from worlds import WORLDS, Cell, at_most, noisy_copies, run

RUNS = 400


@pytest.mark.parametrize("n", [50, 400])
@pytest.mark.parametrize("name", WORLDS)
def test_one_comparison_without_effect(name: str, n: int) -> None:
    rates = run(Cell(WORLDS[name], n, 1, 1), RUNS, 199)
    assert at_most(rates.false_label, 0.05, RUNS)
    assert at_most(1 - rates.covered, 0.05, RUNS)


@pytest.mark.parametrize("name", WORLDS)
def test_a_family_of_twelve_on_few_queries(name: str) -> None:
    rates = run(Cell(WORLDS[name], 50, 4, 3), RUNS, 399)
    assert at_most(rates.false_label, 0.05, RUNS)
    assert at_most(1 - rates.covered, 0.05, RUNS)


@pytest.mark.parametrize("name", ["ties", "clustered"])
def test_a_family_of_twelve_with_effects_in_it(name: str) -> None:
    rates = run(Cell(WORLDS[name], 400, 4, 3, effect=0.03), RUNS, 399)
    assert at_most(rates.false_label, 0.05, RUNS)
    assert at_most(1 - rates.covered, 0.05, RUNS)


def test_one_comparison_has_the_power_of_the_normal_test() -> None:
    rates = run(Cell(WORLDS["continuous"], 400, 1, 1, effect=0.04), RUNS, 199)
    ideal = scipy.stats.norm.sf(1.96 - 0.04 / (0.25 / np.sqrt(400)))  # .89
    assert rates.found >= ideal - 0.05
    assert at_most(1 - rates.covered, 0.05, RUNS)


def test_a_family_of_twelve_has_the_power_of_a_perfect_correction() -> None:
    """The largest of 12 normal statistics, correlated by ½ within collections, exceeds 2.84 in 5 % of families."""
    rates = run(Cell(WORLDS["continuous"], 150, 4, 3, effect=0.08), RUNS, 399)
    assert rates.found >= scipy.stats.norm.sf(2.84 - 0.08 / (0.25 / np.sqrt(150))) - 0.07  # .86; 399 resamples cost .04
    assert at_most(rates.false_label, 0.05, RUNS)


def test_two_noisy_copies_are_seldom_told_apart() -> None:
    false, changed = [], []
    for i in range(RUNS):
        rng = np.random.default_rng(i)
        family = [noisy_copies(rng, n) for n in (60, 100, 200, 300)]
        changed.append(np.mean([np.mean(one.values != 0) for one in family]))
        labels = [label(e, 0.02) for row in simultaneous(family, n_resamples=399, seed=i) for e in row]
        false.append(bool({"HELPS", "HARMS"} & set(labels)))
    assert min(changed) > 0.1
    assert at_most(float(np.mean(false)), 0.05, RUNS)


def test_a_planted_loss_of_twice_the_margin_never_passes_the_gate() -> None:
    rates = run(Cell(WORLDS["continuous"], 400, 1, 1, effect=-0.04), RUNS, 199)
    assert at_most(rates.below, 0.025, RUNS)  # one end of a 95 % interval


def test_a_loss_of_the_margin_itself_passes_no_more_often_than_stated() -> None:
    for name in ("ties", "skewed"):
        rates = run(Cell(WORLDS[name], 400, 1, 1, effect=-0.02), RUNS, 199)
        assert at_most(rates.below, 0.05, RUNS), name


@pytest.mark.parametrize("world", [Crossed(3, 50, 0.03), Crossed(5, 200, 0.01), Crossed(5, 200, 0.03, 0.2)], ids=str)
def test_an_interval_over_seeds_and_queries_holds_what_it_says(world: Crossed) -> None:
    held = []
    for i in range(RUNS):
        table = world.draw(np.random.default_rng([i, 5]))[None]
        e = seeded([Seeded(table, np.arange(world.n_queries))], n_resamples=199, seed=i)[0][0]
        held.append(e.low <= 0 <= e.high)
    assert at_most(1 - float(np.mean(held)), 0.05, RUNS)
