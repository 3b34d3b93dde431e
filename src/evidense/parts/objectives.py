"""Objectives: how a batch is made of pairs, and what its representations cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int

from evidense.parts.names import Named
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs

Stage = Literal["contrastive pre-training", "alignment fine-tuning", "control"]
Need = Literal["negatives", "targets", "tokens"]


@dataclass(frozen=True)
class Representations:
    """What a loss is computed from: torch tensors (typed loosely here because this floor speaks numpy).

    Candidates c of a query are, in this order: all documents [b × k], all hard negatives [b × n], the queue [m].
    """

    queries: Any
    """[b, e], as scored: unit length where the encoder's similarity is cosine."""
    documents: Any
    """[b × k, e]: the k positives of query i at i × k …"""
    negatives: Any = None
    """[b, n, e], or None."""
    queue: Any = None
    """[m, e] without gradient, or None."""
    excluded: Any = None
    """bool [b, c], or None: True = no negative of this query, since its content equals a positive's (never True at its own positives)."""
    targets: Any = None
    """[b, 1 + n], or None: see `Pairs.targets`."""
    similarity: str = "dot"
    """How these vectors are scored: a name of `compute.similarity`; inner products do for cosine, since lengths are 1."""
    scale: Any = None
    """Scalar tensor: 1 / temperature."""
    bias: Any = None
    """Scalar tensor (siglip)."""
    logits: Any = None
    """[m, v] at masked tokens (mlm)."""
    labels: Any = None
    """[m]"""

    @property
    def n_positives(self) -> int:
        """Positives of each query (k)."""
        return len(self.documents) // len(self.queries)


@runtime_checkable
class Objective(Named, Protocol):
    """A batch of representations → loss in nats; says how its batch is made of pairs."""

    @property
    def source(self) -> str:
        """Paper and equation."""
        ...

    @property
    def stage(self) -> Stage:
        """Which regime it belongs to."""
        ...

    @property
    def feeds_on(self) -> frozenset[Kind]:
        """Kinds of Pairs that it can be trained on."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What a batch must have beside pairs: hard negatives, targets, or predictions at masked tokens."""
        ...

    @property
    def temperature(self) -> float | None:
        """Where the temperature starts; None = it has none."""
        ...

    @property
    def learns_temperature(self) -> bool:
        """Whether temperature (and bias) are trained unless the Recipe says otherwise."""
        ...

    @property
    def bias(self) -> float | None:
        """Where the bias of the logits starts; None = it has none."""
        ...

    @property
    def options(self) -> Mapping[str, Json]:
        """Names and default values of what `Recipe.objective_options` may set."""
        ...

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Make the batch of these pairs: cut spans, take views, or pass them on."""
        ...

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the loss, a scalar tensor averaged over queries, in nats where it is a likelihood; permuting the batch does not change it."""
        ...


def takes_targets(objective: Objective) -> bool:
    """Say whether an objective learns from `Pairs.targets`: it needs them, or says `takes_targets = True` and uses them where they are."""
    return "targets" in objective.needs or bool(getattr(objective, "takes_targets", False))
