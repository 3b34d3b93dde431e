"""Wires: how an audit reaches its indexes, within its budgets."""

from evidense.fetching.patience import Patience
from evidense.fetching.wire import IndexWire, Terms
from evidense.store import Store
from evidense.study.audit.order import Order


def wire_of(order: Order, store: Store) -> IndexWire:
    """Return the wire of an audit, to be used in a `with` block; offline it gives only answers that are kept."""
    patience = Patience() if order.max_seconds is None else Patience(total_wait_s=order.max_seconds)
    return IndexWire(store, Terms(order.offline, order.max_requests, order.max_usd, patience=patience))
