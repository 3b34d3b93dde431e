"""TREC files: writes runs and judgements so that trec_eval reads our order; `reading/` reads them."""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from evidense.boundary.shown import shown
from evidense.values import Qrels, RankedLists

_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]+")
"""Most ids, of which nothing needs to be looked at twice."""
_WIDTH = 23
"""Bytes of a padded score: a sign, five for "0.000", nine digits and eight places for the point."""
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(-4, 9)])
_MOST_CELLS = 1 << 20
"""Bytes of padded lines in memory at once."""


def run_text(lists: RankedLists, tag: str) -> str:
    """Return a run file. Tied scores are lowered by single float32 steps, so that every reader keeps our order.

    >>> lists = RankedLists(("q 1",), ("a", "b"), np.array([[0, 1]], np.int32), np.array([[1, 1]], np.float32))
    >>> print(run_text(lists, "mine"), end="")   # the float32 below 1 is 1 − 2⁻²⁴
    q%201 Q0 a 1 1 mine
    q%201 Q0 b 2 0.99999994 mine
    """
    return run_bytes(lists, tag).decode()


def run_bytes(lists: RankedLists, tag: str) -> bytes:
    """Return the bytes of a run file: many lines at once, each column as wide as its widest cell, then without the padding."""
    scores = _strictly_decreasing(lists.scores)
    is_used = np.zeros(len(lists.doc_ids) + 1, np.bool_)  # the last is that of −1, which pads short lists
    is_used[lists.documents] = True
    places = np.cumsum(is_used[:-1]) - 1
    ids = _cells([escaped(lists.doc_ids[document]) for document in np.flatnonzero(is_used[:-1]).tolist()])
    queries, ranks = _cells(map(escaped, lists.query_ids)), _cells(map(str, range(1, lists.depth + 1)))
    label = re.sub(r"[\s\0]+", "_", tag.strip()) or "evidense"
    step = max(1, _MOST_CELLS // ((queries.shape[1] + ids.shape[1] + _WIDTH) * max(lists.depth, 1)))
    pieces = []
    for start in range(0, len(lists.query_ids), step):
        row, column = np.nonzero(lists.documents[start : start + step] >= 0)
        row += start
        document = places.take(lists.documents[row, column])
        pieces.append(
            _lines(
                queries.take(row, axis=0),
                " Q0 ",
                ids.take(document, axis=0),
                " ",
                ranks.take(column, axis=0),
                " ",
                decimals(scores[row, column]),
                f" {label}\n",
            )
        )
    return b"".join(pieces)


def _lines(*columns: UInt8[np.ndarray, "n _"] | str) -> bytes:
    """Join the columns of a table of padded cells, and the texts between them, and drop the padding."""
    n = next(len(column) for column in columns if not isinstance(column, str))
    whole = [
        np.broadcast_to(np.frombuffer(column.encode(), np.uint8), (n, len(column.encode())))
        if isinstance(column, str)
        else column
        for column in columns
    ]
    return np.concatenate(whole, axis=1).tobytes().translate(None, b"\0")


def _cells(texts: Iterable[str]) -> UInt8[np.ndarray, "n w"]:
    """Return one row a text, padded with zeros; no escaped id contains one."""
    encoded = np.array([text.encode() for text in texts] or [b""])
    return encoded.view(np.uint8).reshape(len(encoded), -1)


def decimals(values: Float32[np.ndarray, " n"]) -> UInt8[np.ndarray, "n w"]:
    """Return each value as `f"{value:.9g}"` writes it, padded with zeros anywhere in its row.

    Scaled by a power of ten, a float32 between 1e-4 and 1e8 has at most 52 bits: its nine digits are found without rounding error.

    >>> decimals(np.array([-0.5, 1e10], np.float32)).tobytes().translate(None, b"\\0")
    b'-0.51e+10'
    """
    size = np.abs(values.astype(np.float64))
    plain = (size >= 1e-4) & (size < 1e8)
    if plain.all():
        return _plain_decimals(size, values < 0)
    cells = np.zeros((len(values), _WIDTH), np.uint8)
    cells[plain] = _plain_decimals(size[plain], values[plain] < 0)
    for place in np.flatnonzero(~plain).tolist():
        text = f"{values[place]:.9g}".encode()
        cells[place, : len(text)] = np.frombuffer(text, np.uint8)
    return cells


def _plain_decimals(size: Float64[np.ndarray, " n"], is_negative: Bool[np.ndarray, " n"]) -> UInt8[np.ndarray, "n w"]:
    """Return sign, leading zeros, and nine digits with the point after one of them; zeros at the end are left out."""
    exponent = np.searchsorted(_POWERS, size, side="right").astype(np.int8) - 5
    number = np.rint(size * 10.0 ** (8 - exponent)).astype(np.uint32)
    over = number == 10**9
    number[over], exponent[over] = 10**8, exponent[over] + 1
    cells = np.zeros((_WIDTH, len(size)), np.uint8)  # column by column
    cells[0] = is_negative * np.uint8(ord("-"))
    cells[1] = (exponent < 0) * np.uint8(ord("0"))
    cells[2] = (exponent < 0) * np.uint8(ord("."))
    for place in range(3):
        cells[3 + place] = (exponent < -1 - place) * np.uint8(ord("0"))
    is_kept = np.zeros(len(size), np.bool_)
    for digit in range(8, -1, -1):  # from the right: digit 0 is the first
        rest = number // 10
        value = (number - rest * 10).astype(np.uint8)
        at = 6 + 2 * digit
        if digit < 8:
            cells[at + 1] = (is_kept & (exponent == digit)) * np.uint8(ord("."))
        is_kept |= value > 0
        cells[at] = (is_kept | (exponent >= digit)) * (value + np.uint8(ord("0")))
        number = rest
    return cells.T


def qrels_text(qrels: Qrels) -> str:
    """Return a qrels file in the given order."""
    return "".join(f"{escaped(q)} 0 {escaped(d)} {gain}\n" for q, judged in qrels.items() for d, gain in judged.items())


def escaped(name: str) -> str:
    """Return an id for a column of a TREC file: percent-encoded if it has spaces or control characters, else unchanged.

    Ids that decoding would change are encoded too, so that `unescaped` restores every id; the empty id is "%".

    >>> [escaped(name) for name in ("doc-1", "a b", "50%20", "50 %")]
    ['doc-1', 'a%20b', '50%2520', '50%20%25']
    """
    if _PLAIN.fullmatch(name):
        return name
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
