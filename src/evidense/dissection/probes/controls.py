"""Controls for probes: queries permuted within folds, labels by hash, and features of the words alone."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Int64

from evidense.errors import InvalidInput
from evidense.values import Item

_K1, _B = 1.2, 0.75  # Lucene's defaults


def permuted(folds: Int64[np.ndarray, " n"], seed: int) -> Int64[np.ndarray, " n"]:
    """Return for every query another query of its fold, by a random cycle.

    >>> permuted(np.array([0, 0, 1, 1]), 0).tolist()
    [1, 0, 3, 2]
    """
    out, rng = np.arange(len(folds)), np.random.default_rng([seed, 41])
    for fold in np.unique(folds):
        cycle = rng.permutation(np.flatnonzero(folds == fold))
        out[cycle] = np.roll(cycle, 1)
    return out


def hashed_labels(query_ids: Sequence[str], doc_ids: Sequence[Sequence[str]]) -> Int64[np.ndarray, " n"]:
    """Return the candidate with the largest hash of query id and document id: deterministic labels without meaning.

    Source: Hewitt and Liang 2019 (control tasks).
    """
    return np.array(
        [
            int(np.argmax([hashlib.sha256(f"{query}\0{doc}".encode()).digest()[:8] for doc in docs]))
            for query, docs in zip(query_ids, doc_ids, strict=True)
        ],
        np.int64,
    )


def lexical_features(
    queries: Sequence[Item], documents: Sequence[Item], places: Int64[np.ndarray, "n c"]
) -> Float32[np.ndarray, "n c 3"]:
    """Return BM25, the share of the query's words in the document, and the log of the document's number of words.

    Raises:
        InvalidInput: an item has no text.

    >>> a, b = Item("a", "red house"), Item("b", "a blue house")
    >>> lexical_features([Item("q", "blue")], [a, b], np.array([[1, 0]]))[0, :, 1].tolist()
    [1.0, 0.0]
    """
    if any(item.text is None for item in (*queries, *documents)):
        raise InvalidInput(
            "a picture has no words to compare; expected texts on both sides; leave the lexical control out"
        )
    words = [_words(item) for item in documents]
    holders: dict[str, int] = {}
    for tokens in words:
        for word in set(tokens):
            holders[word] = holders.get(word, 0) + 1
    idf = {word: float(np.log1p((len(words) - n + 0.5) / (n + 0.5))) for word, n in holders.items()}
    mean = max(float(np.mean([len(tokens) for tokens in words])), 1.0)
    out = np.zeros((*places.shape, 3), np.float32)
    for row, query in enumerate(queries):
        query_words = set(_words(query))
        for column, place in enumerate(places[row]):
            tokens = words[int(place)]
            counts = {word: tokens.count(word) for word in query_words if word in tokens}
            norm = _K1 * (1 - _B + _B * len(tokens) / mean)
            score = sum(idf[w] * n * (_K1 + 1) / (n + norm) for w, n in counts.items())
            out[row, column] = score, len(counts) / max(len(query_words), 1), np.log1p(len(tokens))
    return out


def _words(item: Item) -> list[str]:
    return re.findall(r"(?u)\b\w+\b", (item.text or "").lower())
