"""Relevant pairs close together, all vectors spread over the sphere: the two terms themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.compute.tensor_similarity import unit
from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import grouped, product
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class AlignUniform:
    """Alignment of the pairs and uniformity of each side, both on unit vectors."""

    name: str = "align_uniform"
    source: str = "Wang and Isola 2020, §4.1"
    stage: Stage = "alignment fine-tuning"
    feeds_on: frozenset[Kind] = frozenset({"exact", "cheap", "views"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = None
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(
        default_factory=lambda: {"alignment": 1.0, "uniformity": 1.0, "alpha": 2.0, "t": 2.0}
    )
    """alignment, uniformity: weights of the two; alpha: power of the distance; t: of the Gaussian potential."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives."""
        return passed_on(pairs, rows)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the weighted sum; hard negatives and queue repel documents, excluded pairs do not count."""
        s, b = grouped(seen), len(seen.queries)
        vectors, n, t = unit(s.candidates), len(s.queries), float(options["t"])
        gaps = (vectors[:b, None] - vectors[b:n].view(b, s.n_positives, -1)).square().sum(2)
        alignment = gaps.clamp(min=_TINY).pow(float(options["alpha"]) / 2).mean()
        queries = _log_potential(vectors[:b], vectors[:b], s.negative[:b, :b], t)
        documents = _log_potential(vectors[b:n], vectors[b:], s.negative[b:, b:], t)
        return float(options["alignment"]) * alignment + float(options["uniformity"]) * (queries + documents) / 2


_TINY = 1e-24
"""Of a squared distance: below alpha = 2 the power has no gradient at 0."""


def _log_potential(
    vectors: Float[Any, "n e"], others: Float[Any, "c e"], counts: Bool[Any, "n c"], t: float
) -> Float[Any, ""]:
    """Return the log of the mean of exp(−t · squared distance) over the pairs that count; 0 where there is none."""
    import torch

    if not counts.any():
        return vectors.sum() * 0
    distances = (2 - 2 * product(vectors, others)).clamp(min=0)
    return (-t * distances).masked_fill(~counts, -torch.inf).flatten().logsumexp(0) - counts.sum().to(
        vectors.dtype
    ).log()


PART = AlignUniform()
