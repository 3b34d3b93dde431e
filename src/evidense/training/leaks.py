"""Leaks: test items that equal, or nearly equal, what was trained on; counted and printed beside a score."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt64

from evidense.compute.pictures import decode
from evidense.values import Collection, Item, Pairs, Picture

SHINGLE = 5
"""Characters of a shingle."""
NEAR = 0.8
"""Two texts are near copies where their sets of shingles overlap so far: |both| / |either| (Broder 1997)."""
HASH_SIDE = 16
"""Width and height to which a picture is shrunk; a bit says whether a cell is lighter than the mean of all."""
NEAR_BITS = 2
"""Two pictures are near copies where at most so many of the 256 bits differ."""
_AT_ONCE = 512


@dataclass(frozen=True)
class Overlap:
    """How many test items were seen, or nearly seen, in training."""

    n_equal: int
    """Equal to a training item: texts without regard to case and spaces, pictures by their decoded pixels."""
    n_near: int
    """Near copies of one, and equal to none."""
    n_checked: int
    """Distinct test items: queries and relevant documents."""

    def sentence(self) -> str:
        """Say it beside a score.

        >>> Overlap(1, 20, 1640).sentence()
        '1 of 1,640 test items equals a training item, 20 nearly equal one'
        """
        equal = f"{self.n_equal:,} of {self.n_checked:,} test items equal{'s' * (self.n_equal == 1)} a training item"
        return f"{equal}, {self.n_near:,} nearly equal{'s' * (self.n_near == 1)} one"

    def to_json(self) -> dict[str, int]:
        """Return the three numbers by name."""
        return asdict(self)


def overlap(pairs: Sequence[Pairs], collection: Collection) -> Overlap:
    """Compare the queries and relevant documents of a collection with everything that these pairs hold.

    Texts are compared with texts, pictures (and items with both, by their pictures) with pictures.
    """
    trained = _Sides(item for one in pairs for side in (one.left, one.right, *one.negatives) for item in side)
    relevant = {doc_id for gains in collection.qrels.values() for doc_id, gain in gains.items() if gain > 0}
    test = _Sides([*collection.queries, *(item for item in collection.corpus if item.id in relevant)])
    texts = test.texts.keys() - trained.texts.keys()
    pictures = test.pictures.keys() - trained.pictures.keys()
    n_checked = len(test.texts) + len(test.pictures)
    n_near = _n_near_texts(sorted(texts), sorted(trained.texts)) + _n_near_pictures(
        [test.pictures[key] for key in sorted(pictures)], list(trained.pictures.values())
    )
    return Overlap(n_checked - len(texts) - len(pictures), n_near, n_checked)


class _Sides:
    """The distinct texts and pictures among some items."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.texts: dict[str, None] = {}
        self.pictures: dict[bytes, bytes] = {}
        """sha256 of the pixels → bits of the hash."""
        seen: set[str | Picture] = set()
        for item in items:
            what = item.picture or item.text or ""
            if what in seen:
                continue
            seen.add(what)
            if isinstance(what, Picture):
                pixels, bits = _looked_at(what)
                self.pictures[pixels] = bits
            elif what:
                self.texts[" ".join(what.casefold().split())] = None


# --- texts ----------------------------------------------------------------------------------------------------------


def _n_near_texts(test: Sequence[str], trained: Sequence[str]) -> int:
    """Count the test texts that have a near copy.

    Two sets of n and m elements can only overlap by NEAR where they share one of the rarest n − ⌈NEAR n⌉ + 1 of the first, and likewise
    of the second (prefix filter, Chaudhuri et al. 2006); only such pairs are compared in full. The result is exact.
    """
    if not test or not trained:
        return 0
    shingles, sizes = _shingles([*trained, *test])
    whole, rare = _incidence(shingles, sizes, all_of_them=True), _incidence(shingles, sizes, all_of_them=False)
    n_trained, near = len(trained), np.zeros(len(test), dtype=bool)
    for start in range(0, len(test), _AT_ONCE):
        rows = slice(n_trained + start, n_trained + min(start + _AT_ONCE, len(test)))
        candidates = (rare[rows] @ rare[:n_trained].T).tocoo()
        ours, theirs = candidates.row + rows.start, candidates.col
        near[candidates.row[_alike(whole, sizes, ours, theirs)] + start] = True
    return int(near.sum())


