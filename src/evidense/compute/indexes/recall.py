"""Recall of an index: how much of the exact result it finds, query by query."""

import numpy as np
from jaxtyping import Float64

from evidense.values import RankedLists


def recall(found: RankedLists, exact: RankedLists) -> Float64[np.ndarray, " q"]:
    """Return the share of the exact results that an index finds, for each query of `exact`.

    A document that ties with the last exact one counts as found, since either could stand there.

    Source: Aumüller, Bernhardsson and Faithfull 2020, ANN-Benchmarks, §2.1 (recall by distance).

    >>> exact = RankedLists(("q",), ("a", "b", "c"), np.array([[0, 1]], np.int32), np.array([[.9, .8]], np.float32))
    >>> found = RankedLists(("q",), ("a", "b", "c"), np.array([[0, 2]], np.int32), np.array([[.9, .8]], np.float32))
    >>> recall(found, exact).tolist()
    [1.0]
    """
    place_of = {query_id: place for place, query_id in enumerate(found.query_ids)}
    scores = found.scores[[place_of[query_id] for query_id in exact.query_ids]]
    n_exact = (exact.documents >= 0).sum(axis=1)
    last = np.take_along_axis(exact.scores, np.maximum(n_exact - 1, 0)[:, None], axis=1)
    n_found = ((scores >= last) & np.isfinite(scores)).sum(axis=1)
    return np.where(n_exact > 0, np.minimum(n_found, n_exact) / np.maximum(n_exact, 1), 1.0)
