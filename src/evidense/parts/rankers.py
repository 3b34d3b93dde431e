"""Rankers: a Collection to ranked lists, without vectors."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from evidense.parts.encoders import Setup
from evidense.parts.names import Named
from evidense.values import Collection, RankedLists, Spelling


@runtime_checkable
class Ranker(Named, Protocol):
    """Collection → ranked lists without vectors: BM25, character n-grams, a run file of somebody."""

    @property
    def setup(self) -> Setup:
        """How it is run: a column of the set-up table."""
        ...

    @property
    def fingerprint(self) -> str:
        """sha256 of all that changes a ranking."""
        ...

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the top `depth` documents of every query; ties in ascending order of document id, unless its policies say otherwise."""
        ...


@runtime_checkable
class WithPolicies(Protocol):
    """A Ranker that treats ties, self matches, missing queries or the pool in its own way."""

    @property
    def policies(self) -> Mapping[str, str]:
        """Name of the policy (ties …) → one sentence."""
        ...


@runtime_checkable
class RankerPart(Named, Protocol):
    """Opens rankers of one kind."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Examples of what it answers to, for help and error messages."""
        ...

    def recognises(self, spelling: Spelling) -> bool:
        """Say, cheaply, whether this spelling is meant for this part."""
        ...

    def open(self, spelling: Spelling) -> Ranker:
        """Return the ranker."""
        ...
