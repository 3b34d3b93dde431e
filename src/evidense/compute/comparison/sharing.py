"""What the collections of a study share: the same queries, queries about the same thing, the same relevant documents.

An item is known by its content: a text without regard to case and spaces, a picture by its bytes. A collection may also say that its
group keys name things that others know by the same names (`Collection.shares`), as the characters behind drawings of them.
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


@dataclass(frozen=True)
class Shared:
    """The collections of a study, by their places, and what they have in common."""

    collections: tuple[Collection, ...]
    how: str = ""
    """How queries depend on each other, as in `Study.clusters`."""

    @property
    def sizes(self) -> list[int]:
        """How many queries each collection has."""
        return [len(one.query_ids) for one in self.collections]

    @cached_property
    def sharing(self) -> Sharing:
        """Which collections share anything, and how their queries depend on each other."""
        if len(self.collections) == 1:
            return Sharing.nothing(1)
        first: dict[Key, int] = {}
        held = [
            (at, key)
            for at in range(len(self.collections))
            for keys in (*self._groups[at], *self._documents[at])
            for key in keys
        ]
        label = connected(len(self.collections), [(first.setdefault(key, at), at) for at, key in held])
        parts = [tuple(np.flatnonzero(label == each).tolist()) for each in dict.fromkeys(label.tolist())]
        return Sharing(
            tuple(LinkedCollections(some, self._clusters(some) if len(some) > 1 else None) for some in parts)
        )

    @cached_property
    def labels(self) -> list[Int[np.ndarray, " q"]]:
        """One label a query of each collection; equal ones count as one, in whatever collection they stand."""
        found: dict[int, Int[np.ndarray, " q"]] = {}
        used = 0
        for part in self.sharing.parts:
            own = grouping_of(self.collections[part.members[0]], self.how) if part.clusters is None else part.clusters
            labels = np.unique(labels_of(own), return_inverse=True)[1] + used
            ends = np.cumsum([self.sizes[at] for at in part.members])[:-1]
            found |= dict(zip(part.members, np.split(labels, ends), strict=True))
            used = int(labels.max()) + 1
        return [found[at] for at in range(len(self.collections))]

    def n_distinct(self, places: Sequence[int]) -> int:
        """Return how many different queries some collections have together."""
        return len({key for at in places for key in self._queries[at]})

    @property
    def same(self) -> list[tuple[int, ...]]:
        """The collections that ask the same queries, where several do."""
        asked: dict[tuple[Key, ...], list[int]] = {}
        for at, keys in enumerate(self._queries):
            asked.setdefault(tuple(sorted(keys)), []).append(at)
        return [tuple(places) for places in asked.values() if len(places) > 1]

    # --- what things are known by

    @cached_property
    def _queries(self) -> list[list[Key]]:
        """Of each collection, what each query is known by."""
        return [[_known(item, one.qrels.get(item.id, {})) for item in one.queries] for one in self.collections]

    @cached_property
    def _documents(self) -> list[list[list[Key]]]:
        """Of each collection, what the relevant documents of each query are known by; nothing where they do not count."""
        if self.how not in ("", COMPONENTS):
            return [[[] for _ in keys] for keys in self._queries]
        return [
            [[keys[doc] for doc in _relevant(one, query) if doc in keys] for query in one.query_ids]
            for one, keys in zip(self.collections, self._document_keys, strict=True)
        ]

    @cached_property
    def _document_keys(self) -> list[dict[str, Key]]:
        """Of each collection, what its relevant documents are known by; those without content are known there only."""
        found = []
        for one in self.collections:
            wanted = {doc for query in one.query_ids for doc in _relevant(one, query)}
            rows = [row for row, doc in enumerate(one.doc_ids) if doc in wanted]
            items = (one.corpus[row] for row in rows)
            found.append({item.id: key for item in items if (key := _content(item)) is not None})
        return found

    @cached_property
    def _groups(self) -> list[list[list[Key]]]:
        """Of each collection, what makes each query one with others: itself, its group, a relevant document that others ask with."""
        asked = [set(keys) for keys in self._queries]
        found = []
        for at, one in enumerate(self.collections):
            others = set().union(*(some for where, some in enumerate(asked) if where != at))
            rows = zip(one.query_ids, self._queries[at], self._documents[at], strict=True)
            found.append(
                [[key, *self._group(at, query), *(d for d in docs if d in others)] for query, key, docs in rows]
            )
        return found

    def _group(self, at: int, query: str) -> list[Key]:
        one = self.collections[at]
        if self.how in ("", COMPONENTS):
            return [("group", one.shares or f"#{at}", one.groups[query])] if query in one.groups else []
        value = one.columns.get(self.how, {}).get(query)
        return [("column", f"#{at}", value)] if value else []

    def _clusters(self, places: tuple[int, ...]) -> Grouping:
        """Return how the queries of some collections depend on each other, one collection after the other."""
        groups = [keys for at in places for keys in self._groups[at]]
        first: dict[Key, int] = {}
        pairs = [(first.setdefault(key, row), row) for row, keys in enumerate(groups) for key in keys]
        label = connected(len(groups), pairs)
        ids = [f"{row}" for row in range(len(groups))]
        if self.how not in ("", COMPONENTS):
            return label
        qrels: dict[str, dict[str, int]] = {}
        names = iter(ids)
        for at in places:
            keys = self._document_keys[at]
            for query in self.collections[at].query_ids:
                gains = _relevant(self.collections[at], query)
                qrels[next(names)] = {"\0".join(keys.get(doc, (f"#{at}", doc))): gain for doc, gain in gains.items()}
        together = {name: str(each) for name, each in zip(ids, label.tolist(), strict=True)}
        return (cluster_queries if self.how else overlap_of)(ids, qrels, together)


def _relevant(one: Collection, query: str) -> dict[str, int]:
    return {doc: gain for doc, gain in one.qrels.get(query, {}).items() if gain > 0}


def _known(item: Item, gains: Mapping[str, int]) -> Key:
    """Return what a query is known by: its content, or its id and judgements where there is nothing else."""
    content = _content(item)
    return content if content is not None else ("judged", item.id, _hashed(repr(sorted(gains.items())).encode()))


def _content(item: Item) -> Key | None:
    text = " ".join((item.text or "").casefold().split())
    if item.picture is not None:
        return ("content", _hashed(text.encode(errors="surrogatepass")), item.picture.sha256())
    return ("content", _hashed(text.encode(errors="surrogatepass"))) if text else None


def _hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
