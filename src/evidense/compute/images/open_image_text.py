"""Open an image-text encoder from a spelling: read its folder, load its weights under the loading guard, make its towers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from evidense.boundary.strangers import foreign
from evidense.compute.images.captions import CaptionReader
from evidense.compute.images.image_text import FAMILIES, ImageHalf, TextHalf, build_model
from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.compute.images.one_modality import CaptionTower, PictureTower
from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.checkpoint import read_weights, sha256_of_files, sha256_of_tensors
from evidense.compute.models.folder import ModelFolder, listed_modules, read_folder, read_settings
from evidense.compute.models.guard import load_guarded
from evidense.compute.models.locate import folder_of, peek, peek_json, require_transformers
from evidense.compute.models.precision import dtype_name, is_emulated
from evidense.compute.models.tokens import load_tokenizer, save_tokenizer, tokenizer_files
from evidense.compute.models.trial_run import refuse_unusable
from evidense.compute.pictures.pixels import load_picture_reader
from evidense.compute.quiet import quiet
from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.save_text import settings
from evidense.compute.two_sides import TwoSidedEncoder, shared_if_equal
from evidense.errors import EvidenseError, InvalidInput
from evidense.parts import SIDES, Capability, Setup, Side
from evidense.records import canonical_json, sha256_of
from evidense.values import Spelling

if TYPE_CHECKING:
    import torch

OPTIONS = {"max_length", "normalize", "dtype", "query_prompt", "document_prompt", "prompt", "revision", "unsafe_weights", "similarity"}  # fmt: skip
_WORKING = 1
"""Part of every fingerprint. Raise it if a change of this code changes the vectors of the same weights and settings."""
_POOLING = {
    "clip": "end token (text), class token (picture)",
    "siglip": "last position (text), attention head (picture)",
}


@dataclass(frozen=True, eq=False)
class ImageTextEncoder(TwoSidedEncoder[ImageTextTower]):
    """An encoder of texts and pictures; its towers are one object unless their prompts differ."""

    can: frozenset[Capability] = frozenset({"vectors", "layers", "gradients", "train"})

    def save(self, folder: Path) -> None:
        """Write model, tokeniser and picture settings as transformers does; weights of the training loss are not changed."""
        tower = self.query
        with quiet():
            tower.text.half.model.save_pretrained(str(folder))
            save_tokenizer(tower.text.reader.tokenizer, Path(folder))
            tower.image.reader.processor.save_pretrained(str(folder))
        sentence_settings = settings(self.query.text.prompt, self.document.text.prompt, str(self.setup.similarity))
        (Path(folder) / "config_sentence_transformers.json").write_text(
            canonical_json(sentence_settings) + "\n", encoding="utf-8"
        )


def is_image_text(head: str, revision: str | None = None) -> bool:
    """Say whether a spelling means an image-text model on this disk, of a supported family or not."""
    if "vision_config" in peek_json(head, "config.json", revision):
        return True
    folder = peek(head, revision)
    try:
        return folder is not None and _wrapped(folder) is not None
    except EvidenseError:
        return False


def open_image_text(spelling: Spelling, seed: int | None = None) -> ImageTextEncoder:
    """Open a folder, package folder or hub id. With `seed`, only the architecture is read and the weights are random.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    require_transformers(spelling.head, spelling.head)
    options = spelling.options
    root = folder_of(spelling.head, options.get("revision"), pickles="unsafe_weights" in options)
    folder = _read(root)
    if folder.family not in FAMILIES:
        raise InvalidInput(
            f"'{root}' is a model of the kind '{folder.family}'; expected {', '.join(FAMILIES)}; "
            "encode elsewhere and hand over the vectors (vectors:FOLDER), or leave 'clip:' out for a text encoder"
        )
    with quiet(), foreign(str(root), "Expected what transformers saved; fetch the model again."):
        loaded = _LoadedImageText.of(folder, options, seed)
        query, document = (loaded.tower(side) for side in SIDES)
    document = shared_if_equal(query, document)
    refuse_unusable(spelling.head, query, document)
    return ImageTextEncoder(
        str(spelling), loaded.setup(query.text.prompt, document.text.prompt, query), query, document
    )


