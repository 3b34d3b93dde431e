"""Leaks: finds test items that equal, or nearly equal, training items."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32

from evidense.compute.pictures.decoding import decode
from evidense.training.data.copies import near_copies, plain
from evidense.values import Collection, Item, Pairs, Picture

ALGORITHM = 1
"""Version of the algorithm. It is raised if a change gives other counts for the same items."""
NEAR = 0.8
"""Two texts are near copies if their shingle sets overlap by this much: |both| / |either| (Broder 1997)."""
HASH_SIDE = 16
"""Width and height of a shrunken picture; each cell gives a bit, 1 if it is lighter than the mean."""
NEAR_BITS = 2
"""Two pictures are near copies if at most this many of the 256 bits differ."""
_AT_ONCE = 512

Key = str | bytes
"""Key of an item: its normalised text, or the sha256 of its pixels."""


@dataclass(frozen=True)
class LeakCounts:
    """How many test items equal, or nearly equal, a training item."""

    n_equal: int
    """Equal to a training item: texts ignoring case and spaces, pictures by their decoded pixels."""
    n_near: int
    """Near copies of a training item, and equal to none."""
    n_checked: int
    """Distinct test items: queries and relevant documents."""

    def sentence(self) -> str:
        """Return the counts as a sentence, printed beside a score.

        >>> LeakCounts(1, 20, 1640).sentence()
        '1 of 1,640 test items equals a training item, 20 nearly equal one'
        """
        equal = f"{self.n_equal:,} of {self.n_checked:,} test items equal{'s' * (self.n_equal == 1)} a training item"
        return f"{equal}, {self.n_near:,} nearly equal{'s' * (self.n_near == 1)} one"

    def to_json(self) -> dict[str, int]:
        """Return the three numbers by name."""
        return asdict(self)


@dataclass(frozen=True)
class Leaks:
    """The parts of a collection that equal, or nearly equal, training items."""

    counts: LeakCounts
    is_equal: Bool[np.ndarray, " q"]
    """Which queries equal a training item."""
    is_near: Bool[np.ndarray, " q"]
    """Which queries nearly equal a training item, and equal none."""
    documents: tuple[int, int, int]
    """Numbers of relevant documents: equal to a training item, nearly equal, in all."""
    pairs: tuple[int, int, int]
    """Numbers of pairs of query and relevant document: equal to a training pair, nearly equal, in all."""


def leak_counts(pairs: Sequence[Pairs], collection: Collection) -> LeakCounts:
    """Count the queries and relevant documents of a collection that equal, or nearly equal, an item of these pairs.

    Texts are compared with texts, pictures with pictures; an item with both counts as its picture.
    """
    return find_leaks(pairs, collection).counts


def find_leaks(pairs: Sequence[Pairs], collection: Collection) -> Leaks:
    """Find the queries, relevant documents and judged pairs of a collection that equal, or nearly equal, items of these pairs."""
    trained, test = _Sides(), _Sides()
    together = {side for part in pairs for side in zip(trained.add(part.left), trained.add(part.right), strict=True)}
    for negatives in (items for part in pairs for items in part.negatives):
        trained.add(negatives)
    relevant = {d for gains in collection.qrels.values() for d, gain in gains.items() if gain > 0}
    relevant_documents = [item for item in collection.corpus if item.id in relevant]
    queries = dict(zip(collection.query_ids, test.add(collection.queries), strict=True))
    key_of_document = dict(zip((item.id for item in relevant_documents), test.add(relevant_documents), strict=True))
    matches = _matches(test, trained)
    judged = [
        (queries.get(q), key_of_document.get(d))
        for q, gains in collection.qrels.items()
        for d, gain in gains.items()
        if gain > 0
    ]
    paired = [(q, d) for q, d in judged if _are_together(matches.get(q, ()), matches.get(d, ()), together)]
    n_equal_pairs = sum(q in trained and d in trained for q, d in paired)
    is_equal, is_found = (np.array([key in held for key in queries.values()], bool) for held in (trained, matches))
    return Leaks(
        LeakCounts(*_counts(matches, trained), len(test)),
        is_equal,
        is_found & ~is_equal,
        (*_counts([key for key in key_of_document.values() if key in matches], trained), len(key_of_document)),
        (n_equal_pairs, len(paired) - n_equal_pairs, len(judged)),
    )


def _counts(keys: Iterable[Key | None], trained: "_Sides") -> tuple[int, int]:
    """Count the keys that equal a training item, and the others."""
    is_equal = [key in trained for key in keys]
    return sum(is_equal), len(is_equal) - sum(is_equal)


def _are_together(first: Sequence[Key], second: Sequence[Key], together: set[tuple[Key | None, Key | None]]) -> bool:
    return any((a, b) in together or (b, a) in together for a in first for b in second)


class _Sides:
    """The distinct texts and pictures of one side, training or test."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.pictures: dict[bytes, bytes] = {}
        """sha256 of the pixels → bits of the hash."""
        self._known: dict[str | Picture, Key] = {}

    def add(self, items: Iterable[Item]) -> list[Key | None]:
        """Add items and return the key of each, None for an empty one."""
        return [self._key(item.picture or item.text or "") for item in items]

    def _key(self, what: str | Picture) -> Key | None:
        if what and what not in self._known:
            if isinstance(what, Picture):
                pixels, bits = _looked_at(what)
                self._known[what] = pixels
                self.pictures[pixels] = bits
            else:
                self._known[what] = plain(what)
                self.texts[plain(what)] = None
        return self._known.get(what)

    def __contains__(self, key: object) -> bool:
        return key in self.texts or key in self.pictures

    def __len__(self) -> int:
        return len(self.texts) + len(self.pictures)


