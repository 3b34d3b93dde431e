"""InfoNCE of a query and what is relevant to it, against in-batch and given hard negatives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import one_way
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class InfoNce:
    """Queries against the documents and hard negatives of the whole batch, one way."""

    name: str = "infonce"
    source: str = "Karpukhin et al. 2020 (DPR), eq. 2; van den Oord et al. 2018, eq. 4"
    stage: Stage = "alignment fine-tuning"
    feeds_on: frozenset[Kind] = frozenset({"exact", "cheap", "views"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.05
    """DPR has 1 with inner products; for cosines 1/20 is what sentence-transformers takes."""
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return −log of the softmax of each positive among its query's negatives; the queue counts among them."""
        return one_way(seen)


PART = InfoNce()
