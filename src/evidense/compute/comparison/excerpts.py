"""Excerpts: the queries where two systems differ most, with the first document of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from evidense.records import Json
from evidense.values import Collection, Item, RankedLists

MOST_CHARACTERS = 400
"""Characters of a text that are shown; longer texts end in an ellipsis."""
MOST_RELEVANT = 3
"""Relevant documents shown for a query."""
_NOT_FOUND = 1 << 60


@dataclass(frozen=True)
class PairedResults:
    """Results of two systems on one collection, with per-query values of one measure, over the seeds of each."""

    collection: Collection
    base: Sequence[RankedLists]
    """One a seed; a system without seeds has one."""
    system: Sequence[RankedLists]
    base_values: Float64[np.ndarray, " q"]
    """Means over the seeds."""
    system_values: Float64[np.ndarray, " q"]


def excerpts(pair: PairedResults, most: int = 5) -> tuple[dict[str, Json], ...]:
    """Return up to `most` of the greatest losses, then up to `most` of the greatest wins; ties by query id."""
    delta = pair.system_values - pair.base_values
    ids = np.array(pair.collection.query_ids)
    order = np.lexsort((ids, delta))
    losses = [q for q in order[:most] if delta[q] < 0]
    wins = [q for q in np.lexsort((ids, -delta))[:most] if delta[q] > 0]
    documents = Documents(pair.collection)
    return tuple(_excerpt(pair, int(q), documents) for q in [*losses, *wins])


class Documents:
    """Documents of a collection by id. Documents that the corpus lacks are shown by their id alone."""

    def __init__(self, collection: Collection) -> None:
        self._corpus = collection.corpus
        self._place = {doc_id: i for i, doc_id in enumerate(collection.doc_ids)}

    def card(self, doc_id: str) -> dict[str, Json]:
        """Return id, text and picture of one document."""
        number = self._place.get(doc_id)
        return {"doc_id": doc_id, **(shown(self._corpus[number]) if number is not None else {"text": None})}


def shown(item: Item) -> dict[str, Json]:
    """Return what a page shows of an item: its text, shortened, and its picture as a small data URL."""
    text = item.text
    if text is not None and len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS].rstrip() + " …"
    if item.picture is None:
        return {"text": text}
    from evidense.compute.pictures.decoding import thumbnail

    return {"text": text, "thumbnail": thumbnail(item.picture)}


def _excerpt(pair: PairedResults, q: int, documents: Documents) -> dict[str, Json]:
    query = pair.collection.queries[q]
    gains = pair.collection.qrels[query.id]
    base, system = ([_ranks(lists, q) for lists in side] for side in (pair.base, pair.system))
    relevant = sorted((d for d, gain in gains.items() if gain > 0), key=lambda d: (-gains[d], d))[:MOST_RELEVANT]
    card = shown(query)
    return {
        "query_id": query.id,
        "query": card["text"],
        **({"thumbnail": card["thumbnail"]} if "thumbnail" in card else {}),
        "group": pair.collection.groups.get(query.id),
        "delta": float(pair.system_values[q] - pair.base_values[q]),
        "base_value": float(pair.base_values[q]),
        "system_value": float(pair.system_values[q]),
        "relevant": [
            {**documents.card(d), "rank_base": _rank(base, d), "rank_system": _rank(system, d)} for d in relevant
        ],
        "base_first": _first(base, gains, documents),
        "system_first": _first(system, gains, documents),
    }


def _ranks(lists: RankedLists, q: int) -> dict[str, int]:
    return {lists.doc_ids[d]: rank for rank, d in enumerate(lists.documents[q], 1) if d >= 0}


def _rank(of_seeds: Sequence[Mapping[str, int]], doc_id: str) -> int | None:
    """Return the middle rank of a document over the seeds, of two in the middle the worse; None if it is not found there."""
    ranks = sorted(ranks.get(doc_id, 0) or _NOT_FOUND for ranks in of_seeds)
    middle = ranks[len(ranks) // 2]
    return None if middle == _NOT_FOUND else middle


def _first(of_seeds: Sequence[Mapping[str, int]], gains: Mapping[str, int], documents: Documents) -> Json:
    """Return the document that most seeds rank first, and in how many of them it is; of equals that of the earliest seed."""
    ((first, n_first),) = Counter(next(iter(ranks), None) for ranks in of_seeds).most_common(1)
    if first is None:
        return None
    over_seeds = {"n_first": n_first, "n_seeds": len(of_seeds)} if len(of_seeds) > 1 else {}
    return {**documents.card(first), "gain": gains.get(first), **over_seeds}
