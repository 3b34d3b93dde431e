"""Open an encoder and encode texts with it, as the verbs do."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from evidense import registry
from evidense.boundary.consent import consenting
from evidense.parts import EncoderPart, Side
from evidense.values import Item, Spelling


def open_encoder(text: str) -> Any:
    part, spelling = registry.system(Spelling.parse(text))
    with consenting([text]):
        return cast(EncoderPart, part).open(spelling)


def vectors(encoder: Any, texts: Sequence[str], side: Side = "query") -> np.ndarray:
    """Encode all texts in one padded batch."""
    tower = encoder.tower(side)
    return np.asarray(tower.vectors(tower.prepare([Item(str(i), text) for i, text in enumerate(texts)])))


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.asarray((a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)))
