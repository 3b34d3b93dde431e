"""Training pairs of any collection: exact pairs from its judgements, or its single documents."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from evidense.errors import InvalidInput
from evidense.reading.splits import split_of
from evidense.reading.tables.columns import ROLES, find, find_all, require
from evidense.reading.tables.rows import DataRow, DataTable
from evidense.reading.tables.typed import noted
from evidense.values import Collection, Item, Kind, Pairs, Provenance
from evidense.values.build import Chosen

KINDS: tuple[Kind, ...] = ("exact", "cheap", "views", "items")
SHUFFLED = "shuffled:"
"""Before the spelling of pairs: their left sides (captions, questions) are permuted among these pairs."""
_SPELLED = re.compile(rf"^(?P<head>.+?):(?P<kind>{'|'.join(KINDS)})(?P<split>@[A-Za-z0-9_.-]+)?$")


def kind_of(spelling: str) -> tuple[str, Kind]:
    """Split a spelling into that of the collection and the kind of pairs ("exact" if none is named).

    >>> kind_of("docstrings:items@train"), kind_of("glyphs/sans:t2i@train")
    (('docstrings@train', 'items'), ('glyphs/sans:t2i@train', 'exact'))
    """
    match = _SPELLED.match(spelling)
    if match is None:
        return spelling, "exact"
    return match["head"] + (match["split"] or ""), next(kind for kind in KINDS if kind == match["kind"])


def with_kind(spelling: str, kind: Kind) -> str:
    """Add a kind to the spelling of a collection, before its split.

    >>> with_kind("docstrings@train", "items"), with_kind("glyphs/sans", "exact")
    ('docstrings:items@train', 'glyphs/sans')
    """
    if kind == "exact":
        return spelling
    head, sign, split = spelling.rpartition("@")
    return f"{head}:{kind}@{split}" if sign else f"{spelling}:{kind}"


def shuffled(pairs: Pairs) -> Pairs:
    """Return the pairs with their left sides permuted, a control from which nothing can be learnt; documents keep their groups and negatives.

    One fixed cyclic permutation of a random order: no pair keeps its own left side.
    """
    order = np.random.Generator(np.random.Philox(key=len(pairs))).permutation(len(pairs))
    places = np.empty(len(pairs), np.int64)
    places[order] = np.roll(order, 1)
    return replace(pairs, name=f"{SHUFFLED}{pairs.name}", left=Chosen(pairs.left, places))


def pairs_of(collection: Collection, kind: Kind) -> Pairs:
    """Return the exact pairs of a collection, or its single items.

    exact: every query with every document of a gain above 0, in the order of the queries; the group is the query's. items: every document
    of the collection's split, right equal to left (without queries, which training without labels does not have). A column `block` becomes
    the block of the pairs; documents that are judged not relevant become hard negatives.

    Raises:
        InvalidInput: only some datasets make this kind, or there is no pair.
    """
    if kind == "items":
        return _items(collection)
    if kind != "exact":
        raise InvalidInput(
            f"'{collection.name}' makes no pairs of the kind '{kind}'; expected exact or items; take another kind or "
            "dataset"
        )
    row_of_document = {doc_id: row for row, doc_id in enumerate(collection.doc_ids)}
    judged_pairs = [
        (row, row_of_document[doc_id])
        for row, query_id in enumerate(collection.query_ids)
        for doc_id, gain in collection.qrels.get(query_id, {}).items()
        if gain > 0 and doc_id in row_of_document
    ]
    if not judged_pairs:
        raise InvalidInput(
            f"'{collection.name}' has no pair; expected a query with a document of a gain above 0; take other data"
        )
    rows = np.array(judged_pairs, np.int64)
    ids = [collection.query_ids[row] for row, _ in judged_pairs]
    blocks = collection.columns.get("block", {})
    negatives = {
        q: [row_of_document[d] for d, gain in collection.qrels[q].items() if gain <= 0 and d in row_of_document]
        for q in ids
    }
    return Pairs(
        collection.name,
        "exact",
        Chosen(collection.queries, rows[:, 0]),
        Chosen(collection.corpus, rows[:, 1]),
        tuple(collection.groups.get(query_id, query_id) for query_id in ids),
        tuple(blocks.get(query_id, "") for query_id in ids) if blocks else (),
        tuple(Chosen(collection.corpus, np.array(negatives[query_id], np.int64)) for query_id in ids)
        if any(negatives.values())
        else (),
        provenance=collection.provenance,
        unused=_unused(collection),
    )


def _unused(collection: Collection) -> tuple[str, ...]:
    """Return the user's columns that training ignores; the column of splits is used if a split is named."""
    if not collection.provenance.is_user_data:
        return ()
    looked_at = {"block", *(ROLES["split"] if "@" in collection.name else ())}
    return tuple(name for name in collection.columns if name.lower() not in looked_at)


