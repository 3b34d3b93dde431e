"""Similarity of two vectors, for ranking, mining, margins and analyses. Names and signs are those of sentence-transformers."""

from collections.abc import Mapping
from typing import Protocol, cast, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32

from evidense.errors import InvalidInput

UNIT_ROUNDOFF = 2.0**-24
SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
UNIT_WITHIN = 5e-7
"""Rows whose length differs from 1 by at most this count as unit vectors and stay as they are; scores change by at most twice this."""
_COARSE = 2.0**-50
"""Rows shorter than this are measured again in double precision, because their squares may underflow in single."""

MEANING: Mapping[str, str] = {
    "cosine": "cosine of the angle between two vectors, whatever their lengths; 0 for a zero vector",
    "dot": "inner product of two vectors as they are",
    "euclidean": "minus the Euclidean distance of two vectors",
    "manhattan": "minus the Manhattan distance of two vectors (the sum of absolute differences)",
}
"""Name of a similarity → how its score is defined. A greater score means more similar."""
APPLIED = "similarity"
"""Key in the policies of a Ranking that names its similarity. Older rankings of encoders lack it: they used inner products."""
DEFAULT = "cosine"
"""The similarity that sentence-transformers uses for a model that names none."""


def checked(name: object, source: str) -> str:
    """Return the name if it is a similarity, else refuse it. `source` tells the user where the name was written.

    Raises:
        InvalidInput: no similarity has this name.

    >>> checked("cosine", "'model@similarity=cosine'")
    'cosine'
    """
    if not isinstance(name, str) or name not in MEANING:
        raise InvalidInput(f"{source} names the similarity {name!r}; expected {', '.join(MEANING)}; write one of them")
    return name


def chosen(requested: str | None, configured: object, source: str, otherwise: str = DEFAULT) -> str:
    """Return the requested similarity, else the one in the model's settings, else `otherwise`.

    Raises:
        InvalidInput: no similarity has this name.
    """
    if requested is not None:
        return checked(requested, f"'{source}'")
    return otherwise if configured is None else checked(configured, f"the settings of '{source}' (similarity_fn_name)")


def normalises(options: Mapping[str, str], otherwise: bool) -> bool:
    """Return whether vectors are brought to unit length: as `@normalize` says, else `otherwise`.

    Raises:
        InvalidInput: the option is neither true nor false.
    """
    spelling = options.get("normalize", str(otherwise).lower())
    if spelling not in {"true", "false"}:
        raise InvalidInput(
            f"normalize={spelling} is neither true nor false; expected one of them; write @normalize=true"
        )
    return spelling == "true"


def unapplied(setup: Mapping[str, object], policies: Mapping[str, object]) -> bool:
    """Say whether an old ranking used inner products although its set-up names another similarity that ranks differently.

    >>> unapplied({"similarity": "cosine", "normalised": False, "n_dims": 384}, {"search": "exact, over the whole corpus"})
    True
    >>> unapplied({"similarity": "cosine", "normalised": True, "n_dims": 384}, {"search": "exact, over the whole corpus"})
    False
    """
    similarity = setup.get("similarity")
    if APPLIED in policies or setup.get("n_dims") is None or not isinstance(similarity, str):
        return False
    is_cosine_of_unequal_lengths = similarity == "cosine" and not setup.get("normalised")
    return (
        similarity in ("euclidean", "manhattan") or similarity.startswith("cosine of") or is_cosine_of_unequal_lengths
    )


UNAPPLIED = "was ranked by inner product, since similarity was not applied when this was made; now it is"
"""Sentence about such a ranking; it follows the set-up."""


def as_scored(vectors: Float[np.ndarray, "n e"], similarity: str) -> Float32[np.ndarray, "n e"]:
    """Return vectors as they are scored: unit vectors under cosine, unchanged otherwise."""
    return unit(vectors) if similarity == "cosine" else np.asarray(vectors, np.float32)


