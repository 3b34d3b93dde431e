"""Queries: every query of a collection with its values and the first ten documents of each system, packed into the page for its script."""

import base64
import gzip
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from evidense.boundary.numerals import count
from evidense.compute.comparison.query_texts import TOP, KeptTexts
from evidense.records import Json, QueryTexts
from evidense.report.contents import Contents
from evidense.report.texts import PICTURE, cut
from evidense.store import Store

DIGITS = 3
"""Digits of a value that the table shows, as the rest of the page."""
MOST_DIGITS = 14
"""Whole numbers of so many digits are exact in a script."""


@dataclass(frozen=True)
class Extent:
    """How much of the texts is packed."""

    characters: int
    """Of each text; 0 for none."""
    share: float = 1.0
    """Of the queries whose documents are shown: those with the largest differences."""
    pictures: bool = True
    all_measures: bool = True


_EXTENTS = (
    Extent(300), Extent(160), Extent(80), Extent(80, pictures=False), *(Extent(80, share, False) for share in (0.5, 0.25, 0.1, 0.03)),
    Extent(80, 0.0, False), Extent(80, 0.0, False, False), Extent(0, 0.0, False, False),
)  # fmt: skip


@dataclass(frozen=True)
class QueryTable:
    """The packed queries of one collection."""

    id: str
    collection: str
    n_queries: int
    data: str
    """Base64 of gzip of JSON, which the script of the page reads."""
    left_out: str
    """What there was no room for; an empty text if there was."""
    shown: frozenset[tuple[str, str, str]]
    """(collection, 'q' or 'd', id) of every query and document of which a text or picture is packed."""


@dataclass(frozen=True)
class SideBySide:
    """What stands side by side in a table."""

    labels: Mapping[str, tuple[str, ...]]
    """Name → the labels whose scores it is the mean of; its lists are those of the first. The baseline comes first."""
    n_compared: int
    """The first so many; the others are references."""


def sides_of_systems(contents: Contents, record: QueryTexts) -> SideBySide:
    """Return the systems of a comparison: baseline, systems, references."""
    systems = [s for s in contents.everyone if (s, record.collection) in contents.rankings]
    return SideBySide({s: (s,) for s in systems}, sum(1 for s in systems if s not in contents.references))


SideBySideOf = Callable[[Contents, QueryTexts], SideBySide]


def query_tables(
    contents: Contents, store: Store, room: int, *, text: bool, sides: SideBySideOf = sides_of_systems
) -> list[QueryTable]:
    """Return one table a collection, as much of each as fits into `room` bytes together; none if not even their values fit."""
    if not contents.texts:
        return []

    records = [record for c in contents.collections if (record := contents.texts.get(c))]
    whole = [_Whole(contents, record.collection, sides(contents, record), store) for record in records]

    def packed(step: int) -> list[QueryTable]:
        extent = _EXTENTS[step] if text else replace(_EXTENTS[step], characters=0, pictures=False)
        return [
            _table(contents, record, _Packing(of_collection, extent))
            for record, of_collection in zip(records, whole, strict=True)
        ]

    def fits(tables: Sequence[QueryTable]) -> bool:
        return sum(len(table.data) for table in tables) <= room

    tables, large, small = packed(0), 0, len(_EXTENTS)
    if fits(tables):
        return tables
    tables = []
    while small - large > 1:  # each extent is smaller than the one before it
        middle = (large + small) // 2
        tried = packed(middle)
        if fits(tried):
            tables, small = tried, middle
        else:
            large = middle
    return tables


def _table(contents: Contents, record: QueryTexts, packed: "_Packing") -> QueryTable:
    content = packed.content()
    data = gzip.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)
    return QueryTable(
        id=f"q{contents.collections.index(record.collection) + 1}", collection=record.collection, n_queries=record.n_queries,
        data=base64.b64encode(data).decode(), left_out=_left_out(record, len(packed.numbers)), shown=frozenset(packed.shown(content)),
    )  # fmt: skip


def _left_out(record: QueryTexts, n_shown: int) -> str:
    if n_shown == record.n_queries:
        return ""
    if not n_shown:
        return "There is no room for the lists of the systems on this page; they stand in runs/ beside it."
    return (
        f"What the systems ranked first is shown for {count(n_shown)} of {count(record.n_queries)} queries, those that differ most; "
        "all lists stand in runs/ beside this page."
    )


