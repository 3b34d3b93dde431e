"""Truncation: how many texts of a collection are longer than the encoder reads."""

from collections.abc import Iterator, Sequence

import numpy as np

from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.parts import CuttingTower, Encoder, Side
from evidense.values import Collection, Item

MATERIAL = 0.05
"""Share of truncated texts on a side from which on the page says so."""
SAMPLED = 2_000
"""Texts of a side that are tokenised; of a longer side a fixed random sample of this size."""

SIDES: tuple[tuple[Side, str], ...] = (("document", "documents"), ("query", "queries"))


def truncation_notes(encoder: Encoder, collection: Collection) -> tuple[str, ...]:
    """Return a sentence for each side on which the encoder truncates a material share of the texts."""
    return tuple(_notes(encoder, collection))


def _notes(encoder: Encoder, collection: Collection) -> Iterator[str]:
    for side, noun in SIDES:
        items = collection.corpus if side == "document" else collection.queries
        side_tower = encoder.tower(side)
        tower = side_tower.text if isinstance(side_tower, ImageTextTower) else side_tower
        if not isinstance(tower, CuttingTower) or (share := _share(tower, items)) < MATERIAL:
            continue
        about = "about " if len(items) > SAMPLED else ""
        yield f"{about}{share:.0%} of the {noun} are longer than the {tower.max_length:,} tokens that it reads (max_length): the rest is cut off"


def _share(tower: CuttingTower, items: Sequence[Item]) -> float:
    n = len(items)
    sample = np.random.default_rng(0).choice(n, SAMPLED, replace=False) if n > SAMPLED else np.arange(n)
    texts = [item for item in (items[int(number)] for number in sample) if item.text]
    return float(tower.is_cut(texts).mean()) if texts else 0.0
