"""Served towers: texts to vectors by a server that is asked for what the store does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float32

from evidense.compute.progress import Clock, Progress
from evidense.compute.similarity import divided_by_length
from evidense.compute.texts.function_tower import PlainTexts
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.errors import InvalidInput
from evidense.fetching.servers.client import EmbeddingClient
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Item, Modality

_VERSION = 1


@dataclass(frozen=True)
class TooLong:
    """What becomes of texts of more than so many characters: they are cut, or refused; None: the server decides."""

    n_characters: int | None = None
    is_refused: bool = False

    @classmethod
    def of(cls, text: str | None) -> "TooLong":
        """Return what `@truncate` says: `server`, a number of characters, or `refuse:` and a number.

        Raises:
            InvalidInput: it is none of these.
        """
        if text in (None, "server"):
            return cls()
        number = str(text).removeprefix("refuse:")
        if not number.isascii() or not number.isdigit() or not 1 <= len(number) < 10 or not int(number):
            raise InvalidInput(
                f"@truncate={text} says nothing of long texts. Expected server (it decides), 2000 (cut after so many characters), or refuse:2000"
            )
        return cls(int(number), str(text).startswith("refuse:"))

    def applied(self, texts: Sequence[str]) -> list[str]:
        """Return the texts as they are sent.

        Raises:
            InvalidInput: some are too long, and the user wants to know.
        """
        n = self.n_characters
        if n is None:
            return list(texts)
        longer = [text for text in texts if len(text) > n]
        if longer and self.is_refused:
            raise InvalidInput(
                f"{len(longer):,} of {len(texts):,} texts have more than {n:,} characters (the longest {max(map(len, longer)):,}). Expected at most that "
                f"(@truncate=refuse:{n}); cut them with @truncate={n}, or leave them to the server (@truncate=server)"
            )
        return [text[:n] for text in texts]


@dataclass(frozen=True, eq=False)
class ServedTower:
    """One side of a model behind a server. Its identity is the model's vectors of ten sentinels, not the server's address."""

    client: EmbeddingClient
    prompt: str = ""
    too_long: TooLong = TooLong()
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
        vectors = self.client.vectors(prepared.texts)
        return divided_by_length(vectors) if self.normalised else vectors

    def gather(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Ask for all vectors that the user's store does not hold, in batches, several at once."""
        clock = Clock(len(items), 0.0, progress)
        clock.start(0)
        self.client.gather(self.prepare(items).texts, clock.advance)
