"""Encoders with a tower for queries and one for documents."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from evidense.parts import Capability, Setup, Side


class _Fingerprinted(Protocol):
    @property
    def fingerprint(self) -> str: ...


AnyTower = TypeVar("AnyTower", bound=_Fingerprinted)


@dataclass(frozen=True, eq=False)
class TwoSidedEncoder(Generic[AnyTower]):
    """An encoder with a tower for each side; where both sides encode alike, the two are one object."""

    name: str
    setup: Setup
    query: AnyTower
    document: AnyTower
    can: frozenset[Capability] = frozenset({"vectors"})

    def tower(self, side: Side) -> AnyTower:
        """Return the tower of this side."""
        return self.query if side == "query" else self.document


def shared_if_equal(query: AnyTower, document: AnyTower) -> AnyTower:
    """Return the document tower; if both towers encode alike, the query tower itself, so that each item is encoded once."""
    return query if query.fingerprint == document.fingerprint else document
