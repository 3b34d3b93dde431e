"""Imported rankings: results from a file, matched to the documents and queries of a collection."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float32

from evidense.compute.search.id_mismatch import id_difference, shown_ids
from evidense.compute.search.list_builder import ListBuilder
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.trec import unescaped
from evidense.values import Collection, Item, RankedLists

Results = Mapping[str, Mapping[str, float]]
"""query_id → doc_id → score."""

TIES = (
    "documents of one query are ordered as trec_eval orders those of a run: by score as a 32-bit number, descending, and where these are "
    "equal by the document id of the file, descending by its bytes"
)


@dataclass
class ImportedRanker:
    """A ranker that returns the results of a file. Each `rank` adds to `setup` what it left out for that collection."""

    name: str
    setup: Setup
    fingerprint: str
    choose: Callable[[Collection], Results]
    """Chooses the results for a collection; some files hold results for several."""
    policies: Mapping[str, str] = field(default_factory=lambda: {"ties": TIES})

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the results of the file for each query of the collection, best first; an empty list for a query without results.

        Left out are results for queries that the collection does not judge and, if the collection is a sample, documents outside
        it. A collection made of judgements alone takes all documents of the file.

        Raises:
            InvalidInput: unknown documents (all at once), or no query in common.
        """
        results = self.choose(collection)
        known = {query_id: row for row, query_id in enumerate(collection.query_ids)}
        rows = {key: known.get(key, known.get(unescaped(key))) for key in results}
        if all(row is None for row in rows.values()):
            raise InvalidInput(
                f"{self.name}: none of its {len(results):,} queries ({shown_ids(results)}) is in '{collection.name}' "
                f"({shown_ids(collection.query_ids)}); expected the same query ids; "
                f"{_advice(results, collection.query_ids, 'compare on the collection that it was made for')}"
            )
        if collection.modalities[1] == "ids":
            _refuse_strangers(self.name, results, rows, collection)
            collection = _with_documents_of(results, rows, collection)
        lists, places, unknown = ListBuilder(collection, depth), _places(collection), _Unknown(self.name, collection)
        for key, row in rows.items():
            if row is not None:
                lists.put(row, *_found(results[key], places, key, unknown))
        warnings = [*_ignored(rows, collection), *unknown.sentence()]
        self.setup = replace(self.setup, warnings=(*_standing(self.setup), *(_LEFT_OUT + text for text in warnings)))
        return lists.done()


def refuse_unanswered(rankers: Mapping[str, object], collections: Sequence[Collection]) -> None:
    """Refuse files of results (spelling → ranker) that answer queries of some of the collections and none of another, before anything is scored.

    Of a file that answers none of them, `rank` says more: its ids may only be written differently.

    Raises:
        InvalidInput: names the files that answer nothing of a collection, and how files are joined.
    """
    answered = {
        name: {c.name for c in collections if len(_strange(results := ranker.choose(c), c)) < len(results)}
        for name, ranker in rankers.items()
        if isinstance(ranker, ImportedRanker)
    }
    unanswered = {
        c.name: [name for name, names in answered.items() if names and c.name not in names] for c in collections
    }
    mistakes = [
        f"no query of '{collection}' is in {shown_ids(names)}" for collection, names in unanswered.items() if names
    ]
    if mistakes:
        raise InvalidInput(
            f"{'; '.join(mistakes)}. Expected one run file for each system, with the queries of all {len(collections)} collections. "
            "Join the runs of a system: cat a.1.run a.2.run > a.run; or compare on each collection alone"
        )


def only_of_others(ranker: object, collection: Collection, others: Sequence[Collection]) -> bool:
    """Say whether all that a file of results holds beyond the queries of a collection are queries of others: its note is then needless."""
    if not isinstance(ranker, ImportedRanker):
        return False
    strange = _strange(ranker.choose(collection), collection)
    return bool(strange) and not set[str]().union(strange).difference(
        *({*other.query_ids, *map(unescaped, other.query_ids)} for other in others)
    )


def _strange(results: Results, collection: Collection) -> set[str]:
    """Return the queries of a file that the collection does not judge."""
    known = set(collection.query_ids)
    return {key for key in results if key not in known and unescaped(key) not in known}


def is_of_strange_queries(note: str) -> bool:
    """Say whether a note says that a file holds queries which a collection does not judge."""
    return note.startswith(_LEFT_OUT) and note.endswith(_UNJUDGED)