@dataclass(frozen=True)
class _Whole:
    """All that a page could show of one collection, read once for every extent that is tried."""

    contents: Contents
    collection: str
    sides: SideBySide
    store: Store

    @cached_property
    def kept(self) -> KeptTexts:
        """The texts of the collection."""
        kept: KeptTexts = self.store.json(self.contents.texts[self.collection].texts)
        return kept

    @cached_property
    def systems(self) -> list[str]:
        """Baseline first, then the systems in the order of the page."""
        return list(self.sides.labels)

    @cached_property
    def measures(self) -> list[str]:
        """Measures of which every system has values for all queries, the primary one first."""
        labels = [label for of_system in self.sides.labels.values() for label in of_system]
        scores = self.contents.scores
        return [m for m in self.contents.measures if all((x, self.collection, m) in scores for x in labels)]

    @cached_property
    def values(self) -> dict[str, np.ndarray]:
        """Measure → values, a row a system: means over its labels."""
        return {m: np.stack([self._values(labels, m) for labels in self.sides.labels.values()]) for m in self.measures}

    def _values(self, labels: Sequence[str], measure: str) -> np.ndarray:
        scores = [self.contents.scores[label, self.collection, measure] for label in labels]
        rows = [np.asarray(self.store.array(score.values)) for score in scores]
        return rows[0] if len(rows) == 1 else np.mean(rows, axis=0)

    @cached_property
    def printed(self) -> dict[str, tuple[list[list[float | None]], list[list[float | None]]]]:
        """Measure → values and differences from the baseline, in thousandths."""
        return {
            m: ([thousandths(row) for row in rows], [thousandths(row - rows[0]) for row in rows])
            for m, rows in self.values.items()
        }

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Return the place of each kept document."""
        return {doc_id: i for i, doc_id in enumerate(self.kept["doc_ids"])}

    @cached_property
    def lists(self) -> dict[str, "_FirstRanks"]:
        """System → its first documents for every kept query."""
        return {system: self._lists(system) for system in self.systems}

    def _lists(self, system: str) -> "_FirstRanks":
        ranking = self.contents.rankings[self.sides.labels[system][0], self.collection]
        ids: list[str] = self.store.json(ranking.doc_ids)
        documents = np.asarray(self.store.array(ranking.documents))[self.kept["kept"], :TOP]
        scores = np.asarray(self.store.array(ranking.scores))[self.kept["kept"], :TOP]
        there = documents >= 0
        decimals = score_decimals(np.where(there, scores, 0.0))
        places = [[self.place_of[ids[d]] for d in row[of_row]] for row, of_row in zip(documents, there, strict=True)]
        falls = [score_falls(row[of_row], decimals) for row, of_row in zip(scores, there, strict=True)]
        kept = self.kept["kept"]
        return _FirstRanks(decimals, dict(zip(kept, places, strict=True)), dict(zip(kept, falls, strict=True)))


@dataclass(frozen=True)
class _FirstRanks:
    """The first documents of one system; queries by their number in the collection."""

    decimals: int
    """Decimals of its scores that are shown."""
    documents: dict[int, list[int]]
    """Query → places of its documents, first rank first."""
    falls: dict[int, list[int]]
    """Query → the first score, then how far each score lies below the one before it; in units of the last decimal."""


@dataclass(frozen=True)
class _Packing:
    """The content of one table."""

    whole: _Whole
    extent: Extent

    @property
    def kept(self) -> KeptTexts:
        """The texts that are kept of the collection."""
        return self.whole.kept

    @cached_property
    def measures(self) -> list[str]:
        """Measures whose values are packed; only the primary one where room is short."""
        return self.whole.measures if self.extent.all_measures else self.whole.measures[:1]

    @cached_property
    def numbers(self) -> list[int]:
        """Queries whose lists are shown: those that differ most on the primary measure, in the order of the collection."""
        numbers = np.array(self.kept["kept"], np.int64)
        most = int(np.ceil(self.extent.share * len(numbers)))
        if most < len(numbers):
            values = self.whole.values[self.measures[0]][:, numbers]
            numbers = numbers[np.argsort(-np.abs(values - values[:1]).max(axis=0), kind="stable")[:most]]
        return sorted(numbers.tolist())

    def content(self) -> dict[str, Json]:
        """Return what the script reads: values in thousandths, documents by their place in `documents`.

        Systems share most of their documents: `tops` names the documents of a query once, `lists` their positions there.
        """
        whole = self.whole
        lists = [whole.lists[s] for s in whole.systems]
        tops = [_positions(of_system.documents[q] for of_system in lists) for q in self.numbers]
        gains_of = dict(zip(self.kept["kept"], self.kept["gains"], strict=True))
        gains = [gains_of[q] for q in self.numbers]
        used = sorted({d for top in tops for d in top} | {d for row in gains for d, _ in row})
        place = {d: i for i, d in enumerate(used)}
        return {
            "collection": whole.collection,
            "systems": whole.systems,
            "n_compared": whole.sides.n_compared,
            "measures": self.measures,
            "ids": self.kept["query_ids"],
            "queries": [
                cut(text, self.extent.characters) if self.extent.characters else "" for text in self.kept["queries"]
            ],
            "values": [whole.printed[m][0] for m in self.measures],
            "deltas": [whole.printed[m][1] for m in self.measures],
            "slices": {name: _coded(column) for name, column in self.kept["slices"].items()},
            "listed": self.numbers,
            "documents": [[self.kept["doc_ids"][d], self._text(d)] for d in used],
            "tops": [[place[d] for d in top] for top in tops],
            "lists": [
                [[top[d] for d in x.documents[q]] for q, top in zip(self.numbers, tops, strict=True)] for x in lists
            ],
            "decimals": [x.decimals for x in lists],
            "falls": [[x.falls[q] for q in self.numbers] for x in lists],
            "gains": [[[place[d], gain] for d, gain in row] for row in gains],
            "pictures": self._pictures(place),
        }

    def _text(self, document: int) -> str:
        return cut(self.kept["documents"][document], self.extent.characters) if self.extent.characters else ""

    def _pictures(self, place: dict[int, int]) -> dict[str, dict[str, str]]:
        if not self.extent.pictures:
            return {"queries": {}, "documents": {}}
        pictures = self.kept["pictures"]
        of_documents = {str(place[int(d)]): url for d, url in pictures["documents"].items() if int(d) in place}
        return {"queries": _safe(pictures["queries"]), "documents": _safe(of_documents)}

    def shown(self, content: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Yield every query and document of which a text or picture is packed."""
        pictures = content["pictures"]
        for i, (query_id, text) in enumerate(zip(content["ids"], content["queries"], strict=True)):
            if text or str(i) in pictures["queries"]:
                yield self.whole.collection, "q", query_id
        for i, (doc_id, text) in enumerate(content["documents"]):
            if text or str(i) in pictures["documents"]:
                yield self.whole.collection, "d", doc_id


