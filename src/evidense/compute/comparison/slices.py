"""Slices: named subsets of the queries of a collection, by a column or by query length."""

from collections import Counter
from collections.abc import Collection as Names
from collections.abc import Iterable, Sequence
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
_MOST_NAMED = 6
"""Small slices that a sentence names."""


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


def left_out(collection: Collection, named: Iterable[str]) -> list[str]:
    """Return a sentence for each column that the study named beforehand and whose slices are not all tested, with their sizes."""
    columns = columns_of(collection)
    sentences = (
        _left_out(column, _values(collection, column))
        if column in columns
        else f"slice '{column}': this collection has no such column"
        for column in named
    )
    return [sentence for sentence in sentences if sentence]


def _left_out(column: str, values: Sequence[str]) -> str:
    """Say which values of a column are too small to test, or are too many.

    >>> print(_left_out("lang", ["de"] * 5 + ["en"] * 41))
    slice 'lang': de (5 queries) is too small to be tested; at least 20 queries are needed
    >>> print(_left_out("lang", ["en"] * 46))
    slice 'lang': all 46 queries are 'en', so there is nothing to set apart
    >>> print(_left_out("clicks", [f"{n}" for n in range(46)]))
    slice 'clicks': 46 different values, each of fewer than the 20 queries that a test needs; name a column of few values, such as low and high
    """
    counted = Counter(value for value in values if value).most_common()
    if not counted:
        return f"slice '{column}': no query has a value"
    if counted[0][1] == len(values):
        return f"slice '{column}': all {len(values):,} queries are '{counted[0][0]}', so there is nothing to set apart"
    if counted[0][1] < SMALLEST and len(counted) > MOST_VALUES:
        return (
            f"slice '{column}': {len(counted):,} different values, each of fewer than the {SMALLEST} queries that a test needs; "
            "name a column of few values, such as low and high"
        )
    small = [f"{value} ({n:,} {'query' if n == 1 else 'queries'})" for value, n in counted if n < SMALLEST]
    n_beyond = sum(n >= SMALLEST for _, n in counted[MOST_VALUES:])
    sentences = []
    if small:
        more = f" and {len(small) - _MOST_NAMED:,} more" if len(small) > _MOST_NAMED else ""
        are = "is" if len(small) == 1 else "are"
        sentences.append(
            f"{', '.join(small[:_MOST_NAMED])}{more} {are} too small to be tested; at least {SMALLEST} queries are needed"
        )
    if n_beyond:
        sentences.append(f"{n_beyond:,} more slices are not tested; the {MOST_VALUES} largest are")
    return f"slice '{column}': {'; '.join(sentences)}" if sentences else ""


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
