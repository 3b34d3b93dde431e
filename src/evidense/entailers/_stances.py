"""Stances of a stranger's labels: which column of a classifier means supports, refutes or neither."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput
from evidense.values.checking import Stance

_WORDS: dict[Stance, tuple[str, ...]] = {
    "supports": ("entailment", "entails", "entail", "entailed", "supports", "support", "supported"),
    "refutes": ("contradiction", "contradicts", "contradict", "contradicted", "contradictory", "refutes", "refute", "refuted"),
    "neither": (
        "neutral", "neither", "nei", "not_enough_info", "not_enough_information", "noinfo", "no_info", "not_entailment", "not_entailed",
        "non_entailment", "unrelated",
    ),
}  # fmt: skip
_STANCE_OF: dict[str, Stance] = {word: stance for stance, several in _WORDS.items() for word in several}


def stances_of(config: Path, settings: Mapping[str, Any]) -> tuple[Stance, ...]:
    """Return the stance of each column of a classifier, by the names in `id2label` of its config.json.

    Raises:
        InvalidInput: there are not two or three labels, a name is unknown, two mean the same, or none means support.
    """
    labels = _labels(settings.get("id2label"))
    stances = [_STANCE_OF.get(_plain(label)) for label in labels]
    known = [stance for stance in stances if stance is not None]
    if len(labels) not in (2, 3) or len(set(known)) < len(labels) or "supports" not in known:
        shown = ", ".join(f"'{label[:30]}'" for label in labels[:8]) or "no named labels"
        raise InvalidInput(
            f"'{config}' has {shown}, which do not tell whether a passage supports or refutes. Expected two or three labels such as "
            "entailment, neutral, contradiction (a reranker with one score has none); correct id2label if you know what they mean, or "
            "take another model."
        )
    if settings.get("problem_type") in ("regression", "multi_label_classification"):
        raise InvalidInput(
            f"'{config}' has the problem_type '{settings['problem_type']}'. Expected labels of which one is true; take another model."
        )
    return tuple(known)


def _labels(named: Any) -> list[str]:
    """Return the labels in the order of their columns; none where they are not numbered from 0."""
    if not isinstance(named, Mapping):
        return []
    by_column = {str(column): str(label) for column, label in named.items()}
    columns = [str(column) for column in range(len(by_column))]
    return [by_column[column] for column in columns] if set(columns) == set(by_column) else list(by_column.values())


def _plain(label: str) -> str:
    return re.sub(r"[^a-z]+", "_", label.lower()).strip("_")
