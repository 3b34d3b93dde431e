"""Pair models: what every local classifier of (evidence, claim) shares: windows of tokens, batches by length, stances."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.special import softmax

from evidense.boundary.strangers import foreign
from evidense.compute.batches import plan
from evidense.compute.models.checkpoint import refuse_remote_code
from evidense.compute.models.files import read_form, refuse_irregular
from evidense.compute.models.forms import TokenizerSettings
from evidense.compute.models.locate import local_folder, package_folder
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput
from evidense.values import STANCES, EvidencePair
from evidense.values.checking import Stance

LONGEST = 2048
"""Tokens of a window at most, however many positions a model has."""
LEAST_EVIDENCE = 16
"""Tokens that a claim must leave for its evidence; else nothing is judged."""
BUDGET = 4096
"""Tokens of a batch, padding included."""
_ADVICE = "Expected weights, tokeniser and config.json of one sequence classification model; fetch it again."
_PROBE = EvidencePair("Recall rose by three points after tuning.", "Tuning raises recall.")
_OFFSET_POSITIONS = frozenset(["roberta", "xlm-roberta", "camembert", "mpnet"])
"""Model types whose first two positions belong to padding."""
Logits = Callable[[Mapping[str, np.ndarray]], np.ndarray]
"""Padded arrays of one batch (input_ids, attention_mask …) → logits, a row each."""


@dataclass(frozen=True, eq=False)
class PairModel:
    """A classifier of pairs. The evidence comes first and is the only one that is truncated."""

    name: str
    identity: str
    source: str
    tokenizer: Any
    max_length: int
    stances: tuple[Stance, ...]
    forward: Logits

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance, not calibrated; "neither" where there is no evidence, or no room for it."""
        rows = np.zeros((len(pairs), 3))
        rows[:, STANCES.index("neither")] = 1.0
        asked = [i for i, pair in enumerate(pairs) if pair.evidence.strip() and pair.claim.strip()]
        windows = self.windows([pairs[i] for i in asked])
        judged = [(i, window) for i, window in zip(asked, windows, strict=True) if window is not None]
        if judged:
            probabilities = softmax(self._by_length([window for _, window in judged]), axis=1)
            places = [i for i, _ in judged]
            rows[places] = 0.0
            for column, stance in enumerate(self.stances):
                rows[places, STANCES.index(stance)] = probabilities[:, column]
        return rows

    def logits(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs labels"]:
        """Return the logits of the model itself, in the order of its labels; NaN where a claim leaves no room for its evidence."""
        windows = self.windows(pairs)
        rows = np.full((len(pairs), len(self.stances)), np.nan)
        there = [i for i, window in enumerate(windows) if window is not None]
        if there:
            rows[there] = self._by_length([window for window in windows if window is not None])
        return rows

    def windows(self, pairs: Sequence[EvidencePair]) -> "list[Window | None]":
        """Return the tokens of pairs, as they are judged; None where a claim leaves no room for its evidence."""
        if not pairs:
            return []
        with foreign(f"{self.source}: its tokeniser", _ADVICE):
            texts = [(self._plain(pair.evidence), self._plain(pair.claim)) for pair in pairs]
            claims = self.tokenizer([claim for _, claim in texts], add_special_tokens=False, verbose=False)["input_ids"]
            most = self.max_length - self.tokenizer.num_special_tokens_to_add(pair=True) - LEAST_EVIDENCE
            fits = [i for i, claim in enumerate(claims) if len(claim) <= most]
            windows: list[Window | None] = [None] * len(pairs)
            if fits:
                segments = [texts[i][0] for i in fits], [texts[i][1] for i in fits]
                encoded = self.tokenizer(*segments, truncation="only_first", max_length=self.max_length, padding=False)
                for row, i in enumerate(fits):
                    windows[i] = {field: tuple(values[row]) for field, values in encoded.items()}
            return windows

    def _plain(self, text: str) -> str:
        """Return a text that is a text to the tokeniser: no lone surrogates, no NUL, none of its own marks such as [SEP]."""
        plain = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
        for mark in self.tokenizer.all_special_tokens:
            plain = plain.replace(mark, " ")
        return plain

    def _by_length(self, windows: "Sequence[Window]") -> Float64[np.ndarray, "w labels"]:
        """Return logits; equal windows are computed once, and the order of the windows changes no bit."""
        different = sorted({tuple(sorted(window.items())) for window in windows})
        places = {window: row for row, window in enumerate(different)}
        rows = np.zeros((len(different), len(self.stances)))
        budget = BUDGET if self.tokenizer.pad_token_id is not None else 1  # nothing can be padded: one by one
        for batch in plan(np.array([len(dict(window)["input_ids"]) for window in different]), budget):
            with quiet(), foreign(self.source, _ADVICE):
                fields = [{field: list(ids) for field, ids in different[row]} for row in batch]
                padded = self.tokenizer.pad(fields, return_tensors="np", verbose=False)
                logits = np.asarray(self.forward(dict(padded)), dtype=np.float64)
            if logits.shape != rows[batch].shape:
                raise InvalidInput(
                    f"'{self.source}' gives an array of shape {logits.shape} for {len(batch)} pairs. Expected a row of {rows.shape[1]} "
                    "logits each, one a label; export the model again, or correct its id2label."
                )
            rows[batch] = logits
        if not np.isfinite(rows).all():
            raise InvalidInput(f"'{self.source}' gives NaN or infinity. {_ADVICE}")
        return rows[[places[tuple(sorted(window.items()))] for window in windows]]

    def tried(self) -> "PairModel":
        """Return this model after one short pair, so that what fails only in use is refused when it is opened.

        Raises:
            InvalidInput: tokeniser, weights and labels do not fit.
        """
        self._by_length([window for window in self.windows([_PROBE]) if window is not None])
        return self


Window = dict[str, tuple[int, ...]]
"""Field of the tokeniser → its numbers for one pair."""


def folder_of_spelling(spelling: str, part: str) -> Path:
    """Return the model folder that `part:FOLDER` names, checked before a library opens a file of it.

    Raises:
        InvalidInput: there is none, or its files are not regular.
        UnsafeInput: it asks to run code of the model.
    """
    head = spelling.removeprefix(f"{part}:")
    folder = package_folder(head) if head.startswith("pip:") else local_folder(head)
    if not head.strip() or folder is None or not (folder / "config.json").is_file():
        raise InvalidInput(
            f"'{spelling[:200]}' names no model folder with a config.json. Expected {part}:FOLDER, on this disk, or {part}:pip:PACKAGE/FOLDER; "
            "correct the path, or fetch the model."
        )
    refuse_irregular([folder])
    refuse_remote_code(folder)
    return folder


def max_length_of(folder: Path, settings: Mapping[str, Any]) -> int:
    """Return the tokens of a window: what the tokeniser takes, at most the positions of the model and `LONGEST`.

    Raises:
        InvalidInput: it is too short for a claim and some evidence.
    """
    positions = settings.get("max_position_embeddings", settings.get("n_positions"))
    n_positions = positions if isinstance(positions, int) and positions > 0 else LONGEST
    if settings.get("model_type") in _OFFSET_POSITIONS:
        n_positions -= 2
    stated = read_form(TokenizerSettings, folder / "tokenizer_config.json").model_max_length or LONGEST
    length = int(min(stated, n_positions, LONGEST))
    if length < 2 * LEAST_EVIDENCE:
        raise InvalidInput(
            f"'{folder}' reads {length} tokens at once. Expected at least {2 * LEAST_EVIDENCE}; take another model."
        )
    return length
