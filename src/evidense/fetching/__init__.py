"""All HTTP: limits, budgets, caches, safety. Nothing else in the package opens a connection."""

from evidense.fetching.patience import Patience
from evidense.fetching.wire import Asked, IndexWire, Terms, open_wire

__all__ = ["Asked", "IndexWire", "Patience", "Terms", "open_wire"]
