"""Held: works in memory, found by identifier, or by the words of a title in an inverted index."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from evidense.compute.search.bm25 import Bm25Index
from evidense.sources._index import nearest_titles
from evidense.texts.titles import title_words
from evidense.texts.tokens import words_and_numbers
from evidense.values import Answer, Reference, Work

KINDS = ("doi", "arxiv", "acl", "pmid", "pmcid")
_MOST_POSTINGS = 4_000
"""Words are taken from the rarest on until their lists hold so many works together: "of the" finds nothing that a rare word does not."""
_N_CANDIDATES = 8


class Held:
    """An index of works in memory."""

    def __init__(self, source: str, works: Sequence[Work]) -> None:
        self.source = source
        self.works = tuple(works)
        self._of_identifier = {
            (k, w.identifiers[k]): w for w in reversed(self.works) for k in KINDS if k in w.identifiers
        }
        self._with_word = _postings(self.works)

    def by_identifier(self, reference: Reference) -> Answer | None:
        """Return the work that has one of the reference's identifiers; None where the reference has none."""
        asked = [(kind, reference.identifiers[kind]) for kind in KINDS if reference.identifiers.get(kind)]
        if not asked:
            return None
        found = [self._of_identifier[key] for key in asked if key in self._of_identifier][:1]
        return Answer(self.source, "found" if found else "not there", tuple(found), "identifier")

    def by_title(self, title: str) -> Answer:
        """Return up to five works of like titles, the likest first."""
        nearest = nearest_titles(title, [self.works[i] for i in self._candidates(title)])
        return Answer(self.source, "found" if nearest else "not there", nearest, "title")

    def by_topic(self, query: str, limit: int) -> Answer:
        """Return the works whose titles and abstracts rank best for the words of a query, by BM25."""
        scores = self._texts.scores(query)
        ranked = [int(i) for i in np.argsort(-scores, kind="stable") if scores[i] > 0]
        works = tuple(self.works[i] for i in ranked[:limit])
        detail = f"{len(works):,} of {len(ranked):,}" if len(ranked) > len(works) else ""
        return Answer(self.source, "found" if works else "not there", works, "topic", detail, total=len(ranked))

    @cached_property
    def _texts(self) -> Bm25Index:
        return Bm25Index([f"{work.title} {work.abstract}" for work in self.works], words_and_numbers)

    def _candidates(self, title: str) -> list[int]:
        """Return the works that share the weightiest words, the best first."""
        lists = sorted(
            (self._with_word[w] for w in set(title_words(title)) if w in self._with_word),
            key=lambda p: (len(p), int(p[0])),
        )
        taken: list[np.ndarray] = []
        n_postings = 0
        for postings in lists:
            if taken and n_postings + len(postings) > _MOST_POSTINGS:
                break
            taken.append(postings)
            n_postings += len(postings)
        if not taken:
            return []
        weights = np.concatenate([np.full(len(p), math.log(1 + len(self.works) / len(p))) for p in taken])
        works, place = np.unique(np.concatenate(taken), return_inverse=True)
        total = np.bincount(place, weights)
        return [int(i) for i in works[np.argsort(-total, kind="stable")[:_N_CANDIDATES]]]


def _postings(works: Sequence[Work]) -> dict[str, np.ndarray]:
    lists: dict[str, list[int]] = {}
    for i, work in enumerate(works):
        for word in set(title_words(work.title)):
            lists.setdefault(word, []).append(i)
    return {word: np.asarray(postings, dtype=np.int64) for word, postings in lists.items()}
