"""Wires: how an audit reaches its indexes; one that asks only folders needs none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from evidense.auditing.references_of import NamedSource
from evidense.parts import Manners, Reply, Request
from evidense.store import Store
from evidense.study.audit.order import Order


@dataclass
class NoWire:
    """A wire of an audit that asks only what lies in this machine."""

    n_asked: int = 0
    why: str = field(default="only folders are asked")

    def ask(self, request: Request, manners: Manners) -> Reply:
        """Say that nothing is asked."""
        return Reply("not asked", detail=self.why)


@contextmanager
def wire_of(order: Order, store: Store, sources: Sequence[NamedSource]) -> Iterator[NoWire]:
    """Open the wire of an audit."""
    yield NoWire()
