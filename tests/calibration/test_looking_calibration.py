"""The long simulations of many looks: every row of the tables of "Looking many times" within its bound."""

import looking_table as table
import pytest
from looking_worlds import MARGIN, Checkpoints, Nights, at_least_one, name_best

from worlds import at_most

pytestmark = pytest.mark.calibrate


@pytest.mark.parametrize(
    "named", [x for x in table.nights() if x[0] != "rare losses"], ids=lambda x: f"{x[0]}-{x[1].n}"
)
def test_no_build_that_loses_the_margin_passes_on_any_of_thirty_planned_nights(named: tuple[str, Nights]) -> None:
    (rate,) = at_least_one(named[1], (table.NIGHTS,), table.NIGHT_RUNS, table.NIGHT_RESAMPLES)
    assert at_most(rate, 0.05, table.NIGHT_RUNS)


@pytest.mark.parametrize("named", list(table.checkpoints()), ids=lambda x: f"{x[0]}-{x[1].truths}-{x[1].n}")
def test_the_best_of_several_checkpoints_is_not_overrated(named: tuple[str, Checkpoints]) -> None:
    found = name_best(named[1], table.BEST_RUNS, table.BEST_RESAMPLES)
    assert at_most(found.helps, 0.05, table.BEST_RUNS)
    assert at_most(1 - found.holds, 0.05, table.BEST_RUNS)
    one_leads = named[1].truths.startswith("one")  # the hardest case: it looks like the best of equal ones
    assert abs(found.shrunken) < (MARGIN if one_leads else found.observed / 3)
