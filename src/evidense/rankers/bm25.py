"""BM25 in Lucene's variant, with English stemming. Stop words are kept, because "no" and "not" carry meaning."""

from dataclasses import dataclass

import numpy as np

from evidense.compute.search.bm25 import K1, TOKEN, B, Bm25Index
from evidense.compute.search.list_builder import ListBuilder, texts_of
from evidense.parts import Setup
from evidense.rankers._by_name import ByNamePart
from evidense.records import sha256_of
from evidense.values import Collection, RankedLists


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
        queries, documents = texts_of(collection, self.name)
        lists = ListBuilder(collection, depth)
        index = Bm25Index(documents)
        for row, text in enumerate(queries):
            scores = index.scores(text)
            if len(matching := np.flatnonzero(scores > 0)):
                lists.put(row, matching, scores[matching])
        return lists.done()


class Bm25Part(ByNamePart[Bm25]):
    """Opens BM25 by its name."""

    name = "bm25"
    spellings = ("bm25",)


PART = Bm25Part(Bm25)
