"""The long simulations of approximate indexes: the interval of their recall, and words that an index alone could have caused."""

import pytest
from bounded_worlds import WORLDS, misses
from index_worlds import false_words

from worlds import at_most

pytestmark = pytest.mark.calibrate
RUNS = 1000


@pytest.mark.parametrize("n", [60, 200, 1000])
@pytest.mark.parametrize("world", WORLDS)
def test_the_interval_of_recall_covers(world: str, n: int) -> None:
    assert at_most(misses(WORLDS[world], n, RUNS, n), 0.05, RUNS)


@pytest.mark.parametrize("n_checked", [200, 400])
@pytest.mark.parametrize("change", [-0.05, 0.0, 0.05])
def test_what_only_the_index_did_is_seldom_called_a_gain_or_a_loss(n_checked: int, change: float) -> None:
    """By exact search the systems are equal: HELPS or HARMS is wrong, whatever the index changes, if all queries are checked or half of them."""
    assert at_most(false_words(change, 400, n_checked, RUNS)[1], 0.05, RUNS)
