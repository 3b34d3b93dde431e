"""Splits without leaks: queries of one group, and queries that share a relevant document, never lie on two sides."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from evidense.errors import InvalidInput
from evidense.reading.tables.columns import find
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import Table
from evidense.values import Collection
from evidense.values.build import Chosen

SHARES = {"test": 0.2, "dev": 0.1, "train": 0.7}


def chosen_split(table: Table, split: str | None) -> Table:
    """Keep the rows whose column `split` says this split; None keeps all.

    Raises:
        InvalidInput: the table has no such column, or not this value in it.
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
        there = listed(sorted({row.text(column) for row in table.rows}))
        raise InvalidInput(
            f"{table.path} has no row of the split '{split}'; found {there}; write one of these after '@'"
        )
    return replace(table, rows=rows)


def split_of(group: str) -> str:
    """Say on which side a group lies: the same on every machine, whatever else there is.

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
    """Keep the queries of one side; the corpus stays whole. None keeps all.

    A document lies on the side of its group, else of its first query; a query on the side of its relevant documents, and of its own
    group, unless the documents' groups are keys of another kind (branches, where its own is a phenotype). A query on two sides is left
    out of every side.

    Raises:
        InvalidInput: there is no such split, or nothing is left.
    """
    if split is None:
        return collection
    if split not in SHARES:
        raise InvalidInput(f"'{collection.name}@{split}' names no split; expected {', '.join(SHARES)}; correct it")
    keys = _document_keys(collection)
    known = frozenset(collection.doc_groups.values())
    sides = {query_id: _sides(collection, query_id, keys, known) for query_id in collection.query_ids}
    kept = [row for row, query_id in enumerate(collection.query_ids) if sides[query_id] == {split}]
    if not kept:
        raise InvalidInput(f"'{collection.name}@{split}' has no query; expected at least one; take another split")
    ids = {collection.query_ids[row] for row in kept}
    n_leaks = sum(split in found and len(found) > 1 for found in sides.values())
    part = replace(
        collection,
        name=f"{collection.name}@{split}",
        queries=Chosen(collection.queries, np.array(kept, dtype=np.int64)),
        qrels={q: gains for q, gains in collection.qrels.items() if q in ids},
        groups={q: group for q, group in collection.groups.items() if q in ids},
        columns={name: {q: v for q, v in values.items() if q in ids} for name, values in collection.columns.items()},
        doc_groups=keys,
        split=split,
    )
    return part.with_notes(
        *(
            [f"{n_leaks:,} queries of this split share a relevant document with another split and were left out"]
            if n_leaks
            else []
        )
    )


def _document_keys(collection: Collection) -> dict[str, str]:
    """Return the key of every document that has a group, or the group of its first query."""
    keys = dict(collection.doc_groups)
    for query_id in collection.query_ids:
        for doc_id, gain in collection.qrels[query_id].items():
            if gain > 0:
                keys.setdefault(doc_id, collection.groups.get(query_id, query_id))
    return keys


def _sides(collection: Collection, query_id: str, keys: Mapping[str, str], known: frozenset[str]) -> set[str]:
    """Return the sides that a query touches: one, where it may be used."""
    relevant = [doc_id for doc_id, gain in collection.qrels[query_id].items() if gain > 0]
    own = collection.groups.get(query_id, query_id)
    counts = own in known or not any(d in collection.doc_groups for d in relevant)
    return {split_of(key) for key in [*(keys[d] for d in relevant), *([own] if counts else [])]}
