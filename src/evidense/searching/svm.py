"""Linear support vector machine: squared hinge loss, an L2 penalty, classes weighted to count the same.

It minimises what liblinear does for scikit-learn's LinearSVC(loss="squared_hinge", class_weight="balanced"), the intercept penalised as
one more weight; the minimum is unique, and so are the scores.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

C = 1.0


def svm_scores(
    features: Any, is_labelled: Bool[np.ndarray, " n"], is_relevant: Bool[np.ndarray, " n"], c: float = C
) -> Float64[np.ndarray, " n"]:
    """Fit on the labelled rows of a sparse matrix and return the decision value of every row; both classes must be among them."""
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix, hstack

    rows = hstack([features, csr_matrix(np.ones((features.shape[0], 1)))], format="csr")
    known = rows[np.flatnonzero(is_labelled)]
    signs = np.where(is_relevant[is_labelled], 1.0, -1.0)
    n_each = {sign: float((signs == sign).sum()) for sign in (1.0, -1.0)}
    weights = c * np.array([len(signs) / (2 * n_each[sign]) for sign in signs])

    def loss(theta: Float64[np.ndarray, " p"]) -> tuple[float, Float64[np.ndarray, " p"]]:
        gaps = np.maximum(0.0, 1.0 - signs * (known @ theta))
        slope = theta - 2.0 * (known.T @ (weights * signs * gaps))
        return float(0.5 * theta @ theta + (weights * gaps**2).sum()), slope

    options = {"maxiter": 2_000, "maxfun": 4_000, "ftol": 1e-15, "gtol": 1e-9}
    fitted = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options=options)
    scores: Float64[np.ndarray, " n"] = np.asarray(rows @ fitted.x)
    return scores
