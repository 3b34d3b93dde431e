"""Ready: towers that do something for many items at once before they are asked for vectors batch by batch."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from evidense.compute.progress import Progress
from evidense.parts import Tower
from evidense.store import Store
from evidense.values import Item


@runtime_checkable
class KeepsStates(Protocol):
    """A Tower that keeps the states of its locked parts in a store, so that they are computed once for all heads that follow."""

    def keep_states(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Have the states of these items at hand."""
        ...


@runtime_checkable
class Gathers(Protocol):
    """A Tower that fetches the vectors of many items at once before they are read one batch after another."""

    def gather(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Have the vectors of these items at hand."""
        ...


def make_ready(tower: Tower, items: Sequence[Item], store: Store, progress: Progress | None) -> None:
    """Let a tower do for these items what it does for many at once; most towers do nothing, and no item is read for them."""
    if isinstance(tower, KeepsStates):
        tower.keep_states(list(items), store, progress)
    if isinstance(tower, Gathers):
        tower.gather(list(items), store, progress)
