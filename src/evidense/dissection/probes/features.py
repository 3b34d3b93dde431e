"""Features of query–candidate pairs, centred and scaled by statistics of the training rows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from evidense.errors import InvalidInput

FeatureKind = Literal["hadamard", "pair", "ablated"]
"""hadamard: q⊙p. pair: [q⊙p; |q−p|; p] (a term in q alone would cancel in the softmax). ablated: p alone, without the query."""
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class PairStates:
    """States of one layer: of n queries and of the c candidates of each; the first candidate is relevant."""

    queries: Float32[np.ndarray, "n a"]
    documents: Float32[np.ndarray, "d e"]
    """One row per distinct document."""
    places: Int64[np.ndarray, "n c"]
    """Rows into `documents`."""

    def __post_init__(self) -> None:
        for name, values in (("queries", self.queries), ("documents", self.documents)):
            if n_bad := int((~np.isfinite(values)).sum()):
                raise InvalidInput(
                    f"{n_bad} of the states of the {name} are not finite; expected numbers; an overflow in half precision, or a model "
                    "that diverged: encode in float32, or leave this encoder out"
                )

    @property
    def same_space(self) -> bool:
        """Say whether query and candidate have equal widths, so that they can be multiplied element by element."""
        return bool(self.queries.shape[1] == self.documents.shape[1])

    @property
    def candidates(self) -> Float32[np.ndarray, "n c e"]:
        """Return the states of each query's candidates."""
        states: Float32[np.ndarray, "n c e"] = self.documents[self.places]
        return states

    def with_queries(self, order: Int64[np.ndarray, " n"]) -> "PairStates":
        """Return the same candidates with other queries."""
        return PairStates(self.queries[order], self.documents, self.places)


@dataclass(frozen=True)
class FeatureScale:
    """Means and inverse standard deviations of training rows; features that do not vary become 0."""

    mean: Float32[np.ndarray, " e"]
    inverse: Float32[np.ndarray, " e"]

    @classmethod
    def of(cls, rows: Float[np.ndarray, "m e"]) -> "FeatureScale":
        """Compute mean and scale of rows."""
        mean = rows.mean(axis=0, dtype=np.float64)
        spread = rows.std(axis=0, dtype=np.float64)
        live = spread > _LEAST_SPREAD * np.maximum(np.abs(mean), 1e-6)
        return cls(mean.astype(np.float32), np.where(live, 1 / np.where(live, spread, 1), 0).astype(np.float32))

    def __call__(self, rows: Float32[np.ndarray, "*m e"]) -> Float32[np.ndarray, "*m e"]:
        """Standardise rows."""
        scaled: Float32[np.ndarray, "*m e"] = (rows - self.mean) * self.inverse
        return scaled


def standardised(
    pairs: PairStates, train: Bool[np.ndarray, " n"]
) -> tuple[Float32[np.ndarray, "n a"], Float32[np.ndarray, "n c e"]]:
    """Return queries and candidates, each side standardised by the training queries and their candidates."""
    document_rows = np.unique(pairs.places[train])
    documents = FeatureScale.of(pairs.documents[document_rows])(pairs.documents)
    return FeatureScale.of(pairs.queries[train])(pairs.queries), documents[pairs.places]


def features(pairs: PairStates, kind: FeatureKind, train: Bool[np.ndarray, " n"]) -> Float32[np.ndarray, "n c e"]:
    """Return features of a kind. Both sides are standardised first, then the features are scaled; both by the training rows.

    Since both sides are centred, a product carries no information about a candidate by itself.
    """
    queries, candidates = standardised(pairs, train)
    if kind == "ablated":
        combined = candidates
    elif kind == "hadamard":
        combined = queries[:, None] * candidates
    else:
        combined = np.concatenate(
            [queries[:, None] * candidates, np.abs(queries[:, None] - candidates), candidates], axis=2
        )
    flat = combined[train].reshape(-1, combined.shape[2])
    combined *= FeatureScale.of(flat).inverse
    return combined


def cosines(pairs: PairStates) -> Float32[np.ndarray, "n c"]:
    """Return the cosine of each query and candidate without any standardising; 0 for a zero vector."""
    q, d = unit_rows(pairs.queries), unit_rows(pairs.documents)
    values: Float32[np.ndarray, "n c"] = np.einsum("na,nca->nc", q, d[pairs.places]).astype(np.float32)
    return values


def unit_rows(states: Float[np.ndarray, "n e"]) -> Float[np.ndarray, "n e"]:
    """Bring rows to length 1 in their own precision; a row of zeros stays."""
    rows: Float[np.ndarray, "n e"] = states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
    return rows
