"""Wires: how an audit and a search reach their indexes, within their budgets."""

from typing import Protocol

from evidense.fetching.patience import Patience
from evidense.fetching.wire import IndexWire, Terms
from evidense.store import Store


class Budgeted(Protocol):
    """An order that says how the indexes may be asked."""

    @property
    def offline(self) -> bool:
        """Open no connection."""
        ...

    @property
    def max_requests(self) -> int | None:
        """At most so many requests, all indexes together."""
        ...

    @property
    def max_seconds(self) -> float | None:
        """At most so many seconds of waiting for each index."""
        ...

    @property
    def max_usd(self) -> float | None:
        """At most so much money."""
        ...


def wire_of(order: Budgeted, store: Store) -> IndexWire:
    """Return the wire of an audit or a search, to be used in a `with` block; offline it gives only answers that are kept."""
    patience = Patience() if order.max_seconds is None else Patience(total_wait_s=order.max_seconds)
    return IndexWire(store, Terms(order.offline, order.max_requests, order.max_usd, patience=patience))
