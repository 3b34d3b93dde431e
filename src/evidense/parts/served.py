"""Served systems: what asking a server will cost, before it is asked, and how a note on it begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evidense.parts.rankers import CandidateList
from evidense.values import Collection

UNSEEN = "a server, whose weights are not seen"
"""Beginning of the note on a system behind a server; several systems of one server share the note."""
Asked = set[bytes]
"""Keys of the questions that earlier steps of a plan ask; each bill adds its own."""


@dataclass(frozen=True)
class Bill:
    """What is left to ask of a server."""

    n_texts: int
    """Distinct texts (or pairs, see `noun`) whose answers the store does not hold, and that no earlier step asks."""
    n_tokens: int
    """Estimated: four bytes a token; with those of the checks."""
    n_requests: int
    """Requests for these texts."""
    cost_usd: float | None
    """None where no price is known."""
    exceeds: str = ""
    """The budget that would be exceeded, in words."""
    noun: str = "texts"
    """What is counted, in the plural."""
    n_checks: int = 0
    """Further requests, for the texts by which the model is known."""
    n_waiting: int = 0
    """Texts that a killed run was answered; they count once the server shows that it has the same model."""
    n_above: int = 0
    """Texts that an earlier step of the plan asks."""
    seconds: float | None = None
    """Estimated from its pace when it was last asked; None if it never was."""

    @property
    def is_done(self) -> bool:
        """Say whether the store holds all answers."""
        return not (self.n_texts or self.n_waiting or self.n_above)


@runtime_checkable
class Served(Protocol):
    """A system behind a server. Nothing is asked before its bill is shown."""

    def bill(self, collection: Collection, asked: Asked) -> Bill:
        """Return what a collection will cost beside what was `asked` for, which grows; the server is not asked."""
        ...


@runtime_checkable
class ServedReranker(Protocol):
    """A Reranker behind a server. Nothing is asked before its bill is shown."""

    def bill_of_pairs(self, collection: Collection, several: Sequence[CandidateList] | None, asked: Asked) -> Bill:
        """Return what these candidates will cost; None: the first lists are not known yet. The server is not asked."""
        ...
