"""Judge table: `judge.json`, what stands beside the weights of a small judge: its regressions, its calibrations, its card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from evidense.boundary.documents import Form
from evidense.checking.calibration import Calibration, TextKind
from evidense.checking.features import FEATURES
from evidense.checking.features import VERSION as FEATURES_VERSION
from evidense.checking.softmax import Softmax
from evidense.compute.models.files import read_form
from evidense.errors import InvalidInput
from evidense.values import STANCES

TABLE = "judge.json"
VERSION = 1
"""Rises with every change that changes a probability."""
N_INPUTS = len(FEATURES) + len(STANCES)
Numbers = list[float]


class _Regression(Form):
    """A softmax regression."""

    means: Numbers
    scales: Numbers
    weights: list[Numbers]
    biases: Numbers


class _Calibration(Form):
    """Verdicts on documents that were not fitted on, and whether they were right."""

    entailer: str
    kind: TextKind
    data: str
    stated: Numbers
    is_right: str
    clusters: list[int]


class JudgeTable(Form):
    """judge.json; a folder without it has version 0."""

    version: int = 0
    features_version: int = 0
    max_length: int = 0
    stacks: dict[str, _Regression] = Field(default_factory=dict)
    """Kind of text → the regression over the counted features and the net's three probabilities."""
    head: _Regression | None = None
    """Of citing sentences: a head of its own over the pooled vectors."""
    calibrations: list[_Calibration] = Field(default_factory=list)
    card: dict[str, Any] = Field(default_factory=dict)

    def stack(self, kind: TextKind, place: str) -> Softmax:
        """Return the last regression for a kind of text.

        Raises:
            InvalidInput: there is none, or it has other inputs.
        """
        found = self.stacks.get(kind)
        if found is None:
            raise InvalidInput(
                f"'{place}' has nothing for the text kind '{kind}', only for {', '.join(sorted(self.stacks)) or 'none'}. "
                "Expected a finished judge; resume: make judge-model"
            )
        return regression(found, N_INPUTS, place)

    def said(self, kind: TextKind) -> dict[str, Any]:
        """Return everything that changes a probability of this kind of text."""
        dumped = self.model_dump(exclude={"calibrations", "card"})
        head = dumped["head"] if kind == "citing sentence" else None
        return {**dumped, "stacks": dumped["stacks"].get(kind), "head": head}

    def calibrated(self, identity: str, kind: TextKind) -> tuple[Calibration, ...]:
        """Return the calibrations that were measured with exactly this judge on this kind of text."""
        return tuple(
            Calibration.of_json(row.model_dump())
            for row in self.calibrations
            if row.entailer == identity and row.kind == kind and _is_whole(row)
        )


def _is_whole(row: _Calibration) -> bool:
    return len(row.stated) == len(row.is_right) == len(row.clusters) > 0


def read_table(folder: Path) -> JudgeTable:
    """Read judge.json.

    Raises:
        InvalidInput: it is not there, of another version, or fitted on other features.
    """
    table = read_form(JudgeTable, folder / TABLE)
    if (table.version, table.features_version) != (VERSION, FEATURES_VERSION) or table.max_length < 1:
        raise InvalidInput(
            f"'{folder}' has no {TABLE} of version {VERSION} for features of version {FEATURES_VERSION} (found {table.version}, "
            f"{table.features_version}). Expected a folder that this makes: make judge-model DATA=FOLDER OUT='{folder}'"
        )
    return table


def regression(form: _Regression, n_inputs: int, place: str) -> Softmax:
    """Return a regression over so many inputs.

    Raises:
        InvalidInput: its numbers are of other counts, or a scale is not above 0.
    """
    rows = {len(row) for row in form.weights}
    sizes = (len(form.means), len(form.scales), len(form.weights), len(form.biases))
    if sizes != (n_inputs, n_inputs, 3, 3) or rows != {n_inputs} or min(form.scales) <= 0:
        raise InvalidInput(
            f"'{place}': a regression of {TABLE} has {sizes[0]} means, {sizes[1]} scales, {sizes[2]} rows of weights. Expected {n_inputs}, "
            f"{n_inputs} above 0, and 3; make the judge again: make judge-model"
        )
    return Softmax.of_json(form.model_dump())


def table_json(of: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `read_table` reads, of regressions by kind of text, head, window and card; without calibrations."""
    head: Softmax | None = of.get("head")
    return {
        "version": VERSION, "features_version": FEATURES_VERSION, "max_length": of["max_length"],
        "stacks": {kind: stack.to_json() for kind, stack in of["stacks"].items()},
        "head": head.to_json() if head is not None else None, "card": of.get("card", {}),
    }  # fmt: skip


def stacked(features: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the inputs of the last regression: the counted features, then the net's probabilities."""
    return np.column_stack([features, probabilities])
