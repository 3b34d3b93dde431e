"""Pair classifiers: two texts in one window of tokens → logits. Entailers and rerankers share them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float64

from evidense.boundary.strangers import foreign
from evidense.compute.batches import plan
from evidense.compute.models.architecture import config_of, filled
from evidense.compute.models.checkpoint import Weights
from evidense.compute.models.files import read_form
from evidense.compute.models.forms import TokenizerSettings
from evidense.compute.models.guard import load_guarded
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch

BUDGET = 4096
"""Tokens of a batch, padding included."""
ADVICE = "Expected weights, tokeniser and config.json of one sequence classification model; fetch it again."
_OFFSET_POSITIONS = frozenset(["roberta", "xlm-roberta", "camembert", "mpnet"])
"""Model types whose first two positions belong to padding."""
Logits = Callable[[Mapping[str, np.ndarray]], np.ndarray]
"""Padded arrays of one batch (input_ids, attention_mask …) → logits, a row each."""
Window = dict[str, tuple[int, ...]]
"""Field of the tokeniser → its numbers for one pair."""
Truncation = Literal["only_first", "longest_first"]


@dataclass(frozen=True, eq=False)
class PairClassifier:
    """A tokeniser and a model with `n_labels` logits a pair. `source` names it in messages."""

    source: str
    tokenizer: Any
    max_length: int
    n_labels: int
    forward: Logits

    def windows(self, pairs: Sequence[tuple[str, str]], truncation: Truncation) -> list[Window]:
        """Return the tokens of pairs, special ones included, at most `max_length` each."""
        if not pairs:
            return []
        first, second = [a for a, _ in pairs], [b for _, b in pairs]
        with foreign(f"{self.source}: its tokeniser", ADVICE):
            encoded = self.tokenizer(first, second, truncation=truncation, max_length=self.max_length, padding=False)
            return [{field: tuple(values[row]) for field, values in encoded.items()} for row in range(len(pairs))]

    def logits(self, windows: Sequence[Window]) -> Float64[np.ndarray, "w labels"]:
        """Return logits; equal windows are computed once, and the order of the windows changes no bit.

        Raises:
            InvalidInput: the model gives another number of logits, or NaN.
        """
        different = sorted({tuple(sorted(window.items())) for window in windows})
        places = {window: row for row, window in enumerate(different)}
        rows = np.zeros((len(different), self.n_labels))
        budget = BUDGET if self.tokenizer.pad_token_id is not None else 1  # nothing can be padded: one by one
        for batch in plan(np.array([len(dict(window)["input_ids"]) for window in different]), budget):
            with quiet(), foreign(self.source, ADVICE):
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
            raise InvalidInput(f"'{self.source}' gives NaN or infinity. {ADVICE}")
        return rows[[places[tuple(sorted(window.items()))] for window in windows]]

    def plain(self, texts: Iterable[str]) -> list[str]:
        """Return texts that are text to the tokeniser: no lone surrogates, no NUL, none of its own marks such as [SEP]."""
        marks = self.tokenizer.all_special_tokens
        plain = []
        for text in texts:
            text = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
            for mark in marks:
                text = text.replace(mark, " ")
            plain.append(text)
        return plain


def max_length_of(folder: Path, settings: Mapping[str, Any], longest: int) -> int:
    """Return the tokens of a window: what the tokeniser takes, at most the positions of the model and `longest`."""
    positions = settings.get("max_position_embeddings", settings.get("n_positions"))
    n_positions = positions if isinstance(positions, int) and positions > 0 else longest
    if settings.get("model_type") in _OFFSET_POSITIONS:
        n_positions -= 2
    stated = read_form(TokenizerSettings, folder / "tokenizer_config.json").model_max_length or longest
    return int(min(stated, n_positions, longest))


def loaded_classifier(
    folder: Path, settings: Mapping[str, Any], weights: Weights, pad: int | None
) -> "torch.nn.Module":
    """Build the sequence classification model of a folder under the loading guard; it is built only if its weights fill it.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput: as the guard says.
    """
    from transformers import AutoModelForSequenceClassification

    config = config_of(folder / "config.json", settings, len(weights.tensors))
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = pad

    def make() -> Any:
        return AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)

    with quiet(), foreign(str(folder), "Expected a sequence classification model of transformers; take another model."):
        model: torch.nn.Module = filled(make, _itself, weights.tensors, str(folder))
        load_guarded(model, weights.tensors, str(folder))
        return model.float().eval().requires_grad_(False)


def _itself(model: "torch.nn.Module") -> "torch.nn.Module":
    return model


def forward_of(model: "torch.nn.Module") -> Logits:
    """Return the logits of a model of transformers as a function of padded arrays."""

    def logits(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            inputs = {field: torch.from_numpy(np.asarray(values, dtype=np.int64)) for field, values in batch.items()}
            return np.asarray(model(**inputs).logits.numpy())

    return logits
