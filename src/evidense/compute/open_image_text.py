"""Open an image-text encoder from a spelling: read its folder, fill its weights under the guard, make its towers."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense.compute.captions import CaptionReader
from evidense.compute.checkpoint import Weights, read_weights, sha256_of_files
from evidense.compute.guard import load_guarded
from evidense.compute.image_text import FAMILIES, ImageHalf, TextHalf, build_model
from evidense.compute.image_text_tower import ImageTextTower
from evidense.compute.locate import folder_of, peek, peek_json
from evidense.compute.model_folder import ModelFolder, module_kinds, read_folder
from evidense.compute.one_modality import CaptionTower, PictureTower
from evidense.compute.open_text import has_bf16
from evidense.compute.pixels import load_picture_reader
from evidense.compute.quiet import quiet
from evidense.compute.tokens import load_tokenizer, tokenizer_files
from evidense.errors import EvidenseError, InvalidInput, MissingExtra
from evidense.parts import Capability, Setup, Side
from evidense.records import sha256_of
from evidense.values import Spelling

if TYPE_CHECKING:
    import torch

OPTIONS = {"max_length", "normalize", "dtype", "query_prompt", "document_prompt", "prompt", "revision", "unsafe_weights", "similarity"}  # fmt: skip
_WORKING = 1
"""Raise it when the same weights and settings would give other vectors: it is part of every fingerprint."""
_POOLING = {
    "clip": "end token (text), class token (picture)",
    "siglip": "last position (text), attention head (picture)",
}
_SIDES: tuple[Side, Side] = ("query", "document")
_UNREAD = ("logit_scale", "logit_bias")
"""Weights of the training loss: no vector depends on them."""


@dataclass(frozen=True, eq=False)
class ImageTextEncoder:
    """An encoder of texts and pictures with its two towers, which are one object unless their prompts differ."""

    name: str
    setup: Setup
    query: ImageTextTower
    document: ImageTextTower
    can: frozenset[Capability] = frozenset({"vectors", "layers", "gradients"})

    def tower(self, side: Side) -> ImageTextTower:
        """Return the tower of this side; it takes texts and pictures."""
        return self.query if side == "query" else self.document


def is_image_text(head: str, revision: str | None = None) -> bool:
    """Say whether a spelling means a model of the CLIP or SigLIP kind that lies on this disk."""
    if peek_json(head, "config.json", revision).get("model_type") in FAMILIES:
        return True
    folder = peek(head, revision)
    try:
        return folder is not None and _wrapped(folder) is not None
    except EvidenseError:
        return False


def open_image_text(spelling: Spelling, seed: int | None = None) -> ImageTextEncoder:
    """Open a folder, package folder or hub id; with `seed` its architecture only, weights drawn anew.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    _require_transformers(spelling.head)
    options = spelling.options
    root = folder_of(spelling.head, options.get("revision"), pickles="unsafe_weights" in options)
    folder = read_folder(_wrapped(root) or root)
    if folder.family not in FAMILIES:
        raise InvalidInput(
            f"'{root}' is a model of the kind '{folder.family}'; expected {', '.join(FAMILIES)}; "
            "leave 'clip:' out for a text encoder"
        )
    with quiet():
        weights, model, unused = _filled(folder, options, seed)
        model.to(dtype=_dtype(options)).requires_grad_(False)
        query, document = (_tower(folder, model, weights.sha256, options, side) for side in _SIDES)
    if query.fingerprint == document.fingerprint:
        document = query
    return ImageTextEncoder(str(spelling), _setup(folder, query, document, weights, unused, options), query, document)


def _wrapped(root: Path) -> Path | None:
    """Return the folder inside a sentence-transformers folder whose first module is a CLIPModel."""
    kinds = module_kinds(root)
    is_clip = bool(kinds) and kinds[0][1] == "CLIPModel" and kinds[0][0].startswith("sentence_transformers.")
    return kinds[0][2] if is_clip and all(name == "Normalize" for _, name, _ in kinds[1:]) else None


