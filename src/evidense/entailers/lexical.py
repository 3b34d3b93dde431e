"""The share of a statement's words that a passage has, denied where one of the two denies: the floor, without a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from evidense.auditing.markers import n_negations
from evidense.parts import Entailer
from evidense.records import sha256_of
from evidense.texts.tokens import tokens, value
from evidense.values import EvidencePair

VERSION = 1
"""Rises with every change that changes a probability."""


@dataclass(frozen=True)
class Lexical:
    """Words in common; where only one of passage and statement denies, what would support refutes."""

    name: str = "lexical"

    @property
    def identity(self) -> str:
        """Return the hash of its version: it has no weights."""
        return sha256_of({"entailer": self.name, "version": VERSION})

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance; "neither" where the passage has few of the statement's words."""
        return np.array([_stances(pair) for pair in pairs], dtype=np.float64).reshape(-1, 3)


def _stances(pair: EvidencePair) -> tuple[float, float, float]:
    claim, evidence = _words(pair.claim), _words(pair.evidence)
    shared = len(claim & evidence) / len(claim) if claim else 0.0
    denied = (n_negations(pair.claim) % 2) != (n_negations(pair.evidence) % 2)
    return (0.0, shared, 1 - shared) if denied else (shared, 0.0, 1 - shared)


def _words(text: str) -> set[str]:
    return {value(token.key) for token in tokens(text) if token.kind in ("word", "number") and len(token.key) > 2}


class LexicalPart:
    """Opens the one lexical entailer."""

    name = "lexical"
    spellings = ("lexical",)

    def recognises(self, spelling: str) -> bool:
        """Say whether it is this part's name."""
        return spelling == self.name

    def open(self, spelling: str) -> Entailer:
        """Return it; it needs nothing."""
        return Lexical()


PART = LexicalPart()
