"""Entailers and reviewers: how a passage stands to a statement, and what a synthesis is worth."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from evidense.parts.names import Named
from evidense.values import EvidencePair, Synthesis, Vote


@runtime_checkable
class Entailer(Named, Protocol):
    """Judges passages: does this one support the statement, refute it, or neither?"""

    @property
    def identity(self) -> str:
        """sha256 over weights, prompt, seed and every setting that changes a probability; a part of the key of the step."""
        ...

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance, in the order of `values.STANCES`; rows sum to one. Not calibrated."""
        ...


@runtime_checkable
class AnswerCounts(Protocol):
    """Of an entailer that asks a model in words: how many of its answers were accepted, and why others were not."""

    @property
    def rejected(self) -> Mapping[str, int]:
        """Reason → answers that were rejected so far."""
        ...

    @property
    def n_accepted(self) -> Mapping[str, int]:
        """Stance → answers that were accepted so far."""
        ...


@runtime_checkable
class EntailerPart(Named, Protocol):
    """A spelling → an entailer."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """How `--entailer` names it: its name, or `cross_encoder:FOLDER`."""
        ...

    def recognises(self, spelling: str) -> bool:
        """Say whether `--entailer` means this part, by the text alone."""
        ...

    def open(self, spelling: str) -> Entailer:
        """Open it.

        Raises:
            InvalidInput: no such model, or one that does not tell the three stances.
            MissingExtra: what it needs is not installed.
        """
        ...


@runtime_checkable
class Reviewer(Named, Protocol):
    """Looks at one dimension of a synthesis through one measurable lens. It counts, it does not read for style: praise, length and
    instructions in the text change nothing."""

    @property
    def dimension(self) -> str:
        """What it scores, as "citation grounding", "numerical consistency" or "relevance"."""
        ...

    @property
    def asks(self) -> str:
        """Its question in a sentence, for the page."""
        ...

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score a synthesis; it gives None where there is nothing to look at."""
        ...
