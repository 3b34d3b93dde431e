"""Self matches: queries that are documents of their own corpus, as in ArguAna."""

from collections.abc import Sequence

from evidense.values import Item


def self_matches(queries: Sequence[Item], corpus: Sequence[Item]) -> tuple[bool, tuple[str, ...]]:
    """Say whether queries stand in the corpus under their own id, with a note for the page.

    Ids that merely coincide (both sides numbered from 1) mean different texts and are no self matches.

    >>> self_matches([Item("1", "a b")], [Item("1", "a b"), Item("2", "c")])[0]
    True
    >>> self_matches([Item("1", "a b")], [Item("1", "c"), Item("2", "a b")])[0]
    False
    """
    asked = {item.id: item.text or "" for item in queries}
    shared = [(asked[item.id], item.text or "") for item in corpus if item.id in asked]
    n_same = sum(bool(query and document) and (query in document or document in query) for query, document in shared)
    if not n_same or n_same <= 0.9 * len(shared):
        return False, ()
    return True, (f"{n_same:,} queries are documents too (same id, same text); each is dropped from its own ranking",)
