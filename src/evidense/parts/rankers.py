"""Rankers: a Collection to ranked lists, without vectors."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeGuard, runtime_checkable

import numpy as np
from jaxtyping import Float32

from evidense.parts.encoders import Setup
from evidense.parts.names import Named
from evidense.values import Collection, Item, RankedLists, Spelling


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


class CandidateList(NamedTuple):
    """What a first stage found for a query, best first."""

    query: Item
    documents: tuple[Item, ...]


@runtime_checkable
class Reranker(Named, Protocol):
    """A query and its candidates → scores. It reads both texts together, so it sees only what another system found first."""

    @property
    def setup(self) -> Setup:
        """How it is run: a column of the set-up table."""
        ...

    @property
    def fingerprint(self) -> str:
        """sha256 of all that changes a score."""
        ...

    @property
    def first(self) -> str:
        """Spelling of the system whose lists it reorders."""
        ...

    @property
    def n_reranked(self) -> int:
        """Number of documents at the head of each list that it scores; the others are cut off."""
        ...

    def scores(self, candidates: CandidateList) -> Float32[np.ndarray, " d"]:
        """Return one score per document, higher is better. They depend on nothing but these texts."""
        ...


def is_reranker(engine: object) -> TypeGuard[Reranker]:
    """Say whether something is a Reranker. `isinstance` of Python 3.11 reads the set-up, for which a server would be asked."""
    return all(hasattr(type(engine), name) for name in ("scores", "n_reranked"))


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

    def open(self, spelling: Spelling) -> Ranker | Reranker:
        """Return the ranker, or the reranker."""
        ...
