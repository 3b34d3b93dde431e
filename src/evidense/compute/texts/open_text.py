"""Open a text encoder from a spelling: read its folder, load its weights under the loading guard, make its two towers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense.compute import pooling
from evidense.compute.models.architecture import config_doubts, drawn, filled, vector_settings
from evidense.compute.models.checkpoint import Weights, read_weights, sha256_of_files, sha256_of_tensors
from evidense.compute.models.files import read_form, read_json
from evidense.compute.models.folder import ModelFolder, read_folder
from evidense.compute.models.forms import TokenizerSettings
from evidense.compute.models.gguf.unpacking import gguf_doubts
from evidense.compute.models.guard import load_guarded
from evidense.compute.models.locate import folder_of, require_transformers
from evidense.compute.models.precision import dtype_name, is_emulated
from evidense.compute.models.tokens import TextReader, load_tokenizer, tokenizer_doubts, tokenizer_files
from evidense.compute.models.trial_run import refuse_unusable
from evidense.compute.quiet import quiet
from evidense.compute.similarity import DEFAULT, chosen, normalises
from evidense.compute.texts.backbone import DECODERS, Backbone, build
from evidense.compute.texts.dense import PostPoolingStep, dense, first_dimensions, layer_norm, projection, unit_length
from evidense.compute.texts.text_tower import TextTower
from evidense.compute.two_sides import TwoSidedEncoder, shared_if_equal
from evidense.errors import InvalidInput
from evidense.parts import Capability, Setup, Side
from evidense.records import sha256_of
from evidense.values import Spelling

if TYPE_CHECKING:
    import torch

OPTIONS = {
    "pooling",
    "max_length",
    "normalize",
    "dtype",
    "query_prompt",
    "document_prompt",
    "prompt",
    "readout",
    "revision",
    "unsafe_weights",
    "document_tower",
    "similarity",
}
"""Options that a text encoder reads. `dim`, `bits` and `label` are read elsewhere."""
_ELSEWHERE = {"dim", "bits", "label"}
_WORKING = 1
"""Part of every fingerprint. Raise it if a change of this code changes the vectors of the same weights and settings."""


@dataclass(frozen=True, eq=False)
class TextEncoder(TwoSidedEncoder[TextTower]):
    """An encoder of texts."""

    can: frozenset[Capability] = frozenset({"vectors", "layers", "gradients", "train"})

    def save(self, folder: Path) -> None:
        """Write the sentence-transformers folder of this encoder; opened again, it gives equal vectors.

        Raises:
            InvalidInput, StoreError: as `save_text`.
        """
        from evidense.compute.texts.save_text import save_text

        save_text(self.query, self.document, Path(folder), str(self.setup.similarity))


def refuse_unknown_options(spelling: Spelling, known: set[str]) -> None:
    """Raise InvalidInput if a spelling has an option that its part does not read."""
    if unknown := sorted(set(spelling.options) - known - _ELSEWHERE):
        raise InvalidInput(
            f"'{spelling}' has the option '{unknown[0]}', which this kind of encoder does not read; expected one of"
            f" {', '.join(sorted(known | _ELSEWHERE))}; leave it out"
        )


def open_text_encoder(spelling: Spelling, seed: int | None = None) -> TextEncoder:
    """Open a hub id, folder or package folder. With `seed`, only architecture and tokeniser are read and the weights are random.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    require_transformers(spelling.head, spelling.head)
    options = dict(spelling.options)
    query_loaded = _LoadedText.of(spelling.head, options, seed)
    query = query_loaded.tower("query", options)
    document_loaded = (
        _LoadedText.of(options["document_tower"], options, seed) if "document_tower" in options else query_loaded
    )
    document = shared_if_equal(query, document_loaded.tower("document", options))
    if query.n_dims != document.n_dims:
        raise InvalidInput(
            f"the query tower gives {query.n_dims} dimensions and the document tower {document.n_dims}; expected equal"
            " numbers; name two towers of one model"
        )
    refuse_unusable(spelling.head, query, document)
    setup = _setup(query_loaded, document_loaded, query, document, options)
    return TextEncoder(str(spelling), setup, query, document, _can(query_loaded, document_loaded, query))


def _can(query_loaded: "_LoadedText", document_loaded: "_LoadedText", query: TextTower) -> frozenset[Capability]:
    """Return the capabilities. Only float32 can be trained (bf16 rounds small steps away), and only one model with a named pooling can be saved."""
    can: set[Capability] = {"vectors", "layers", "gradients"}
    is_saved = query_loaded.dtype == "float32" and document_loaded is query_loaded and bool(query.modes)
    return frozenset(can | {"train"} if is_saved else can)


