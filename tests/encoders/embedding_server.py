"""A server on this machine with OpenAI's `/v1/embeddings`, whose vectors are those of a real model."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from encoders.opening import open_encoder, vectors
from fetching.loopback import Loopback, Said, Seen, serving

Change = Callable[[dict[str, Any], int], Said | dict[str, Any]]
"""An answer and the number of its request → what is sent in its place."""


@dataclass
class EmbeddingServer:
    """Answers with the vectors of `model`; `change` makes a fault of an answer."""

    model: str = "wordllama"
    change: Change = lambda answer, number: answer
    knows_base64: bool = True
    most_texts: int = 2048
    texts: list[str] = field(default_factory=list)
    """Every text that was answered, in order."""
    n_requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _encoder: Any = None

    def __call__(self, seen: Seen) -> Said:
        """Answer a request."""
        asked = json.loads(seen.body)
        with self._lock:
            self.n_requests += 1
            number = self.n_requests
            if not seen.path.endswith("/v1/embeddings"):
                return Said(b'{"error": {"message": "no such path"}}', 404)
            if asked["encoding_format"] == "base64" and not self.knows_base64:
                return Said(b'{"error": {"message": "encoding_format: only float"}}', 400)
            if len(asked["input"]) > self.most_texts:
                return Said(b'{"error": "batch size is too large", "error_type": "Validation"}', 422)
            said = self.change(self.answer(asked), number)
            if isinstance(said, Said):
                return said
            self.texts += asked["input"]
        return Said(json.dumps(said).encode())

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the right answer."""
        self._encoder = self._encoder or open_encoder(self.model)
        rows = vectors(self._encoder, asked["input"])
        is_packed = asked["encoding_format"] == "base64"
        shown = [base64.b64encode(row.tobytes()).decode() if is_packed else row.tolist() for row in rows]
        data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(shown)]
        n = sum(len(text.split()) + 2 for text in asked["input"])
        return {
            "object": "list",
            "data": data,
            "model": asked["model"],
            "usage": {"prompt_tokens": n, "total_tokens": n},
        }


@contextmanager
def embedding_server(**settings: Any) -> Iterator[tuple[EmbeddingServer, Loopback]]:
    """Run a server in this block."""
    server = EmbeddingServer(**settings)
    with serving(server) as loopback:
        yield server, loopback


def numbers(answer: dict[str, Any]) -> list[list[float]]:
    """Return the vectors of an answer as lists."""
    rows = [row["embedding"] for row in answer["data"]]
    return [np.frombuffer(base64.b64decode(row), "<f4").tolist() if isinstance(row, str) else row for row in rows]
