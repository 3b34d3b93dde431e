"""Reranking: the first documents of another system's lists, in the order of a reranker; a killed run continues."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int32

from evidense.boundary.disk import disk_errors
from evidense.compute.progress import EFFICIENCY, Clock, Progress, flops_per_second
from evidense.compute.search.list_builder import ListBuilder
from evidense.errors import InvalidInput
from evidense.parts import CandidateList, Reranker
from evidense.values import Collection, RankedLists

DEPTH = 100
"""Documents of a first list that are reranked, as BEIR and MTEB do it."""
CUT = "documents beyond the first {n} of {first} are cut off, as BEIR and MTEB do"
_SUM_BYTES = 8
_SAMPLE = 8
"""Queries and documents whose pairs are tokenised for an estimate of time."""


@runtime_checkable
class GathersScores(Protocol):
    """A Reranker that fetches the scores of many queries at once before they are read query by query."""

    def gather(self, several: Sequence[CandidateList], progress: Progress | None = None) -> None:
        """Have the scores of these candidates at hand."""
        ...


@runtime_checkable
class CountsFlops(Protocol):
    """A Reranker that knows what its scores cost."""

    def flops(self, candidates: CandidateList) -> float:
        """Estimate the floating-point operations of scoring these documents."""
        ...


def reranking_seconds(reranker: object, collection: Collection, n: int) -> float:
    """Estimate the seconds of reranking `n` documents for every query, from a sample of both; 0 where the cost is not known."""
    if not isinstance(reranker, CountsFlops) or not len(collection.corpus) or not len(collection.queries):
        return 0.0
    queries, documents = (
        [items[int(place)] for place in np.unique(np.linspace(0, len(items) - 1, _SAMPLE).astype(int))]
        for items in (collection.queries, collection.corpus)
    )
    n_pairs = len(collection.queries) * min(n, len(collection.corpus))
    flops = np.mean([reranker.flops(CandidateList(query, tuple(documents))) for query in queries]) / len(documents)
    return float(n_pairs * flops / (EFFICIENCY * flops_per_second()))


@dataclass(frozen=True)
class Reranking:
    """A reranker over the lists of another system."""

    reranker: Reranker
    collection: Collection
    first: RankedLists

    @property
    def rows(self) -> list[int]:
        """Rows of the queries for which the first stage found something."""
        return [row for row in range(len(self.first.query_ids)) if len(self._places(row))]

    def candidates(self, row: int) -> CandidateList:
        """Return what stands first in the list of a query: as many documents as are reranked."""
        corpus = self.collection.corpus
        return CandidateList(self.collection.queries[row], tuple(corpus[int(place)] for place in self._places(row)))

    def lists(self, depth: int, folder: Path, progress: Progress | None = None) -> RankedLists:
        """Return the first documents of each list by their new scores, at most `depth`. Equal scores stand in ascending order of document id.

        Scores are written to `folder` query by query; a run that was killed continues there.

        Raises:
            InvalidInput: a score is not finite, or their number is wrong; a document has no text.
        """
        rows = self.rows
        if isinstance(self.reranker, GathersScores):
            self.reranker.gather([self.candidates(row) for row in rows], progress)
            progress = None
        clock = Clock(sum(len(self._places(row)) for row in rows), 0.0, progress)
        built = ListBuilder(self.collection, depth)
        with ScoreFile(folder / "scores") as file:
            clock.start(0)
            for row in rows:
                places = self._places(row)
                built.put(row, places, self._scores(self.candidates(row), file))
                clock.advance(len(places))
        return built.done()

    def _places(self, row: int) -> Int32[np.ndarray, " d"]:
        documents = self.first.documents[row, : self.reranker.n_reranked]
        return documents[documents >= 0]

    def _scores(self, candidates: CandidateList, file: "ScoreFile") -> Float32[np.ndarray, " d"]:
        key = _key(candidates)
        scores = file.read(key, len(candidates.documents))
        if scores is None:
            scores = _checked(self.reranker.scores(candidates), candidates, self.reranker.name)
            file.append(key, scores)
        return scores


class ScoreFile:
    """Scores of queries in one file, in order: a checksum over the texts and the scores, then the scores. The first that does not fit ends it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "ScoreFile":
        """Open the file, or begin it."""
        with disk_errors(self._path):
            self._path.touch()
            self._file: BinaryIO = self._path.open("r+b")
        self._is_behind = False
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._file.close()

    def read(self, key: bytes, n: int) -> Float32[np.ndarray, " d"] | None:
        """Return the next scores if they belong to these texts; None, from then on, if they do not."""
        if self._is_behind:
            return None
        start = self._file.tell()
        data = self._file.read(_SUM_BYTES + 4 * n)
        if len(data) == _SUM_BYTES + 4 * n and data[:_SUM_BYTES] == _sum(key, data[_SUM_BYTES:]):
            return np.frombuffer(data, "<f4", offset=_SUM_BYTES).astype(np.float32)
        self._is_behind = True
        self._file.seek(start)
        self._file.truncate()
        return None

    def append(self, key: bytes, scores: Float32[np.ndarray, " d"]) -> None:
        """Write scores; after this call no killed process loses them."""
        body = scores.astype("<f4").tobytes()
        with disk_errors(self._path):
            self._file.write(_sum(key, body) + body)
            self._file.flush()


def _key(candidates: CandidateList) -> bytes:
    digest = hashlib.sha256(candidates.query.digest())
    for document in candidates.documents:
        digest.update(document.digest())
    return digest.digest()


def _sum(key: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(key + body, digest_size=_SUM_BYTES).digest()


def _checked(scores: np.ndarray, candidates: CandidateList, name: str) -> Float32[np.ndarray, " d"]:
    n = len(candidates.documents)
    out = np.asarray(scores, np.float32)
    if out.shape != (n,):
        raise InvalidInput(
            f"'{name}' gives an array of shape {out.shape} for {n} documents. Expected one score each; correct it"
        )
    if not np.isfinite(out).all():
        document = candidates.documents[int(np.flatnonzero(~np.isfinite(out))[0])]
        raise InvalidInput(
            f"'{name}' gives NaN or infinity for query '{candidates.query.id}' and document '{document.id}'. Expected finite scores; "
            "look at the model, or at these texts"
        )
    return out
