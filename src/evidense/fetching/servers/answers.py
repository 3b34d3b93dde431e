"""Answers: the vectors in what an embedding server sends, each fault named."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput

_ADVICE = "look at the server"


def vectors_of(value: Any, texts: Sequence[str], model: str) -> Float32[np.ndarray, "n e"]:
    """Return one vector a text, in the order of the texts, whatever the order of the answer.

    Raises:
        InvalidInput: another model, another number of vectors, an index that is none, vectors of several lengths, NaN.

    Source: OpenAI, "Create embeddings": objects with `index` and `embedding`, a list of numbers or base64 of little-endian float32.
    """
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) and "embedding" in row for row in data):
        raise InvalidInput(f"the server's answer holds no list 'data' of embeddings. Expected one; {_ADVICE}, or correct @url")  # fmt: skip
    refuse_another_model(value.get("model"), model)
    if len(data) != len(texts):
        raise InvalidInput(f"the server sent {len(data)} vectors for {len(texts)} texts. Expected one each; {_ADVICE}")
    vectors = [_vector(row["embedding"]) for row in data]
    if len({len(vector) for vector in vectors}) != 1:
        sizes = ", ".join(str(size) for size in sorted({len(vector) for vector in vectors}))
        raise InvalidInput(
            f"the server sent vectors of {sizes} dimensions in one answer. Expected one number; {_ADVICE}"
        )
    out = np.empty((len(texts), len(vectors[0])), np.float32)
    out[_places(data)] = np.stack(vectors)
    if not (is_finite := np.isfinite(out).all(axis=1)).all():
        text = texts[int(np.flatnonzero(~is_finite)[0])]
        raise InvalidInput(
            f"the server sent NaN or infinity for {(~is_finite).sum()} texts, as {shown(text)}. Expected finite numbers; {_ADVICE}, or at these texts"
        )
    return out


def refuse_another_model(answered_by: Any, model: str) -> None:
    """Refuse the answer of another model than the one that was asked; an answer that names none is taken.

    Raises:
        InvalidInput: both names.
    """
    if answered_by is not None and answered_by != model:
        raise InvalidInput(
            f"'{str(answered_by)[:80]}' answered where '{model[:80]}' was asked. Expected the model that was asked; name the one that answers, "
            "or, if it is the same model by another name, write @answers_as=NAME"
        )


def shown(text: str) -> str:
    """Return the beginning of a text, and its length, for a message."""
    head = "".join(letter if letter.isprintable() else " " for letter in text[:60])
    return f"'{head}{'…' if len(text) > 60 else ''}' ({len(text):,} characters)"


def n_tokens_of(value: Any) -> int | None:
    """Return the tokens that an answer says it took; None where it does not say."""
    usage = value.get("usage") if isinstance(value, dict) else None
    n = (usage.get("total_tokens") or usage.get("prompt_tokens")) if isinstance(usage, dict) else None
    return int(n) if isinstance(n, int) and n > 0 else None


def _places(data: Sequence[dict[str, Any]]) -> list[int]:
    """Return the place of each vector: its index; its position where no vector has one."""
    indexes = [row.get("index") for row in data]
    if all(index is None for index in indexes):
        return list(range(len(data)))
    if sorted(index for index in indexes if isinstance(index, int)) != list(range(len(data))):
        raise InvalidInput(
            f"the server numbers its {len(data)} vectors {', '.join(map(str, indexes[:5]))} …. Expected each 'index' from 0 to {len(data) - 1} once; {_ADVICE}"
        )
    return [int(index) for index in indexes if index is not None]


def _vector(embedding: Any) -> Float32[np.ndarray, " e"]:
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
        with np.errstate(over="ignore"):
            vector = np.array(embedding, np.float64).astype(np.float32)
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInput(
            f"the server sent an embedding that is no list of numbers ({str(error)[:80]}). Expected numbers, or base64 of float32; {_ADVICE}"
        ) from None
    if vector.ndim != 1 or not len(vector):
        raise InvalidInput(f"the server sent an embedding of shape {vector.shape}. Expected one list of numbers a text; {_ADVICE}")  # fmt: skip
    return vector