def _matches(test: _Sides, trained: _Sides) -> dict[Key | None, list[Key]]:
    """Return test key → keys of equal, or else nearly equal, training items; keys without a match are left out."""
    every: list[Key] = [*test.texts, *test.pictures]
    matches: dict[Key | None, list[Key]] = {key: [key] for key in every if key in trained}
    texts, trained_texts = sorted(test.texts.keys() - trained.texts.keys()), sorted(trained.texts)
    for row, training_row in zip(*near_copies(texts, trained_texts, NEAR), strict=True):
        matches.setdefault(texts[row], []).append(trained_texts[training_row])
    pictures, trained_pictures = sorted(test.pictures.keys() - trained.pictures.keys()), list(trained.pictures)
    hashes = [test.pictures[key] for key in pictures], list(trained.pictures.values())
    for row, training_row in _near_pictures(*hashes):
        matches.setdefault(pictures[row], []).append(trained_pictures[training_row])
    return matches


# --- pictures -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=50_000)
def _looked_at(picture: Picture) -> tuple[bytes, bytes]:
    """Return the sha256 of the decoded pixels, and the 256 bits of the average hash, packed."""
    image = decode(picture)
    pixels = hashlib.sha256(f"{image.size}".encode() + image.tobytes()).digest()
    small = np.asarray(
        image.convert("L").resize((HASH_SIDE, HASH_SIDE), resample=4), np.float32
    )  # 4: box, the mean of each cell
    return pixels, np.packbits(small > small.mean()).tobytes()


def _near_pictures(test: Sequence[bytes], trained: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the rows of all pairs whose hashes differ by at most NEAR_BITS."""
    if not test or not trained:
        return
    known = _signs(trained)
    for start in range(0, len(test), _AT_ONCE):
        alike = _signs(test[start : start + _AT_ONCE]) @ known.T >= HASH_SIDE**2 - 2 * NEAR_BITS
        yield from ((int(row) + start, int(column)) for row, column in np.argwhere(alike))


def _signs(hashes: Sequence[bytes]) -> Float32[np.ndarray, "n bits"]:
    """Return bits as ±1, so that an inner product is the number of bits minus twice the number that differ."""
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1), axis=1)
    return 2 * bits.astype(np.float32) - 1