def graded_column(table: DataTable) -> str | None:
    """Return the column with the similarity of each pair: by its name, or a gain column with fractions.

    Raises:
        InvalidInput: two columns have it.
    """
    similarity, gain = find(table.columns, "similarity"), find(table.columns, "gain")
    is_graded = gain is not None and any(_is_part(row.slice(gain)) for row in table.rows)
    if similarity and is_graded:
        raise InvalidInput(
            f"{table.path}: '{similarity}' and '{gain}' both say how similar a pair is; expected one column; take the other out"
        )
    return similarity or (gain if is_graded else None)


def graded_pairs(table: DataTable, name: str, column: str) -> Pairs:
    """Return every row of a table as a pair with its similarity as the target.

    Raises:
        InvalidInput: cells hold no similarity, or texts are empty; all at once, with their lines.
    """
    query, documents = require(table.columns, table.path, "query", "document")[0], find_all(table.columns, "document")
    group = find(table.columns, "group")
    mistakes, rows = list(table.mistakes), []
    for row in table.rows:
        with noted(mistakes):
            value = _similarity(row, column)
            query_text, texts = row.text(query), [text for d in documents for text in row.texts(d)]
            if not query_text or not all(texts) or not texts:
                raise InvalidInput(
                    f"{row.place}: the query or the document is empty; expected some text; fill it or remove the row"
                )
            rows += [(query_text, text, value, row.id(group) or query_text) for text in texts]
    if mistakes or not rows:
        raise InvalidInput.all_of(str(table.path), mistakes or ["no row holds a pair"])
    used = {query, *documents, column, group, find(table.columns, "split") if "@" in name else None}
    left, right, values, groups = zip(*rows, strict=True)
    return Pairs(
        name, "exact", [Item(text, text) for text in left], [Item(text, text) for text in right], groups,
        targets=[(value,) for value in values],
        provenance=Provenance(source=str(table.path), labels=f"the column '{column}'"),
        unused=tuple(c for c in table.columns if c not in used),
    )  # fmt: skip


def _similarity(row: DataRow, column: str) -> float:
    value = _number(row.slice(column))
    if value is None or not -1 <= value <= 1:
        raise InvalidInput(
            f"{row.place}: '{row.slice(column)}' in the column '{column}' is no similarity; expected a number from -1 to 1; "
            "correct it, or divide all by the largest"
        )
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_part(text: str) -> bool:
    number = _number(text)
    return number is not None and math.isfinite(number) and number != int(number) and -1 <= number <= 1


def _items(collection: Collection) -> Pairs:
    """Return the documents of the collection's split; a document without a group is split by its id."""
    keys = {doc_id: collection.doc_groups.get(doc_id, doc_id) for doc_id in collection.doc_ids}
    rows = [row for row, d in enumerate(collection.doc_ids) if collection.split in ("", split_of(keys[d]))]
    if not rows:
        raise InvalidInput(f"'{collection.name}' has no item on its side; expected documents; take another split")
    items = Chosen(collection.corpus, np.array(rows, np.int64))
    groups = tuple(keys[collection.doc_ids[row]] for row in rows)
    name = with_kind(collection.name, "items")
    return Pairs(name, "items", items, items, groups, provenance=collection.provenance)


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Concatenate several Pairs of one kind, in this order, in memory.

    Raises:
        InvalidInput: kinds differ, or only some have negatives or targets.
    """
    if len(parts) == 1:
        return parts[0]
    names = " + ".join(part.name for part in parts)
    if len({(part.kind, bool(part.negatives), bool(part.targets)) for part in parts}) > 1:
        kinds = ", ".join(f"{part.name}: {part.kind}" for part in parts)
        raise InvalidInput(
            f"pairs of several forms ({kinds}); expected one kind, and negatives and targets in all or none; train on "
            "one after the other"
        )
    first = parts[0]
    return replace(
        first,
        name=names,
        left=tuple(chain.from_iterable(part.left for part in parts)),
        right=tuple(chain.from_iterable(part.right for part in parts)),
        groups=tuple(f"{part.name} {group}" for part in parts for group in part.groups),
        blocks=tuple(block and f"{part.name} {block}" for part in parts for block in part.blocks or [""] * len(part))
        if any(part.blocks for part in parts)
        else (),
        negatives=tuple(chain.from_iterable(part.negatives for part in parts)),
        targets=tuple(chain.from_iterable(part.targets for part in parts)),
        unused=tuple(dict.fromkeys(chain.from_iterable(part.unused for part in parts))),
    )
