"""Two independent random spans of one text find each other (Contriever)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import Words, cut, span
from evidense.objectives._contrast import one_way
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Crop:
    """InfoNCE between two spans cut independently from one window of a text, words of which are deleted at random."""

    name: str = "crop"
    source: str = "Izacard et al. 2022 (Contriever), eq. 1 and §3.2"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"items"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.05
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(
        default_factory=lambda: {"window": 256, "shortest": 0.05, "longest": 0.5, "deleted": 0.1}
    )
    """window: words of a text that are looked at; shortest, longest: share of them in a span; deleted: share of a span's words left out."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Cut two spans of each text.

        Raises:
            InvalidInput: an item that is no text.
        """

        def two_spans(words: Words) -> tuple[str, list[str]]:
            window = span(words, int(options["window"]), rng)
            return _cropped(window, rng, options), [_cropped(window, rng, options)]

        return cut(pairs, rows, two_spans)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return InfoNCE of the first spans against the second ones; the queue counts among the negatives."""
        return one_way(seen)


def _cropped(window: Words, rng: np.random.Generator, options: Mapping[str, Json]) -> str:
    """Return a span of at least one word."""
    share = rng.uniform(options["shortest"], options["longest"])
    words = span(window, max(1, round(share * len(window))), rng)
    is_kept = rng.random(len(words)) >= options["deleted"]
    return " ".join(word for word, stays in zip(words, is_kept, strict=True) if stays or not is_kept.any())


PART = Crop()
