"""TREC files: writes runs and judgements so that trec_eval reads our order; `reading/` reads them."""

import re
from urllib.parse import quote, unquote

import numpy as np
from jaxtyping import Float32

from evidense.boundary.shown import shown
from evidense.values import Qrels, RankedLists


def run_text(lists: RankedLists, tag: str) -> str:
    """Return a run file. Tied scores are lowered by single float32 steps, so that every reader keeps our order.

    >>> lists = RankedLists(("q 1",), ("a", "b"), np.array([[0, 1]], np.int32), np.array([[1, 1]], np.float32))
    >>> print(run_text(lists, "mine"), end="")   # the float32 below 1 is 1 − 2⁻²⁴
    q%201 Q0 a 1 1 mine
    q%201 Q0 b 2 0.99999994 mine
    """
    scores = _strictly_decreasing(lists.scores)
    ids = {place: escaped(lists.doc_ids[place]) for place in np.unique(lists.documents).tolist() if place >= 0}
    label = re.sub(r"\s+", "_", tag.strip()) or "evidense"
    lines: list[str] = []
    for row, query_id in enumerate(lists.query_ids):
        shown = escaped(query_id)
        for rank, place in enumerate(lists.documents[row].tolist(), 1):
            if place >= 0:
                lines.append(f"{shown} Q0 {ids[place]} {rank} {scores[row, rank - 1]:.9g} {label}\n")
    return "".join(lines)


def qrels_text(qrels: Qrels) -> str:
    """Return a qrels file in the given order."""
    return "".join(f"{escaped(q)} 0 {escaped(d)} {gain}\n" for q, judged in qrels.items() for d, gain in judged.items())


def escaped(name: str) -> str:
    """Return an id for a column of a TREC file: percent-encoded if it has spaces or control characters, else unchanged.

    Ids that decoding would change are encoded too, so that `unescaped` restores every id; the empty id is "%".

    >>> [escaped(name) for name in ("doc-1", "a b", "50%20", "50 %")]
    ['doc-1', 'a%20b', '50%2520', '50%20%25']
    """
    if not name:
        return "%"
    return (
        quote(name, safe="")
        if name == "%" or re.search(r"\s", name) or shown(name) != name or unquote(name) != name
        else name
    )


def unescaped(name: str) -> str:
    """Return the id that `escaped` encoded."""
    return "" if name == "%" else unquote(name)


def _strictly_decreasing(scores: Float32[np.ndarray, "q k"]) -> Float32[np.ndarray, "q k"]:
    result = scores.astype(np.float32, copy=True)
    for column in range(1, result.shape[1]):
        below = np.nextafter(result[:, column - 1], np.float32(-np.inf))
        result[:, column] = np.minimum(result[:, column], below)
    return result