@dataclass(frozen=True, eq=False)
class _LoadedText:
    """A folder with its loaded model; the towers of both sides share it."""

    folder: ModelFolder
    backbone: Backbone
    after: tuple[PostPoolingStep, ...]
    reader: TextReader
    modes: tuple[str, ...]
    weights_sha256: str
    unused: tuple[str, ...]
    normalised: bool
    """Whether the last step after pooling brings vectors to unit length."""
    similarity: str
    dtype: str
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, head: str, options: Mapping[str, str], seed: int | None) -> "_LoadedText":
        folder = read_folder(folder_of(head, options.get("revision"), pickles="unsafe_weights" in options))
        habit = "dot" if folder.family == "dpr" else DEFAULT
        similarity = chosen(options.get("similarity"), folder.similarity, head, habit)
        modes, doubts = _modes(folder, options)
        unsafe = "unsafe_weights" in options
        with quiet():
            if seed is None:
                weights = read_weights(folder.transformer, unsafe=unsafe)
                backbone = build(folder, weights.tensors, pooler=not modes)
                unused = load_guarded(backbone.model, weights.tensors, str(folder.root))
            else:
                weights, unused, backbone = _drawn(folder, seed, pooler=not modes)
        dtype = dtype_name(options)
        normalised = normalises(options, folder.ends_at_unit_length)
        after, more = _after(folder, backbone, normalised, unsafe, seed)
        doubts += config_doubts(folder.config, backbone.model.config)
        backbone.model.to(getattr(_torch(), dtype)).requires_grad_(False)
        doubts += _dtype_doubts(dtype) + (gguf_doubts(folder.transformer) if seed is None else ())
        tokenizer = load_tokenizer(folder.transformer)
        doubts += tokenizer_doubts(tokenizer, folder.transformer)
        reader = TextReader(tokenizer, _max_length(folder, options, backbone), folder.lower_case)
        sha = sha256_of([weights.sha256, *more]) if more else weights.sha256
        return cls(folder, backbone, after, reader, modes, sha, unused, normalised, similarity, dtype, doubts)

    @cached_property
    def identity(self) -> str:
        """sha256 over everything that changes a vector, except the prompt."""
        chain: list[Any] = [[kind, read_json(path / "config.json")] for kind, path in self.folder.after]
        if self.folder.truncate_dim is not None:
            chain.append(["truncate_dim", self.folder.truncate_dim])
        tokenizer = sha256_of_files(tokenizer_files(self.folder.transformer))
        return sha256_of([_WORKING, self.weights_sha256, vector_settings(self.folder.config), tokenizer, self.modes, chain, self.normalised, self.dtype,
                          self.reader.max_length, self.reader.lower_case, type(self.backbone.model).__name__, self.folder.pools_prompt])  # fmt: skip

    def tower(self, side: Side, options: Mapping[str, str]) -> TextTower:
        prompt = self.folder.prompt(side, options)
        skip = 0 if self.folder.pools_prompt else self.reader.prompt_length(prompt)
        return TextTower(
            sha256_of([self.identity, prompt]),
            self.backbone,
            self.reader,
            self.modes,
            self.after,
            prompt,
            skip,
            by_angle=self.similarity == "cosine" and not self.normalised,
        )


