"""Squared error of the cosine of a pair against its similarity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.compute.tensor_similarity import unit
from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import mean_where, product, sides
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Cosine:
    """Regression on given similarities; without them 1 for the pair, and 0 for its hard negatives and for documents of other pairs."""

    name: str = "cosine"
    source: str = "Reimers and Gurevych 2019 (Sentence-BERT), regression objective; CosineSimilarityLoss"
    stage: Stage = "alignment fine-tuning"
    feeds_on: frozenset[Kind] = frozenset({"exact", "cheap"})
    needs: frozenset[Need] = frozenset()
    takes_targets: bool = True
    temperature: float | None = None
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: {"negatives": 1})
    """negatives: where the pairs have no targets, how many documents of other pairs stand beside each pair, with target 0."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives and targets."""
        return passed_on(pairs, rows, with_targets=True)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the mean squared error over what each query is compared with, averaged over queries.

        Documents of other pairs count by their mean: the expectation over shuffles of the batch, so that no order of it matters.
        """
        s = sides(seen)
        cosines = product(unit(s.queries), unit(s.candidates))
        positives, hard = s.of_query(cosines)
        counts = s.of_query(s.given)[1]
        goal = (
            positives.new_tensor([[1.0] + [0.0] * s.n_negatives])
            if seen.targets is None
            else seen.targets.to(positives.dtype)
        )
        errors = (positives - goal[:, :1]).square().mean(1) + (hard - goal[:, 1:]).square().masked_fill(~counts, 0).sum(
            1
        )
        other_pairs = s.negative & ~s.given
        n_other_pairs = (
            int(options["negatives"]) * other_pairs.any(1) if seen.targets is None else counts.new_zeros(1).int()
        )
        errors = errors + n_other_pairs * mean_where(cosines.square(), other_pairs)
        return (errors / (1 + counts.sum(1) + n_other_pairs)).mean()


PART = Cosine()
