"""BM25, Lucene's variant, with English stemming and every word kept (stop words too: "no" and "not" carry meaning)."""

from dataclasses import dataclass

import numpy as np

from evidense.compute.selection import Lists, texts_of
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.records import sha256_of
from evidense.values import Collection, RankedLists, Spelling

K1, B = 1.2, 0.75
"""Lucene's own defaults (BM25Similarity)."""
TOKEN = r"(?u)\b\w+\b"
"""Words of one letter count as words, as in Lucene's StandardTokenizer."""


@dataclass(frozen=True)
class Bm25:
    """BM25 as bm25s computes it (Lù 2024); documents that share no word with the query are not returned.

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

        return sha256_of(["bm25", bm25s.__version__, Stemmer.version(), K1, B, TOKEN])

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the top `depth` documents of every query.

        Raises:
            InvalidInput: a side of the collection has no text.
        """
        import bm25s

        queries, documents = texts_of(collection, self.name)
        lists = Lists(collection, depth)
        tokens = _tokens(documents)
        if not tokens.vocab:
            return lists.done()
        index = bm25s.BM25(method="lucene", k1=K1, b=B)
        index.index(tokens, show_progress=False)
        for row, words in enumerate(_words(queries)):
            known = [word for word in words if word in tokens.vocab]
            if known:
                scores = index.get_scores(known)
                found = np.flatnonzero(scores > 0)
                lists.put(row, found, scores[found])
        return lists.done()


class Part:
    """Opens BM25 by its name."""

    name = "bm25"
    spellings = ("bm25",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is 'bm25'."""
        return spelling.head.lower() == "bm25"

    def open(self, spelling: Spelling) -> Bm25:
        """Return the ranker.

        Raises:
            InvalidInput: it was given options; it has none.
        """
        if spelling.options:
            raise InvalidInput(f"'{spelling}' gives options to bm25; expected 'bm25' alone; remove what follows '@'")
        return Bm25()


def _tokens(texts: list[str]):  # type: ignore[no-untyped-def]
    import bm25s
    import Stemmer

    return bm25s.tokenize(
        texts, token_pattern=TOKEN, stopwords=None, stemmer=Stemmer.Stemmer("english"), show_progress=False
    )


def _words(texts: list[str]) -> list[list[str]]:
    import bm25s
    import Stemmer

    return bm25s.tokenize(texts, token_pattern=TOKEN, stopwords=None, stemmer=Stemmer.Stemmer("english"), return_ids=False, show_progress=False)  # type: ignore[no-any-return]  # fmt: skip


PART = Part()
