"""Pair models: what every local classifier of (evidence, claim) shares: stances, and windows that keep the claim whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.special import softmax

from evidense.boundary.strangers import foreign
from evidense.compute.models.checkpoint import refuse_remote_code
from evidense.compute.models.files import refuse_irregular
from evidense.compute.models.locate import local_folder, package_folder
from evidense.compute.texts import pair_classifier
from evidense.compute.texts.pair_classifier import ADVICE, Logits, PairClassifier, Window
from evidense.errors import InvalidInput
from evidense.values import STANCES, EvidencePair
from evidense.values.checking import Stance

LONGEST = 2048
"""Tokens of a window at most, however many positions a model has."""
LEAST_EVIDENCE = 16
"""Tokens that a claim must leave for its evidence; else nothing is judged."""
_PROBE = EvidencePair("Recall rose by three points after tuning.", "Tuning raises recall.")


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

    @cached_property
    def classifier(self) -> PairClassifier:
        """Return the classifier without its stances."""
        return PairClassifier(self.source, self.tokenizer, self.max_length, len(self.stances), self.forward)

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return the probability of each stance, not calibrated; "neither" where there is no evidence, or no room for it."""
        rows = np.zeros((len(pairs), 3))
        rows[:, STANCES.index("neither")] = 1.0
        asked = [i for i, pair in enumerate(pairs) if pair.evidence.strip() and pair.claim.strip()]
        windows = self.windows([pairs[i] for i in asked])
        judged = [(i, window) for i, window in zip(asked, windows, strict=True) if window is not None]
        if judged:
            probabilities = softmax(self.classifier.logits([window for _, window in judged]), axis=1)
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
            rows[there] = self.classifier.logits([window for window in windows if window is not None])
        return rows

    def windows(self, pairs: Sequence[EvidencePair]) -> list[Window | None]:
        """Return the tokens of pairs, as they are judged; None where a claim leaves no room for its evidence."""
        if not pairs:
            return []
        evidence = self.classifier.plain(pair.evidence for pair in pairs)
        claims = self.classifier.plain(pair.claim for pair in pairs)
        with foreign(f"{self.source}: its tokeniser", ADVICE):
            tokens_of_claims = self.tokenizer(claims, add_special_tokens=False, verbose=False)["input_ids"]
            most = self.max_length - self.tokenizer.num_special_tokens_to_add(pair=True) - LEAST_EVIDENCE
        fits = [i for i, tokens in enumerate(tokens_of_claims) if len(tokens) <= most]
        windows: list[Window | None] = [None] * len(pairs)
        fitting = self.classifier.windows([(evidence[i], claims[i]) for i in fits], "only_first")
        for i, window in zip(fits, fitting, strict=True):
            windows[i] = window
        return windows

    def tried(self) -> "PairModel":
        """Return this model after one short pair, so that what fails only in use is refused when it is opened.

        Raises:
            InvalidInput: tokeniser, weights and labels do not fit.
        """
        self.classifier.logits([window for window in self.windows([_PROBE]) if window is not None])
        return self


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
    length = pair_classifier.max_length_of(folder, settings, LONGEST)
    if length < 2 * LEAST_EVIDENCE:
        raise InvalidInput(
            f"'{folder}' reads {length} tokens at once. Expected at least {2 * LEAST_EVIDENCE}; take another model."
        )
    return length
