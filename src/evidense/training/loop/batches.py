"""Batches: which pairs each step sees, their items made ready once, and which candidates are no negatives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from evidense.parts import Prepared, Tower
from evidense.values import Batch, Item, Pairs

_KEPT_KEYS = 1 << 18
"""Items whose content key is remembered."""


def stream(seed: int, name: str, number: int = 0) -> np.random.Generator:
    """Return the random numbers of one purpose; those of two purposes, or of two numbers, have nothing in common."""
    purpose = int.from_bytes(name.encode()[:4], "little")
    return np.random.Generator(np.random.Philox(key=[seed % (1 << 64), (purpose << 32) + number]))


@dataclass(frozen=True)
class Order:
    """The order in which pairs are seen: one permutation an epoch; a last batch that is not full is left out."""

    n_pairs: int
    batch_size: int
    seed: int

    @property
    def size(self) -> int:
        """Pairs in each batch: all of them where there are fewer than a batch."""
        return min(self.batch_size, self.n_pairs)

    def rows(self, number: int) -> Int64[np.ndarray, " b"]:
        """Return the pairs of a batch; no pair is in it twice.

        >>> order = Order(n_pairs=5, batch_size=2, seed=0)
        >>> len({*order.rows(0), *order.rows(1)})  # one epoch is two batches
        4
        """
        epoch, place = divmod(number, self.n_pairs // self.size)
        return _permutation(self.n_pairs, self.seed, epoch)[place * self.size : (place + 1) * self.size]

    def used(self, n_batches: int) -> Int64[np.ndarray, " n"]:
        """Return the pairs that so many batches see."""
        if n_batches * self.size >= self.n_pairs:
            return np.arange(self.n_pairs)
        return np.unique(np.concatenate([self.rows(number) for number in range(n_batches)]))


@lru_cache(maxsize=2)
def _permutation(n: int, seed: int, epoch: int) -> Int64[np.ndarray, " n"]:
    return stream(seed, "pair", epoch).permutation(n)


class Remembered(Sequence):
    """A sequence whose elements are made once: a picture is not drawn again each epoch."""

    def __init__(self, source: Sequence[Any]) -> None:
        self.source = source
        self.made: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return the length."""
        return len(self.source)

    def __getitem__(self, at: Any) -> Any:
        """Return one element, or a list of some."""
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        row = int(at)
        if row not in self.made:
            self.made[row] = self.source[row]
        return self.made[row]


def remembered(pairs: Pairs) -> Pairs:
    """Return these pairs, each item of which is made once."""
    return replace(
        pairs,
        left=Remembered(pairs.left),
        right=Remembered(pairs.right),
        negatives=Remembered(pairs.negatives) if pairs.negatives else (),
    )


class Keys:
    """Content keys of items, remembered by object."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Item, str]] = {}

    def of(self, items: Iterable[Item]) -> list[str]:
        """Return the content key of each item."""
        return [self._key(item) for item in items]

    def _key(self, item: Item) -> str:
        found = self.known.get(id(item))
        if found is not None and found[0] is item:
            return found[1]
        if len(self.known) > _KEPT_KEYS:
            self.known.clear()
        key = item.content_key()
        self.known[id(item)] = (item, key)
        return key


class Shelf:
    """The items of one tower, made ready once where they are known beforehand."""

    def __init__(self, tower: Tower, keys: Keys) -> None:
        self.tower, self.keys = tower, keys
        self.places: dict[str, int] = {}
        self.prepared: Prepared | None = None

    def fill(self, items: Iterable[Item]) -> None:
        """Make these items ready for the whole run."""
        listed = list(items)
        distinct = dict(zip(self.keys.of(listed), listed, strict=True))
        self.places = {key: place for place, key in enumerate(distinct)}
        self.prepared = self.tower.prepare(list(distinct.values())) if distinct else None

    def take(self, items: Sequence[Item]) -> Prepared:
        """Return these items, made ready."""
        if self.prepared is not None:
            places = [self.places.get(key, -1) for key in self.keys.of(items)]
            if min(places) >= 0:
                return self.prepared.take(np.array(places, np.int64))
        return self.tower.prepare(items)


@dataclass(frozen=True)
class Contents:
    """Content keys of a joint batch."""

    queries: Sequence[str]
    documents: Sequence[str]
    negatives: Sequence[str] = ()

    @classmethod
    def of(cls, batch: Batch, keys: Keys) -> "Contents":
        """Read them off a batch."""
        return cls(keys.of(batch.queries), keys.of(batch.documents), keys.of(batch.negatives))

    def excluded(self, queue: Sequence[str] = ()) -> Bool[np.ndarray, "b c"]:
        """Return which candidates are no negatives of a query, since their content equals one of its positives.

        A query whose content is in the batch twice has the positives of both. Its own positives are never excluded.

        >>> Contents(["q", "r"], ["d", "e"]).excluded(["e"]).astype(int).tolist()
        [[0, 0, 0], [0, 0, 1]]
        """
        b, k = len(self.queries), len(self.documents) // len(self.queries)
        candidates = [*self.documents, *self.negatives, *queue]
        _, codes = np.unique(np.array(candidates), return_inverse=True)
        _, groups = np.unique(np.array(self.queries), return_inverse=True)
        is_positive = np.zeros((groups.max() + 1, codes.max() + 1), np.bool_)
        is_positive[np.repeat(groups, k), codes[: b * k]] = True
        found: np.ndarray = is_positive[groups][:, codes]
        found[np.repeat(np.arange(b), k), np.arange(b * k)] = False
        return found


def n_false_negatives(pairs: Pairs, keys: Keys) -> tuple[int, int]:
    """Return how many given hard negatives are their query's own positive, and how many there are."""
    n_false = n_all = 0
    for row in range(len(pairs.negatives)):
        given = keys.of(pairs.negatives[row])
        n_false += given.count(keys.of([pairs.right[row]])[0])
        n_all += len(given)
    return n_false, n_all
