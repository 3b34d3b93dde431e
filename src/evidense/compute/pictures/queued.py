"""Pictures that wait for an image tower: they are decoded when their batch comes, not before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from jaxtyping import Int, Int64

from evidense.values import Picture

NamedPicture = tuple[str, Picture]
"""(item id, picture)."""
NamedPictures = Sequence[NamedPicture]


@dataclass(frozen=True, eq=False)
class QueuedPictures:
    """Pictures with the reader that decodes them."""

    pictures: tuple[NamedPicture, ...]
    reader: Any
    """Its `n_tokens` says what one picture costs."""

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Tokens of each picture: the same for all."""
        return np.full(len(self.pictures), self.reader.n_tokens, np.int64)

    def take(self, rows: Int[np.ndarray, " n"]) -> Self:
        """Return the pictures of these rows, in this order."""
        return replace(self, pictures=tuple(self.pictures[int(row)] for row in rows))
