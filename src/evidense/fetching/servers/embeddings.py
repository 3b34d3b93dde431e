"""Embeddings: texts to vectors by `POST /v1/embeddings`."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput
from evidense.fetching.servers.answers import shown, vectors_of
from evidense.fetching.servers.kept_vectors import key_of
from evidense.fetching.servers.sentinels import TEXTS, Identity, apart


class Embeddings:
    """The endpoint of an embedding model. A question is a text as it is sent.

    Source: OpenAI, "Create embeddings".
    """

    kind: ClassVar[tuple[str, ...]] = ()
    noun: ClassVar[str] = "texts"
    expected: ClassVar[str] = "vectors"
    same: ClassVar[str] = "vectors (cosine at least .9999)"
    advice: ClassVar[str] = (
        "look at the name of the model and at @url: most servers want it to end in /v1, Infinity without"
    )
    forms: ClassVar[tuple[str, ...]] = ("base64", "float")
    sentinels: ClassVar[Sequence[str]] = TEXTS

    def key(self, question: str) -> bytes:
        """Return the key of a text."""
        return key_of(question)

    def n_bytes(self, question: str) -> int:
        """Return its bytes in UTF-8."""
        return len(question.encode("utf-8", "replace"))

    def shown(self, question: str) -> str:
        """Return its beginning and its length."""
        return shown(question)

    def batches(self, questions: Sequence[str], size: int) -> Iterator[Sequence[str]]:
        """Yield so many texts at a time."""
        yield from (questions[start : start + size] for start in range(0, len(questions), size))

    def request(self, questions: Sequence[str], model: str, form: str) -> tuple[str, dict[str, Any]]:
        """Return path and body."""
        return "embeddings", {"model": model, "input": list(questions), "encoding_format": form}

    def answers(self, value: Any, questions: Sequence[str], model: str) -> Float32[np.ndarray, "n e"]:
        """Return one vector a text; raises as `vectors_of` does."""
        return vectors_of(value, questions, model)

    def apart(self, now: Float32[np.ndarray, "ten e"], then: Float32[np.ndarray, "ten f"]) -> str:
        """Return in words how the sentinels' vectors differ; "" if they do not."""
        return apart(now, then)

    def refuse_unlike(self, rows: Float32[np.ndarray, "n e"], questions: Sequence[str], identity: Identity) -> None:
        """Refuse vectors of other dimensions or of another length than those of the sentinels.

        Raises:
            InvalidInput: it is one of these.
        """
        if rows.shape[1] != identity.n_dims:
            raise InvalidInput(
                f"the server sent vectors of {rows.shape[1]} dimensions, and of {identity.n_dims} for the sentinels. Expected one number; "
                "look whether it changed its model"
            )
        lengths = np.linalg.norm(rows, axis=1)
        if identity.is_unit and (odd := (np.abs(lengths - 1) > 0.01) & (lengths > 0)).any():
            row = int(np.flatnonzero(odd)[0])
            raise InvalidInput(
                f"the server sent a vector of length {lengths[row]:.3g} for {shown(questions[row])}, and unit vectors for the sentinels. Expected unit "
                "vectors; look whether it changed its model"
            )

    def part_of_sentinels(self) -> Sequence[str]:
        """Return none: no server is known whose vectors depend on the texts beside them."""
        return ()
