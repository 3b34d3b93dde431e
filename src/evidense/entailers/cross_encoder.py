"""Any local Hugging Face classifier of two or three labels (`cross_encoder:FOLDER`), the evidence before the claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary.strangers import foreign
from evidense.compute.models.architecture import config_of, filled, vector_settings
from evidense.compute.models.checkpoint import Weights, read_weights, sha256_of_files
from evidense.compute.models.files import read_json
from evidense.compute.models.guard import load_guarded
from evidense.compute.models.locate import require_transformers
from evidense.compute.models.tokens import load_tokenizer, tokenizer_files
from evidense.compute.quiet import quiet
from evidense.entailers._pair_model import Logits, PairModel, folder_of_spelling, max_length_of
from evidense.entailers._stances import stances_of
from evidense.parts import Entailer
from evidense.records import sha256_of

if TYPE_CHECKING:
    import torch

VERSION = 1
"""Rises with every change that changes a probability."""


@dataclass(frozen=True)
class CrossEncoderPart:
    """Opens a folder with config.json, safetensors and a tokeniser. Its calibration is its own, never that of another entailer."""

    name: str = "cross_encoder"
    spellings: tuple[str, ...] = ("cross_encoder:FOLDER",)

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with `cross_encoder:`."""
        return spelling.startswith(f"{self.name}:")

    def open(self, spelling: str) -> Entailer:
        """Load the model under the loading guard.

        Raises:
            InvalidInput: no such folder, or its labels do not tell the stances.
            UnsafeInput: a pickle, or code of the model.
            IncompleteWeights: the weights do not fill the model.
            MissingExtra: torch or transformers is not installed.
        """
        folder = folder_of_spelling(spelling, self.name)
        require_transformers(spelling)
        settings = read_json(folder / "config.json")
        stances = stances_of(folder / "config.json", settings)
        max_length = max_length_of(folder, settings)
        tokenizer = load_tokenizer(folder)
        weights = read_weights(folder)
        hashes = [weights.sha256, sha256_of_files(tokenizer_files(folder))]
        identity = sha256_of([self.name, VERSION, *hashes, vector_settings(settings), max_length])
        forward = _forward(_loaded(folder, settings, weights, tokenizer.pad_token_id))
        name = f"{self.name}:{folder.name}"
        return PairModel(name, identity, str(folder), tokenizer, max_length, stances, forward).tried()


def _loaded(folder: Path, settings: Mapping[str, Any], weights: Weights, pad: int | None) -> "torch.nn.Module":
    """Build the model and load its weights; it is built only if they fill it."""
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


def _forward(model: "torch.nn.Module") -> Logits:
    def logits(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            inputs = {field: torch.from_numpy(np.asarray(values, dtype=np.int64)) for field, values in batch.items()}
            return np.asarray(model(**inputs).logits.numpy())

    return logits


PART = CrossEncoderPart()
