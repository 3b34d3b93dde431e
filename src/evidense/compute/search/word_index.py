"""Word index: BM25 over texts in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.texts.tokens import tokens, value


@dataclass
class WordIndex:
    """BM25 in Lucene's variant over stems; no word is left out, because "no" and "not" carry meaning.

    Source: Robertson and Zaragoza 2009; bm25s (Lù 2024).
    """

    texts: Sequence[str]
    _numbers: dict[str, int] = field(default_factory=dict)

    def scores(self, text: str) -> Float32[np.ndarray, " texts"]:
        """Return the score of every text."""
        index, n_known = self._index
        known = [number for number in self._words(text) if number < n_known]
        if index is None or not known:
            return np.zeros(len(self.texts), dtype=np.float32)
        return np.asarray(index.get_scores_from_ids(known), dtype=np.float32)

    @cached_property
    def _index(self) -> tuple[Any, int]:
        import bm25s

        words = [self._words(text) for text in self.texts]
        if not self._numbers:
            return None, 0
        index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        index.index((words, dict(self._numbers)), show_progress=False)
        return index, len(self._numbers)

    def _words(self, text: str) -> list[int]:
        return [
            self._numbers.setdefault(stem, len(self._numbers))
            for stem in self._stem([value(t.key) for t in tokens(text) if t.kind in ("word", "number")])
        ]

    @cached_property
    def _stem(self) -> Callable[[Sequence[str]], list[str]]:
        import Stemmer

        return Stemmer.Stemmer("english").stemWords  # type: ignore[no-any-return]
