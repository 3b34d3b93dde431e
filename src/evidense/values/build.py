"""Build a Collection from what a file says: check everything at once, merge equal documents, keep what was decided as notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evidense.errors import InvalidInput
from evidense.values.collection import Collection, Provenance
from evidense.values.item import Item

MAX_TEXT_CHARACTERS = 1_000_000


@dataclass
class Draft:
    """What a dataset part has read, before it is checked. Lazy sequences are fine."""

    name: str
    queries: Sequence[Item]
    corpus: Sequence[Item]
    qrels: Mapping[str, Mapping[str, int]]
    groups: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    drop_self_matches: bool = False
    source: str = ""
    """What the messages call the input (a file name)."""


def build(draft: Draft) -> Collection:
    """Check a draft and make the Collection.

    Equal documents (same text and picture) are merged into the first of them, and the judgements follow; a query without a
    relevant document is left out with a note, since no measure is defined for it.

    Raises:
        InvalidInput: every mistake of the draft at once.
    """
    mistakes = [*_item_mistakes("query", draft.queries), *_item_mistakes("document", draft.corpus), *_qrels_mistakes(draft)]
    if len(draft.corpus) == 1:
        mistakes.append("the corpus has 1 document; expected at least 2, else every ranking is perfect; add documents")
    if mistakes:
        raise InvalidInput.all_of(draft.source or draft.name, mistakes)
    corpus, merged = _merge_equal(draft.corpus)
    qrels = {q: _merged_gains(gains, merged) for q, gains in draft.qrels.items()}
    kept = [item for item in draft.queries if any(g > 0 for g in qrels.get(item.id, {}).values())]
    if not kept:
        raise InvalidInput(f"{draft.source or draft.name}: none of {len(draft.queries)} queries has a relevant document; expected a judgement above 0; check the ids of the qrels")  # fmt: skip
    kept_ids = {item.id for item in kept}
    notes = [*draft.provenance.notes, *_merge_note(merged), *_dropped_note(len(draft.queries) - len(kept))]
    return Collection(
        name=draft.name,
        queries=kept if len(kept) < len(draft.queries) else draft.queries,
        corpus=corpus,
        qrels={q: gains for q, gains in qrels.items() if q in kept_ids},
        groups={q: g for q, g in draft.groups.items() if q in kept_ids},
        columns=draft.columns,
        provenance=replace(draft.provenance, notes=tuple(notes)),
        drop_self_matches=draft.drop_self_matches,
        aliases=merged,
    )


def sample(collection: Collection, n_queries: int | None, n_documents: int | None, seed: int) -> Collection:
    """Draw queries and documents without replacement; every judged document of a drawn query stays.

    The name and the notes say that it is a sample, of how much, with which seed. Order is kept.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    total_queries, total_documents = len(collection.queries), len(collection.corpus)
    chosen = _draw(rng, total_queries, n_queries)
    queries = [collection.queries[i] for i in chosen]
    qrels = {item.id: collection.qrels[item.id] for item in queries}
    judged = {doc for gains in qrels.values() for doc in gains}
    places = [i for i, doc_id in enumerate(collection.doc_ids) if doc_id in judged]
    if n_documents is not None and n_documents < total_documents:
        others = np.setdiff1d(np.arange(total_documents), places, assume_unique=True)
        fill = max(0, n_documents - len(places))
        keep = np.sort(np.concatenate([places, rng.choice(others, size=min(fill, len(others)), replace=False)])).astype(int)
    else:
        keep = np.arange(total_documents)
    if len(queries) == total_queries and len(keep) == total_documents:
        return collection
    corpus = [collection.corpus[int(i)] for i in keep]
    note = f"a sample (seed {seed}): {len(queries):,} of {total_queries:,} queries, {len(corpus):,} of {total_documents:,} documents; every judged document of these queries is kept"  # fmt: skip
    ids = set(qrels)
    smaller = replace(collection, name=f"{collection.name}~{len(queries)}q{len(corpus)}d", queries=queries, corpus=corpus, qrels=qrels,
                      groups={q: g for q, g in collection.groups.items() if q in ids})  # fmt: skip
    return smaller.with_notes(note)


def _draw(rng: np.random.Generator, total: int, wanted: int | None) -> list[int]:
    if wanted is None or wanted >= total:
        return list(range(total))
    return [int(i) for i in np.sort(rng.choice(total, size=wanted, replace=False))]


def _item_mistakes(what: str, items: Sequence[Item]) -> Iterable[str]:
    if len(items) == 0:
        yield f"there is no {what}; expected at least one"
    seen: set[str] = set()
    for place, item in enumerate(items, 1):
        if item.id in seen:
            yield f"{what} {place}: the id '{item.id}' stands twice; expected distinct ids; rename or remove one"
        seen.add(item.id)
        if not item.id:
            yield f"{what} {place}: the id is empty; expected a text"
        if item.text is not None and not item.text.strip() and item.picture is None:
            yield f"{what} {place} (id '{item.id}'): the text is empty; expected some text; fill it or remove the row"
        if item.text is not None and len(item.text) > MAX_TEXT_CHARACTERS:
            yield f"{what} {place} (id '{item.id}'): {len(item.text):,} characters; expected at most {MAX_TEXT_CHARACTERS:,}; split the text"


def _qrels_mistakes(draft: Draft) -> Iterable[str]:
    query_ids = {item.id for item in draft.queries}
    doc_ids = {item.id for item in draft.corpus}
    for query_id, gains in draft.qrels.items():
        if query_id not in query_ids:
            yield f"the qrels name the query '{query_id}', which is not among the queries; add it or remove its judgements"
        for doc_id in gains:
            if doc_id not in doc_ids:
                yield f"the qrels of query '{query_id}' name the document '{doc_id}', which is not in the corpus; add it or remove the judgement"


def _merge_equal(corpus: Sequence[Item]) -> tuple[Sequence[Item], dict[str, str]]:
    """Return the corpus without repeated contents, and the id of each left-out document → the id that stands for it."""
    first: dict[str, str] = {}
    merged: dict[str, str] = {}
    for item in corpus:
        if item.text is None and item.picture is None:
            continue
        standing = first.setdefault(item.content_key(), item.id)
        if standing != item.id:
            merged[item.id] = standing
    return (corpus if not merged else [item for item in corpus if item.id not in merged]), merged


def _merged_gains(gains: Mapping[str, int], merged: Mapping[str, str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for doc_id, gain in gains.items():
        target = merged.get(doc_id, doc_id)
        result[target] = max(gain, result.get(target, gain))
    return result


def _merge_note(merged: Mapping[str, str]) -> list[str]:
    return [f"{len(merged):,} documents equal to another were merged with it, judgements included"] if merged else []


def _dropped_note(n_dropped: int) -> list[str]:
    return [f"{n_dropped:,} queries without a relevant document were left out: no measure is defined for them"] if n_dropped else []
