"""Softmax regression: probabilities of classes from a few numbers, fitted by L-BFGS; what ships is its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int


@dataclass(frozen=True)
class Softmax:
    """Standardised features, times weights, plus biases."""

    means: Float64[np.ndarray, " f"]
    scales: Float64[np.ndarray, " f"]
    weights: Float64[np.ndarray, "c f"]
    biases: Float64[np.ndarray, " c"]

    def __call__(self, features: Float64[np.ndarray, "n f"]) -> Float64[np.ndarray, "n c"]:
        """Return the probability of each class; rows sum to one. A row is the same alone and among others, to the last bit."""
        inputs = (features - self.means) / self.scales
        return _probabilities((inputs[:, None, :] * self.weights).sum(axis=-1) + self.biases)

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, rounded to nine digits, as they ship."""
        return {name: _rounded(getattr(self, name)) for name in ("means", "scales", "weights", "biases")}

    @classmethod
    def of_json(cls, table: Mapping[str, Any]) -> "Softmax":
        """Return what `to_json` wrote."""
        return cls(*(np.asarray(table[name], np.float64) for name in ("means", "scales", "weights", "biases")))


def fit_softmax(
    features: Float64[np.ndarray, "n f"], classes: Int[np.ndarray, " n"], strength: float = 1.0, balanced: bool = True
) -> Softmax:
    """Fit by penalised likelihood: `strength` × the sum of losses + half the squared weights; biases are free.

    `balanced` gives each class the same total weight. The optimum is that of scikit-learn's `LogisticRegression(C=strength)`
    behind a `StandardScaler`.
    """
    from scipy.optimize import minimize

    means, scales = features.mean(axis=0), features.std(axis=0)
    scales = np.where(scales > 0, scales, 1.0)
    inputs, n_classes = (features - means) / scales, int(classes.max()) + 1
    truth = np.eye(n_classes)[classes]
    counts = truth.sum(axis=0)
    of_row = (len(classes) / (n_classes * counts))[classes] if balanced else np.ones(len(classes))

    def objective(flat: Float64[np.ndarray, " p"]) -> tuple[float, Float64[np.ndarray, " p"]]:
        table = flat.reshape(n_classes, -1)
        weights, biases = table[:, :-1], table[:, -1]
        stated = _probabilities(inputs @ weights.T + biases)
        loss = -(of_row * np.log(np.maximum(stated[truth > 0], 1e-300))).sum()
        slope = strength * of_row[:, None] * (stated - truth)
        gradient = np.column_stack([slope.T @ inputs + weights, slope.sum(axis=0)])
        return strength * float(loss) + 0.5 * float((weights**2).sum()), gradient.ravel()

    start = np.zeros(n_classes * (inputs.shape[1] + 1))
    options = {"maxiter": 5_000, "ftol": 1e-14, "gtol": 1e-8}
    best = minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x.reshape(n_classes, -1)
    return Softmax(means, scales, best[:, :-1], best[:, -1])


def _probabilities(logits: Float64[np.ndarray, "n c"]) -> Float64[np.ndarray, "n c"]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Float64[np.ndarray, "n c"] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities


def _rounded(values: Float64[np.ndarray, "..."]) -> Any:
    return np.vectorize(lambda value: float(f"{value:.9g}"), otypes=[np.float64])(values).tolist()
