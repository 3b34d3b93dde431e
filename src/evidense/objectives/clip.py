"""Symmetric InfoNCE of images and texts, with a learned temperature (CLIP)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import both_ways
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Clip:
    """Each side tells its partner from all others; the mean of both directions."""

    name: str = "clip"
    source: str = "Radford et al. 2021, figure 3 and §2.5"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"cheap", "exact", "views"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.07
    learns_temperature: bool = True
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the mean of both directions; hard negatives and queue count from queries to documents only."""
        return both_ways(seen)


PART = Clip()
