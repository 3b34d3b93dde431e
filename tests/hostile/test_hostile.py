"""Whatever is in a file, the command ends with 0, 1 or 2, says why in words, in bounded time and memory, and harms nothing.

`make fuzz MINUTES=10` draws further cases from the same mutators.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile.case import Case
from hostile.families import FAMILIES, fixed
from hostile.runner import Servers, run, serving
from warm.client import Warm

CASES = fixed()


@pytest.fixture(scope="module")
def servers(warm: Warm) -> Iterator[Servers]:
    with serving(warm.server) as started:
        yield started


def test_fixed_set_is_large_and_its_names_are_distinct() -> None:
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(family.mutated for family in FAMILIES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.name)[1:-1][:60])
def test_command_ends_in_words(case: Case, servers: Servers, tmp_path: Path) -> None:
    _, wrong = run(case, tmp_path / "case", servers)
    assert not wrong, "\n".join(wrong)
