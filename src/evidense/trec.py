"""TREC files: runs and judgements, read with every mistake named at once and written so that trec_eval reads our order."""

import gzip
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput
from evidense.values import Collection, Draft, Item, Qrels, RankedLists, build

ENDINGS = (".trec", ".run")

_FORMS = {
    "trec": "TREC run: query Q0 document rank score tag; the score decides",
    "ranks": "MS MARCO run: query document rank (the third column counts 1, 2, 3, … in each query)",
    "scores": "Tevatron run: query document score; the score decides",
}


@dataclass(frozen=True)
class Run:
    """What a run file says: per query, documents with scores (a rank r is read as the score −r)."""

    form: str
    """One sentence: as what the file was read."""
    results: Mapping[str, Mapping[str, float]]
    n_ties: int = 0
    """Queries in which two documents have the same score."""


def read_run(path: Path) -> Run:
    """Read a run of six columns (TREC) or three (MS MARCO ranks, Tevatron scores), between tabs or spaces.

    Raises:
        InvalidInput: every mistake of the file at once, with line numbers.
    """
    rows = list(_rows(path))
    reader = _Reader(path.name)
    for number, cells in reader.of_one_width(rows, {6: "query Q0 document rank score tag", 3: "query document score"}):
        query_id, doc_id, value = (cells[0], cells[2], cells[4]) if len(cells) == 6 else (cells[0], cells[1], cells[2])
        reader.add(number, query_id, doc_id, value)
    results = reader.done("results")
    form = "trec" if len(rows[0][1]) == 6 else _three_columns(path.name, results)
    if form == "ranks":
        results = {q: {d: -rank for d, rank in found.items()} for q, found in results.items()}
    return Run(_FORMS[form], results, sum(len(set(found.values())) < len(found) for found in results.values()))


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read judgements: query, iteration, document, gain; or query, document, gain with or without a heading (BEIR).

    Raises:
        InvalidInput: every mistake of the file at once, with line numbers.
    """
    rows = list(_rows(path))
    if rows and len(rows[0][1]) == 3 and not _is_number(rows[0][1][-1]):
        rows = rows[1:]
    reader = _Reader(path.name)
    for number, cells in reader.of_one_width(rows, {4: "query 0 document gain", 3: "query document gain"}):
        if reader.add(number, cells[0], cells[-2], cells[-1]) and not float(cells[-1]).is_integer():
            reader.mistakes.append(f"line {number}: the gain is '{cells[-1]}'; expected an integer")
    results = reader.done("judgements")
    return {q: {d: int(gain) for d, gain in judged.items()} for q, judged in results.items()}


def pooled(name: str, qrels: Qrels, runs: Sequence[Run]) -> Collection:
    """Make a collection without texts from judgements and runs: its documents are all that any of them names.

    Queries without a relevant document are left out, with a note, whatever the runs return for them.

    Raises:
        InvalidInput: no query has a relevant document.
    """
    documents = {d for run in runs for found in run.results.values() for d in found} | {
        d for judged in qrels.values() for d in judged
    }
    queries = [Item(query_id) for query_id in qrels]
    return build(Draft(name, queries, [Item(doc_id) for doc_id in sorted(documents)], qrels, source=name))


def ranked(run: Run, depth: int) -> RankedLists:
    """Return a run as ranked lists over the documents that it names: score descending, then id ascending."""
    doc_ids = tuple(sorted({doc_id for found in run.results.values() for doc_id in found}))
    place = {doc_id: number for number, doc_id in enumerate(doc_ids)}
    documents = np.full((len(run.results), depth), -1, dtype=np.int32)
    scores = np.full((len(run.results), depth), -np.inf, dtype=np.float32)
    for row, found in enumerate(run.results.values()):
        best = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:depth]
        documents[row, : len(best)] = [place[doc_id] for doc_id, _ in best]
        scores[row, : len(best)] = [value for _, value in best]
    return RankedLists(tuple(run.results), doc_ids, documents, scores)


def run_text(lists: RankedLists, tag: str) -> str:
    """Return a run file; scores are lowered by single float32 steps where they tie, so that every reader keeps our order.

    >>> lists = RankedLists(("q 1",), ("a", "b"), np.array([[0, 1]], np.int32), np.array([[1, 1]], np.float32))
    >>> print(run_text(lists, "mine"), end="")   # the float32 below 1 is 1 − 2⁻²⁴
    q%201 Q0 a 1 1 mine
    q%201 Q0 b 2 0.99999994 mine
    """
    scores = _strictly_decreasing(lists.scores)
    ids = [escaped(doc_id) for doc_id in lists.doc_ids]
    label = re.sub(r"\s+", "_", tag.strip()) or "evidense"
    lines: list[str] = []
    for row, query_id in enumerate(lists.query_ids):
        shown = escaped(query_id)
        for rank, place in enumerate(lists.documents[row].tolist(), 1):
            if place >= 0:
                lines.append(f"{shown} Q0 {ids[place]} {rank} {scores[row, rank - 1]:.9g} {label}\n")
    return "".join(lines)


def qrels_text(qrels: Qrels) -> str:
    """Return a qrels file, in the order given."""
    return "".join(f"{escaped(q)} 0 {escaped(d)} {gain}\n" for q, judged in qrels.items() for d, gain in judged.items())


def escaped(name: str) -> str:
    """Return an id that one column of a TREC file can hold: percent-encoded where it has spaces, else as it is.

    Ids that decoding would change are encoded too, so that `unquote` always gives the id back; the empty id is "%".

    >>> [escaped(name) for name in ("doc-1", "a b", "50%20", "50 %")]
    ['doc-1', 'a%20b', '50%2520', '50%20%25']
    """
    if not name:
        return "%"
    return quote(name, safe="") if name == "%" or re.search(r"\s", name) or unquote(name) != name else name


def unescaped(name: str) -> str:
    """Return the id that `escaped` made this of."""
    return "" if name == "%" else unquote(name)


@dataclass
class _Reader:
    """Gathers values and mistakes, line by line."""

    source: str
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def of_one_width(
        self, rows: list[tuple[int, list[str]]], forms: Mapping[int, str]
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows with as many columns as the first, if that is one of the forms; note the others."""
        for number, cells in rows:
            first, width = rows[0][0], len(rows[0][1])
            if len(cells) == width and width in forms:
                yield number, cells
                continue
            expected = (
                f"{width}, as in line {first}"
                if width in forms
                else " or ".join(f"{n} ({form})" for n, form in forms.items())
            )
            self.mistakes.append(
                f"line {number}: {len(cells)} columns; expected {expected}; ids with spaces need tabs between the columns"
            )

    def add(self, line: int, query_id: str, doc_id: str, value: str) -> bool:
        """Take in one row; say whether it was right."""
        known = self.values.setdefault(query_id, {})
        if doc_id in known:
            self.mistakes.append(
                f"line {line}: query '{query_id}' has document '{doc_id}' a second time; expected it once; remove one"
            )
        elif not _is_number(value):
            self.mistakes.append(f"line {line}: '{value}' is no finite number; expected one; correct the line")
        else:
            known[doc_id] = float(value)
            return True
        return False

    def done(self, what: str) -> dict[str, dict[str, float]]:
        """Return the values.

        Raises:
            InvalidInput: there were mistakes, or nothing.
        """
        if self.mistakes:
            raise InvalidInput.all_of(self.source, self.mistakes)
        if not self.values:
            raise InvalidInput(f"{self.source}: holds no {what}; expected at least one line; check the path")
        return self.values


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of every line that is not blank."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            by_tab = line.strip("\r\n").split("\t")
            yield number, [cell.strip() for cell in by_tab] if len(by_tab) in (3, 4, 6) else line.split()


