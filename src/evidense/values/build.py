"""Build: checks a draft in one pass, merges equal documents, and returns a Collection with a note for each decision."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar, overload

import numpy as np
from jaxtyping import Int64

from evidense.errors import MOST_MISTAKES, InvalidInput
from evidense.values.collection import Collection, Provenance
from evidense.values.contents import (
    EMPTY,
    IDS,
    KEY_BYTES,
    Collected,
    ItemContents,
    Known,
    first_rows,
    ids_of,
    items_at,
    known_contents,
)
from evidense.values.item import Item
from evidense.values.judged import Judged

T = TypeVar("T")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
MAX_TEXT_CHARACTERS = 1_000_000
MOST_EMPTY = 0.5
"""Largest share of empty documents; more means that the text is read from the wrong field."""


@dataclass
class Draft:
    """A collection as a dataset part has read it, not yet checked. Lazy sequences are fine."""

    name: str
    queries: Sequence[Item]
    corpus: Sequence[Item]
    qrels: Mapping[str, Mapping[str, int]]
    groups: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    doc_groups: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    drop_self_matches: bool = False
    shares: str = ""
    """As in `Collection`."""
    source: str = ""
    """Name of the input in messages, as a file name."""
    mistakes: Sequence[str] = ()
    """Mistakes found while reading; `build` adds its own, so that one error reports all."""
    query_place: Callable[[int], str] | None = None
    """Row of `queries` → its place in the input ('queries.jsonl line 7'), for messages."""
    document_place: Callable[[int], str] | None = None
    """Row of `corpus` → its place in the input."""
    judgement_place: Callable[[str, str], str] | None = None
    """(query_id, doc_id) → place of that judgement in the input."""


class Chosen(Sequence[T]):
    """Some rows of a sequence, in this order, read on access.

    >>> [item.id for item in Chosen([Item("a", "x"), Item("b", "y")], np.array([1]))]
    ['b']
    """

    def __init__(self, items: Sequence[T], rows: Int64[np.ndarray, " n"]) -> None:
        self.items, self.rows = items, rows

    @cached_property
    def contents(self) -> ItemContents | None:
        """What is known of these rows, if that is known of the whole sequence."""
        known = known_contents(self.items)
        return None if known is None else known.take(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[T]: ...
    def __getitem__(self, row: int | slice) -> T | Sequence[T]:
        """Return one item, or a sequence for a slice."""
        return Chosen(self.items, self.rows[row]) if isinstance(row, slice) else self.items[int(self.rows[row])]

    def __iter__(self) -> Iterator[T]:
        return items_at(self.items, self.rows)

    def at(self, rows: Int64[np.ndarray, " n"]) -> Iterator[T]:
        """Yield some of the chosen rows."""
        return items_at(self.items, self.rows[rows])


def build(draft: Draft) -> Collection:
    """Check a draft and make the Collection; each side is read once, and no text is kept.

    Equal documents (same text and picture) are merged into the first of them, with their judgements. A query without a
    relevant document is left out with a note, since no measure is defined for it.

    Three cases follow trec_eval, BEIR and mteb, each with a note and a count. An empty document stays in the corpus and is never merged.
    A judgement of a document that the corpus lacks stays, and counts as never found. Judgements of a query that is not among the queries
    are left out. If such cases are the rule, ids or fields do not match, and the draft is refused: no judged query is among the queries,
    fewer than LEAST_SHARE of the relevant documents are in the corpus, or more than MOST_EMPTY of the documents are empty.

    Raises:
        InvalidInput: every mistake of the draft at once.
    """
    source = draft.source or draft.name
    checked = _checked(draft, source)
    merged_qrels = {q: _merged_gains(gains, checked.merged) for q, gains in draft.qrels.items()}
    qrels = _with_relevant(merged_qrels, draft.drop_self_matches)
    query_ids = checked.queries.contents.ids
    query_rows = np.array([row for row, query_id in enumerate(query_ids) if query_id in qrels], dtype=np.int64)
    if not len(query_rows):
        raise InvalidInput(
            f"{source}: none of {len(query_ids):,} queries has a relevant document; expected a judgement above 0; "
            "check the ids and gains of the qrels"
        )
    notes = (*draft.provenance.notes, *checked.notes, *_dropped_note(len(query_ids) - len(query_rows)))
    return Collection(
        name=draft.name,
        queries=_rows_of(checked.queries, query_rows),
        corpus=_rows_of(checked.corpus, checked.doc_rows),
        qrels={query_ids[row]: qrels[query_ids[row]] for row in query_rows},
        groups={q: g for q, g in draft.groups.items() if q in qrels},
        columns={name: {q: v for q, v in values.items() if q in qrels} for name, values in draft.columns.items()},
        provenance=replace(draft.provenance, notes=notes),
        drop_self_matches=draft.drop_self_matches,
        shares=draft.shares,
        aliases=checked.merged,
        doc_groups={d: group for d, group in draft.doc_groups.items() if d not in checked.merged},
    )


@dataclass(frozen=True)
class _Checked:
    """What the check of a draft found out."""

    queries: Known
    corpus: Known
    doc_rows: Int64[np.ndarray, " n"]
    """Rows of the corpus without repeated contents."""
    merged: dict[str, str]
    """Id of a left-out document → id of the equal one that stands for it."""
    notes: list[str]


def _checked(draft: Draft, source: str) -> _Checked:
    """Read both sides once and refuse the draft with all its mistakes.

    Mistakes of reading hide rows, which would show up again as missing ids: then only the first are reported.
    """
    mistakes = list(draft.mistakes)
    queries = _survey("query", draft.queries, draft.query_place, mistakes)
    documents = _survey("document", draft.corpus, draft.document_place, mistakes)
    query_ids, doc_ids = queries.ids, documents.ids
    n_empty = int((documents.kinds == EMPTY).sum())
    judged = Judged(draft.qrels, query_ids, doc_ids, draft.judgement_place)
    if not draft.mistakes and len(mistakes) < MOST_MISTAKES:
        mistakes += [*_sides_mistakes(query_ids, doc_ids, n_empty), *judged.mistakes()]
    doc_rows, merged = _merge_equal(documents, set(query_ids) if draft.drop_self_matches else set())
    if not mistakes and len(doc_rows) == 1 and documents.kinds[0] != IDS:
        mistakes.append(_one_document(len(doc_ids)))
    if mistakes:
        raise InvalidInput.all_of(source, sorted(mistakes, key=_natural))
    notes = [*_empty_note(n_empty), *judged.notes(), *_merge_note(merged)]
    return _Checked(Known(draft.queries, queries), Known(draft.corpus, documents), doc_rows, merged, notes)


def _rows_of(items: Sequence[Item], rows: Int64[np.ndarray, " n"]) -> Sequence[Item]:
    """Return these rows; the sequence itself if they are all of it."""
    return items if len(rows) == len(items) else Chosen(items, rows)


def sample(
    collection: Collection, n_queries: int | None, n_documents: int | None, seed: int | tuple[int, str]
) -> Collection:
    """Draw queries and documents without replacement; every judged document of a drawn query stays.

    A `seed` with a name draws different rows for different names; with a number alone, collections of equal length draw the same rows.
    The name and a note of the result state the sizes and the seed. Order is kept.

    Raises:
        InvalidInput: a number below 1.
    """
    for what, number in (("queries", n_queries), ("documents", n_documents)):
        if number is not None and number < 1:
            raise InvalidInput(f"a sample of {number} {what}; expected at least 1; give a larger number or none at all")
    rng = np.random.Generator(np.random.Philox(key=_philox_key(seed)))
    total_queries, total_documents = len(collection.queries), len(collection.corpus)
    chosen = _draw(rng, total_queries, n_queries)
    qrels = {query_id: collection.qrels[query_id] for query_id in (collection.query_ids[int(row)] for row in chosen)}
    judged = {doc for gains in qrels.values() for doc in gains}
    places = np.array([row for row, doc_id in enumerate(collection.doc_ids) if doc_id in judged], dtype=np.int64)
    keep = _filled(rng, places, total_documents, n_documents)
    if len(chosen) == total_queries and len(keep) == total_documents:
        return collection
    note = (
        f"a sample ({_seed_words(seed)}): {len(chosen):,} of {total_queries:,} queries, {len(keep):,} of "
        f"{total_documents:,} documents; every judged document of these queries is kept"
    )
    corpus_ids = {collection.doc_ids[int(row)] for row in keep}
    smaller = replace(
        collection,
        name=f"{collection.name}~{len(chosen)}q{len(keep)}d",
        queries=Chosen(collection.queries, chosen),
        corpus=Chosen(collection.corpus, keep),
        qrels=qrels,
        groups={q: g for q, g in collection.groups.items() if q in qrels},
        columns={name: {q: v for q, v in values.items() if q in qrels} for name, values in collection.columns.items()},
        aliases={left: stands for left, stands in collection.aliases.items() if stands in corpus_ids},
        doc_groups={d: group for d, group in collection.doc_groups.items() if d in corpus_ids},
        whole=collection.question_key,
    )
    return smaller.with_notes(note)


def _philox_key(seed: int | tuple[int, str]) -> int:
    """Return the number itself, or a hash of number and name (128 bits)."""
    if isinstance(seed, int):
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed[0]}\0{seed[1]}".encode(errors="surrogatepass")).digest()[:16], "big")


def _seed_words(seed: int | tuple[int, str]) -> str:
    return f"seed {seed}" if isinstance(seed, int) else f"seed {seed[0]} and its name"


def _draw(rng: np.random.Generator, total: int, n_drawn: int | None) -> Int64[np.ndarray, " n"]:
    if n_drawn is None or n_drawn >= total:
        return np.arange(total, dtype=np.int64)
    return np.sort(rng.choice(total, size=n_drawn, replace=False)).astype(np.int64)


def _filled(
    rng: np.random.Generator, places: Int64[np.ndarray, " j"], total: int, n_drawn: int | None
) -> Int64[np.ndarray, " n"]:
    """Return `n_drawn` rows in order: the judged ones, then others at random."""
    if n_drawn is None or n_drawn >= total:
        return np.arange(total, dtype=np.int64)
    others = np.setdiff1d(np.arange(total, dtype=np.int64), places, assume_unique=True)
    fill = max(0, n_drawn - len(places))
    return np.sort(np.concatenate([places, rng.choice(others, size=fill, replace=False)]))


def judged_rows(items: Sequence[Item], qrels: Mapping[str, Mapping[str, int]]) -> Int64[np.ndarray, " n"]:
    """Return the rows of the judged queries; every row if none is judged, so that `build` can report that the ids do not match."""
    ids = ids_of(items)
    rows = [row for row, query_id in enumerate(ids) if query_id in qrels]
    return np.array(rows or range(len(ids)), dtype=np.int64)


def _survey(what: str, items: Sequence[Item], place: Callable[[int], str] | None, mistakes: list[str]) -> ItemContents:
    """Return the contents of one side, read once, and add its mistakes to the list."""
    known = known_contents(items)
    if known is not None and _is_faultless(what, known):
        return known
    collected = Collected()
    first: dict[str, int] = {}
    named = place or (lambda row: f"{what} {row + 1}")
    for row, item in enumerate(items):
        if len(mistakes) >= MOST_MISTAKES:
            break
        mistakes += (f"{named(row)}: {wrong}" for wrong in _item_mistakes(item, what))
        if first.setdefault(item.id, row) != row:
            mistakes.append(
                f"{named(row)}: the id '{item.id}' stands already at {named(first[item.id])}; expected distinct ids; "
                "rename or remove one"
            )
        _collect(collected, item, named(row), mistakes)
    return collected.done()


def _is_faultless(what: str, contents: ItemContents) -> bool:
    """Say whether `_survey` would find no mistake in items that were read from a file of plain JSON, which holds no half pairs."""
    return (
        len(set(contents.ids)) == len(contents.ids)
        and all(map(str.strip, contents.ids))
        and bool((contents.lengths <= MAX_TEXT_CHARACTERS).all())
        and not (what == "query" and bool((contents.kinds == EMPTY).any()))
    )


def _collect(collected: Collected, item: Item, place: str, mistakes: list[str]) -> None:
    try:
        collected.add(item)
        return
    except InvalidInput as error:
        mistakes.append(f"{place}: {error}")
    except UnicodeEncodeError:
        mistakes.append(
            f"{place}: the text holds half of a surrogate pair; expected whole characters; repair the escapes "
            "(\\ud800 …)"
        )
    collected.add(item, bytes(KEY_BYTES))


def _item_mistakes(item: Item, what: str) -> Iterable[str]:
    if not item.id.strip():
        yield "the id is empty; expected some text; fill it"
    if _HALF_PAIR.search(item.id):
        yield "the id holds half of a surrogate pair; expected whole characters; repair the escapes (\\ud800 …)"
    if what == "query" and item.is_empty:
        yield f"(id '{item.id}') the text is empty; expected some text; fill it or remove the row"
    if item.text is not None and len(item.text) > MAX_TEXT_CHARACTERS:
        yield (
            f"(id '{item.id}') {len(item.text):,} characters; expected at most {MAX_TEXT_CHARACTERS:,}; split the text"
        )


def _sides_mistakes(query_ids: Sequence[str], doc_ids: Sequence[str], n_empty: int) -> Iterable[str]:
    """Yield the mistakes of a whole side: no items, or documents without text."""
    yield from (
        f"there is no {what}; expected at least one; add some"
        for what, ids in (("query", query_ids), ("document", doc_ids))
        if not ids
    )
    if n_empty > MOST_EMPTY * len(doc_ids):
        yield (
            f"{n_empty:,} of {len(doc_ids):,} documents are empty; expected text in most of them; check which field holds "
            "the text"
        )


def _merge_equal(documents: ItemContents, never_merged: set[str]) -> tuple[Int64[np.ndarray, " n"], dict[str, str]]:
    """Return the rows without repeated contents, and the id of each left-out document → the id that stands for it.

    Items with an id only and empty documents are never merged; BEIR ranks each of them. Documents that are also queries stay apart if
    self matches are dropped, else that policy would no longer find them.
    """
    is_merged = (documents.kinds != IDS) & (documents.kinds != EMPTY)
    if never_merged:
        is_merged &= ~np.fromiter((name in never_merged for name in documents.ids), bool, len(documents.ids))
    candidates = np.flatnonzero(is_merged)
    standing = np.arange(len(documents.ids), dtype=np.int64)
    standing[candidates] = candidates[first_rows(documents.keys[candidates])]
    is_first = standing == np.arange(len(standing))
    merged = {documents.ids[row]: documents.ids[standing[row]] for row in np.flatnonzero(~is_first).tolist()}
    return np.flatnonzero(is_first), merged


def _merged_gains(gains: Mapping[str, int], merged: Mapping[str, str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for doc_id, gain in gains.items():
        target = merged.get(doc_id, doc_id)
        result[target] = max(gain, result.get(target, gain))
    return result


def _with_relevant(qrels: Mapping[str, Mapping[str, int]], drop_self: bool) -> dict[str, dict[str, int]]:
    """Return the judgements of the queries that have a relevant document, without self matches if these are dropped."""
    cleaned = {q: {d: g for d, g in gains.items() if not (drop_self and d == q)} for q, gains in qrels.items()}
    return {q: gains for q, gains in cleaned.items() if any(gain > 0 for gain in gains.values())}


def _natural(text: str) -> list[str | int]:
    """Return a sort key that puts line 9 before line 10."""
    pieces = re.split(r"([0-9]{1,18})", text.removeprefix("'"))
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)]


def _one_document(n_read: int) -> str:
    what = "1 document" if n_read == 1 else f"1 document ({n_read:,} equal ones)"
    return f"the corpus has {what}; expected at least 2, else every ranking is perfect; add documents"


def _empty_note(n_empty: int) -> list[str]:
    return [f"{n_empty:,} documents are empty; they stay in the corpus, as in BEIR and mteb"] if n_empty else []


def _merge_note(merged: Mapping[str, str]) -> list[str]:
    return [f"{len(merged):,} documents equal to another were merged with it, judgements included"] if merged else []


def _dropped_note(n_dropped: int) -> list[str]:
    return (
        [f"{n_dropped:,} queries without a relevant document were left out: no measure is defined for them"]
        if n_dropped
        else []
    )
