"""Probe: a short text through an opened encoder, so that settings which only fail at work are refused where they are opened."""

from typing import Any

import numpy as np

from evidense.boundary.strangers import foreign, without_panic_text
from evidense.errors import InvalidInput
from evidense.values import Item

TEXT = "Evidence for dense retrievers."
_ADVICE = (
    "Expected a model that encodes a short text; its config.json, weights and tokeniser do not fit: fetch it again."
)


def refuse_unusable(tower: Any, place: str) -> None:
    """Encode a short text once.

    Raises:
        InvalidInput: whatever tokeniser or model raise over it, or a vector that is not finite.
    """
    with without_panic_text(), foreign(place, _ADVICE):
        vectors = np.asarray(tower.vectors(tower.prepare([Item("probe", TEXT)])))
    if not np.isfinite(vectors).all():
        raise InvalidInput(f"'{place}' gives NaN or infinity for a short text. {_ADVICE}")
