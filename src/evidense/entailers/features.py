"""Lexical features and a softmax regression that was fitted on SciFact: it ranks passages, and says how sure it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float64

from evidense.checking.features import FEATURES, VERSION, features
from evidense.checking.softmax import Softmax
from evidense.errors import InvalidInput
from evidense.parts import Entailer
from evidense.records import sha256_of
from evidense.values import EvidencePair

WEIGHTS = "features.json"
"""In `checking/shipped/`, with its card: made by `make judge`."""


@dataclass(frozen=True)
class ByFeatures:
    """Words in common weighed by rarity, negations, directions, numbers and hedges, as `checking.features` counts them."""

    model: Softmax
    identity: str
    name: str = "features"

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance; the evidence is a title and a few sentences."""
        measured = np.array([features(pair) for pair in pairs], dtype=np.float64).reshape(-1, len(FEATURES))
        return self.model(measured)


@cache
def _shipped() -> ByFeatures:
    text = (files("evidense.checking") / "shipped" / WEIGHTS).read_text("utf-8")
    table = json.loads(text)
    if table["version"] != VERSION or tuple(table["features"]) != FEATURES:
        raise InvalidInput(
            f"'{WEIGHTS}' was fitted on other features (version {table['version']}). Expected version {VERSION}. Fit it again: make judge"
        )
    return ByFeatures(Softmax.of_json(table), sha256_of(["features", table]))


class FeaturesPart:
    """Opens the weights that ship."""

    name = "features"
    spellings = ("features",)

    def recognises(self, spelling: str) -> bool:
        """Say whether it is this part's name."""
        return spelling == self.name

    def open(self, spelling: str) -> Entailer:
        """Return it.

        Raises:
            InvalidInput: its weights are of another version.
        """
        return _shipped()


PART = FeaturesPart()
