"""Splits without leaks: queries of one group, and queries that share a relevant document, are always in the same split."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from evidense.errors import InvalidInput
from evidense.reading.tables.columns import find
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import DataTable
from evidense.values import Collection
from evidense.values.build import Chosen

SHARES = {"test": 0.2, "dev": 0.1, "train": 0.7}


def chosen_split(table: DataTable, split: str | None) -> DataTable:
    """Keep the rows with this value in the column `split`; None keeps all.

    Raises:
        InvalidInput: the table has no such column, or no such value in it.
    """
    if split is None:
        return table
    column = find(table.columns, "split")
    if column is None:
        raise InvalidInput(
            f"{table.path} has no column 'split', but '@{split}' was asked for; found {listed(table.columns)}; "
            f"add the column or leave '@{split}' out"
        )
    rows = tuple(row for row in table.rows if row.text(column) == split)
    if not rows:
        known_splits = listed(sorted({row.text(column) for row in table.rows}))
        raise InvalidInput(
            f"{table.path} has no row of the split '{split}'; found {known_splits}; write one of these after '@'"
        )
    return replace(table, rows=rows)


@lru_cache(maxsize=1 << 16)
def split_of(group: str) -> str:
    """Return the split of a group, which depends on the group's name alone.

    >>> split_of("argparse"), split_of("heapq")
    ('train', 'train')
    """
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) / 2**64
    for name, share in SHARES.items():
        if place < share:
            return name
        place -= share
    return "train"


def only_split(collection: Collection, split: str | None) -> Collection:
    """Keep the queries of one split; the corpus stays whole. None keeps all.

    A document is in the split of its group, else of its first query. A query is in the splits of its relevant documents and of its own
    group, unless the documents' groups are keys of another kind (branches, while its own is a phenotype). A query in two splits is left
    out of both.

    Raises:
        InvalidInput: there is no such split, or no query is left.
    """
    if split is None:
        return collection
    if split not in SHARES:
        raise InvalidInput(f"'{collection.name}@{split}' names no split; expected {', '.join(SHARES)}; correct it")
    keys = _document_keys(collection)
    known = frozenset(collection.doc_groups.values())
    sides = {query_id: _sides(collection, query_id, keys, known) for query_id in collection.query_ids}
    rows = [row for row, query_id in enumerate(collection.query_ids) if sides[query_id] == {split}]
    if not rows:
        raise InvalidInput(f"'{collection.name}@{split}' has no query; expected at least one; take another split")
    query_ids = {collection.query_ids[row] for row in rows}
    n_leaks = sum(split in query_sides and len(query_sides) > 1 for query_sides in sides.values())
    split_collection = replace(
        collection,
        name=f"{collection.name}@{split}",
        queries=Chosen(collection.queries, np.array(rows, dtype=np.int64)),
        qrels={q: gains for q, gains in collection.qrels.items() if q in query_ids},
        groups={q: group for q, group in collection.groups.items() if q in query_ids},
        columns={
            name: {q: v for q, v in values.items() if q in query_ids} for name, values in collection.columns.items()
        },
        doc_groups=keys,
        split=split,
    )
    return split_collection.with_notes(
        *(
            [f"{n_leaks:,} queries of this split share a relevant document with another split and were left out"]
            if n_leaks
            else []
        )
    )


def _document_keys(collection: Collection) -> dict[str, str]:
    """Return the split key of each document: its group, or the group of its first query."""
    keys = dict(collection.doc_groups)
    for query_id in collection.query_ids:
        for doc_id, gain in collection.qrels[query_id].items():
            if gain > 0:
                keys.setdefault(doc_id, collection.groups.get(query_id, query_id))
    return keys


def _sides(collection: Collection, query_id: str, keys: Mapping[str, str], known: frozenset[str]) -> set[str]:
    """Return the splits that a query touches; a usable query touches one."""
    relevant = [doc_id for doc_id, gain in collection.qrels[query_id].items() if gain > 0]
    own_key = collection.groups.get(query_id, query_id)
    counts = own_key in known or not any(d in collection.doc_groups for d in relevant)
    return {split_of(key) for key in [*(keys[d] for d in relevant), *([own_key] if counts else [])]}
