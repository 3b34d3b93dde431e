"""The same text twice under different dropout (SimCSE, unsupervised)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._contrast import one_way
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class SimCse:
    """InfoNCE between two encodings of one item, which differ by dropout alone; it works for pictures as well."""

    name: str = "simcse"
    source: str = "Gao et al. 2021 (SimCSE), eq. 4"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"items"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.05
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Take each item as its own document."""
        items = tuple(pairs.left[int(row)] for row in rows)
        return Batch(items, items)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return InfoNCE of each first encoding against all second ones; the queue counts among the negatives."""
        return one_way(seen)


PART = SimCse()
