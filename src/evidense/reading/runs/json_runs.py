"""JSON runs: reads {query: {document: score}}, alone or under subset and split, and sentence-transformers' JSON lines."""

import json
import re
import reprlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import FailFast

from evidense.boundary.documents import Form, bounded, checked, parsed
from evidense.boundary.numbers import finite_number
from evidense.boundary.strangers import reason
from evidense.errors import MOST_MISTAKES, InvalidInput
from evidense.reading.lines import stop_at_too_many
from evidense.reading.runs.cells import cut
from evidense.reading.runs.columns import LARGEST_SCORE

Results = dict[str, dict[str, float]]

MODEL = "mteb_model_meta"
"""The key beside mteb's subsets that names the model."""
LINES_NAME = re.compile(r"_predictions(?:_([a-z_]+))?\.jsonl$")
_SIMILARITIES = {"cos_sim": "cosine", "dot_score": "dot"}
_NESTED = "{query: {document: score}}, or {subset: {split: {query: {document: score}}}} as mteb writes it"
_LINE = "{query_id, results: [{corpus_id, score}]}"
_KEY = r'"(?:[^"\\]|\\.)*"\s*:\s*'
_RESULTS = re.compile(rf'\{{\s*("{MODEL}"|(?:{_KEY}\{{\s*){{1,3}}(?:{_KEY}-?\d|\}}))')
"""Nested objects (at most four deep) around a number."""
_MOST_LEVELS = 4
_UNNAMED = "an unnamed model"


class _Model(Form):
    """mteb's description of the model."""

    model_name: str | None = None


class _Result(Form):
    """One document in a line of sentence-transformers."""

    corpus_id: str | int
    score: float


class _Line(Form):
    """One line of sentence-transformers: a query with its results."""

    query_id: str | int
    results: Annotated[list[_Result], FailFast()]


def reads_as_results(start: bytes) -> bool:
    """Say whether a file with this start may hold results: nested objects around a number."""
    return _RESULTS.match(start.decode("utf-8", "replace")) is not None


def is_json_lines(data: bytes) -> bool:
    """Say whether the first line is a complete JSON object of a JSON-lines file."""
    first, _, following = data.lstrip().partition(b"\n")
    try:
        value = parsed(first, "")
    except InvalidInput:
        return False
    return isinstance(value, dict) and ("query_id" in value or bool(following.strip()))


def read_json(path: Path, data: bytes) -> tuple[str, dict[str, Results]]:
    """Return a description of the file, and 'subset/split' → results ('' if it has no subsets).

    Raises:
        InvalidInput: every mistake of the file at once.
    """
    bounded(data, path.name)
    _refuse_repeated_keys(data, path.name)
    content = parsed(data, path.name)
    if not isinstance(content, dict):
        raise InvalidInput(f"'{path.name}' holds a {type(content).__name__}. Expected {_NESTED}; check the path.")
    model = content.pop(MODEL, None)
    name = checked(_Model, {} if model is None else model, f"{path.name}, {MODEL}").model_name or _UNNAMED
    mistakes: list[str] = []
    n_above = _levels(content) - 2
    parts = {}
    for part, content_of_part in _parts(content, n_above):
        parts[part] = _results(content_of_part, part, path.name, mistakes)
    if mistakes or not any(parts.values()):
        raise InvalidInput.all_of(path.name, mistakes or [f"it holds no results; expected {_NESTED}; check the path"])
    description = "JSON {query: {document: score}}" if model is None and "" in parts else f"mteb predictions of {name}"
    return f"{description}; the score decides", parts


def read_json_lines(path: Path, data: bytes) -> tuple[str, dict[str, Results]]:
    """Return a description of sentence-transformers' predictions, and the results.

    Raises:
        InvalidInput: every mistake of the file at once.
    """
    results: Results = {}
    mistakes: list[str] = []
    for line, row in _rows(path.name, data, mistakes):
        query_id = str(row.query_id)
        if query_id in results:
            mistakes.append(
                f"line {line}: query '{cut(query_id)}' stands a second time; expected it once; remove one "
                "(the evaluator appends: one line per epoch)"
            )
            continue
        results[query_id] = _scores(line, query_id, row, mistakes)
    if mistakes or not results:
        raise InvalidInput.all_of(
            path.name, mistakes or ["the file is empty; expected one line for each query; check the path"]
        )
    return f"sentence-transformers predictions{_similarity(path.name)}; the score decides", {"": results}