def _filled(
    folder: ModelFolder, options: Mapping[str, str], seed: int | None
) -> "tuple[Weights, torch.nn.Module, tuple[str, ...]]":
    """Return weights, the model that holds them, and the names of those that it does not use."""
    import torch

    if seed is not None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = build_model(str(folder.root), folder.config)
        return Weights({}, sha256_of_tensors(model), ()), model, ()
    weights = read_weights(folder.transformer, unsafe="unsafe_weights" in options)
    model = build_model(str(folder.root), folder.config)
    for name in _UNREAD:
        if name not in weights.tensors and hasattr(model, name):
            delattr(model, name)
    return weights, model, load_guarded(model, weights.tensors, str(folder.root))


def sha256_of_tensors(model: "torch.nn.Module") -> str:
    """Return one sha256 over the names and bytes of a model's weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _tower(
    folder: ModelFolder, model: "torch.nn.Module", weights_sha256: str, options: Mapping[str, str], side: Side
) -> ImageTextTower:
    normalised, family = _normalised(options), folder.family
    prompt = folder.prompt(side, options)
    config = cast(Any, model).config.to_dict()
    captions = CaptionReader.of(load_tokenizer(folder.transformer), config, options.get("max_length"))
    pictures = load_picture_reader(folder.transformer, config)
    kept = {
        k: v for k, v in folder.config.items() if k not in {"_name_or_path", "transformers_version", "architectures"}
    }
    shared = [_WORKING, weights_sha256, kept, normalised, str(options.get("dtype"))]
    tokens = sha256_of_files(tokenizer_files(folder.transformer))
    text = sha256_of(["text", *shared, tokens, captions.max_length, prompt])
    image = sha256_of(["image", *shared, pictures.settings()])
    return ImageTextTower(
        sha256_of(["mean of unit vectors", text, image]),
        CaptionTower(
            fingerprint=text, half=TextHalf(model, family), normalised=normalised, reader=captions, prompt=prompt
        ),
        PictureTower(fingerprint=image, half=ImageHalf(model, family), normalised=normalised, reader=pictures),
    )


def _normalised(options: Mapping[str, str]) -> bool:
    asked = options.get("normalize", "true")
    if asked not in {"true", "false"}:
        raise InvalidInput(f"normalize={asked} is neither true nor false; expected one of them")
    return asked == "true"


def _dtype(options: Mapping[str, str]) -> "torch.dtype":
    import torch

    names = {"bf16": torch.bfloat16, "bfloat16": torch.bfloat16, "fp32": torch.float32, "float32": torch.float32}
    asked = options.get("dtype", "float32")
    if asked not in names:
        raise InvalidInput(f"dtype={asked} is not supported; expected float32 or bf16")
    return names[asked]


def _setup(folder: ModelFolder, query: ImageTextTower, document: ImageTextTower, weights: Weights, unused: tuple[str, ...],
           options: Mapping[str, str]) -> Setup:  # fmt: skip
    model: Any = query.text.half.model
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    doubts = folder.prompt_warnings({query.text.prompt, document.text.prompt})
    if dtype == "bfloat16" and not has_bf16():
        doubts += ("this processor has no bfloat16 instructions: bf16 is emulated and slower than float32",)
    return Setup(
        query_prompt=query.text.prompt,
        document_prompt=document.text.prompt,
        pooling=_POOLING[re.sub(r"\d", "", folder.family)] + "; of both: the mean of the unit vectors",
        max_length=query.text.reader.max_length,
        normalised=query.text.normalised,
        similarity=options.get("similarity") or folder.similarity or "cosine",
        dtype=dtype,
        n_dims=query.n_dims,
        n_parameters=sum(p.numel() for p in model.parameters()),
        bytes_per_vector=4.0 * query.n_dims,
        licence=folder.licence,
        weights_sha256=weights.sha256,
        unused_weights=unused,
        warnings=doubts,
    )


def _require_transformers(head: str) -> None:
    from importlib.util import find_spec

    for name in ("torch", "transformers", "safetensors"):
        if find_spec(name) is None:
            raise MissingExtra.named("encoders", f"encoding with '{head}'", name)
