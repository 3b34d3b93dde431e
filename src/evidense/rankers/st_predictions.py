"""Predictions of sentence-transformers' InformationRetrievalEvaluator: NAME_predictions_cosine.jsonl (write_predictions=True)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidense.compute.given import GivenRanker, fingerprint, finite_mistakes, read_bytes, ties_sentence
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.values import Spelling

_FORM = re.compile(r"_predictions(?:_([a-z]+))?\.jsonl$")


class Part:
    """Opens prediction files of sentence-transformers."""

    name = "st_predictions"
    spellings = ("eval/Information-Retrieval_evaluation_NAME_predictions_cosine.jsonl", "st_predictions:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the file name is the one that the evaluator gives."""
        return _FORM.search(spelling.head) is not None

    def open(self, spelling: Spelling) -> GivenRanker:
        """Read the file.

        Raises:
            InvalidInput: every mistake of the file at once; or options other than a label.
        """
        if extra := set(spelling.options) - {"label"}:
            raise InvalidInput(
                f"'{spelling}' gives {', '.join(sorted(extra))} to a file of predictions; expected no such option"
            )
        path = Path(spelling.head)
        data = read_bytes(path, "predictions as JSON lines")
        results = _read(path.name, data)
        similarity = form[1] if (form := _FORM.search(path.name)) else None
        setup = Setup(similarity=similarity or "as the file says", warnings=tuple(ties_sentence(results)))
        return GivenRanker(path.name, setup, fingerprint("st_predictions", data), lambda _collection: results)


def _read(source: str, data: bytes) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    mistakes: list[str] = []
    for number, row in _rows(data, mistakes):
        query_id = str(row["query_id"])
        if query_id in results:
            mistakes.append(
                f"line {number}: query '{query_id}' stands a second time; expected it once; remove one (the evaluator appends: one line per epoch)"
            )
            continue
        results[query_id] = found = {}
        for result in row["results"]:
            doc_id = str(result["corpus_id"])
            if doc_id in found:
                mistakes.append(
                    f"line {number}: query '{query_id}' has document '{doc_id}' a second time; expected it once; remove one"
                )
            found[doc_id] = result["score"]
    mistakes += finite_mistakes(results)
    if mistakes or not results:
        raise InvalidInput.all_of(
            source, mistakes or ["the file is empty; expected one line for each query; check the path"]
        )
    return results


def _rows(data: bytes, mistakes: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, row) of every line of the right form, and note the others."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                _ = row["query_id"], [(result["corpus_id"], result["score"]) for result in row["results"]]
                yield number, row
            except (ValueError, KeyError, TypeError) as error:
                mistakes.append(
                    f"line {number}: {type(error).__name__} {error}; expected {{query_id, results: [{{corpus_id, score}}]}}; correct it"
                )


PART = Part()
