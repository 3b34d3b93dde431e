"""How the queries of a collection depend on each other, as the study has it."""

import numpy as np

from evidense.errors import UnknownName
from evidense.stats import Grouping, cluster_queries, overlap_of
from evidense.values import Collection

COMPONENTS, QUERIES = "components", "queries"
"""All queries that are linked by shared documents count as one; every query counts for itself."""


def grouping_of(collection: Collection, how: str = "") -> Grouping:
    """Return labels or an overlap of the queries.

    `how` is "" (in proportion to the relevant documents that they share), "components", "queries", or a column of the
    collection whose equal values belong together.

    Raises:
        UnknownName: the collection has no such column.
    """
    if how == QUERIES:
        return np.arange(len(collection.query_ids))
    if how in ("", COMPONENTS):
        link = overlap_of if not how else cluster_queries
        return link(collection.query_ids, collection.qrels, collection.groups)
    check_grouping(collection, how)
    return cluster_queries(collection.query_ids, {}, {q: v for q, v in collection.columns[how].items() if v})


def check_grouping(collection: Collection, how: str) -> None:
    """Refuse a way of grouping that a collection does not offer.

    Raises:
        UnknownName: with the ways and columns that there are.
    """
    if how not in ("", COMPONENTS, QUERIES, *collection.columns):
        raise UnknownName.among(
            f"column of {collection.name} to group queries by", how, [COMPONENTS, QUERIES, *collection.columns]
        )
