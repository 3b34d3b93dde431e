"""Predictions that mteb saves with prediction_folder: TASK_predictions.json."""

import json
from pathlib import Path
from typing import Any

from evidense.compute.given import GivenRanker, Results, fingerprint, finite_mistakes, read_bytes, ties_sentence
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.values import Collection, Spelling

ENDING = "_predictions.json"
MODEL = "mteb_model_meta"
"""The key beside the subsets that names the model."""

_FORM = "{subset: {split: {query: {document: score}}}}"

Parts = dict[str, Results]
"""'subset/split' → results."""


class Part:
    """Opens prediction files of mteb's retrieval tasks."""

    name = "mteb_predictions"
    spellings = ("predictions/SciFact_predictions.json", "mteb_predictions:FILE")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the file name is the one that mteb gives."""
        return spelling.head.endswith(ENDING)

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
        data = read_bytes(path, "predictions that mteb saved")
        model, held = _read(path.name, data)
        warnings = [sentence for results in held.values() for sentence in ties_sentence(results)]
        setup = Setup(similarity=f"as mteb used it for {model}", warnings=tuple(warnings))
        return GivenRanker(
            path.name, setup, fingerprint("mteb_predictions", data), lambda c: _choose(path.name, held, c)
        )


def _read(source: str, data: bytes) -> tuple[str, Parts]:
    try:
        content = json.loads(data)
        meta = content.pop(MODEL, {}) or {}
        held = {
            f"{subset}/{split}": _results(found)
            for subset, splits in content.items()
            for split, found in splits.items()
        }
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InvalidInput(
            f"{source}: {type(error).__name__} {error}; expected {_FORM}; save it again with mteb"
        ) from None
    mistakes = [f"{part}, {text}" for part, results in held.items() for text in finite_mistakes(results)]
    if mistakes or not held:
        raise InvalidInput.all_of(source, mistakes or [f"it holds no results; expected {_FORM}"])
    return str(meta.get("model_name", "an unnamed model")), held


def _results(found: Any) -> Results:
    return {str(query_id): dict(results.items()) for query_id, results in found.items()}


def _choose(source: str, held: Parts, collection: Collection) -> Results:
    """Return the subset and split that answer most queries of the collection.

    Raises:
        InvalidInput: two answer equally many.
    """
    known = set(collection.query_ids)
    counts = {part: len(known & set(results)) for part, results in held.items()}
    best = max(counts.values())
    names = [part for part, count in counts.items() if count == best]
    if len(names) > 1 and best > 0:
        raise InvalidInput(
            f"{source}: {', '.join(names)} each answer {best} queries of '{collection.name}'; expected one; leave one of them in the file"
        )
    return held[names[0]]


PART = Part()
