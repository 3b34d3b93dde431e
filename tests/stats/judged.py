"""How the queries of real collections share relevant documents: their public judgements, reduced to numbers.

Each file of `judgements/` holds the gains of the documents that several queries have, and for each query the sum of the squared
gains of the documents that it has alone: all that an overlap depends on.
"""

from pathlib import Path

import numpy as np

from evidense.stats import Grouping, Overlap, overlap_of

FOLDER = Path(__file__).parent / "judgements"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.npz")))


def grouping(name: str) -> Grouping:
    """The overlap of the queries of a real collection."""
    return overlap_of(*judgements(name), {})


def judgements(name: str) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Query ids and gains; what a query has alone is one document with the same weight."""
    with np.load(FOLDER / f"{name}.npz") as held:
        columns = (held[key].tolist() for key in ("query", "document", "gain"))
        qrels = {str(at): {"own": float(np.sqrt(rest))} for at, rest in enumerate(held["private"].tolist())}
        for query, document, gain in zip(*columns, strict=True):
            qrels[str(query)][f"d{document}"] = gain
    for query, docs in qrels.items():
        if (alone := docs.pop("own")) > 0:
            docs[f"q{query}"] = alone
    return list(qrels), qrels


def cranfield_like(seed: int = 0) -> Grouping:
    """225 queries with 2 to 14 relevant documents of 950, some of which are asked for often: most queries are linked."""
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, 951) ** 0.35
    popularity /= popularity.sum()
    qrels = {
        str(q): {f"d{d}": 1 for d in rng.choice(950, rng.integers(2, 15), replace=False, p=popularity)}
        for q in range(225)
    }
    return overlap_of(list(qrels), qrels, {})


def drawn(overlap: Overlap, icc: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Differences (studies, queries) with mean 0 and variance 1: `icc` of it comes from documents, by the weights of the judgements."""
    n, n_documents = len(overlap), overlap.shared.shape[1]
    from_documents = overlap.shared @ rng.standard_normal((n_documents, shape[0])) + overlap.private[
        :, None
    ] * rng.standard_normal((n, shape[0]))
    return np.sqrt(1 - icc) * rng.standard_normal(shape) + np.sqrt(icc) * from_documents.T
