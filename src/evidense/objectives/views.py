"""Two views of one thing find each other among all views of others (SimCLR)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import grouped, info_nce, scores
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Views:
    """NT-Xent: each view is told from every view of the other things, on both sides."""

    name: str = "views"
    source: str = "Chen et al. 2020 (SimCLR), eq. 1"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"views", "cheap", "exact"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.1
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return InfoNCE averaged over all views; hard negatives and queue count for every view of their query's thing."""
        s = grouped(seen)
        return info_nce(scores(s), s.positive, s.negative, s.n_positives).mean()


PART = Views()
