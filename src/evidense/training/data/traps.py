"""Traps: finds properties of a collection's texts that make its scores misleading, one sentence each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from evidense.errors import StoreError
from evidense.records import sha256_of
from evidense.store import Store
from evidense.training.data.copies import near_copies, plain
from evidense.values import Collection, Item
from evidense.values.contents import items_at

ALGORITHM = 4
"""Version: raised when the same collection gives other sentences."""

MATERIAL = 0.05
"""Least share of queries that are part of a document, or equal one, for a note."""
MATERIAL_COPIES = 0.01
"""Least share of queries with an unjudged copy of a relevant document, for a note; each may lose its whole value."""
LONGER = 2
"""Queries whose median length is more than so many times that of relevant documents look swapped with them; in all built-in collections they are shorter."""
LEAST_COMPARED = 20
"""Least queries and relevant documents whose lengths are compared."""
LEAST_WORDS = 3
"""Least words of a query whose presence in a document is no chance."""
LEAST_CHARACTERS = 12
"""Least characters of such a query in a script without spaces."""
NEAR = 0.95
"""Two long documents are near copies if their shingle sets overlap by this much."""
LONG = 200
"""Least characters of a long document: in shorter texts one word changes the meaning (left, right)."""
MOST_DOCUMENTS = 500_000
"""Largest corpus that is checked whole; of a larger one, only relevant documents are checked."""
MOST_CHARACTERS = 2_000_000
"""Largest corpus that is searched for near copies, in characters (about two seconds); larger ones only for equal texts."""

Texts = Mapping[str, str]
"""id → normalised text."""


def traps(collection: Collection) -> tuple[str, ...]:
    """Return sentences on queries contained in their relevant documents, queries that equal other documents, unjudged copies, and empty documents."""
    relevant = {d for q in collection.qrels for d in _relevant(collection, q)}
    queries = dict(_texts(collection.queries))
    documents = _CheckedTexts.of(collection, queries, relevant)
    if not queries or (documents.is_whole and not documents.ids_of):
        return ()
    return (
        *_swapped(queries, documents.relevant),
        *_standing(collection, queries, documents.relevant),
        *_equal(collection, queries, documents),
        *_copies(collection, documents),
        *_empty(collection, relevant - documents.relevant.keys()),
    )


@dataclass(frozen=True)
class _CheckedTexts:
    """Of the documents that are checked, what may be like a query or a relevant document; the others are read and dropped."""

    relevant: Texts
    ids_of: Mapping[str, Sequence[str]]
    """Text without the punctuation around it → ids of all documents with it. Unless `is_whole`, texts that no query and no relevant document has may lack."""
    is_whole: bool
    """Whether all texts are there: they have at most MOST_CHARACTERS."""

    @classmethod
    def of(cls, collection: Collection, queries: Texts, relevant: set[str]) -> "_CheckedTexts":
        """Read the corpus once, or of a very large one only the relevant documents."""
        corpus = collection.corpus
        relevant_texts = dict(_texts(items_at(corpus, _rows(collection, relevant))))
        checked = corpus if len(corpus) <= MOST_DOCUMENTS else items_at(corpus, _rows(collection, relevant))
        wanted = {_bare(text) for texts in (queries, relevant_texts) for text in texts.values()}
        wanted_heads = {bare[:_HEAD] for bare in wanted}
        ids_of: dict[str, list[str]] = {}
        n_left = MOST_CHARACTERS
        for item in checked:
            if not item.text or item.picture is not None:
                continue
            if n_left < 0 and (head := _head(item.text)) is not None and head not in wanted_heads:
                continue
            if not (bare := _bare(plain(item.text))) or (n_left < 0 and bare not in wanted):
                continue
            if bare not in ids_of and n_left >= 0:
                n_left -= len(bare)
                if n_left < 0:
                    ids_of = {kept: ids for kept, ids in ids_of.items() if kept in wanted}
            ids_of.setdefault(bare, []).append(item.id)
        return cls(relevant_texts, ids_of, n_left >= 0)


def traps_of(collection: Collection, store: Store) -> tuple[str, ...]:
    """Return the traps of a collection, computed once and noted in the store."""
    key = sha256_of(["traps", ALGORITHM, collection.checksum])
    try:
        return tuple(str(text) for text in store.noted("traps", key)["found"])
    except (ValueError, KeyError, TypeError, StoreError):
        sentences = traps(collection)
    store.note("traps", key, {"found": list(sentences)})
    return sentences


def _texts(items: Iterable[Item]) -> Iterator[tuple[str, str]]:
    """Yield id and normalised text of the items that have a text, and no picture."""
    texts = ((item.id, plain(item.text)) for item in items if item.text and item.picture is None)
    return ((name, text) for name, text in texts if text)


def _rows(collection: Collection, doc_ids: set[str]) -> Int64[np.ndarray, " n"]:
    return np.array([row for row, doc_id in enumerate(collection.doc_ids) if doc_id in doc_ids], np.int64)


def _relevant(collection: Collection, query_id: str) -> list[str]:
    return [d for d, gain in collection.qrels.get(query_id, {}).items() if gain > 0]


def _swapped(queries: Texts, relevant_texts: Texts) -> Iterator[str]:
    """Yield a note on queries that are much longer than the documents that are relevant to them."""
    if min(len(queries), len(relevant_texts)) < LEAST_COMPARED:
        return
    n_query, n_document = (
        int(np.median([len(text) for text in texts.values()])) for texts in (queries, relevant_texts)
    )
    if n_query > LONGER * n_document:
        yield f"queries are longer than documents (half of them over {n_query:,} and {n_document:,} characters): are the columns swapped?"


def _standing(collection: Collection, queries: Texts, relevant_texts: Texts) -> Iterator[str]:
    n = 0
    for query_id, text in queries.items():
        relevant = [relevant_texts[d] for d in _relevant(collection, query_id) if d in relevant_texts]
        bare = _bare(text)
        is_long = len(bare.split()) >= LEAST_WORDS or (not bare.isascii() and len(bare) >= LEAST_CHARACTERS)
        n += any(bare == _bare(document) or (is_long and bare in document) for document in relevant)
    if n >= MATERIAL * len(collection.queries):
        yield (
            f"{n:,} of {len(collection.queries):,} queries are quoted in a document that is relevant to them, or equal it: plain text "
            "matching finds them"
        )


def _equal(collection: Collection, queries: Texts, documents: _CheckedTexts) -> Iterator[str]:
    n = 0
    for query_id, text in queries.items():
        expected = {*_relevant(collection, query_id), *([query_id] if collection.drop_self_matches else [])}
        n += any(doc_id not in expected for doc_id in documents.ids_of.get(_bare(text), ()))
    if n >= MATERIAL * len(collection.queries):
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) equal a document that is not judged "
            "relevant to them: a query that finds itself pushes the others down"
        )


def _copies(collection: Collection, documents: _CheckedTexts) -> Iterator[str]:
    """Yield a note on queries with an unjudged copy of a relevant document."""
    copies = _copies_of(documents)
    n = 0
    for query_id, gains in collection.qrels.items():
        known = {*gains, *([query_id] if collection.drop_self_matches else [])}
        n += any(copy not in known for d in _relevant(collection, query_id) for copy in copies.get(d, ()))
    if n and n >= MATERIAL_COPIES * len(collection.queries):
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) have a relevant document with a copy, or "
            "nearly one, that is not judged for them: who ranks the copy first gets nothing for it"
        )


def _empty(collection: Collection, without_text: set[str]) -> Iterator[str]:
    """Yield a note on queries whose relevant documents are all empty."""
    if not without_text:
        return
    rows = _rows(collection, without_text)
    empty_by_id = {item.id: item.is_empty for item in items_at(collection.corpus, rows)}
    n = 0
    for query_id in collection.qrels:
        is_empty = [empty_by_id.get(d, False) for d in _relevant(collection, query_id)]
        n += any(is_empty) and all(is_empty)
    if n:
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) have no relevant document with text: "
            "an empty one is found by chance only"
        )


def _copies_of(documents: _CheckedTexts) -> dict[str, list[str]]:
    """Return id of a relevant document → others with the same text or, if both are long and the corpus is not too large, nearly the same text."""
    bare_of = {doc_id: _bare(text) for doc_id, text in sorted(documents.relevant.items())}
    near_copies_of = {bare: [bare] for bare in bare_of.values()}
    if documents.is_whole:
        long_texts, long_documents = (
            [bare for bare in side if len(bare) >= LONG] for side in (sorted(near_copies_of), documents.ids_of)
        )
        for ours, theirs in zip(*near_copies(long_texts, long_documents, NEAR), strict=True):
            near_copies_of[long_texts[ours]].append(long_documents[theirs])
    same = {doc_id: dict.fromkeys(near_copies_of[bare]) for doc_id, bare in bare_of.items()}
    return {
        doc_id: [other for bare in bare_texts for other in documents.ids_of[bare] if other != doc_id]
        for doc_id, bare_texts in same.items()
    }


def _head(text: str) -> str | None:
    """Return how `_bare(plain(text))` begins; None if the beginning of the text does not tell.

    >>> _head("A  cat, and a dog; and whatever else follows after them."), _head("A cat.")
    ('a cat, and a dog; and wh', None)
    """
    head = " ".join(text[:_READ_FOR_HEAD].casefold().split()).lstrip(_AROUND)[:_HEAD]
    return head if len(head) == _HEAD and head[-1] not in _AROUND else None


def _bare(text: str) -> str:
    """Strip the punctuation around a text; a text of only punctuation stays as it is.

    >>> _bare('"a cat, and a dog."'), _bare("++"), _bare("?!")
    ('a cat, and a dog', '++', '?!')
    """
    return text.strip(_AROUND) or text


_AROUND = " .,;:!?…\"'"
_HEAD, _READ_FOR_HEAD = 24, 96
"""Characters of the beginning of a text that are compared before all of it, and those that are read for them."""
