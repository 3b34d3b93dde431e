"""Splits without leaks: queries of one group, and queries that share a relevant document, never lie on two sides."""

import hashlib
from dataclasses import replace

import numpy as np

from evidense.errors import InvalidInput
from evidense.reading.columns import find
from evidense.reading.tables import Table
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
            f"{table.path} has no column 'split', but '@{split}' was asked for; found {', '.join(table.columns)}; "
            f"add the column or leave '@{split}' out"
        )
    rows = tuple(row for row in table.rows if row.text(column) == split)
    if not rows:
        there = ", ".join(sorted({row.text(column) for row in table.rows}))
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

    A document lies on the side of its first query; a query with a relevant document of another side is left out of every side.

    Raises:
        InvalidInput: there is no such split, or nothing is left.
    """
    if split is None:
        return collection
    if split not in SHARES:
        raise InvalidInput(f"'{collection.name}@{split}' names no split; expected {', '.join(SHARES)}; correct it")
    sides = {query_id: split_of(collection.groups.get(query_id, query_id)) for query_id in collection.query_ids}
    of_document: dict[str, str] = {}
    for query_id, side in sides.items():
        for doc_id, gain in collection.qrels[query_id].items():
            if gain > 0:
                of_document.setdefault(doc_id, side)
    clean = {
        q
        for q, side in sides.items()
        if {of_document[d] for d, gain in collection.qrels[q].items() if gain > 0} == {side}
    }
    kept = [row for row, query_id in enumerate(collection.query_ids) if sides[query_id] == split and query_id in clean]
    if not kept:
        raise InvalidInput(f"'{collection.name}@{split}' has no query; expected at least one; take another split")
    ids = {collection.query_ids[row] for row in kept}
    n_leaks = sum(side == split for q, side in sides.items() if q not in clean)
    part = replace(
        collection,
        name=f"{collection.name}@{split}",
        queries=Chosen(collection.queries, np.array(kept, dtype=np.int64)),
        qrels={q: gains for q, gains in collection.qrels.items() if q in ids},
        groups={q: group for q, group in collection.groups.items() if q in ids},
        columns={name: {q: v for q, v in values.items() if q in ids} for name, values in collection.columns.items()},
    )
    return part.with_notes(
        *(
            [f"{n_leaks:,} queries of this split share a relevant document with another split and were left out"]
            if n_leaks
            else []
        )
    )
