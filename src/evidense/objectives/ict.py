"""A sentence finds the text that it was taken from (inverse cloze task)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import Words, cut, sentences
from evidense.objectives._contrast import one_way
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Ict:
    """InfoNCE between one sentence of a text and the rest of it; the sentence stays in the text in one of ten."""

    name: str = "ict"
    source: str = "Lee et al. 2019 (ORQA), §4"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"items"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.05
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: {"removed": 0.9})
    """removed: how often the sentence is removed from its text."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Take one sentence of each text as the query; where a text has one sentence, a clause or a word stands for it.

        Raises:
            InvalidInput: an item that is no text.
        """

        def cloze(words: Words) -> tuple[str, list[str]]:
            places = sentences(words)
            first, last = places[int(rng.integers(len(places)))] if places else (0, 0)
            is_removed = rng.random() < options["removed"] and last - first < len(words)
            remaining = words[:first] + words[last:] if is_removed else words
            return " ".join(words[first:last]), [" ".join(remaining)]

        return cut(pairs, rows, cloze)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return InfoNCE of the sentences against the texts; the queue counts among the negatives."""
        return one_way(seen)


PART = Ict()
