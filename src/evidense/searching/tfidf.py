"""TF-IDF of titles and abstracts, as sparse rows of length 1.

The weights are scikit-learn's defaults (TfidfVectorizer): smoothed idf, words of two letters and more, rows scaled to length 1.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

_WORD = re.compile(r"(?u)\b\w\w+\b")


def tfidf(texts: Sequence[str], *, with_pairs: bool = False) -> Any:
    """Return a CSR matrix, one row a text, one column a word (and a pair of words that follow each other), columns in order of the words."""
    from scipy.sparse import csr_matrix

    bags = [_terms(text, with_pairs) for text in texts]
    columns = {term: i for i, term in enumerate(sorted({term for bag in bags for term in bag}))}
    rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    places = np.array([columns[term] for bag in bags for term in bag], dtype=np.int64)
    counts = csr_matrix((np.ones(len(places)), (rows, places)), shape=(len(texts), max(len(columns), 1)))
    counts.sum_duplicates()
    n_texts = np.bincount(counts.indices, minlength=counts.shape[1])
    counts.data *= (np.log((1 + len(texts)) / (1 + n_texts)) + 1)[counts.indices]
    lengths = np.sqrt(np.bincount(_row_of(counts), weights=counts.data**2, minlength=len(texts)))
    counts.data /= lengths[_row_of(counts)]
    return counts


def _row_of(matrix: Any) -> Any:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _terms(text: str, with_pairs: bool) -> list[str]:
    words = _WORD.findall(text.lower())
    return words + ([f"{a} {b}" for a, b in pairwise(words)] if with_pairs else [])