def _modes(folder: ModelFolder, options: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the pooling modes, () for the model's own pooler, and a sentence if neither user nor model names a pooling."""
    readout = options.get("readout")
    if readout not in {None, "pooler"}:
        raise InvalidInput(
            f"the read-out '{readout}' does not exist; expected 'pooler'; for the others write @pooling=cls, mean, max"
            " or lasttoken"
        )
    if readout and "pooling" in options:
        raise InvalidInput(f"both readout={readout} and pooling={options['pooling']} are given; expected one of them")
    if readout:
        return (), ()
    if "pooling" in options:
        return pooling.canonical(options["pooling"]), ()
    if folder.pooling is not None:
        return folder.pooling, ()
    if folder.family == "dpr":
        return ("cls",), ()
    mode = "lasttoken" if folder.family in DECODERS else "mean"
    return (mode,), (f"the model names no pooling; {mode} was used (@pooling=… chooses another)",)


def _max_length(folder: ModelFolder, options: Mapping[str, str], backbone: Backbone) -> int:
    """Return the maximum length: the user's, else the folder's, else the tokeniser's; at most the positions of the model."""
    positions = getattr(backbone.config, "max_position_embeddings", None) or 1 << 30
    if folder.family in {"roberta", "xlm-roberta", "camembert", "mpnet"}:
        positions -= 2
    if "max_length" in options:
        if not options["max_length"].isdigit() or int(options["max_length"]) < 3:
            raise InvalidInput(
                f"max_length={options['max_length']} is no number of tokens; expected an integer of at least 3"
            )
        if int(options["max_length"]) > positions:
            raise InvalidInput(
                f"max_length={options['max_length']} is more than the {positions} positions of '{folder.root}';"
                " expected at most that"
            )
        return int(options["max_length"])
    tokenizer_length = read_form(TokenizerSettings, folder.transformer / "tokenizer_config.json").model_max_length
    return int(min(folder.max_length or tokenizer_length or positions, positions))


def _dtype_doubts(dtype: str) -> tuple[str, ...]:
    if not is_emulated(dtype):
        return ()
    return (
        "this processor has no bfloat16 instructions (avx512_bf16 or amx): bf16 is emulated and slower than float32",
    )


def _after(
    folder: ModelFolder, backbone: Backbone, normalised: bool, unsafe: bool, seed: int | None
) -> tuple[tuple[PostPoolingStep, ...], list[str]]:
    """Return the steps after pooling, and the sha256 of the weights of each step that has some."""
    chain = [projection(backbone.head)] if backbone.head is not None else []
    hashes: list[str] = []
    for number, (kind, path) in enumerate(folder.after):
        if kind != "Normalize":
            step, sha = _weighted_step(kind, path, unsafe, None if seed is None else seed + number + 1)
            chain.append(step)
            hashes.append(sha)
        elif number + 1 < len(folder.after) or folder.truncate_dim is not None:
            chain.append(unit_length())
    if folder.truncate_dim is not None:
        chain.append(first_dimensions(folder.truncate_dim))
    if normalised:
        chain.append(unit_length())
    return tuple(chain), hashes


def _weighted_step(kind: str, path: Path, unsafe: bool, seed: int | None) -> tuple[PostPoolingStep, str]:
    torch = _torch()
    make = partial(layer_norm if kind == "LayerNorm" else dense, path)
    if seed is not None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            step = drawn(make, _weights_of, str(path))
        return step, sha256_of_tensors(_weights_of(step).state_dict())
    weights = read_weights(path, unsafe=unsafe)
    with torch.random.fork_rng(devices=[]):
        step = filled(make, _weights_of, weights.tensors, str(path))
    load_guarded(_weights_of(step), weights.tensors, str(path))
    _weights_of(step).eval().requires_grad_(False)
    return step, weights.sha256


def _weights_of(step: PostPoolingStep) -> "torch.nn.Module":
    return cast("torch.nn.Module", step.weights)


def _drawn(folder: ModelFolder, seed: int, *, pooler: bool) -> tuple[Weights, tuple[str, ...], Backbone]:
    """Build the model with random weights, drawn from this seed by the initialisation of its class."""
    torch = _torch()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = build(folder, None, pooler=pooler)
    return Weights({}, sha256_of_tensors(backbone.model.state_dict()), ()), (), backbone


def _setup(
    query_loaded: _LoadedText,
    document_loaded: _LoadedText,
    query: TextTower,
    document: TextTower,
    options: Mapping[str, str],
) -> Setup:
    folder = query_loaded.folder
    models = [query_loaded] if document_loaded is query_loaded else [query_loaded, document_loaded]
    used = {query.prompt, document.prompt}
    warnings = [w for part in models for w in (*part.warnings, *part.folder.warnings(used))]
    n_parameters = sum(p.numel() for part in models for p in part.backbone.model.parameters())
    return Setup(
        query_prompt=query.prompt,
        document_prompt=document.prompt,
        pooling="+".join(query_loaded.modes) or "pooler",
        max_length=query_loaded.reader.max_length,
        normalised=query_loaded.normalised,
        similarity=query_loaded.similarity,
        dtype=query_loaded.dtype,
        n_dims=query.n_dims,
        n_parameters=n_parameters
        + sum(p.numel() for step in query_loaded.after if step.weights is not None for p in step.weights.parameters()),
        bytes_per_vector=4.0 * query.n_dims,
        licence=folder.licence,
        weights_sha256=(
            query_loaded.weights_sha256
            if document_loaded is query_loaded
            else sha256_of([query_loaded.weights_sha256, document_loaded.weights_sha256])
        ),
        unused_weights=tuple(name for part in models for name in part.unused),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _torch() -> Any:
    import torch

    return torch
