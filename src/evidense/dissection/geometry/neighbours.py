"""Nearest neighbours that two layers share, adjusted for chance agreement."""

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32

from evidense.compute.search.topk import Search, top_k


def unit_rows(layer: Float[np.ndarray, "n e"]) -> Float32[np.ndarray, "n e"]:
    """Bring rows to length 1, measured in float64; a row of zeros stays.

    `compute.similarity.unit` leaves rows of nearly unit length as they are, as a search should; states of layers are all divided.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    length = np.sqrt((layer.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    rows: Float32[np.ndarray, "n e"] = np.divide(layer, length, out=np.zeros(layer.shape), where=length > 0).astype(
        np.float32
    )
    return rows


def nearest(layer: Float[np.ndarray, "n e"], depth: int) -> Int32[np.ndarray, "n k"]:
    """Return the nearest other rows of each row by cosine, best first; ties are ordered by row number."""
    n = len(layer)
    rows, places = unit_rows(layer), np.arange(n)
    return top_k(rows, rows, min(depth, n - 1), doc_order=places, search=Search(excluded=places))[0]


def shared(
    lists: Int32[np.ndarray, "n k"], other_lists: Int32[np.ndarray, "n k"], k: int, n_documents: int
) -> Float64[np.ndarray, " n"]:
    """Return for each row the share of its top k that both lists hold, rescaled to 0 at chance and 1 if all are shared.

    `n_documents` is how many rows could occur in a list (without the row itself). Chance is k / n_documents.

    >>> shared(np.array([[1, 2]], np.int32), np.array([[1, 3]], np.int32), 2, 4)  # half; chance half
    array([0.])
    """
    chance = k / n_documents
    if chance >= 1:
        return np.full(len(lists), np.nan)
    width = int(max(lists.max(initial=0), other_lists.max(initial=0))) + 2
    row = np.arange(len(lists))[:, None] * width
    both = np.isin(lists[:, :k] + row, other_lists[:, :k] + row, assume_unique=True).sum(axis=1) / k
    adjusted: Float64[np.ndarray, " n"] = np.where(both == 1, 1.0, (both - chance) / (1 - chance))
    return adjusted
