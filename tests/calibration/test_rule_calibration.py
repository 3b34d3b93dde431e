"""The long simulations of `make calibrate`: 1,000 runs a cell of the table in docs/statistics.md, and the claims at their boundary."""

import calibration_table as table
import numpy as np
import pytest

from evidense import registry
from evidense.parts import Claim, Evidence
from evidense.stats import Differences, all_pairs, label, mean_over, planted_estimate, simultaneous
from worlds import Cell, at_most, noisy_copies, run

pytestmark = pytest.mark.calibrate

NULL = [x for x in table.null_cells() if x[0] != "rare losses"]
CLAIMS = list(registry.summaries("claims"))


def _id(x: tuple[str, Cell]) -> str:
    return f"{x[0]}-{x[1].n}-{x[1].n_collections}x{x[1].n_systems}"


@pytest.mark.parametrize("named", NULL, ids=_id)
def test_nothing_is_found_where_nothing_is(named: tuple[str, Cell]) -> None:
    rates = run(named[1], table.RUNS, table.N_RESAMPLES)
    assert at_most(rates.false_label, 0.05, table.RUNS)
    assert at_most(1 - rates.covered, 0.05, table.RUNS)


@pytest.mark.parametrize("named", list(table.effect_cells()), ids=_id)
def test_an_effect_beside_none(named: tuple[str, Cell]) -> None:
    rates = run(named[1], table.RUNS, table.N_RESAMPLES)
    assert at_most(rates.false_label, 0.05, table.RUNS)
    assert at_most(1 - rates.covered, 0.05, table.RUNS)


def test_rare_losses_are_missed_no_more_often_than_the_sample_misses_them() -> None:
    """With 50 queries a loss of one in ten is absent from a sample in .9^50 of cases: 6 % of families of 12 hold such a one."""
    rates = run(Cell(table.STRESS["rare losses"], 50, 4, 3), table.RUNS, table.N_RESAMPLES)
    assert at_most(rates.false_label, 0.05 + 1 - (1 - 0.9**50) ** 12, table.RUNS)


def test_two_noisy_copies_at_full_size() -> None:
    false = []
    for i in range(400):
        rng = np.random.default_rng(10_000 + i)
        family = [noisy_copies(rng, n) for n in (100, 300, 500, 1000)]
        labels = [label(e, 0.02) for row in simultaneous(family, n_resamples=10_000, seed=i) for e in row]
        false.append(bool({"HELPS", "HARMS"} & set(labels)))
    assert at_most(float(np.mean(false)), 0.05, 400)


def test_the_mean_over_collections_holds_its_level() -> None:
    truth = np.array([0.02, 0.0, 0.0])
    covered, false = [], []
    for i in range(1000):
        rng = np.random.default_rng([i, 7])
        family = [table.WORLDS[w](rng, n, truth) for w, n in (("ties", 100), ("skewed", 60), ("clustered", 300))]
        estimates = mean_over(family, n_resamples=999, seed=i)
        covered.append(all(e.low <= t <= e.high for e, t in zip(estimates, truth, strict=True)))
        false.append(any(label(e, 0.02) in ("HELPS", "HARMS") for e in estimates[1:]))
    assert at_most(1 - float(np.mean(covered)), 0.05, 1000)
    assert at_most(float(np.mean(false)), 0.05, 1000)


def test_letters_part_equal_systems_in_at_most_one_family_of_twenty() -> None:
    parted = []
    for i in range(1000):
        rng = np.random.default_rng([i, 9])
        one: Differences = table.WORLDS["skewed"](rng, 80, np.zeros(5))
        parted.append(
            len(set(all_pairs([one.values], [one.clusters], n_resamples=999, seed=i).letters("abcde").values())) > 1
        )
    assert at_most(float(np.mean(parted)), 0.05, 1000)


@pytest.mark.parametrize(("name", "side"), [*((name, 1) for name in CLAIMS), ("same", -1)])
def test_a_claim_at_its_boundary_is_seldom_upheld(name: str, side: int) -> None:
    """At the effect where its sentence turns false, in margins: 0 for helps and harms, 1 (and -1) for same."""
    claim: Claim = registry.part("claims", name)
    boundary: float | None = getattr(claim, "boundary", None)
    if boundary is None:
        pytest.skip("no experiment can test it, so it has no boundary")
    evidence = [Evidence(planted_estimate(side * boundary * 0.02, seed), 0.02) for seed in range(400)]
    assert at_most(float(np.mean([claim.decide(e).verdict == "HOLDS" for e in evidence])), 0.05, 400)


@pytest.mark.parametrize(("name", "effect"), [("helps", 0.02), ("harms", -0.02), ("same", 0.02), ("same", -0.02)])
def test_a_claim_at_its_margin_is_seldom_refuted(name: str, effect: float) -> None:
    """A gain (loss) of the margin may still matter: it is not called ruled out. A difference of the margin is still the same."""
    claim: Claim = registry.part("claims", name)
    failed = [claim.decide(Evidence(planted_estimate(effect, s), 0.02)).verdict == "FAILS" for s in range(400)]
    assert at_most(float(np.mean(failed)), 0.05, 400)
