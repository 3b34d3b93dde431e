"""Any local Hugging Face classifier of two or three labels (`cross_encoder:FOLDER`), the evidence before the claim."""

from dataclasses import dataclass

from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.checkpoint import read_weights, sha256_of_files
from evidense.compute.models.files import read_json
from evidense.compute.models.locate import require_transformers
from evidense.compute.models.tokens import load_tokenizer, tokenizer_files
from evidense.compute.texts.pair_classifier import forward_of, loaded_classifier
from evidense.entailers._pair_model import PairModel, folder_of_spelling, max_length_of
from evidense.entailers._stances import stances_of
from evidense.parts import Entailer
from evidense.records import sha256_of

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
        forward = forward_of(loaded_classifier(folder, settings, weights, tokenizer.pad_token_id))
        name = f"{self.name}:{folder.name}"
        return PairModel(name, identity, str(folder), tokenizer, max_length, stances, forward).tried()


PART = CrossEncoderPart()
