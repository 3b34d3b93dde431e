"""Masked words from their context: the control that is not contrastive (BERT)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._contrast import full
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Mlm:
    """Cross-entropy of the tokens that the tower masked."""

    name: str = "mlm"
    source: str = "Devlin et al. 2019 (BERT), §3.1, task 1"
    stage: Stage = "control"
    feeds_on: frozenset[Kind] = frozenset({"items"})
    needs: frozenset[Need] = frozenset({"tokens"})
    temperature: float | None = None
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=dict)

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Take each item by itself; the tower masks its tokens."""
        return Batch(tuple(pairs.left[int(row)] for row in rows), ())

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the mean over masked tokens; 0 where nothing is masked."""
        from torch.nn import functional

        return functional.cross_entropy(full(seen.logits), seen.labels, reduction="sum") / max(1, len(seen.labels))


PART = Mlm()
