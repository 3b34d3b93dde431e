"""Served towers: texts to vectors by a server that is asked for what the store does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float32

from evidense.compute.progress import Clock, Progress
from evidense.compute.similarity import divided_by_length
from evidense.compute.texts.function_tower import PlainTexts
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.compute.texts.too_long import TooLong
from evidense.fetching.servers.client import ModelClient
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Item, Modality

_VERSION = 1


@dataclass(frozen=True, eq=False)
class ServedTower:
    """One side of a model behind a server. Its identity is the model's vectors of ten sentinels, not the server's address."""

    client: ModelClient[str]
    prompt: str = ""
    too_long: TooLong = field(default_factory=TooLong)
    normalised: bool = False
    modalities: frozenset[Modality] = frozenset({"text"})
    identity: Literal["content"] = "content"
    n_layers: int = 0
    token_budget: int = 1 << 20

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the sentinels' vectors and every setting that changes a vector."""
        model = self.client.model
        settings = [self.prompt, self.too_long, self.normalised]
        return sha256_of(
            ["served", _VERSION, model.name, model.revision, self.client.identity.fingerprint, *map(str, settings)]
        )

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        return self.client.identity.n_dims

    def prepare(self, items: Sequence[Item]) -> PlainTexts:
        """Put the prompt before each text, and cut it as the user says.

        Raises:
            InvalidInput: an item without text or with a picture, or a text that is too long.
        """
        return PlainTexts(tuple(self.too_long.applied(prompted_texts(items, self.prompt))))

    def vectors(self, prepared: PlainTexts) -> Float32[np.ndarray, "b e"]:
        """Return the server's vectors, and bring them to unit length if the user asked for that."""
        vectors = self.client.answers(prepared.texts)
        return divided_by_length(vectors) if self.normalised else vectors

    def gather(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Ask for all vectors that the user's store does not hold, in batches, several at once."""
        clock = Clock(len(items), 0.0, progress)
        clock.start(0)
        self.client.gather(self.prepare(items).texts, clock.advance)
