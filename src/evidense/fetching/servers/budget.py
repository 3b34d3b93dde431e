"""Budget: what asking a server costs, and the end of it before a limit is exceeded."""

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.consent import consent
from evidense.boundary.numbers import finite_number
from evidense.errors import InvalidInput
from evidense.fetching.limits import SharedNumbers
from evidense.records import sha256_of
from evidense.values import Spelling

TOKENS_PER_BYTE = 0.25
"""Assumed before the server has counted: English text under the usual vocabularies."""
_SPECIAL = 8
"""Tokens that a model may add to a text."""
_PREFIX = "budget-"
_SPENT, _REQUESTS, _UNDER_WAY, _SINCE = "spent", "requests", "under way ", "since "
_LOOK_EVERY_S = 0.1
_DEAD_S = 3600.0
"""Seconds after which tokens that a process has set aside are taken for spent: no attempt takes so long."""
_FORGOTTEN_S = 7 * 86_400.0


class Unaffordable(Exception):
    """The next request could exceed the budget."""


@dataclass(frozen=True)
class Limit:
    """A budget: an amount of money, or tokens where no price is known."""

    amount: float
    is_tokens: bool

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.amount:,.0f} tokens" if self.is_tokens else f"{self.amount:g} USD"


def price_of(text: str | None) -> float | None:
    """Return USD per million tokens.

    Raises:
        InvalidInput: it is no number of at least 0.
    """
    price = None if text is None else finite_number(text)
    if text is not None and (price is None or price < 0):
        raise InvalidInput(f"@price={text} is no price. Expected USD per million tokens, as @price=0.02")
    return price


def limit_of(text: str | None, price: float | None) -> Limit | None:
    """Return a budget: USD, or with `tokens` behind it tokens.

    Raises:
        InvalidInput: it is no amount, or USD without a price.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(.*?)\s*(tokens?)?", text.strip())
    amount = finite_number(match[1]) if match else None
    is_tokens = bool(match and match[2])
    if amount is None or amount < 0:
        raise InvalidInput(
            f"@budget={text} is no budget. Expected USD with a price (@price=0.02@budget=0.50), or @budget=1000000tokens"
        )
    if not is_tokens and price is None:
        raise InvalidInput(
            f"@budget={text} is in USD and no price is known. Expected @price=… too (USD per million tokens), or @budget=…tokens"
        )
    return Limit(amount, is_tokens)


class Purse:
    """Counts what is spent and what is under way: of several threads, and with a budget of all processes of one command.

    Processes share their counts in a file of the store's folder of limits. What a killed process had under way stays counted.
    """

    def __init__(self, price: float | None, limit: Limit | None, shared: SharedNumbers | None = None) -> None:
        self.price, self.limit = price, limit
        self._shared = shared if limit is not None else None
        self._here: dict[str, Any] = {}
        self._writer = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._settled = threading.Condition()

    @classmethod
    def of(cls, spelling: Spelling, folder: Path) -> "Purse":
        """Return the purse of a system in this command; its other processes have the same.

        Raises:
            InvalidInput: price or budget say nothing.
        """
        price = price_of(spelling.options.get("price"))
        limit, command = limit_of(spelling.options.get("budget"), price), consent().command
        if limit is None or not command:
            return cls(price, limit)
        _sweep(folder)
        name = sha256_of(["budget", command, str(spelling)])[:24]
        return cls(price, limit, SharedNumbers(folder / f"{_PREFIX}{name}.json"))

    @property
    def n_tokens(self) -> int:
        """Tokens that are spent."""
        with self._held() as state:
            return int(state.get(_SPENT, 0))

    @property
    def n_requests(self) -> int:
        """Requests that were sent."""
        with self._held() as state:
            return int(state.get(_REQUESTS, 0))

    def cost(self, n_tokens: float) -> float | None:
        """Return USD for so many tokens; None without a price."""
        return None if self.price is None else self.price * n_tokens / 1e6

    def exceeds(self, n_tokens: float) -> bool:
        """Say whether so many tokens, beside those that are spent, exceed the budget."""
        return self._is_beyond(self.n_tokens + n_tokens)

    def reserve(self, n_tokens: int) -> None:
        """Set tokens aside before a request is sent; wait for those under way if they leave too little.

        Raises:
            Unaffordable: nothing is under way, and the budget does not suffice.
        """
        while True:
            with self._held() as state:
                under_way = _under_way(state)
                is_beyond = self._is_beyond(state.get(_SPENT, 0) + under_way + n_tokens)
                if not is_beyond:
                    self._change(state, n_tokens)
            if not is_beyond:
                return
            if not under_way:
                raise Unaffordable
            with self._settled:
                self._settled.wait(_LOOK_EVERY_S)

    def settle(self, reserved: int, spent: int) -> None:
        """Exchange tokens set aside for those spent."""
        with self._held() as state:
            self._change(state, -reserved)
            state[_SPENT] = state.get(_SPENT, 0) + spent
        with self._settled:
            self._settled.notify_all()

    def count_request(self) -> None:
        """Count a request that is about to be sent."""
        with self._held() as state:
            state[_REQUESTS] = state.get(_REQUESTS, 0) + 1

    def _change(self, state: dict[str, Any], n_tokens: int) -> None:
        """Change what this process has under way, and note when."""
        under_way, since = f"{_UNDER_WAY}{self._writer}", f"{_SINCE}{self._writer}"
        state[under_way] = state.get(under_way, 0) + n_tokens
        state[since] = time.time()
        if not state[under_way]:
            del state[under_way], state[since]

    def _is_beyond(self, n_tokens: float) -> bool:
        if self.limit is None:
            return False
        return (n_tokens if self.limit.is_tokens else self.cost(n_tokens) or 0.0) > self.limit.amount

    @contextmanager
    def _held(self) -> Iterator[dict[str, Any]]:
        with self._settled:
            if self._shared is None:
                yield self._here
                return
            with self._shared.held() as state:
                yield state


def _under_way(state: dict[str, Any]) -> float:
    """Return the tokens that are set aside; those of a process that has not been heard of for long are taken for spent."""
    now = time.time()
    for key in [key for key in state if key.startswith(_SINCE) and state[key] < now - _DEAD_S]:
        state[_SPENT] = state.get(_SPENT, 0) + state.pop(_UNDER_WAY + key.removeprefix(_SINCE), 0)
        del state[key]
    return float(sum(n for key, n in state.items() if key.startswith(_UNDER_WAY)))


def _sweep(folder: Path) -> None:
    """Remove the counts of commands that ended long ago."""
    with suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*.json"):
            if path.stat().st_mtime < time.time() - _FORGOTTEN_S:
                path.unlink()


def most_tokens(n_bytes: int, n_texts: int) -> int:
    """Return how many tokens texts have at most: one a byte of UTF-8, and those that a model adds."""
    return n_bytes + _SPECIAL * n_texts
