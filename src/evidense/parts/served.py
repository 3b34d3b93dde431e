"""Served systems: what asking a server will cost, before it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evidense.parts.rankers import CandidateList
from evidense.values import Collection


@dataclass(frozen=True)
class Bill:
    """What is left to ask of a server."""

    n_texts: int
    """Distinct texts (or pairs, see `noun`) whose answers the store does not hold."""
    n_tokens: int
    """Estimated: four bytes a token."""
    n_requests: int
    cost_usd: float | None
    """None where no price is known."""
    exceeds: str = ""
    """The budget that would be exceeded, in words."""
    noun: str = "texts"
    """What is counted, in the plural."""


@runtime_checkable
class Served(Protocol):
    """A system behind a server. Nothing is asked before its bill is shown."""

    def bill(self, collection: Collection) -> Bill:
        """Return what a collection will cost; the server is not asked."""
        ...


@runtime_checkable
class ServedReranker(Protocol):
    """A Reranker behind a server. Nothing is asked before its bill is shown."""

    def bill_of_pairs(self, collection: Collection, several: Sequence[CandidateList] | None) -> Bill:
        """Return what these candidates will cost; None: the first lists are not known yet. The server is not asked."""
        ...
