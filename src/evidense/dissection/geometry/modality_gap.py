"""The modality gap between pictures and texts: how much of it is a shift of the means, how much is spread, and which dimensions make it."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float64, Int64

from evidense.compute.similarity import as_scored
from evidense.dissection.geometry.findings import Statistic
from evidense.dissection.geometry.neighbours import unit_rows
from evidense.dissection.geometry.pairing import means

STATISTICS: Mapping[str, str] = {
    "modality gap": "distance of the means of unit vectors, unbiased",
    "pair distance": "mean squared distance of matched unit vectors",
    "centroid part": "squared distance of the means",
    "distribution part": "trace of the covariance of the differences",
    "centroid share": "centroid part / pair distance",
    "separability": "accuracy of telling the modalities apart, held out; chance .5",
    "separability, centred": "the same after each modality's mean is taken off",
    "share of few dimensions": "share of the squared gap in the 1 % of dimensions that have most of it in the other half of the pairs",
}
"""Name → unit."""


def gap(
    vectors: Float[np.ndarray, "n e"], partners: Float[np.ndarray, "n e"], groups: Int64[np.ndarray, " n"]
) -> dict[str, Statistic]:
    """Return the statistics of matched pairs: over all pairs, and with each group left out.

    pair distance = centroid part + distribution part, exactly. The unbiased gap subtracts what the noise of the means adds.

    Source: Liang et al. 2022 (gap); Schrodi et al. 2025 (few dimensions).
    """
    u, v = unit_rows(vectors).astype(np.float64), unit_rows(partners).astype(np.float64)
    difference = u - v
    n_groups = int(groups.max()) + 1
    sums = np.stack([difference[groups == g].sum(axis=0) for g in range(n_groups)])
    square = np.bincount(groups, (difference**2).sum(axis=1), n_groups)
    sizes = np.bincount(groups, minlength=n_groups)
    sums, square, n = _all_and_left(sums), _all_and_left(square), _all_and_left(sizes)
    pair = square / n
    centroid = ((sums / n[:, None]) ** 2).sum(axis=1)
    spread = pair - centroid
    unbiased = centroid - spread / (n - 1)
    by_name = {
        "modality gap": np.sign(unbiased) * np.sqrt(np.abs(unbiased)),
        "pair distance": pair,
        "centroid part": centroid,
        "distribution part": spread,
        "centroid share": np.divide(centroid, pair, out=np.full(len(pair), np.nan), where=pair > 0),
    }
    statistics = {name: (float(x[0]), x[1:]) for name, x in by_name.items()}
    for name, is_centred in (("separability", False), ("separability, centred", True)):
        right = separable(u, v, groups, is_centred)
        whole, left = means(right[:, None], groups)
        statistics[name] = float(whole[0]), left[:, 0]
    statistics["share of few dimensions"] = few_dimensions(difference, groups)
    return statistics


def _all_and_left(parts: Float[np.ndarray, "g ..."]) -> Float64[np.ndarray, "h ..."]:
    total = parts.sum(axis=0, keepdims=True).astype(np.float64)
    return np.concatenate([total, total - parts])


def separable(
    u: Float64[np.ndarray, "n e"], v: Float64[np.ndarray, "n e"], groups: Int64[np.ndarray, " n"], is_centred: bool
) -> Float64[np.ndarray, " n"]:
    """Return for each pair the share of its two items (0, ½, 1) that ridge regression, fitted on the other half of the groups, classifies correctly."""
    right = np.empty(len(u))
    for parity in (0, 1):
        fit, test = groups % 2 == parity, groups % 2 != parity
        shift_u, shift_v = (x[fit].mean(axis=0) if is_centred else np.zeros(x.shape[1]) for x in (u, v))
        rows = np.vstack([u[fit] - shift_u, v[fit] - shift_v])
        sign = np.repeat([1.0, -1.0], fit.sum())
        middle = rows.mean(axis=0)
        centred = rows - middle
        gram = centred.T @ centred
        weights = np.linalg.solve(gram + 0.01 * np.trace(gram) / len(gram) * np.eye(len(gram)), centred.T @ sign)
        score_u, score_v = ((x[test] - shift - middle) @ weights for x, shift in ((u, shift_u), (v, shift_v)))
        right[test] = (np.sign(score_u) + 1) / 4 + (1 - np.sign(score_v)) / 4
    return right


def few_dimensions(difference: Float64[np.ndarray, "n e"], groups: Int64[np.ndarray, " n"]) -> Statistic:
    """Return the share of the squared gap in the top 1 % of dimensions, which are chosen on one half of the groups and measured on the other."""
    n_groups = int(groups.max()) + 1
    sums = np.stack([difference[groups == g].sum(axis=0) for g in range(n_groups)])
    n_top = max(1, difference.shape[1] // 100)

    def share(left_out: int) -> float:
        even, odd = (sum(sums[g] for g in range(side, n_groups, 2) if g != left_out) for side in (0, 1))
        parts = []
        for chosen, measured in ((even, odd), (odd, even)):
            square = np.asarray(measured) ** 2
            top = np.argsort(-(np.asarray(chosen) ** 2), kind="stable")[:n_top]
            parts.append(square[top].sum() / square.sum() if square.sum() > 0 else np.nan)
        return float(np.mean(parts))

    return share(-1), np.array([share(g) for g in range(n_groups)])


def closed(vectors: Float[np.ndarray, "n e"], similarity: str = "cosine") -> Float[np.ndarray, "n e"]:
    """Subtract a modality's mean from its vectors in scored form; under cosine the result is scaled back to length 1."""
    rows = as_scored(vectors, similarity)
    return as_scored(rows - rows.mean(axis=0, dtype=np.float64), similarity)
