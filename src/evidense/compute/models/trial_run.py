"""Smoke test: encode a short text right after opening an encoder, so that settings which fail only in use are refused at once."""

from typing import Any

import numpy as np

from evidense.boundary.strangers import foreign, without_panic_text
from evidense.errors import InvalidInput
from evidense.values import Item

TEXT = "Evidence for dense retrievers."
_ADVICE = (
    "Expected a model that encodes a short text; its config.json, weights and tokeniser do not fit: fetch it again."
)


def refuse_unusable(source: str, *towers: Any) -> None:
    """Encode a short text with each tower, once where several are one object.

    Raises:
        InvalidInput: the tokeniser or the model raises an error, or a vector is not finite.
    """
    for tower in dict.fromkeys(towers):
        with without_panic_text(), foreign(source, _ADVICE):
            vectors = np.asarray(tower.vectors(tower.prepare([Item("probe", TEXT)])))
        if not np.isfinite(vectors).all():
            raise InvalidInput(f"'{source}' gives NaN or infinity for a short text. {_ADVICE}")
