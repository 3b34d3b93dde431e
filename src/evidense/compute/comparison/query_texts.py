"""Query texts: what a page shows of every query: its text, and text and judgement of the documents that systems rank first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
from jaxtyping import Float64

from evidense.compute.comparison.excerpts import MOST_RELEVANT, shown
from evidense.compute.comparison.slices import values_of_columns
from evidense.records import QueryTexts, Ranking
from evidense.store import Store
from evidense.values import Collection, Item, RankedLists

TOP = 10
"""Documents of each list that are kept."""
MOST_PLACES = 100_000
"""Places of all lists of a study that are kept (2,000 queries × 5 systems × 10)."""
MOST_PICTURES = 500
"""Of more distinct pictures none is kept: they would not fit into a page."""


class KeptTexts(TypedDict):
    """The blob of a `QueryTexts`. Queries go by their number in the collection, documents by their place in `doc_ids`."""

    query_ids: list[str]
    queries: list[str | None]
    """Text of every query, shortened."""
    slices: dict[str, list[str]]
    """Column → its value for every query."""
    kept: list[int]
    """Queries whose documents are kept."""
    doc_ids: list[str]
    documents: list[str | None]
    """Text of every kept document, shortened."""
    gains: list[list[list[int]]]
    """For every kept query: [document, gain] of the documents that are judged, ranked first or relevant."""
    pictures: dict[str, dict[str, str]]
    """'queries' and 'documents': number or place → data URL."""


@dataclass(frozen=True)
class ListsBeside:
    """The ranked lists of one collection that people read side by side, the baseline's first."""

    collection: Collection
    rankings: Sequence[Ranking]
    lists: Sequence[RankedLists]
    """Of each ranking."""
    n_collections: int
    """Of the study: they share the places of a page."""


def query_texts(beside: ListsBeside, delta: Float64[np.ndarray, "s q"], store: Store) -> QueryTexts:
    """Return the record of one collection; its blob is stored. `delta` are the differences of the systems from the baseline.

    Where there are too many queries, documents are kept for those with the largest difference of any system.
    """
    collection = beside.collection
    most = max(1, MOST_PLACES // (beside.n_collections * len(beside.lists) * TOP))
    kept = _kept(np.abs(delta).max(axis=0, initial=0.0), most)
    texts = _texts(collection, beside.lists, kept)
    return QueryTexts(
        parents=tuple(ranking.id for ranking in beside.rankings),
        collection=collection.name, n_queries=len(collection.query_ids), n_kept=len(kept), texts=store.put_json(texts),
    )  # fmt: skip


def _kept(size: Float64[np.ndarray, " q"], most: int) -> list[int]:
    """Return the numbers of the queries with the largest differences, in the order of the collection."""
    return sorted(np.argsort(-size, kind="stable")[:most].tolist())


def _texts(collection: Collection, lists: Sequence[RankedLists], kept: Sequence[int]) -> KeptTexts:
    tops = [_tops(lists, q) for q in kept]
    relevant = [_relevant(collection.qrels[collection.query_ids[q]]) for q in kept]
    doc_ids = list(dict.fromkeys(d for several in zip(tops, relevant, strict=True) for ids in several for d in ids))
    places = {doc_id: place for place, doc_id in enumerate(doc_ids)}
    documents, of_documents = _cards(_documents(collection, doc_ids))
    queries, of_queries = _cards(collection.queries)
    has_room = len(of_documents) + len(of_queries) <= MOST_PICTURES
    return KeptTexts(
        query_ids=list(collection.query_ids), queries=queries, slices=values_of_columns(collection), kept=list(kept), doc_ids=doc_ids,
        documents=documents, pictures={"queries": of_queries, "documents": of_documents} if has_room else {"queries": {}, "documents": {}},
        gains=[
            [[places[d], gain] for d in dict.fromkeys([*top, *right]) if (gain := collection.qrels[collection.query_ids[q]].get(d)) is not None]
            for q, top, right in zip(kept, tops, relevant, strict=True)
        ],
    )  # fmt: skip


def _tops(lists: Sequence[RankedLists], q: int) -> list[str]:
    """Return the ids of the documents that some system ranks first for a query."""
    return list(dict.fromkeys(each.doc_ids[d] for each in lists for d in each.documents[q, :TOP] if d >= 0))


def _relevant(gains: Mapping[str, int]) -> list[str]:
    return sorted((d for d, gain in gains.items() if gain > 0), key=lambda d: (-gains[d], d))[:MOST_RELEVANT]


def _documents(collection: Collection, doc_ids: Sequence[str]) -> Iterable[Item | None]:
    """Yield the documents; None for those that the corpus lacks."""
    wanted = set(doc_ids)
    number_of = {doc_id: number for number, doc_id in enumerate(collection.doc_ids) if doc_id in wanted}
    for doc_id in doc_ids:
        number = number_of.get(doc_id)
        yield None if number is None else collection.corpus[number]


def _cards(items: Iterable[Item | None]) -> tuple[list[str | None], dict[str, str]]:
    """Return the texts, and the pictures by place; of too many pictures, which nobody will see, the rest is not drawn."""
    texts: list[str | None] = []
    pictures: dict[str, str] = {}
    for place, item in enumerate(items):
        if item and len(pictures) > MOST_PICTURES:
            item = replace(item, picture=None)
        card = shown(item) if item else {"text": None}
        texts.append(card["text"])
        if thumbnail := card.get("thumbnail"):
            pictures[str(place)] = thumbnail
    return texts, pictures
