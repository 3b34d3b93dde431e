"""A Python function of the user's (texts → array) as a tower."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int, Int64

from evidense.boundary.strangers import reason
from evidense.compute.similarity import divided_by_length
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.errors import EvidenseError, InvalidInput
from evidense.values import Item, Modality

Function = Callable[[list[str]], Any]
PROBE = ["a", "A second, longer text.", "0123456789"]
"""Probe texts: their vectors are part of the fingerprint, so that a changed function is encoded anew."""


@dataclass(frozen=True)
class PlainTexts:
    """Texts for a function; their size is their number of characters."""

    texts: tuple[str, ...]

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Characters of each text, in place of tokens."""
        return np.array([max(1, len(text)) for text in self.texts], np.int64)

    def take(self, rows: Int[np.ndarray, " n"]) -> "PlainTexts":
        """Return these texts, in this order."""
        return PlainTexts(tuple(self.texts[int(row)] for row in rows))


@dataclass(frozen=True, eq=False)
class FunctionTower:
    """Calls a function with lists of texts."""

    fingerprint: str
    function: Function
    n_dims: int
    prompt: str = ""
    normalised: bool = False
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    n_layers: int = 0
    token_budget: int = 1 << 14

    def prepare(self, items: Sequence[Item]) -> PlainTexts:
        """Put the prompt before each text.

        Raises:
            InvalidInput: an item without text, or with a picture.
        """
        return PlainTexts(tuple(prompted_texts(items, self.prompt)))

    def vectors(self, prepared: PlainTexts) -> Float32[np.ndarray, "b e"]:
        """Call the function, and bring its vectors to unit length if the user asked for that."""
        vectors = called(self.function, list(prepared.texts))
        return divided_by_length(vectors) if self.normalised else vectors


def called(function: Function, texts: list[str]) -> Float32[np.ndarray, "b e"]:
    """Call a function and check what it returns.

    Raises:
        InvalidInput: the function raised an error, or did not return an array with one row per text.
    """
    value = _returned(function, texts)
    try:
        value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        array = np.asarray(value, np.float32)
    except Exception as error:
        raise InvalidInput(
            f"the function returned {type(value).__name__}, which is no array ({error}); expected (texts, dimensions)"
        ) from None
    if array.ndim != 2 or len(array) != len(texts) or array.shape[1] == 0:
        raise InvalidInput(
            f"the function returned an array of shape {array.shape} for {len(texts)} texts; expected ({len(texts)},"
            " dimensions); return one row per text"
        )
    return array


def _returned(function: Function, texts: list[str]) -> Any:
    try:
        return function(texts)
    except EvidenseError:
        raise
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise InvalidInput(
            f"the function raised {type(error).__name__} in {last.filename}, line {last.lineno}: {reason(error)}. Expected an array "
            f"(texts, dimensions) for a list of {len(texts)} texts. Correct it; EVIDENSE_TRACEBACK=1 shows the whole traceback."
        ) from error