def unit(vectors: Float[np.ndarray, "n e"]) -> Float32[np.ndarray, "n e"]:
    """Bring each row to length 1, summing in a fixed order. Rows of zeros and rows of unit length stay as they are.

    If no row changes, the array itself is returned.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    rows = np.asarray(vectors, np.float32)
    divisors = divisors_of(lengths(rows))
    return rows if (divisors == 1).all() else cast(np.ndarray, rows / divisors[:, None])


def divided_by_length(vectors: Float32[np.ndarray, "n e"]) -> Float32[np.ndarray, "n e"]:
    """Divide each row by its length as torch's `normalize` does; a row of zeros stays.

    Towers make their final vectors with it. `unit`, which ranking uses, also leaves rows alone that are of unit length up to rounding.
    """
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def lengths(vectors: Float[np.ndarray, "n e"]) -> Float32[np.ndarray, " n"]:
    """Return the length of each row; it depends on this row only, not on the batch."""
    rows = np.asarray(vectors, np.float32)
    norms = np.sqrt(np.einsum("ne,ne->n", rows, rows))
    if (short := np.flatnonzero(norms < _COARSE)).size:
        exact = rows[short].astype(np.float64)
        norms[short] = np.sqrt(np.einsum("ne,ne->n", exact, exact)).astype(np.float32)
    return cast(np.ndarray, norms)


def divisors_of(lengths: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    """Return the divisor that gives each row length 1. It is 1 for rows of unit length and for rows of zeros."""
    plain = (np.abs(lengths - 1) <= UNIT_WITHIN) | (lengths < SMALLEST_NORMAL)
    return np.where(plain, np.float32(1), lengths)


def between_scored(similarity: str) -> str:
    """Return the similarity between vectors that `as_scored` returned: under cosine it is the inner product of unit vectors."""
    return "dot" if similarity == "cosine" else similarity


def score_row(
    query: Float[np.ndarray, " e"], documents: Float[np.ndarray, "d e"], similarity: str
) -> Float[np.ndarray, " d"]:
    """Return the score of a query with every document, in the precision of the vectors.

    Inner products have the order of summation that the library picks, so their last bits are not those of `top_k`.

    >>> score_row(np.array([3.0, 4.0]), np.array([[0.0, 0.0], [6.0, 8.0]]), "euclidean").tolist()
    [-5.0, -5.0]
    """
    if similarity in ("euclidean", "manhattan"):
        return np.asarray(pair_scores(query[None], documents[None], similarity)[0])
    if similarity == "cosine":
        query, documents = unit(query[None])[0], unit(documents)
    return np.asarray(documents @ query)


def pair_scores(
    queries: Float[np.ndarray, "q e"], candidates: Float[np.ndarray, "q c e"], similarity: str
) -> Float[np.ndarray, "q c"]:
    """Return the scores of each query with its own candidates, in the precision of the vectors (cosine: float32).

    >>> pair_scores(np.array([[3.0, 4.0]]), np.array([[[0.0, 0.0], [3.0, 3.0]]]), "manhattan").tolist()
    [[-7.0, -1.0]]
    """
    if similarity == "euclidean":
        return np.asarray(0.0 - np.sqrt(((candidates - queries[:, None]) ** 2).sum(axis=-1)))
    if similarity == "manhattan":
        return np.asarray(0.0 - np.abs(candidates - queries[:, None]).sum(axis=-1))
    if similarity == "cosine":
        queries, candidates = unit(queries), unit(candidates.reshape(-1, queries.shape[1])).reshape(candidates.shape)
    return np.asarray(np.einsum("qe,qce->qc", queries, candidates))


@runtime_checkable
class Kernel(Protocol):
    """How `top_k` shortlists and scores one similarity; the proof is in topk.py."""

    def products(
        self,
        block: Float32[np.ndarray, "d e"],
        columns: Float32[np.ndarray, "e q"],
        out: Float32[np.ndarray, "d q"],
    ) -> None:
        """Write numbers that are ordered like the scores, up to the margins."""
        ...

    def margins(
        self, n_dims: int, norms: Float32[np.ndarray, " q"], largest: float, best: Float32[np.ndarray, " q"]
    ) -> Float32[np.ndarray, " q"]:
        """Return for each query how far below the k-th best product, `best`, a document of at most the length `largest` certainly scores worse."""
        ...

    def scores(
        self, queries: Float32[np.ndarray, "q e"], rows: Float32[np.ndarray, "q c e"]
    ) -> Float32[np.ndarray, "q c"]:
        """Return the scores, summed along e in an order that depends on e alone (no BLAS)."""
        ...


def _gamma(n: int) -> float:
    return n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)


def _multiply(block: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """Multiply finite vectors, without the warning "invalid value" that OpenBLAS raises now and then for what lies behind a small matrix."""
    with np.errstate(invalid="ignore"):
        np.matmul(block, columns, out=out)


class _Inner:
    """Inner products, for dot and (on unit vectors) for cosine."""

    def products(self, block: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        """Multiply."""
        _multiply(block, columns, out)

    def margins(self, n_dims: int, norms: np.ndarray, largest: float, best: np.ndarray) -> np.ndarray:
        """Return 4γ|q||d|, doubled."""
        margin = 8 * _gamma(n_dims) * largest * norms + n_dims * SMALLEST_NORMAL
        return np.asarray(margin, np.float32)

    def scores(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Sum the products of one pair after another."""
        return np.asarray(np.einsum("qce,qe->qc", rows, queries))


class _Euclidean:
    """Minus the distance, shortlisted by q·d − |d|²/2 = (|q|² − distance²)/2."""

    def products(self, block: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        """Multiply, and subtract half the squared length of each document."""
        _multiply(block, columns, out)
        out -= (np.einsum("de,de->d", block, block) * np.float32(0.5))[:, None]

    def margins(self, n_dims: int, norms: np.ndarray, largest: float, best: np.ndarray) -> np.ndarray:
        """Return 4γ(|q| + |d|)², doubled."""
        margin = 8 * _gamma(n_dims + 8) * (largest + norms) ** 2 + 4 * n_dims * SMALLEST_NORMAL
        return np.asarray(margin, np.float32)

    def scores(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Sum the squared differences of one pair after another."""
        apart = rows - queries[:, None]
        return np.asarray(0.0 - np.sqrt(np.einsum("qce,qce->qc", apart, apart)), np.float32)


class _Manhattan:
    """Minus the distance. No matrix product orders it, so every pair is summed in double precision and the shortlist is exact."""

    def products(self, block: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        """Sum the absolute differences of every pair."""
        out[...] = _city_blocks(block, columns.T)

    def margins(self, n_dims: int, norms: np.ndarray, largest: float, best: np.ndarray) -> np.ndarray:
        """Return zeros: the shortlist holds the scores themselves."""
        return np.zeros_like(norms)

    def scores(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Sum the absolute differences again, query by query."""
        per_query = [
            _city_blocks(candidates, query[None])[:, 0] for query, candidates in zip(queries, rows, strict=True)
        ]
        return np.stack(per_query) if per_query else np.empty(rows.shape[:2], np.float32)


def _city_blocks(left: np.ndarray, right: np.ndarray) -> Float32[np.ndarray, "n m"]:
    from scipy.spatial.distance import cdist

    return np.asarray(0.0 - cdist(left, right, "cityblock"), np.float32)


KERNELS: Mapping[str, Kernel] = {
    "cosine": _Inner(),
    "dot": _Inner(),
    "euclidean": _Euclidean(),
    "manhattan": _Manhattan(),
}