def _read(root: Path) -> ModelFolder:
    """Read the model folder; if sentence-transformers wraps it, the settings of the outer folder count."""
    inner = _wrapped(root)
    folder = read_folder(inner or root)
    if inner is not None and inner != root:
        outer = read_settings(root)
        outer_settings = {
            name: getattr(outer, name) for name in ("prompts", "similarity", "truncate_dim", "licence", "card")
        }
        folder = replace(folder, **outer_settings, unhonoured=folder.unhonoured + outer.unhonoured)
    if folder.truncate_dim is not None:
        raise InvalidInput(
            f"'{root}' keeps {folder.truncate_dim} dimensions (truncate_dim), which is not read for texts and pictures. Expected all; "
            f"take the key out of config_sentence_transformers.json and write @dim={folder.truncate_dim}"
        )
    return folder


def _wrapped(root: Path) -> Path | None:
    """Return the model folder inside a sentence-transformers folder whose first module is a CLIPModel; None for other folders."""
    modules = listed_modules(root)
    if not modules or any(module.kind != "Normalize" for module in modules[1:]):
        return None
    is_clip = modules[0].kind == "CLIPModel" and modules[0].class_path.startswith("sentence_transformers.")
    return modules[0].folder if is_clip else None


@dataclass(frozen=True, eq=False)
class _LoadedImageText:
    """A folder with its loaded model; the towers of both sides share it."""

    folder: ModelFolder
    options: Mapping[str, str]
    model: "torch.nn.Module"
    weights_sha256: str
    unused: tuple[str, ...]
    similarity: str

    @classmethod
    def of(cls, folder: ModelFolder, options: Mapping[str, str], seed: int | None) -> "_LoadedImageText":
        import torch

        unused = tuple[str, ...]()
        similarity = chosen(options.get("similarity"), folder.similarity, str(folder.root))
        if seed is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                model = build_model(folder.transformer / "config.json", folder.config, None)
            sha256 = sha256_of_tensors(model.state_dict())
        else:
            weights = read_weights(folder.transformer, unsafe="unsafe_weights" in options)
            model = build_model(folder.transformer / "config.json", folder.config, weights.tensors)
            sha256, unused = weights.sha256, load_guarded(model, weights.tensors, str(folder.root))
        model.to(dtype=getattr(torch, dtype_name(options))).requires_grad_(False)
        return cls(folder, options, model, sha256, unused, similarity)

    def tower(self, side: Side) -> ImageTextTower:
        folder, options, normalised = self.folder, self.options, normalises(self.options, True)
        prompt = folder.prompt(side, options)
        config = cast(Any, self.model).config.to_dict()
        captions = CaptionReader.of(load_tokenizer(folder.transformer), config, options.get("max_length"))
        pictures = load_picture_reader(folder.transformer, config)
        dtype = f"torch.{dtype_name(options)}"
        shared = [_WORKING, self.weights_sha256, vector_settings(folder.config), normalised, dtype]
        tokens = sha256_of_files(tokenizer_files(folder.transformer))
        text = sha256_of(["text", *shared, tokens, captions.max_length, prompt])
        image = sha256_of(["image", *shared, pictures.settings()])
        by_angle = self.similarity == "cosine" and not normalised
        halves = TextHalf(self.model, folder.family), ImageHalf(self.model, folder.family)
        return ImageTextTower(
            sha256_of(["mean of unit vectors", text, image]),
            CaptionTower(
                fingerprint=text,
                half=halves[0],
                normalised=normalised,
                by_angle=by_angle,
                reader=captions,
                prompt=prompt,
            ),
            PictureTower(fingerprint=image, half=halves[1], normalised=normalised, by_angle=by_angle, reader=pictures),
        )

    def setup(self, query_prompt: str, document_prompt: str, tower: ImageTextTower) -> Setup:
        folder = self.folder
        dtype = dtype_name(self.options)
        doubts = folder.warnings({query_prompt, document_prompt})
        if is_emulated(dtype):
            doubts += ("this processor has no bfloat16 instructions: bf16 is emulated and slower than float32",)
        return Setup(
            query_prompt=query_prompt,
            document_prompt=document_prompt,
            pooling=_POOLING[re.sub(r"\d", "", folder.family)] + "; of both: the mean of the unit vectors",
            max_length=tower.text.reader.max_length,
            normalised=tower.text.normalised,
            similarity=self.similarity,
            dtype=dtype,
            n_dims=tower.n_dims,
            n_parameters=sum(p.numel() for p in self.model.parameters()),
            bytes_per_vector=4.0 * tower.n_dims,
            licence=folder.licence,
            weights_sha256=self.weights_sha256,
            unused_weights=self.unused,
            warnings=doubts,
        )
