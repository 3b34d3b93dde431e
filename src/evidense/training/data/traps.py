"""Traps: finds properties of a collection's texts that make its scores misleading, one sentence each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidense.errors import StoreError
from evidense.records import sha256_of
from evidense.store import Store
from evidense.training.data.copies import near_copies, plain
from evidense.values import Collection, Item

ALGORITHM = 2
"""Version: raised when the same collection gives other sentences."""

MATERIAL = 0.05
"""Least share of queries that are part of a document, or equal one, for a note."""
MATERIAL_COPIES = 0.01
"""Least share of queries with an unjudged copy of a relevant document, for a note; each may lose its whole value."""
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
    is_small = len(collection.corpus) <= MOST_DOCUMENTS
    queries = _texts(collection.queries)
    documents = _texts(item for item in collection.corpus if is_small or item.id in relevant)
    if not queries or not documents:
        return ()
    return (
        *_standing(collection, queries, documents),
        *_equal(collection, queries, documents),
        *_copies(collection, documents),
        *_empty(collection, relevant - documents.keys()),
    )


def traps_of(collection: Collection, store: Store) -> tuple[str, ...]:
    """Return the traps of a collection, computed once and noted in the store."""
    key = sha256_of(["traps", ALGORITHM, collection.checksum])
    try:
        return tuple(str(text) for text in store.noted("traps", key)["found"])
    except (ValueError, KeyError, TypeError, StoreError):
        sentences = traps(collection)
    store.note("traps", key, {"found": list(sentences)})
    return sentences


def _texts(items: Iterable[Item]) -> Texts:
    texts = {item.id: plain(item.text) for item in items if item.text and item.picture is None}
    return {name: text for name, text in texts.items() if text}


def _relevant(collection: Collection, query_id: str) -> list[str]:
    return [d for d, gain in collection.qrels.get(query_id, {}).items() if gain > 0]


def _standing(collection: Collection, queries: Texts, documents: Texts) -> Iterator[str]:
    n = 0
    for query_id, text in queries.items():
        relevant = [documents[d] for d in _relevant(collection, query_id) if d in documents]
        bare = _bare(text)
        is_long = len(bare.split()) >= LEAST_WORDS or (not bare.isascii() and len(bare) >= LEAST_CHARACTERS)
        n += any(bare == _bare(document) or (is_long and bare in document) for document in relevant)
    if n >= MATERIAL * len(collection.queries):
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) stand word for word in a document that "
            "is relevant to them, or equal it: matching strings is enough to find it"
        )


def _equal(collection: Collection, queries: Texts, documents: Texts) -> Iterator[str]:
    by_bare = _by_bare(documents)
    n = 0
    for query_id, text in queries.items():
        expected = {*_relevant(collection, query_id), *([query_id] if collection.drop_self_matches else [])}
        n += any(doc_id not in expected for doc_id in by_bare.get(_bare(text), ()))
    if n >= MATERIAL * len(collection.queries):
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) equal a document that is not judged "
            "relevant to them: a query that finds itself pushes the others down"
        )


def _copies(collection: Collection, documents: Texts) -> Iterator[str]:
    """Yield a note on queries with an unjudged copy of a relevant document."""
    relevant = {d for q in collection.qrels for d in _relevant(collection, q) if d in documents}
    copies = _copies_of(sorted(relevant), documents)
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
    empty_by_id = {item.id: item.is_empty for item in collection.corpus if item.id in without_text}
    n = 0
    for query_id in collection.qrels:
        is_empty = [empty_by_id.get(d, False) for d in _relevant(collection, query_id)]
        n += any(is_empty) and all(is_empty)
    if n:
        yield (
            f"{n / len(collection.queries):.0%} of the queries ({n:,} of {len(collection.queries):,}) have no relevant document with text: "
            "an empty one is found by chance only"
        )


def _copies_of(relevant: Sequence[str], documents: Texts) -> dict[str, list[str]]:
    """Return id → other documents with the same text or, if both are long and the corpus is not too large, nearly the same text."""
    by_bare = _by_bare(documents)
    near_copies_of = {bare: [bare] for bare in map(_bare, (documents[d] for d in relevant))}
    if sum(map(len, by_bare)) <= MOST_CHARACTERS:
        long_texts, long_documents = (
            [bare for bare in side if len(bare) >= LONG] for side in (sorted(near_copies_of), by_bare)
        )
        for ours, theirs in zip(*near_copies(long_texts, long_documents, NEAR), strict=True):
            near_copies_of[long_texts[ours]].append(long_documents[theirs])
    same = {d: dict.fromkeys(near_copies_of[_bare(documents[d])]) for d in relevant}
    return {
        d: [other for bare in bare_texts for other in by_bare[bare] if other != d] for d, bare_texts in same.items()
    }


def _by_bare(documents: Texts) -> dict[str, list[str]]:
    doc_ids_of: dict[str, list[str]] = {}
    for doc_id, text in documents.items():
        doc_ids_of.setdefault(_bare(text), []).append(doc_id)
    return doc_ids_of


def _bare(text: str) -> str:
    """Strip the punctuation around a text; a text of only punctuation stays as it is.

    >>> _bare('"a cat, and a dog."'), _bare("++"), _bare("?!")
    ('a cat, and a dog', '++', '?!')
    """
    return text.strip(_AROUND) or text


_AROUND = " .,;:!?…\"'"
