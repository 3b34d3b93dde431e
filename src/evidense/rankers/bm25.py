"""BM25 in Lucene's variant, with English stemming. Stop words are kept, because "no" and "not" carry meaning."""

import re
from dataclasses import dataclass

import numpy as np

from evidense.compute.search.list_builder import ListBuilder, texts_of
from evidense.parts import Setup
from evidense.rankers._by_name import ByNamePart
from evidense.records import sha256_of
from evidense.values import Collection, RankedLists

K1, B = 1.2, 0.75
"""Lucene's own defaults (BM25Similarity)."""
TOKEN = r"(?u)\b\w+\b"
"""Words of one letter count as words, as in Lucene's StandardTokenizer."""


@dataclass(frozen=True)
class Bm25:
    """BM25 by bm25s (Lù 2024). Documents that share no word with the query are not returned.

    Source: Robertson and Zaragoza 2009, equation 3.15; the variant 'lucene' of Kamphuis et al. 2020.
    """

    name: str = "bm25"

    @property
    def setup(self) -> Setup:
        """Say how it ranks."""
        return Setup(
            similarity=f"BM25 (Lucene, k1={K1}, b={B}), Snowball English stems, no stop words removed",
            licence="MIT (bm25s)",
        )

    @property
    def fingerprint(self) -> str:
        """Return a hash of everything that changes a score."""
        import bm25s
        import Stemmer

        return sha256_of(["bm25", 2, bm25s.__version__, Stemmer.version(), K1, B, TOKEN])

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the top `depth` documents of every query.

        Raises:
            InvalidInput: a side of the collection has no text.
        """
        import bm25s

        queries, documents = texts_of(collection, self.name)
        lists = ListBuilder(collection, depth)
        words = _Words()
        tokens = [words.of(text) for text in documents]
        if not words.stems:
            return lists.done()
        index = bm25s.BM25(method="lucene", k1=K1, b=B)
        index.index((tokens, dict(words.stems)), show_progress=False)
        n_known = len(words.stems)
        for row, text in enumerate(queries):
            if known := [number for number in words.of(text) if number < n_known]:
                scores = index.get_scores_from_ids(known)
                matching = np.flatnonzero(scores > 0)
                lists.put(row, matching, scores[matching])
        return lists.done()


class Bm25Part(ByNamePart[Bm25]):
    """Opens BM25 by its name."""

    name = "bm25"
    spellings = ("bm25",)


class _Words(dict[str, int]):
    """Word → number of its stem. Each word is stemmed once."""

    def __init__(self) -> None:
        import Stemmer

        self.stem = Stemmer.Stemmer("english").stemWord
        self.stems: dict[str, int] = {}
        self.find = re.compile(TOKEN).findall

    def __missing__(self, word: str) -> int:
        self[word] = number = self.stems.setdefault(self.stem(word), len(self.stems))
        return number

    def of(self, text: str) -> list[int]:
        """Return the numbers of a text's words, in order."""
        return [self[word] for word in self.find(text.lower())]


PART = Bm25Part(Bm25)
