"""A budget is of one command: all of its processes spend from one purse, and none exceeds it."""

import threading
from pathlib import Path

import pytest

from evidense.boundary.consent import consenting
from evidense.fetching.servers import budget
from evidense.fetching.servers.budget import Purse, Unaffordable
from evidense.values import Spelling

SYSTEM = Spelling.parse("openai:m@url=http://127.0.0.1:1/v1@budget=100tokens")


def test_processes_of_one_command_share_what_is_spent_and_what_is_under_way(tmp_path: Path) -> None:
    with consenting([]):
        first, second = Purse.of(SYSTEM, tmp_path), Purse.of(SYSTEM, tmp_path)
    first.reserve(60)
    waiting = threading.Thread(target=second.reserve, args=(60,))
    waiting.start()
    waiting.join(0.15)
    assert waiting.is_alive(), "60 and 60 are more than 100"
    first.settle(60, 20)
    waiting.join(5)
    second.settle(60, 55)
    assert (first.n_tokens, second.n_tokens) == (75, 75)
    with pytest.raises(Unaffordable):
        first.reserve(26)
    assert second.exceeds(26)
    assert not second.exceeds(25)


def test_another_command_has_a_purse_of_its_own(tmp_path: Path) -> None:
    purses = []
    for _ in range(2):
        with consenting([]):
            purses.append(Purse.of(SYSTEM, tmp_path))
    purses[0].reserve(60)
    purses[0].settle(60, 60)
    purses[1].reserve(60)
    assert purses[1].n_tokens == 0


def test_without_a_budget_nothing_is_written(tmp_path: Path) -> None:
    with consenting([]):
        purse = Purse.of(Spelling.parse("openai:m@url=http://127.0.0.1:1/v1@price=2"), tmp_path)
    purse.reserve(10)
    purse.settle(10, 7)
    assert (purse.n_tokens, purse.cost(1e6), list(tmp_path.iterdir())) == (7, 2.0, [])


def test_what_a_dead_process_had_under_way_counts_as_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with consenting([]):
        dead, purse = Purse.of(SYSTEM, tmp_path), Purse.of(SYSTEM, tmp_path)
    dead.reserve(60)
    monkeypatch.setattr(budget, "_DEAD_S", -1.0)
    with pytest.raises(Unaffordable):
        purse.reserve(60)
    assert purse.n_tokens == 60
    purse.reserve(40)
