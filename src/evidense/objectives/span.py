"""A text and its own spans, word to paragraph, against other texts and theirs (COSTA)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from evidense.objectives._batches import Words, cut, span
from evidense.objectives._contrast import grouped, info_nce, scores
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class SpanObjective:
    """Group-wise InfoNCE: a text against each of its spans; other texts and their spans are the negatives."""

    name: str = "span"
    source: str = "Ma et al. 2022 (COSTA), arXiv 2204.10641; without its projector and its loss on masked words"
    stage: Stage = "contrastive pre-training"
    feeds_on: frozenset[Kind] = frozenset({"items"})
    needs: frozenset[Need] = frozenset()
    temperature: float | None = 0.1
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(
        default_factory=lambda: {"n_spans": 5, "lengths": [[1, 1], [4, 16], [16, 64], [64, 128]]}
    )
    """n_spans: of each granularity; lengths: the fewest and most words of a span in each (word, phrase, sentence, paragraph).

    The numbers, temperature included, are the paper's as far as we know, unverified: its repository does not hold its pre-training."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Take each text as the query, and its spans as its k documents.

        Raises:
            InvalidInput: an item that is no text.
        """

        def group(words: Words) -> tuple[str, list[str]]:
            lengths = [
                _length(bounds[0], bounds[1], rng)
                for bounds in options["lengths"]
                for _ in range(int(options["n_spans"]))
            ]
            return " ".join(words), [" ".join(span(words, n, rng)) for n in lengths]

        return cut(pairs, rows, group)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the mean over a text's spans of InfoNCE against members of other groups, averaged over texts."""
        s, b = grouped(seen), len(seen.queries)
        return info_nce(scores(s)[:b], s.positive[:b], s.negative[:b], s.n_positives).mean()


def _length(least: int, most: int, rng: np.random.Generator) -> int:
    """Draw a length between two, of which longer ones are likelier: Beta(4, 2)."""
    return round(least + (most - least) * rng.beta(4, 2))


PART = SpanObjective()
