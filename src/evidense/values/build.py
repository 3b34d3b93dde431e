"""Build a Collection from what a file says: check everything at once, merge equal documents, keep what was decided as notes."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, overload

import numpy as np
from jaxtyping import Int64

from evidense.errors import MOST_MISTAKES, InvalidInput
from evidense.values.collection import Collection, Provenance
from evidense.values.item import Item
from evidense.values.judged import Judged

T = TypeVar("T")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
MAX_TEXT_CHARACTERS = 1_000_000
MOST_EMPTY = 0.5
"""Largest share of empty documents: above it the text is looked for in the wrong place."""


@dataclass
class Draft:
    """What a dataset part has read, before it is checked. Lazy sequences are fine."""

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
    """What the messages call the input (a file name)."""
    mistakes: Sequence[str] = ()
    """What was wrong already when it was read; `build` adds its own, so that one error tells everything."""
    query_place: Callable[[int], str] | None = None
    """Row of `queries` → where it stands ('queries.jsonl line 7'), for messages."""
    document_place: Callable[[int], str] | None = None
    """Row of `corpus` → where it stands."""
    judgement_place: Callable[[str, str], str] | None = None
    """(query_id, doc_id) → where that judgement stands."""


class Chosen(Sequence[T]):
    """Some rows of a sequence, in this order, read when they are asked for.

    >>> [item.id for item in Chosen([Item("a", "x"), Item("b", "y")], np.array([1]))]
    ['b']
    """

    def __init__(self, items: Sequence[T], rows: Int64[np.ndarray, " n"]) -> None:
        self.items, self.rows = items, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[T]: ...
    def __getitem__(self, row: int | slice) -> T | Sequence[T]:
        """Return one item, or these rows of these rows."""
        return Chosen(self.items, self.rows[row]) if isinstance(row, slice) else self.items[int(self.rows[row])]

    def __iter__(self) -> Iterator[T]:
        return (self.items[int(row)] for row in self.rows)


def build(draft: Draft) -> Collection:
    """Check a draft and make the Collection; each side is read once, and no text is kept.

    Equal documents (same text and picture) are merged into the first of them, and the judgements follow; a query without a
    relevant document is left out with a note, since no measure is defined for it.

    Three things are read as trec_eval, BEIR and mteb read them, each with a note and a count. An empty document stays in the corpus (and is
    merged with no other). A judgement of a document that the corpus lacks stays: that document is never found. Judgements of a query
    that is not among the queries are left out. Where they are the rule and no exception, ids or fields do not match, and the draft is refused: no judged
    query is there, fewer than LEAST_SHARE of the relevant documents are, or more than MOST_EMPTY of the documents are empty.

    Raises:
        InvalidInput: every mistake of the draft at once.
    """
    source = draft.source or draft.name
    mistakes = list(draft.mistakes)
    query_ids, _ = _survey("query", draft.queries, draft.query_place, mistakes)
    doc_ids, contents = _survey("document", draft.corpus, draft.document_place, mistakes)
    n_empty = contents.count(_EMPTY)
    judged = Judged(draft.qrels, query_ids, doc_ids, draft.judgement_place)
    if (
        not draft.mistakes and len(mistakes) < MOST_MISTAKES
    ):  # what was not read is missed here too: not worth a second message
        mistakes += [*_sides_mistakes(query_ids, doc_ids, n_empty), *judged.mistakes()]
    kept_apart = set(query_ids) if draft.drop_self_matches else set()
    rows, merged = _merge_equal(doc_ids, contents, kept_apart)
    if not mistakes and len(rows) == 1 and contents[0] != _NOTHING:
        mistakes.append(_one_document(len(doc_ids)))
    if mistakes:
        raise InvalidInput.all_of(source, sorted(mistakes, key=_natural))
    qrels = _asked({q: _merged_gains(gains, merged) for q, gains in draft.qrels.items()}, draft.drop_self_matches)
    kept = np.array([row for row, query_id in enumerate(query_ids) if query_id in qrels], dtype=np.int64)
    if not len(kept):
        raise InvalidInput(
            f"{source}: none of {len(query_ids):,} queries has a relevant document; expected a judgement above 0; "
            "check the ids and gains of the qrels"
        )
    notes = [
        *draft.provenance.notes,
        *_empty_note(n_empty),
        *judged.notes(),
        *_merge_note(merged),
        *_dropped_note(len(query_ids) - len(kept)),
    ]
    return Collection(
        name=draft.name,
        queries=draft.queries if len(kept) == len(query_ids) else Chosen(draft.queries, kept),
        corpus=draft.corpus if len(rows) == len(doc_ids) else Chosen(draft.corpus, rows),
        qrels={query_ids[row]: qrels[query_ids[row]] for row in kept},
        groups={q: g for q, g in draft.groups.items() if q in qrels},
        columns={name: {q: v for q, v in values.items() if q in qrels} for name, values in draft.columns.items()},
        provenance=replace(draft.provenance, notes=tuple(notes)),
        drop_self_matches=draft.drop_self_matches,
        shares=draft.shares,
        aliases=merged,
        doc_groups={d: group for d, group in draft.doc_groups.items() if d not in merged},
    )


def sample(
    collection: Collection, n_queries: int | None, n_documents: int | None, seed: int | tuple[int, str]
) -> Collection:
    """Draw queries and documents without replacement; every judged document of a drawn query stays.

    A `seed` with a name draws other rows for another name; by a number alone, collections of one length draw the same rows.
    The name and the notes say that it is a sample, of how much, with which seed. Order is kept.

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
    )
    return smaller.with_notes(note)


