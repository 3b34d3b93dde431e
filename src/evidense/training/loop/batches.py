"""Batches: the pairs of each step, their prepared items, and the candidates that must not count as negatives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from evidense.parts import Prepared, Tower
from evidense.values import Batch, Item, Pairs

_KEPT_KEYS = 1 << 18
"""How many items' content keys are cached."""


def purpose_rng(seed: int, name: str, number: int = 0) -> np.random.Generator:
    """Return the random generator of one purpose and number; any two of them are independent.

    `stats.weights.streams.stream` draws other numbers: intervals rest on those, the bytes of trained checkpoints on these.
    """
    purpose = int.from_bytes(name.encode()[:4], "little")
    return np.random.Generator(np.random.Philox(key=[seed % (1 << 64), (purpose << 32) + number]))


def step_seed(seed: int, step: int) -> int:
    """Return the seed of what torch itself draws in one step: 32 bits, all that torch's CPU generator reads, of both numbers."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def seed_torch(seed: int) -> None:
    """Seed the generators of torch that are in use.

    `torch.manual_seed` also notes the seed, with a written stack of calls, for accelerators that nobody uses: a millisecond a step.
    """
    import torch

    if torch.cuda.is_initialized():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@dataclass(frozen=True)
class PairOrder:
    """The order in which pairs are trained on: a permutation per epoch. An incomplete last batch is left out."""

    n_pairs: int
    batch_size: int
    seed: int

    @property
    def size(self) -> int:
        """Pairs in each batch; all pairs if there are fewer than a batch."""
        return min(self.batch_size, self.n_pairs)

    def rows(self, number: int) -> Int64[np.ndarray, " b"]:
        """Return the row numbers of a batch; no pair is in it twice.

        >>> order = PairOrder(n_pairs=5, batch_size=2, seed=0)
        >>> len({*order.rows(0), *order.rows(1)})  # one epoch is two batches
        4
        """
        epoch, place = divmod(number, self.n_pairs // self.size)
        return _permutation(self.n_pairs, self.seed, epoch)[place * self.size : (place + 1) * self.size]

    def used(self, n_batches: int) -> Int64[np.ndarray, " n"]:
        """Return the row numbers that the first `n_batches` batches contain, sorted."""
        if n_batches * self.size >= self.n_pairs:
            return np.arange(self.n_pairs)
        return np.unique(np.concatenate([self.rows(number) for number in range(n_batches)]))


@lru_cache(maxsize=2)
def _permutation(n: int, seed: int, epoch: int) -> Int64[np.ndarray, " n"]:
    return purpose_rng(seed, "pair", epoch).permutation(n)


class Remembered(Sequence):
    """A sequence that makes each element once, so that a picture is not drawn again each epoch."""

    def __init__(self, source: Sequence[Any]) -> None:
        self.source = source
        self.elements: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return the length."""
        return len(self.source)

    def __getitem__(self, index: Any) -> Any:
        """Return one element, or a list for a slice."""
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        row = int(index)
        if row not in self.elements:
            self.elements[row] = self.source[row]
        return self.elements[row]


def remembered(pairs: Pairs) -> Pairs:
    """Return these pairs, with each item made only once."""
    return replace(
        pairs,
        left=Remembered(pairs.left),
        right=Remembered(pairs.right),
        negatives=Remembered(pairs.negatives) if pairs.negatives else (),
    )


class Keys:
    """Content keys of items, cached by object identity."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Item, str]] = {}

    def of(self, items: Iterable[Item]) -> list[str]:
        """Return the content key of each item."""
        return [self._key(item) for item in items]

    def _key(self, item: Item) -> str:
        remembered = self.known.get(id(item))
        if remembered is not None and remembered[0] is item:
            return remembered[1]
        if len(self.known) > _KEPT_KEYS:
            self.known.clear()
        key = item.content_key()
        self.known[id(item)] = (item, key)
        return key


class Shelf:
    """The items of one tower, prepared once if they are known beforehand."""

    def __init__(self, tower: Tower, keys: Keys) -> None:
        self.tower, self.keys = tower, keys
        self.places: dict[str, int] = {}
        self.prepared: Prepared | None = None

    def fill(self, items: Iterable[Item]) -> None:
        """Prepare these items for the whole run."""
        listed = list(items)
        distinct = dict(zip(self.keys.of(listed), listed, strict=True))
        self.places = {key: place for place, key in enumerate(distinct)}
        self.prepared = self.tower.prepare(list(distinct.values())) if distinct else None

    def take(self, items: Sequence[Item]) -> Prepared:
        """Return these items, prepared for the tower."""
        if self.prepared is not None:
            places = [self.places.get(key, -1) for key in self.keys.of(items)]
            if min(places) >= 0:
                return self.prepared.take(np.array(places, np.int64))
        return self.tower.prepare(items)


@dataclass(frozen=True)
class ContentKeys:
    """Content keys of a joint batch."""

    queries: Sequence[str]
    documents: Sequence[str]
    negatives: Sequence[str] = ()

    @classmethod
    def of(cls, batch: Batch, keys: Keys) -> "ContentKeys":
        """Return the content keys of a batch."""
        return cls(keys.of(batch.queries), keys.of(batch.documents), keys.of(batch.negatives))

    def excluded(self, queue: Sequence[str] = ()) -> Bool[np.ndarray, "b c"]:
        """Return which candidates must not count as negatives of a query, because their content equals one of its positives.

        If a query's content is in the batch twice, both have the positives of both. A query's own positives are never excluded.

        >>> ContentKeys(["q", "r"], ["d", "e"]).excluded(["e"]).astype(int).tolist()
        [[0, 0, 0], [0, 0, 1]]
        """
        b, k = len(self.queries), len(self.documents) // len(self.queries)
        candidates = [*self.documents, *self.negatives, *queue]
        _, codes = np.unique(np.array(candidates), return_inverse=True)
        _, groups = np.unique(np.array(self.queries), return_inverse=True)
        is_positive = np.zeros((groups.max() + 1, codes.max() + 1), np.bool_)
        is_positive[np.repeat(groups, k), codes[: b * k]] = True
        excluded: np.ndarray = is_positive[groups][:, codes]
        excluded[np.repeat(np.arange(b), k), np.arange(b * k)] = False
        return excluded


def n_false_negatives(pairs: Pairs, keys: Keys) -> tuple[int, int]:
    """Return how many of the given hard negatives equal their query's positive, and how many hard negatives there are."""
    n_false = n_all = 0
    for row in range(len(pairs.negatives)):
        negatives = keys.of(pairs.negatives[row])
        n_false += negatives.count(keys.of([pairs.right[row]])[0])
        n_all += len(negatives)
    return n_false, n_all
