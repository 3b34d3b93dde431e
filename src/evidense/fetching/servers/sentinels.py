"""Sentinels: ten texts whose vectors tell one model from another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.boundary.numbers import finite_number
from evidense.errors import StoreError
from evidense.records import sha256_of
from evidense.store import Store

TEXTS = (
    "The cat sat on the mat.",
    "A dense retriever maps queries and documents to vectors.",
    "Der schnelle braune Fuchs springt über den faulen Hund.",
    "今日は天気がいいですね。",
    "def add(a, b):\n    return a + b",
    "In 1969, two people walked on the Moon for 2.5 hours.",
    "Myocardial infarction without ST elevation",
    "no",
    "NOT a refund, but an exchange!",
    "Evidence is worth little without its interval, and an interval is worth little without the number of queries behind it.",
)  # fmt: skip
"""Short and long texts, three scripts, code, numbers, negation."""
SAME_COSINE = 1e-4
"""Sentinel vectors of one model differ by at most this, as 1 − cosine: servers sum in another order from call to call (about 1e−7 in
float32, 1e−5 in 16 bits), and other weights, or 8 bits, change more."""
SAME_LENGTH = 1e-3
"""And their lengths by at most this share."""
_ROOM = "servers"


@dataclass(frozen=True)
class Identity:
    """A model behind a server, known by its answers to the sentinels: vectors, or scores of one dimension."""

    fingerprint: str
    vectors: Float32[np.ndarray, "ten e"]

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        return int(self.vectors.shape[1])

    @property
    def is_unit(self) -> bool:
        """Say whether its vectors have unit length."""
        return bool((np.abs(np.linalg.norm(self.vectors, axis=1) - 1) < SAME_LENGTH).all())


def apart(now: Float32[np.ndarray, "ten e"], then: Float32[np.ndarray, "ten f"]) -> str:
    """Return in words how the sentinels' vectors differ; "" if they are the same within the tolerance."""
    if now.shape != then.shape:
        return f"its vectors have {now.shape[1]} dimensions, and had {then.shape[1]}"
    a, b = now.astype(np.float64), then.astype(np.float64)
    lengths, lengths_then = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    scale = np.maximum(lengths * lengths_then, 1e-300)
    cosines = np.where((lengths == 0) & (lengths_then == 0), 1.0, (a * b).sum(axis=1) / scale)
    stretched = np.abs(lengths - lengths_then) / np.maximum(np.maximum(lengths, lengths_then), 1e-300)
    if 1 - cosines.min() > SAME_COSINE:
        worst = int(cosines.argmin())
        return f"'{TEXTS[worst]!s:.40}' has the cosine {cosines[worst]:.4f} with its vector before"
    if stretched.max() > SAME_LENGTH:
        worst = int(stretched.argmax())
        return f"'{TEXTS[worst]!s:.40}' has a vector of length {lengths[worst]:.4g}, and had one of {lengths_then[worst]:.4g}"
    return ""


Differ = Callable[[np.ndarray, np.ndarray], str]
"""How answers to the sentinels differ, in words; "" if they do not."""


class Acquaintances:
    """The models that a store has met under one name, and which was last at one address."""

    def __init__(self, store: Store, name: tuple[str, ...], url: str, differ: Differ) -> None:
        self._store, self._differ = store, differ
        self._models = sha256_of(["models of servers", *name])
        self._last = sha256_of(["last at a server", *name, url])
        self._pace = sha256_of(["pace of a server", *name, url])

    def last(self) -> Identity | None:
        """Return the model that was last at this address; None if none was asked."""
        fingerprint = self._noted(self._last).get("fingerprint")
        return next((known for known in self._known() if known.fingerprint == fingerprint), None)

    def met(self, vectors: Float32[np.ndarray, "ten e"]) -> Identity:
        """Return the model that has these sentinel vectors, a known one within the tolerance, else a new one, and note that it was met."""
        known = self._known()
        for identity in known:
            if not self._differ(vectors, identity.vectors):
                self._store.note(_ROOM, self._last, {"fingerprint": identity.fingerprint})
                return identity
        new = Identity(sha256_of([vectors.shape[1], vectors.astype("<f4").tobytes().hex()]), vectors)
        blob = self._store.put_array(vectors)
        blobs = [*self._noted(self._models).get("blobs", []), blob]
        self._store.note(_ROOM, self._models, {"blobs": blobs})
        self._store.note(_ROOM, self._last, {"fingerprint": new.fingerprint})
        return new

    def pace(self) -> float | None:
        """Return the seconds that an answer took when this address was last asked; None if it never was."""
        return finite_number(self._noted(self._pace).get("seconds_per_answer"))

    def note_pace(self, seconds_per_answer: float) -> None:
        """Note how fast the server answered, several requests at once."""
        self._store.note(_ROOM, self._pace, {"seconds_per_answer": seconds_per_answer})

    def _known(self) -> list[Identity]:
        known = []
        for blob in self._noted(self._models).get("blobs", []):
            try:
                vectors = np.array(self._store.array(str(blob)))
            except (StoreError, ValueError):
                continue
            known.append(Identity(sha256_of([vectors.shape[1], vectors.astype("<f4").tobytes().hex()]), vectors))
        return known

    def _noted(self, key: str) -> dict[str, Any]:
        try:
            return self._store.noted(_ROOM, key)
        except StoreError:
            return {}
