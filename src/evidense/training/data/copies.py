"""Copies: finds equal texts (ignoring case and spaces) and near copies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, UInt64

SHINGLE = 5
"""Length of a shingle, in characters."""
_AT_ONCE = 512


def plain(text: str) -> str:
    """Normalise a text: ignore case, and reduce white space to single spaces.

    >>> plain(" A  Cat ")
    'a cat'
    """
    return " ".join(text.casefold().split())


def near_copies(
    texts: Sequence[str], others: Sequence[str], near: float
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """Return the rows of all pairs of texts and others whose shingle sets overlap by at least `near`: |both| / |either|.

    Sets of n and m elements overlap by `near` only if they share one of the n − ⌈near n⌉ + 1 rarest elements of the first, and likewise
    of the second (prefix filter, Chaudhuri et al. 2006). Only such pairs are compared in full. The result is exact.

    Source: Broder 1997.
    """
    if not texts or not others:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    shingles, sizes = _shingles([*others, *texts])
    whole, rare = _incidence(shingles, sizes, None), _incidence(shingles, sizes, near)
    n_others, matches = len(others), []
    for start in range(0, len(texts), _AT_ONCE):
        block = slice(n_others + start, n_others + min(start + _AT_ONCE, len(texts)))
        candidates = (rare[block] @ rare[:n_others].T).tocoo()
        rows_of_texts, rows_of_others = candidates.row + block.start, candidates.col
        alike = _alike(whole, sizes, (rows_of_texts, rows_of_others), near)
        matches.append((candidates.row[alike] + start, rows_of_others[alike]))
    rows_of_texts, rows_of_others = (np.concatenate(side).astype(np.int64) for side in zip(*matches, strict=True))
    return rows_of_texts, rows_of_others


def _alike(
    whole: Any, sizes: Int[np.ndarray, " t"], pairs: tuple[Int[np.ndarray, " c"], Int[np.ndarray, " c"]], near: float
) -> Bool[np.ndarray, " c"]:
    """Compare candidate pairs in full; pairs whose sizes differ too much are skipped."""
    ours, theirs = pairs
    small, large = np.minimum(sizes[ours], sizes[theirs]), np.maximum(sizes[ours], sizes[theirs])
    alike: Bool[np.ndarray, " c"] = np.greater_equal(small, near * large)
    for places in np.array_split(np.flatnonzero(alike), 1 + int(alike.sum()) // 50_000):
        a, b = ours[places], theirs[places]
        both = np.asarray(whole[a].multiply(whole[b]).sum(axis=1)).ravel()
        alike[places] = both >= near * (sizes[a] + sizes[b] - both)
    return alike


def _shingles(texts: Sequence[str]) -> tuple[UInt64[np.ndarray, " n"], Int[np.ndarray, " t"]]:
    """Return the hashed distinct shingles of all texts, concatenated, and how many each text has."""
    factors = np.array([0x9E3779B97F4A7C15 * (2 * k + 1) ** 5 % 2**64 | 1 for k in range(SHINGLE)], np.uint64)
    hashes = []
    for text in texts:
        codes = np.frombuffer(text.ljust(SHINGLE, "\0").encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
        windows = np.lib.stride_tricks.sliding_window_view(codes, SHINGLE)
        mixed = windows * factors
        mixed ^= mixed >> np.uint64(29)
        hashes.append(np.unique(mixed.sum(axis=1, dtype=np.uint64)))
    return np.concatenate(hashes), np.array([len(hashes_of_text) for hashes_of_text in hashes])


def _incidence(shingles: UInt64[np.ndarray, " n"], sizes: Int[np.ndarray, " t"], near: float | None) -> Any:
    """Return a sparse text × shingle matrix of ones, with every shingle, or only the rarest ones that the prefix filter needs."""
    from scipy.sparse import csr_matrix

    _, numbers, counts = np.unique(shingles, return_inverse=True, return_counts=True)
    texts = np.repeat(np.arange(len(sizes)), sizes)
    if near is not None:
        order = np.lexsort((numbers, counts[numbers], texts))  # by text, the rarest first
        place = np.arange(len(numbers)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        order = order[place < np.repeat(sizes - np.ceil(near * sizes - 1e-9).astype(int) + 1, sizes)]
        numbers, texts = numbers[order], texts[order]
    ones = np.ones(len(numbers), np.int32)
    return csr_matrix((ones, (texts, numbers)), shape=(len(sizes), len(counts)))
