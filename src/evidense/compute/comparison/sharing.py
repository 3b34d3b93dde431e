"""What the collections of a study share: the same queries, queries about the same thing, the same relevant documents.

An item is identified by its content: a text without regard to case and spaces, a picture by its bytes. A collection may also say that
its group keys are names that other collections use too (`Collection.shares`), for example the characters behind drawings of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from evidense.compute.comparison.grouping import COMPONENTS, grouping_of
from evidense.stats import Grouping, LinkedCollections, Sharing, cluster_queries, labels_of, overlap_of
from evidense.stats.dependence.clusters import connected
from evidense.values import Collection, Item

Key = tuple[str, ...]
"""What identifies a query, a document or a group; equal keys are the same thing."""


@dataclass(frozen=True)
class Shared:
    """The collections of a study, in its order, and what they have in common."""

    collections: tuple[Collection, ...]
    how: str = ""
    """How queries depend on each other, as in `Study.clusters`."""

    @property
    def sizes(self) -> list[int]:
        """Return the number of queries of each collection."""
        return [len(collection.query_ids) for collection in self.collections]

    @cached_property
    def sharing(self) -> Sharing:
        """Return which collections share anything, and how their queries depend on each other."""
        n = len(self.collections)
        if n == 1:
            return Sharing.nothing(1)
        keys = [
            (index, key)
            for index in range(n)
            for of_query in (*self._groups[index], *self._documents[index])
            for key in of_query
        ]
        label = connected(n, _links(keys))
        parts = [tuple(np.flatnonzero(label == part).tolist()) for part in dict.fromkeys(label.tolist())]
        return Sharing(
            tuple(LinkedCollections(part, self._clusters(part) if len(part) > 1 else None) for part in parts)
        )

    @cached_property
    def families(self) -> tuple[tuple[int, ...], ...]:
        """Return the independent families of collections."""
        return self.sharing.families(self.sizes)

    @cached_property
    def labels(self) -> list[Int[np.ndarray, " q"]]:
        """Return one label a query of each collection; equal labels count as one, in whatever collection they stand."""
        of_collection: dict[int, Int[np.ndarray, " q"]] = {}
        n_used = 0
        for part in self.sharing.parts:
            alone = self.collections[part.members[0]]
            clusters = grouping_of(alone, self.how) if part.clusters is None else part.clusters
            labels = np.unique(labels_of(clusters), return_inverse=True)[1] + n_used
            ends = np.cumsum([self.sizes[member] for member in part.members])[:-1]
            of_collection |= dict(zip(part.members, np.split(labels, ends), strict=True))
            n_used = int(labels.max()) + 1
        return [of_collection[index] for index in range(len(self.collections))]

    def n_distinct(self, members: Sequence[int]) -> int:
        """Return how many different queries some collections have together."""
        return len({key for member in members for key in self._queries[member]})

    @property
    def same(self) -> list[tuple[int, ...]]:
        """Return the sets of two or more collections that ask the same queries."""
        by_queries: dict[tuple[Key, ...], list[int]] = {}
        for index, keys in enumerate(self._queries):
            by_queries.setdefault(tuple(sorted(keys)), []).append(index)
        return [tuple(members) for members in by_queries.values() if len(members) > 1]

    # --- keys

    @cached_property
    def _queries(self) -> list[list[Key]]:
        """Return the key of each query of each collection."""
        return [
            [_query_key(item, collection.qrels.get(item.id, {})) for item in collection.queries]
            for collection in self.collections
        ]

    @cached_property
    def _documents(self) -> list[list[list[Key]]]:
        """Return the keys of each query's relevant documents; none if queries are not grouped by documents."""
        if self.how not in ("", COMPONENTS):
            return [[[] for _ in keys] for keys in self._queries]
        return [
            [[keys[doc] for doc in _relevant(collection, query) if doc in keys] for query in collection.query_ids]
            for collection, keys in zip(self.collections, self._document_keys, strict=True)
        ]

    @cached_property
    def _document_keys(self) -> list[dict[str, Key]]:
        """Return doc_id → key of each collection's relevant documents; documents without content have none."""
        return [_document_keys(collection) for collection in self.collections]

    @cached_property
    def _groups(self) -> list[list[list[Key]]]:
        """Return the keys that join each query with others: its own, its group's, and a relevant document that is a query elsewhere."""
        queries = [set(keys) for keys in self._queries]
        groups = []
        for index, collection in enumerate(self.collections):
            elsewhere = set().union(*(keys for other, keys in enumerate(queries) if other != index))
            rows = zip(collection.query_ids, self._queries[index], self._documents[index], strict=True)
            groups.append(
                [[key, *self._group(index, query), *(d for d in docs if d in elsewhere)] for query, key, docs in rows]
            )
        return groups

    def _group(self, index: int, query: str) -> list[Key]:
        collection = self.collections[index]
        if self.how in ("", COMPONENTS):
            scope = collection.shares or f"#{index}"
            return [("group", scope, collection.groups[query])] if query in collection.groups else []
        value = collection.columns.get(self.how, {}).get(query)
        return [("column", f"#{index}", value)] if value else []

    def _clusters(self, members: tuple[int, ...]) -> Grouping:
        """Return how the queries of some collections depend on each other, one collection after the other."""
        groups = [keys for member in members for keys in self._groups[member]]
        label = connected(len(groups), _links([(row, key) for row, keys in enumerate(groups) for key in keys]))
        if self.how not in ("", COMPONENTS):
            return label
        names = [f"{row}" for row in range(len(groups))]
        qrels = dict(zip(names, (gains for member in members for gains in self._gains(member)), strict=True))
        together = {name: str(group) for name, group in zip(names, label.tolist(), strict=True)}
        return (cluster_queries if self.how else overlap_of)(names, qrels, together)

    def _gains(self, index: int) -> list[dict[str, int]]:
        """Return the gains of each query's relevant documents, by names that are the same in all collections."""
        collection, keys = self.collections[index], self._document_keys[index]
        return [
            {"\0".join(keys.get(doc, (f"#{index}", doc))): gain for doc, gain in _relevant(collection, query).items()}
            for query in collection.query_ids
        ]


def _links(keys: Sequence[tuple[int, Key]]) -> list[tuple[int, int]]:
    """Return (first, other) for everything that has a key which an earlier one has too."""
    first: dict[Key, int] = {}
    return [(first.setdefault(key, index), index) for index, key in keys]


def _relevant(collection: Collection, query: str) -> dict[str, int]:
    return {doc: gain for doc, gain in collection.qrels.get(query, {}).items() if gain > 0}


def _document_keys(collection: Collection) -> dict[str, Key]:
    relevant = {doc for query in collection.query_ids for doc in _relevant(collection, query)}
    rows = [row for row, doc in enumerate(collection.doc_ids) if doc in relevant]
    items = (collection.corpus[row] for row in rows)
    return {item.id: key for item in items if (key := _content(item)) is not None}


def _query_key(item: Item, gains: Mapping[str, int]) -> Key:
    """Return the content of a query, or its id and judgements if it has none."""
    content = _content(item)
    return content if content is not None else ("judged", item.id, _hashed(repr(sorted(gains.items())).encode()))


def _content(item: Item) -> Key | None:
    text = " ".join((item.text or "").casefold().split())
    if item.picture is not None:
        return ("content", _hashed(text.encode(errors="surrogatepass")), item.picture.sha256())
    return ("content", _hashed(text.encode(errors="surrogatepass"))) if text else None


def _hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