def _alike(
    whole: Any, sizes: Int[np.ndarray, " t"], ours: Int[np.ndarray, " c"], theirs: Int[np.ndarray, " c"]
) -> Bool[np.ndarray, " c"]:
    """Compare candidate pairs in full; those whose sizes differ too much need no look."""
    small, large = np.minimum(sizes[ours], sizes[theirs]), np.maximum(sizes[ours], sizes[theirs])
    alike: Bool[np.ndarray, " c"] = np.greater_equal(small, NEAR * large)
    for places in np.array_split(np.flatnonzero(alike), 1 + int(alike.sum()) // 50_000):
        a, b = ours[places], theirs[places]
        both = np.asarray(whole[a].multiply(whole[b]).sum(axis=1)).ravel()
        alike[places] = both >= NEAR * (sizes[a] + sizes[b] - both)
    return alike


def _shingles(texts: Sequence[str]) -> tuple[UInt64[np.ndarray, " n"], Int[np.ndarray, " t"]]:
    """Return the distinct shingles of each text as hashes, one text after the other, and how many each has."""
    factors = np.array([0x9E3779B97F4A7C15 * (2 * k + 1) ** 5 % 2**64 | 1 for k in range(SHINGLE)], np.uint64)
    found = []
    for text in texts:
        codes = np.frombuffer(text.ljust(SHINGLE, "\0").encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
        windows = np.lib.stride_tricks.sliding_window_view(codes, SHINGLE)
        mixed = windows * factors
        mixed ^= mixed >> np.uint64(29)
        found.append(np.unique(mixed.sum(axis=1, dtype=np.uint64)))
    return np.concatenate(found), np.array([len(one) for one in found])


def _incidence(shingles: UInt64[np.ndarray, " n"], sizes: Int[np.ndarray, " t"], *, all_of_them: bool) -> Any:
    """Return text × shingle as a sparse matrix of ones: every shingle, or each text's rarest ones that the prefix filter needs."""
    from scipy.sparse import csr_matrix

    _, numbers, counts = np.unique(shingles, return_inverse=True, return_counts=True)
    texts = np.repeat(np.arange(len(sizes)), sizes)
    if not all_of_them:
        order = np.lexsort((numbers, counts[numbers], texts))  # by text, the rarest first
        place = np.arange(len(numbers)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        order = order[place < np.repeat(sizes - np.ceil(NEAR * sizes - 1e-9).astype(int) + 1, sizes)]
        numbers, texts = numbers[order], texts[order]
    ones = np.ones(len(numbers), np.int32)
    return csr_matrix((ones, (texts, numbers)), shape=(len(sizes), len(counts)))


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


def _n_near_pictures(test: Sequence[bytes], trained: Sequence[bytes]) -> int:
    if not test or not trained:
        return 0
    known = _signs(trained)
    return sum(int((part @ known.T >= HASH_SIDE**2 - 2 * NEAR_BITS).any(axis=1).sum()) for part in _parts(test))


def _parts(hashes: Sequence[bytes]) -> Iterator[Float32[np.ndarray, "n bits"]]:
    yield from (_signs(hashes[start : start + _AT_ONCE]) for start in range(0, len(hashes), _AT_ONCE))


def _signs(hashes: Sequence[bytes]) -> Float32[np.ndarray, "n bits"]:
    """Return bits as ±1, so that an inner product is the number of bits less twice the number that differ."""
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1), axis=1)
    return 2 * bits.astype(np.float32) - 1
