"""The wire to the little world that a test serves."""

from collections.abc import Iterator

import pytest

from evidense.fetching import IndexWire, open_wire
from sources.world import QUICK, World


@pytest.fixture
def wire(served: World) -> Iterator[IndexWire]:
    with open_wire(terms=QUICK) as opened:
        yield opened