def _refuse_strangers(name: str, results: Results, rows: Mapping[str, int | None], collection: Collection) -> None:
    """Refuse a file in which no document is judged for its query: every score would be 0.

    Raises:
        InvalidInput: names two document ids of each side and how they differ.
    """
    taken = {collection.query_ids[row]: results[key] for key, row in rows.items() if row is not None}
    judged = {q: gains for q, gains in collection.qrels.items() if taken.get(q)}
    if not judged or any(d in judged[q] or unescaped(d) in judged[q] for q in judged for d in taken[q]):
        return
    ours, theirs = (list(dict.fromkeys(d for q in judged for d in side[q])) for side in (taken, judged))
    raise InvalidInput(
        f"{name}: none of its {len(ours):,} documents ({shown_ids(ours)}) is judged in '{collection.name}' "
        f"({shown_ids(theirs)}) for the query that it is listed under, so that nothing can be compared; expected the same document "
        f"ids; {_advice(ours, theirs, 'score it with the judgements of its own corpus')}"
    )


def _advice(ours: Iterable[str], theirs: Iterable[str], otherwise: str) -> str:
    """Say how the ids would match if both files wrote them alike, else give the other advice."""
    differ = id_difference(ours, theirs)
    return f"they match without {differ}: write them alike in both files" if differ else otherwise


def _with_documents_of(results: Results, rows: Mapping[str, int | None], collection: Collection) -> Collection:
    """Add the documents of the file to a collection made of judgements alone, because most results are unjudged."""
    known = {*collection.doc_ids, *collection.aliases}
    named_documents = {d for key, scores in results.items() if rows[key] is not None for d in scores}
    unknown = sorted(d for d in named_documents if d not in known and unescaped(d) not in known)
    return replace(collection, corpus=[*collection.corpus, *(Item(d) for d in unknown)])


class _Unknown:
    """Documents that the collection lacks: mistakes if the collection is whole, expected if it is a sample."""

    def __init__(self, source: str, collection: Collection) -> None:
        self.source, self.collection = source, collection
        self.names: list[tuple[str, str]] = []

    def sentence(self) -> list[str]:
        """Return a sentence for the page, none if nothing is missing.

        Raises:
            InvalidInput: the collection is whole and lacks documents that the file names.
        """
        if self.names and not is_sample(self.collection):
            mistakes = [
                f"query '{q}' has the document '{d}', which is not in '{self.collection.name}'; remove it or correct its id"
                for q, d in self.names
            ]
            if differ := id_difference((d for _, d in self.names), self.collection.doc_ids):
                mistakes.insert(0, f"the ids would match without {differ}: write them alike in both files")
            raise InvalidInput.all_of(self.source, mistakes)
        return [f"{len(self.names):,} results outside the sample"] if self.names else []


def is_sample(collection: Collection) -> bool:
    """Say whether `values.sample` made this collection; its name ends in the size of the sample."""
    return re.search(r"~\d+q\d+d$", collection.name) is not None


def ties_sentence(results: Results) -> list[str]:
    """Say how many queries have scores that trec_eval takes as equal; its order of ties may differ from the order of the file."""
    n = sum(len(np.unique(_as_compared(scores.values()))) < len(scores) for scores in results.values())
    count = f"{n:,} of {len(results):,} queries of this file have equal scores (in 32 bits)"
    return [f"{count}; they are put in descending order of document id, as trec_eval does"] if n else []


def _as_compared(scores: Iterable[float]) -> Float32[np.ndarray, " n"]:
    return np.array(list(scores), dtype=np.float64).astype(np.float32)


_LEFT_OUT = "left out of this file: "
_UNJUDGED = " does not judge"


def _standing(setup: Setup) -> list[str]:
    return [text for text in setup.warnings if not text.startswith(_LEFT_OUT)]


def _places(collection: Collection) -> dict[str, int]:
    places = {doc_id: place for place, doc_id in enumerate(collection.doc_ids)}
    return {**{alias: places[target] for alias, target in collection.aliases.items() if target in places}, **places}


def _found(
    results: Mapping[str, float], places: dict[str, int], query_id: str, unknown: _Unknown
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return document places, scores and ranks in trec_eval's order. Of documents that were merged into one, the best counts."""
    place_of_document = {doc_id: places.get(doc_id, places.get(unescaped(doc_id))) for doc_id in results}
    unknown.names += [(query_id, doc_id) for doc_id, place in place_of_document.items() if place is None]
    best: dict[int, float] = {}
    for value, doc_id in sorted(zip(_as_compared(results.values()).tolist(), results, strict=True), reverse=True):
        if (place := place_of_document[doc_id]) is not None:
            best.setdefault(place, value)
    return np.array(list(best), np.int32), np.array(list(best.values()), np.float32), np.arange(len(best))


def _ignored(rows: Mapping[str, int | None], collection: Collection) -> list[str]:
    n = sum(row is None for row in rows.values())
    return [f"{n:,} queries that '{collection.name}'{_UNJUDGED}"] if n else []
