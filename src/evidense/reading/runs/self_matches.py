"""Self matches: recognises queries that are also documents of the corpus, as in ArguAna."""

from collections.abc import Sequence

from evidense.values import Item
from evidense.values.contents import ids_of


def self_matches(queries: Sequence[Item], corpus: Sequence[Item]) -> tuple[bool, tuple[str, ...]]:
    """Say whether queries are in the corpus under the same id, with a note for the page.

    Equal ids of different texts (both sides numbered from 1) are not self matches.

    >>> self_matches([Item("1", "a b")], [Item("1", "a b"), Item("2", "c")])[0]
    True
    >>> self_matches([Item("1", "a b")], [Item("1", "c"), Item("2", "a b")])[0]
    False
    """
    query_texts = {item.id: item.text or "" for item in queries}
    rows = [row for row, doc_id in enumerate(ids_of(corpus)) if doc_id in query_texts]
    shared = [(query_texts[item.id], item.text or "") for item in map(corpus.__getitem__, rows)]
    n_same = sum(bool(query and document) and (query in document or document in query) for query, document in shared)
    if not n_same or n_same <= 0.9 * len(shared):
        return False, ()
    return True, (f"{n_same:,} queries are documents too (same id, same text); each is dropped from its own ranking",)
