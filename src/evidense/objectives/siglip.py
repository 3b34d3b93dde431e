"""A sigmoid for every image with every text: is it a pair or not (SigLIP)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import full, scores, sides
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class SigLip:
    """Binary cross-entropy of every query with every candidate, with learned temperature and bias."""

    name: str = "siglip"
    source: str = "Zhai et al. 2023, §3.2 and algorithm 1"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"cheap", "exact", "views"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.1
    learns_temperature: bool = True
    bias: float | None = -10.0
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return −log σ of the signed logits, summed over candidates, averaged over queries; excluded candidates do not count."""
        from torch.nn import functional

        s = sides(seen)
        logits = scores(s) if seen.bias is None else scores(s) + full(seen.bias)
        right = functional.logsigmoid(logits.where(s.positive, -logits))
        return -right.masked_fill(~(s.positive | s.negative), 0).sum(1).mean()


PART = SigLip()
