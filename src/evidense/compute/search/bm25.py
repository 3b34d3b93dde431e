"""BM25 index: Lucene's variant over English stems, for the ranker, for works, and for the sentences of a work."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

K1, B = 1.2, 0.75
"""Lucene's own defaults (BM25Similarity)."""
TOKEN = r"(?u)\b\w+\b"
"""Words of one letter count as words, as in Lucene's StandardTokenizer."""
_FIND = re.compile(r"\w+").findall
"""Finds the same words: a run of letters ends at boundaries anyway, and is found in three quarters of the time."""
WordsOf = Callable[[str], list[str]]
"""What divides a text into words, before they are stemmed."""


def lower_words(text: str) -> list[str]:
    """Return the words of a text in lower case, as the ranker `bm25` divides it.

    >>> lower_words("A 3-layer model")
    ['a', '3', 'layer', 'model']
    """
    return _FIND(text.lower())


class Bm25Index:
    """BM25 by bm25s (Lù 2024). Stop words are kept, because "no" and "not" carry meaning.

    `words_of` divides texts: `lower_words`, or `texts.tokens.words_and_numbers`, for which "two" is 2 and 1,000 is one number.

    Source: Robertson and Zaragoza 2009, equation 3.15; the variant 'lucene' of Kamphuis et al. 2020.
    """

    def __init__(self, documents: Sequence[str], words_of: WordsOf = lower_words) -> None:
        self.n_documents = len(documents)
        self._words = _Words(words_of)
        words_of_documents = [self._words.of(text) for text in documents]
        self._n_known = len(self._words.stems)
        self._index = _built(words_of_documents, self._words.stems) if self._n_known else None

    def scores(self, query: str) -> Float32[np.ndarray, " documents"]:
        """Return the score of every document; 0 where it shares no word with the query."""
        known = [number for number in self._words.of(query) if number < self._n_known]
        if self._index is None or not known:
            return np.zeros(self.n_documents, dtype=np.float32)
        return np.asarray(self._index.get_scores_from_ids(known), dtype=np.float32)


def _built(words_of_documents: list[list[int]], stems: dict[str, int]) -> Any:
    import bm25s

    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index((words_of_documents, dict(stems)), show_progress=False)
    return index


class _Words(dict[str, int]):
    """Word → number of its stem. Each word is stemmed once."""

    def __init__(self, words_of: WordsOf) -> None:
        import Stemmer

        self.stem = Stemmer.Stemmer("english").stemWord
        self.stems: dict[str, int] = {}
        self.words_of = words_of

    def __missing__(self, word: str) -> int:
        self[word] = number = self.stems.setdefault(self.stem(word), len(self.stems))
        return number

    def of(self, text: str) -> list[int]:
        """Return the numbers of a text's words, in order."""
        return list(map(self.__getitem__, self.words_of(text)))