def _lines(path: Path) -> Iterable[str]:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"'{path}' cannot be read ({reason}); expected a run or qrels file; correct the path"
        ) from None
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidInput(
            f"{path.name}: line {line} is no valid UTF-8 (byte {error.start}); expected UTF-8; convert the file"
        ) from None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _three_columns(source: str, results: Mapping[str, Mapping[str, float]]) -> str:
    """Tell ranks from scores: 1, 2, 3, … down the lines of every query are ranks."""
    columns = [list(found.values()) for found in results.values()]
    if all(column == list(range(1, len(column) + 1)) for column in columns):
        return "ranks"
    falling = all(column == sorted(column, reverse=True) for column in columns)
    if not falling and all(
        sorted(column) in (list(range(1, len(column) + 1)), list(range(len(column)))) for column in columns
    ):
        raise InvalidInput(
            f"{source}: the third column could be ranks or scores; expected lines in order of rank; sort them, or write six columns"
        )
    return "scores"


def _strictly_decreasing(scores: Float32[np.ndarray, "q k"]) -> Float32[np.ndarray, "q k"]:
    result = scores.astype(np.float32, copy=True)
    for column in range(1, result.shape[1]):
        below = np.nextafter(result[:, column - 1], np.float32(-np.inf))
        result[:, column] = np.minimum(result[:, column], below)
    return result
