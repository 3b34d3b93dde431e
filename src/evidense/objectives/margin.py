"""A query scores what is relevant above each hard negative by a margin (triplet)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import likeness, mean_where, sides
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Margin:
    """Hinge on the difference of two scores; for unit vectors that is half the difference of squared distances."""

    name: str = "margin"
    source: str = "Schroff et al. 2015 (FaceNet), eq. 3"
    stage: Stage = "alignment fine-tuning"
    feeds_on: frozenset[Kind] = frozenset({"exact", "cheap"})
    needs: frozenset[Need] = frozenset({"negatives"})
    temperature: float | None = None
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: {"margin": 0.2, "in_batch": False})
    """margin: of scores; in_batch: whether documents, hard negatives and queue of other queries are negatives as well."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the mean hinge over positives and negatives of each query, averaged over queries."""
        s = sides(seen)
        similarities = likeness(s)
        positives = similarities[s.positive].view(len(similarities), s.n_positives, 1)
        hinges = (float(options["margin"]) + similarities[:, None] - positives).clamp(min=0).mean(1)
        return mean_where(hinges, s.negative if options["in_batch"] else s.given).mean()


PART = Margin()
