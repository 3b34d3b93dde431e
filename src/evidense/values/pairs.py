"""Pairs: training pairs, with the group keys that keep training and test apart."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Int

from evidense.values.build import Chosen
from evidense.values.collection import Provenance
from evidense.values.item import Item

Kind = Literal["exact", "cheap", "views", "items"]
"""exact: a query and a relevant document; cheap: paired without labels; views: two views of one thing; items: single items (right is left)."""


@dataclass(frozen=True)
class Pairs:
    """n pairs of items; lazy sequences are fine. Pairs of one group never lie on two sides of a split."""

    name: str
    """Canonical spelling, as `glyphs/sans:cheap@train`."""
    kind: Kind
    left: Sequence[Item]
    """Queries, or first views; n items."""
    right: Sequence[Item]
    """Relevant documents, or second views; n items."""
    groups: Sequence[str]
    """Group key of each pair."""
    blocks: Sequence[str] = ()
    """Block of each pair, or empty. Documents of one block are easily confused, so hard negatives come from it."""
    negatives: Sequence[Sequence[Item]] = ()
    """Hard negatives of each pair that the data name, or empty."""
    targets: Sequence[Sequence[float]] = ()
    """For each pair the similarity (or teacher's score) of left and right, then of left and each hard negative; or empty."""
    provenance: Provenance = field(default_factory=Provenance)
    unused: tuple[str, ...] = ()
    """Columns of the user's data that training ignores; training reports them when it ends."""

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)

    @cached_property
    def checksum(self) -> str:
        """Return the sha256 over contents, groups, negatives and targets, which identifies these pairs."""
        digest = hashlib.sha256(self.kind.encode())
        for row in range(len(self)):
            digest.update(
                f"{self.left[row].content_key()}\0{self.right[row].content_key()}\0{self.groups[row]}".encode()
            )
            digest.update(repr(self.blocks[row] if self.blocks else None).encode())
            for item in self.negatives[row] if self.negatives else ():
                digest.update(item.content_key().encode())
            digest.update(repr(list(self.targets[row]) if self.targets else None).encode())
        return digest.hexdigest()

    def take(self, rows: Int[np.ndarray, " n"]) -> "Pairs":
        """Return the pairs of these rows, in this order."""
        row_numbers = np.asarray(rows, np.int64)
        return replace(
            self,
            left=Chosen(self.left, row_numbers),
            right=Chosen(self.right, row_numbers),
            groups=Chosen(self.groups, row_numbers),
            blocks=Chosen(self.blocks, row_numbers) if self.blocks else (),
            negatives=Chosen(self.negatives, row_numbers) if self.negatives else (),
            targets=Chosen(self.targets, row_numbers) if self.targets else (),
        )


@dataclass(frozen=True)
class Batch:
    """The items that one training step encodes; an objective makes a batch of pairs."""

    queries: tuple[Item, ...]
    """b items."""
    documents: tuple[Item, ...]
    """b × k items: the k positives of query i are at i × k … i × k + k − 1; k is 1 except for group-wise objectives."""
    negatives: tuple[Item, ...] = ()
    """b × n items: the n hard negatives of query i are at i × n … i × n + n − 1."""
    targets: np.ndarray | None = None
    """float32 (b, 1 + n): see `Pairs.targets`."""

    @property
    def n_positives(self) -> int:
        """Positives of each query (k)."""
        return len(self.documents) // max(1, len(self.queries))

    @property
    def n_negatives(self) -> int:
        """Hard negatives of each query (n)."""
        return len(self.negatives) // max(1, len(self.queries))