def _similarity(name: str) -> str:
    name_of_similarity = (match[1] if (match := LINES_NAME.search(name)) else None) or ""
    return f" ({_SIMILARITIES.get(name_of_similarity, name_of_similarity)})" if name_of_similarity else ""


def _rows(source: str, data: bytes, mistakes: list[str]) -> Iterator[tuple[int, _Line]]:
    """Yield (line number, row) of every valid line, and add the others to the mistakes."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                yield number, checked(_Line, parsed(line, f"line {number}"), f"line {number}")
            except InvalidInput as error:
                mistakes.append(f"{reason(error)} Expected {_LINE}.")
            stop_at_too_many(source, mistakes)


def _scores(line: int, query_id: str, row: _Line, mistakes: list[str]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for result in row.results:
        doc_id = str(result.corpus_id)
        if doc_id in scores:
            mistakes.append(
                f"line {line}: query '{cut(query_id)}' has document '{cut(doc_id)}' a second time; expected it once; remove one"
            )
        elif abs(result.score) > LARGEST_SCORE:
            mistakes.append(
                f"line {line}: the score {result.score} is beyond 32-bit floats; expected a smaller one; correct it"
            )
        scores[doc_id] = result.score
    return scores


def _levels(value: Any) -> int:
    """Return how many objects enclose the first score: 2 for {query: {document: score}}."""
    if not isinstance(value, dict):
        return 0
    return 1 + _levels(next((inner for inner in value.values() if inner != {}), None))


def _parts(content: Mapping[str, Any], n_above: int) -> Iterator[tuple[str, Any]]:
    """Yield (names of the levels above the queries, joined by '/'; their content)."""
    if n_above <= 0 or n_above > _MOST_LEVELS - 2:
        yield "", content
        return
    for name, inner in content.items():
        if n_above == 1 or not isinstance(inner, dict):
            yield name, inner
        else:
            yield from ((f"{name}/{below}", content_of_part) for below, content_of_part in _parts(inner, n_above - 1))


def _results(content: Any, part: str, source: str, mistakes: list[str]) -> Results:
    """Return {query: {document: score}}, and add anything else to the mistakes."""
    where = f"{part}, " if part else ""
    if not isinstance(content, dict):
        mistakes.append(
            f"{where}{cut(reprlib.repr(content))} stands where an object was expected; expected {_NESTED}; write it again"
        )
        return {}
    for query_id, scores in content.items():
        if not isinstance(scores, dict):
            mistakes.append(
                f"{where}query '{cut(query_id)}' holds {cut(reprlib.repr(scores))}; expected {{document: score}}; correct it"
            )
        else:
            wrong = ((doc_id, value) for doc_id, value in scores.items() if not _is_score(value))
            mistakes += [
                f"{where}query '{cut(query_id)}', document '{cut(doc_id)}': the score is {cut(reprlib.repr(value))}; "
                "expected a finite number; correct it"
                for doc_id, value in islice(wrong, MOST_MISTAKES + 1)
            ]
        stop_at_too_many(source, mistakes)
    return {} if mistakes else content


def _is_score(value: Any) -> bool:
    number = None if isinstance(value, str) else finite_number(value)
    return number is not None and abs(number) <= LARGEST_SCORE


def _refuse_repeated_keys(data: bytes, source: str) -> None:
    """Refuse an object with a repeated key; a parser would silently keep only the last.

    Raises:
        InvalidInput: keys are repeated; the message names the first ones.
    """
    twice: list[str] = []

    def take(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            seen: set[str] = set()
            twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        stop_at_too_many(source, twice)

    with suppress(ValueError, RecursionError):  # what is no JSON is refused by `parsed`
        json.loads(data, object_pairs_hook=take)
    if twice:
        raise InvalidInput.all_of(
            source, [f"'{cut(key)}' stands twice in one object; expected it once; remove one" for key in twice]
        )
