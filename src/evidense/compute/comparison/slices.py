"""Slices: named subsets of the queries of a collection, by a column or by query length."""

from collections import Counter
from collections.abc import Collection as Names
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from evidense.errors import UnknownName
from evidense.records import Json
from evidense.stats import MIN_CLUSTERS, Differences
from evidense.values import Collection

LENGTH = "length"
"""A column that every collection of texts has: the number of words of the query, in thirds."""
SMALLEST = MIN_CLUSTERS
"""Queries of the smallest slice that is shown; fewer cannot decide anything."""
MOST_VALUES = 12
"""Values of one column that are shown at most, the most frequent first."""


@dataclass(frozen=True)
class Slice:
    """The queries that have one value in one column of a collection."""

    column: str
    value: str
    is_named: bool
    """Whether the study named the column beforehand."""
    n_in_column: int
    """Number of slices that the column makes."""
    differences: Differences
    queries: Bool[np.ndarray, " q"]
    """Which queries of the collection these are."""

    @property
    def site(self) -> dict[str, Json]:
        """Return what the slice adds to the site of a Finding."""
        return {"column": self.column, "value": self.value, "named": self.is_named}


def columns_of(collection: Collection) -> list[str]:
    """Return the names of the columns that this collection can be sliced by."""
    has_texts = all(item.text is not None for item in collection.queries)
    return [*([LENGTH] if has_texts else []), *sorted(collection.columns)]


def slices(collection: Collection, column: str) -> dict[str, Bool[np.ndarray, " q"]]:
    """Return value → mask over the queries of the collection, for values with at least 20 queries.

    Raises:
        UnknownName: the collection has no such column.
    """
    if column not in columns_of(collection):
        raise UnknownName.among(f"slice column of {collection.name}", column, columns_of(collection))
    values = _values(collection, column)
    frequent = [value for value, n in Counter(values).most_common(MOST_VALUES) if value and n >= SMALLEST]
    all_values = np.array(values, dtype=object)
    masks = {value: np.asarray(all_values == value, dtype=bool) for value in sorted(frequent)}
    return {} if len(masks) == 1 and next(iter(masks.values())).all() else masks


def values_of_columns(collection: Collection) -> dict[str, list[str]]:
    """Return column → its value for every query, for the columns that the collection can be sliced by."""
    return {column: _values(collection, column) for column in columns_of(collection)}


def differences_by_slice(collection: Collection, differences: Differences, named: Names[str]) -> list[Slice]:
    """Return the differences of every slice of a collection; `named` are the columns that the study named beforehand."""
    masks = {column: slices(collection, column) for column in columns_of(collection)}
    return [
        Slice(column, value, column in named, len(of_column), differences.of(mask), mask)
        for column, of_column in masks.items()
        for value, mask in of_column.items()
    ]


def _values(collection: Collection, column: str) -> list[str]:
    if column == LENGTH:
        return _lengths(collection)
    by_query = collection.columns[column]
    return [by_query.get(query_id, "") for query_id in collection.query_ids]


def _lengths(collection: Collection) -> list[str]:
    words = np.array([len((item.text or "").split()) for item in collection.queries])
    short, long = np.quantile(words, [1 / 3, 2 / 3]).astype(int)
    names = (f"≤ {short} words", f"{short + 1}–{long} words", f"> {long} words")
    return [names[0] if w <= short else names[1] if w <= long else names[2] for w in words]