def _philox_key(seed: int | tuple[int, str]) -> int:
    """The number itself, or one of 128 bits made of number and name."""
    if isinstance(seed, int):
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed[0]}\0{seed[1]}".encode(errors="surrogatepass")).digest()[:16], "big")


def _seed_words(seed: int | tuple[int, str]) -> str:
    return f"seed {seed}" if isinstance(seed, int) else f"seed {seed[0]} and its name"


def _draw(rng: np.random.Generator, total: int, wanted: int | None) -> Int64[np.ndarray, " n"]:
    if wanted is None or wanted >= total:
        return np.arange(total, dtype=np.int64)
    return np.sort(rng.choice(total, size=wanted, replace=False)).astype(np.int64)


def _filled(
    rng: np.random.Generator, places: Int64[np.ndarray, " j"], total: int, wanted: int | None
) -> Int64[np.ndarray, " n"]:
    """Return `wanted` rows in order: the judged ones, then others at random."""
    if wanted is None or wanted >= total:
        return np.arange(total, dtype=np.int64)
    others = np.setdiff1d(np.arange(total, dtype=np.int64), places, assume_unique=True)
    fill = max(0, wanted - len(places))
    return np.sort(np.concatenate([places, rng.choice(others, size=fill, replace=False)]))


_NOTHING = bytes(16)
"""Stands for the content of an item that has an id only; such items are never merged."""
_EMPTY = bytes(15) + b"\1"
"""Stands for the content of an empty document; BEIR ranks each of them, so they are never merged."""


def judged_rows(items: Sequence[Item], qrels: Mapping[str, Mapping[str, int]]) -> Int64[np.ndarray, " n"]:
    """Return the rows of the queries that are judged; every row where none is, so that `build` can say that the ids do not match."""
    ids = [item.id for item in items]
    rows = [row for row, query_id in enumerate(ids) if query_id in qrels]
    return np.array(rows or range(len(ids)), dtype=np.int64)


def _survey(
    what: str, items: Sequence[Item], place: Callable[[int], str] | None, mistakes: list[str]
) -> tuple[list[str], list[bytes]]:
    """Read one side once: its ids, 16 bytes that stand for each content, and every mistake."""
    ids: list[str] = []
    contents: list[bytes] = []
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
        ids.append(item.id)
        contents.append(_content(item, named(row), mistakes))
    return ids, contents


def _content(item: Item, place: str, mistakes: list[str]) -> bytes:
    if item.text is None and item.picture is None:
        return _NOTHING
    if _is_empty(item):
        return _EMPTY
    try:
        return bytes.fromhex(item.content_key())[:16]
    except InvalidInput as error:
        mistakes.append(f"{place}: {error}")
    except UnicodeEncodeError:
        mistakes.append(
            f"{place}: the text holds half of a surrogate pair; expected whole characters; repair the escapes "
            "(\\ud800 …)"
        )
    return _NOTHING


def _is_empty(item: Item) -> bool:
    return item.text is not None and not item.text.strip() and item.picture is None


def _item_mistakes(item: Item, what: str) -> Iterable[str]:
    if not item.id.strip():
        yield "the id is empty; expected some text; fill it"
    if _HALF_PAIR.search(item.id):
        yield "the id holds half of a surrogate pair; expected whole characters; repair the escapes (\\ud800 …)"
    if what == "query" and _is_empty(item):
        yield f"(id '{item.id}') the text is empty; expected some text; fill it or remove the row"
    if item.text is not None and len(item.text) > MAX_TEXT_CHARACTERS:
        yield (
            f"(id '{item.id}') {len(item.text):,} characters; expected at most {MAX_TEXT_CHARACTERS:,}; split the text"
        )


def _sides_mistakes(query_ids: list[str], doc_ids: list[str], n_empty: int) -> Iterable[str]:
    """Yield what no single item shows: a side without items, documents without text."""
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


def _merge_equal(
    doc_ids: list[str], contents: list[bytes], kept_apart: set[str]
) -> tuple[Int64[np.ndarray, " n"], dict[str, str]]:
    """Return the rows without repeated contents, and the id of each left-out document → the id that stands for it.

    Documents that are also queries stay apart where self matches are dropped, else the policy would no longer find them.
    """
    first: dict[bytes, int] = {}
    merged: dict[str, str] = {}
    rows = []
    for row, (doc_id, content) in enumerate(zip(doc_ids, contents, strict=True)):
        standing = row if content in (_NOTHING, _EMPTY) or doc_id in kept_apart else first.setdefault(content, row)
        if standing == row:
            rows.append(row)
        else:
            merged[doc_id] = doc_ids[standing]
    return np.array(rows, dtype=np.int64), merged


def _merged_gains(gains: Mapping[str, int], merged: Mapping[str, str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for doc_id, gain in gains.items():
        target = merged.get(doc_id, doc_id)
        result[target] = max(gain, result.get(target, gain))
    return result


def _asked(qrels: Mapping[str, Mapping[str, int]], drop_self: bool) -> dict[str, dict[str, int]]:
    """Return the judgements of the queries that have a relevant document, without self matches where these are dropped."""
    cleaned = {q: {d: g for d, g in gains.items() if not (drop_self and d == q)} for q, gains in qrels.items()}
    return {q: gains for q, gains in cleaned.items() if any(gain > 0 for gain in gains.values())}


def _natural(text: str) -> list[str | int]:
    """Sort key under which line 9 comes before line 10."""
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
