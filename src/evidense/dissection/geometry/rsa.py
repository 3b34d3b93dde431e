"""Representational similarity analysis: do two layers order pairs of items alike?"""

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

N_ROWS = 400
"""Rows whose pairs are used: 79,800 pairs, ranked once as a whole and once per group left out."""


def ranked(layer: Float[np.ndarray, "n e"], groups: Int64[np.ndarray, " n"]) -> list[Float32[np.ndarray, " p"]]:
    """Return the ranks of all pairs' similarities, centred and scaled to length 1: over all rows, then with each group left out.

    The similarity of two items is the correlation of their states (the cosine of row-centred states).
    """
    similar = _similar(layer)
    out = [_ranks(similar)]
    for g in range(int(groups.max()) + 1):
        rows = np.flatnonzero(groups != g)
        out.append(_ranks(similar[np.ix_(rows, rows)]))
    return out


def correlations(
    ranks: list[Float32[np.ndarray, " p"]], other_ranks: list[Float32[np.ndarray, " p"]]
) -> tuple[float, Float64[np.ndarray, " g"]]:
    """Return Spearman's correlation of two layers' pairs: over all rows, and with each group left out. Equal ranks give exactly 1.

    Source: Kriegeskorte, Mur and Bandettini 2008.
    """
    values = [
        1.0 if np.array_equal(a, b) else float(np.dot(a.astype(np.float64), b.astype(np.float64)))
        for a, b in zip(ranks, other_ranks, strict=True)
    ]
    return values[0], np.array(values[1:])


def _similar(layer: Float[np.ndarray, "n e"]) -> Float32[np.ndarray, "n n"]:
    centred = layer.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    cosines: Float32[np.ndarray, "n n"] = (unit @ unit.T).astype(np.float32)
    return cosines


def _ranks(similar: Float32[np.ndarray, "n n"]) -> Float32[np.ndarray, " p"]:
    from scipy.stats import rankdata

    ranks = rankdata(similar[np.triu_indices(len(similar), 1)])
    ranks -= ranks.mean()
    length = float(np.linalg.norm(ranks))
    unit_ranks: Float32[np.ndarray, " p"] = (ranks / length if length > 0 else ranks * np.nan).astype(np.float32)
    return unit_ranks
