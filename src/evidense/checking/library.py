"""Library: works, ranked for a statement by BM25 and, with an encoder, by vectors too; and the sentences of a work that are closest to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int64

from evidense.auditing.passages import SourceText, windows
from evidense.checking.features import closest
from evidense.checking.tables.cells import CellStatement, cell_statements
from evidense.compute.search.bm25 import Bm25Index
from evidense.compute.search.vector_index import Embed, VectorIndex
from evidense.values import Citation, DocumentTable, EvidencePair, Passage, Reference, Work

RRF_K = 60
"""Constant of reciprocal rank fusion. Source: Cormack, Clarke and Büttcher 2009."""
BM25_WEIGHT = 1.5
"""What a rank of BM25 counts beside one of vectors: of seven weights from 1 to 6 the best by reciprocal rank on SciFact's training claims."""
TITLE_TIMES = 2
"""How often the title counts in BM25. Of 1, 2 and 3 with seven settings of k1 and b all are within .008 MRR on SciFact's training claims."""
N_SENTENCES = 3
"""Sentences of a work that stand beside a statement."""
MOST_EMBEDDED = 4_000
"""Characters of a work that are encoded; an encoder reads fewer."""


@dataclass(frozen=True)
class LibraryWork:
    """A work with its text, as passages are taken from it."""

    key: str
    """The `doc_id` of a corpus, or the name of a file."""
    work: Work
    text: SourceText
    references: tuple[Reference, ...] = ()
    citations: tuple[Citation, ...] = ()
    """The sentences of the text that cite."""
    names: tuple[str, ...] = ()
    """Further keys by which a statement may cite it."""
    tables: tuple[DocumentTable, ...] = ()

    @cached_property
    def sentences(self) -> tuple[Passage, ...]:
        """Return every sentence of the text, in order."""
        return tuple(
            Passage(self.key, window.span, window.section, self.work.title)
            for window in windows(self.text)
            if window.length == 1
        )

    @cached_property
    def cells(self) -> tuple[CellStatement, ...]:
        """Return what the cells of its tables say; of those whose text was set aside, nothing."""
        text = self.text.text
        return tuple(c for c in cell_statements(self.tables) if text[c.span.start : c.span.end] == c.span.quote)

    @property
    def indexed(self) -> str:
        """Return what BM25 indexes: the title twice, and the text."""
        return " ".join([*[self.work.title] * TITLE_TIMES, self.text.text])


@dataclass(frozen=True)
class RankedWork:
    """A work in its place in the ranking of one statement."""

    work: LibraryWork
    score: float
    """BM25, or the sum of reciprocal ranks where vectors were asked too."""


@dataclass(frozen=True)
class WorkLibrary:
    """Works that can be searched."""

    works: tuple[LibraryWork, ...]
    embed: Embed | None = None
    _by_key: dict[str, LibraryWork] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Number the works by every name that they have; the first of a name keeps it."""
        for work in self.works:
            self._by_key.setdefault(work.key, work)
        for work in self.works:
            for name in work.names:
                self._by_key.setdefault(name, work)

    def get(self, key: str) -> LibraryWork | None:
        """Return the work of a key or another name; None where there is none."""
        return self._by_key.get(key)

    def ranked(self, statement: str, n: int = 10) -> list[RankedWork]:
        """Return the first works for a statement, best first; of equal ones the first in the library."""
        scores = self._bm25.scores(statement)
        if self._dense is not None and len(self.works):
            by_vectors = _reciprocal(self._dense.scores(statement))
            scores = BM25_WEIGHT * _reciprocal(scores, only_positive=True) + by_vectors
        return [RankedWork(self.works[i], float(scores[i])) for i in _first(scores, n) if scores[i] > 0]

    @cached_property
    def _bm25(self) -> Bm25Index:
        return Bm25Index([work.indexed for work in self.works])

    @cached_property
    def _dense(self) -> VectorIndex | None:
        texts = [f"{work.work.title} {work.text.text[:MOST_EMBEDDED]}" for work in self.works]
        return VectorIndex(texts, self.embed) if self.embed else None


def _first(scores: Float32[np.ndarray, " works"], n: int) -> Int64[np.ndarray, " n"]:
    """Return the places of the n best scores, best first, of equal ones the first, without sorting them all."""
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, -n)[-n]
    kept = np.flatnonzero(scores >= least)
    return kept[np.argsort(-scores[kept], kind="stable")][:n]


def _reciprocal(scores: Float32[np.ndarray, " works"], only_positive: bool = False) -> Float32[np.ndarray, " works"]:
    """Return 1 / (60 + rank) for each document; 0 for those that were not found."""
    order: Int64[np.ndarray, " works"] = np.argsort(-scores, kind="stable")
    gained = np.empty(len(scores), dtype=np.float32)
    gained[order] = 1 / (RRF_K + 1 + np.arange(len(scores), dtype=np.float32))
    return np.where(scores > 0, gained, np.float32(0)) if only_positive else gained


def closest_sentences(work: LibraryWork, statement: str, n: int = N_SENTENCES) -> tuple[Passage, ...]:
    """Return the sentences of a work that share most with a statement, the closest first."""
    found = work.sentences
    return tuple(found[i] for i in closest(statement, [passage.span.quote for passage in found])[:n])


def evidence_pair(statement: str, title: str, chosen: Sequence[Passage]) -> EvidencePair:
    """Put the title and the chosen sentences, in the order of the text, before the statement."""
    in_order = sorted(chosen, key=lambda passage: passage.span.start)
    return EvidencePair(" ".join([_ended(title), *(p.span.quote for p in in_order)]).strip(), statement)


def _ended(title: str) -> str:
    """Return a title that ends as a sentence, so that it is one."""
    stripped = " ".join(title.split())
    return stripped if not stripped or stripped.endswith((".", "?", "!")) else f"{stripped}."