def thousandths(values: Sequence[float] | np.ndarray) -> list[float | None]:
    """Return values as the page prints them, in thousandths. A value that prints as zero and is not keeps its sign: ± .5.

    >>> thousandths([0.4514, 0.0001, -0.0001, 0.0])
    [451, 0.5, -0.5, 0]
    """
    distinct, places = np.unique(np.asarray(values, np.float64), return_inverse=True)
    shown = [_thousandth(x) for x in distinct.tolist()]
    return [shown[place] for place in places.tolist()]


def _thousandth(x: float) -> float:
    shown = round(float(f"{x:.{DIGITS}f}") * 10**DIGITS)
    return shown if shown or x == 0 else 0.5 if x > 0 else -0.5


def score_decimals(scores: np.ndarray) -> int:
    """Return how many decimals of a system's scores are shown: as many digits of the middle score of its first rank as of a value.

    Fewer where the packed numbers, a row of scores a query, would be too large to be whole in a script.

    >>> score_decimals(np.array([[0.8], [0.62], [0.71]])), score_decimals(np.array([[23.0], [18.0]])), score_decimals(np.empty((0, 1)))
    (3, 1, 3)
    """
    sizes = np.abs(np.asarray(scores, np.float64))
    first = sizes[:, 0][sizes[:, 0] > 0]
    if not len(first):
        return DIGITS
    return min(DIGITS - 1 - _magnitude(np.median(first)), MOST_DIGITS - 1 - _magnitude(sizes.max()), MOST_DIGITS)


def _magnitude(x: float) -> int:
    return math.floor(math.log10(x))


def score_falls(scores: np.ndarray, decimals: int) -> list[int]:
    """Return the first score and how far each next one falls, in units of the last decimal.

    >>> score_falls(np.array([0.8124, 0.8, 0.5]), 4)
    [8124, 124, 3000]
    >>> score_falls(np.array([494500.5]), -3)
    [495]
    """
    exact = [x if decimals < 0 else float(f"{x:.{decimals}f}") for x in scores.tolist()]  # nothing is rounded twice
    units = [round(x * 10.0**decimals) for x in exact]
    return units[:1] + [above - below for above, below in itertools.pairwise(units)]


def _positions(lists: Iterable[Sequence[int]]) -> dict[int, int]:
    """Return the documents of several lists in the order in which they first come, each with its number there."""
    return {d: i for i, d in enumerate(dict.fromkeys(itertools.chain.from_iterable(lists)))}


def _coded(column: list[str]) -> dict[str, Json]:
    """Return a column as its distinct values, in order of appearance, and the number of each query's."""
    distinct = list(dict.fromkeys(column))
    number = {value: i for i, value in enumerate(distinct)}
    return {"values": distinct, "of": [number[value] for value in column]}


def _safe(pictures: dict[str, str]) -> dict[str, str]:
    return {place: url for place, url in pictures.items() if PICTURE.fullmatch(url)}
