"""Cosine of tf-idf vectors over character four-grams: a baseline that sees only spelling, in any language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from evidense.compute.search.list_builder import ListBuilder, texts_of
from evidense.parts import Setup
from evidense.rankers._by_name import ByNamePart
from evidense.records import sha256_of
from evidense.values import Collection, RankedLists

N = 4
BUCKETS = 1 << 20
"""Hash buckets for the four-grams; a natural-language corpus has a few hundred thousand distinct ones."""
CHARACTERS = 1 << 22
"""Characters hashed at a time; this bounds memory."""
CELLS = 1 << 24
"""Scores computed at a time; this bounds memory."""


@dataclass(frozen=True)
class CharNgrams:
    """Ranks by cosine of (1 + log tf) · idf weights of lower-cased texts with single spaces. Documents that share no four-gram are not returned.

    Source: Salton and Buckley 1988 (weights); McNamee and Mayfield 2004 (four characters suit most languages).
    """

    name: str = "char_ngrams"

    @property
    def setup(self) -> Setup:
        """Say how it ranks."""
        return Setup(similarity=f"cosine of character {N}-gram tf-idf", normalised=True, licence="Apache-2.0 (ours)")

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything that changes a score."""
        return sha256_of(["char_ngrams", 1, N, BUCKETS])

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the top `depth` documents of every query.

        Raises:
            InvalidInput: a side of the collection has no text.
        """
        queries, documents = texts_of(collection, self.name)
        counts = _counts(documents)
        weights = _weights(counts)
        lists = ListBuilder(collection, depth)
        document_vectors = _unit(counts, weights).T.tocsr()
        query_vectors = _unit(_counts(queries), weights)
        step = max(1, CELLS // len(documents))
        for start in range(0, len(queries), step):
            scores = query_vectors[start : start + step] @ document_vectors
            for row in range(scores.shape[0]):
                cells = slice(scores.indptr[row], scores.indptr[row + 1])
                lists.put(start + row, scores.indices[cells], scores.data[cells])
        return lists.done()


class CharNgramsPart(ByNamePart[CharNgrams]):
    """Opens character n-grams by their name."""

    name = "char_ngrams"
    spellings = ("char_ngrams",)


def _counts(texts: list[str]) -> Any:
    """Count each bucket in each text: a sparse matrix (texts × buckets) in row order."""
    from scipy import sparse

    keys, counts = [], []
    for start, group in _groups(texts):
        distinct_keys, occurrences = np.unique(_keys(group), return_counts=True)
        keys.append(distinct_keys + start * BUCKETS)
        counts.append(occurrences)
    all_keys = np.concatenate(keys)
    starts = np.searchsorted(all_keys, np.arange(len(texts) + 1, dtype=np.int64) * BUCKETS)
    columns = (all_keys & (BUCKETS - 1)).astype(np.int32)
    return sparse.csr_matrix((np.concatenate(counts).astype(np.float32), columns, starts), shape=(len(texts), BUCKETS))


def _groups(texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the first text, texts) with a bounded number of characters."""
    start, size = 0, 0
    for place, text in enumerate(texts):
        if size and size + len(text) > CHARACTERS:
            yield start, texts[start:place]
            start, size = place, 0
        size += len(text)
    yield start, texts[start:]


def _keys(texts: list[str]) -> Int64[np.ndarray, " n"]:
    """Return text number · BUCKETS + bucket for every four-gram of every text, each text framed by spaces."""
    framed = [f" {' '.join(text.lower().split())} " for text in texts]
    characters = np.frombuffer("".join(framed).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in framed], dtype=np.int64)
    owner = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    n = max(0, len(characters) - N + 1)
    code = np.zeros(n, dtype=np.uint64)
    for offset in range(N):
        code = (code + characters[offset : offset + n]) * np.uint64(0x9E3779B97F4A7C15)
    inside = owner[:n] == owner[N - 1 : N - 1 + n]
    keys: Int64[np.ndarray, " n"] = owner[:n][inside] * BUCKETS + (code[inside] >> np.uint64(44)).astype(np.int64)
    return keys


def _weights(counts: Any) -> np.ndarray:
    """Return the inverse document frequency of each bucket: 1 + log((1 + d) / (1 + df))."""
    frequency = np.bincount(counts.indices, minlength=BUCKETS)
    weights: np.ndarray = (1 + np.log((1 + counts.shape[0]) / (1 + frequency))).astype(np.float32)
    return weights


def _unit(counts: Any, weights: np.ndarray) -> Any:
    """Weigh the counts and scale each row to length 1."""
    from scipy import sparse

    data = (1 + np.log(counts.data)) * weights[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=data.astype(np.float64) ** 2, minlength=counts.shape[0]))
    return sparse.csr_matrix(
        ((data / lengths[rows]).astype(np.float32), counts.indices, counts.indptr), shape=counts.shape
    )


PART = CharNgramsPart(CharNgrams)
