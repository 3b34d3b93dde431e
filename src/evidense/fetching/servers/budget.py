"""Budget: what asking a server costs, and the end of it before a limit is exceeded."""

import re
import threading
from dataclasses import dataclass, field

from evidense.boundary.numbers import finite_number
from evidense.errors import InvalidInput

TOKENS_PER_BYTE = 0.25
"""Assumed before the server has counted: English text under the usual vocabularies."""
_SPECIAL = 8
"""Tokens that a model may add to a text."""


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


@dataclass
class Purse:
    """Counts what is spent and what is under way; of several threads."""

    price: float | None
    limit: Limit | None
    n_requests: int = 0
    n_tokens: int = 0
    n_bytes: int = 0
    """Bytes of the texts whose tokens the server counted."""
    _reserved: int = 0
    _settled: threading.Condition = field(default_factory=threading.Condition)

    def cost(self, n_tokens: float) -> float | None:
        """Return USD for so many tokens; None without a price."""
        return None if self.price is None else self.price * n_tokens / 1e6

    def exceeds(self, n_tokens: float) -> bool:
        """Say whether so many tokens, beside those that are spent, exceed the budget."""
        if self.limit is None:
            return False
        total = self.n_tokens + n_tokens
        return (total if self.limit.is_tokens else self.cost(total) or 0.0) > self.limit.amount

    def reserve(self, n_tokens: int) -> None:
        """Set tokens aside before a request is sent; wait for those under way if they leave too little.

        Raises:
            Unaffordable: nothing is under way, and the budget does not suffice.
        """
        with self._settled:
            while self.exceeds(self._reserved + n_tokens):
                if not self._reserved:
                    raise Unaffordable
                self._settled.wait(1.0)
            self._reserved += n_tokens

    def settle(self, reserved: int, spent: int) -> None:
        """Exchange tokens set aside for those spent."""
        with self._settled:
            self._reserved -= reserved
            self.n_tokens += spent
            self._settled.notify_all()


def most_tokens(n_bytes: int, n_texts: int) -> int:
    """Return how many tokens texts have at most: one a byte of UTF-8, and those that a model adds."""
    return n_bytes + _SPECIAL * n_texts
