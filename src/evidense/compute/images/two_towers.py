"""Two towers in one space: a text encoder and a vision model with a projection each. This module reads and writes their folder.

two_towers.json          format, n_dims, shared_projection; built_with: sha256 of the weights of each ready backbone when it was taken
text/                    a sentence-transformers folder: its final vector is the text's vector
image/                   a vision folder of transformers with preprocessor_config.json (or liteN.json and its weights)
projection.safetensors   weight[n_dims, width] of the picture projection; absent if the pictures share the Dense layer of the texts
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from evidense.boundary.documents import Form
from evidense.compute.images import lite
from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.compute.images.image_tower import ImageTower, n_tokens
from evidense.compute.images.locked import locked_half
from evidense.compute.images.vision import Vision, VisionHalf, open_vision, pooling_of, save_vision
from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.files import read_form, read_json
from evidense.compute.models.folder import is_static, read_settings
from evidense.compute.models.guard import load_guarded
from evidense.compute.pictures.arrays import ArrayReader, memory_of
from evidense.compute.similarity import DEFAULT
from evidense.compute.texts.dense import PostPoolingStep, projection
from evidense.errors import IncompleteWeights, InvalidInput
from evidense.parts import Capability, LayeredTower, Setup, Side
from evidense.records import canonical_json, sha256_of
from evidense.values import Spelling

if TYPE_CHECKING:
    import torch

SETTINGS, PROJECTION = "two_towers.json", "projection.safetensors"
FORMAT = 1
OPTIONS = {"similarity"}
_WORKING = 1
"""Part of every fingerprint. Raise it if a change of this code changes the vectors of the same weights and settings."""


class _Settings(Form):
    """two_towers.json."""

    format: int
    n_dims: int
    shared_projection: bool
    built_with: dict[str, str] = Field(default_factory=dict)
    """'text' or 'image' → sha256 of the weights of its backbone as it was taken; while they are the same, its states can be kept."""


@dataclass(frozen=True, eq=False)
class TwoTowers:
    """An encoder of texts and pictures. Both sides are one tower, which takes texts, pictures, and items with both."""

    name: str
    setup: Setup
    both: ImageTextTower
    texts: Any
    """The encoder of the text folder."""
    settings: Mapping[str, Any]
    can: frozenset[Capability] = frozenset({"vectors", "layers", "gradients", "train"})

    @property
    def text(self) -> Any:
        """The tower of texts alone."""
        return self.both.text

    @property
    def image(self) -> ImageTower:
        """The tower of pictures alone."""
        tower: ImageTower = self.both.image
        return tower

    def tower(self, side: Side) -> ImageTextTower:
        """Return the tower; both sides have the same one."""
        return self.both

    def save(self, folder: Path) -> None:
        """Write the folder; opened again, it gives bit-identical vectors."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        (target / "text").mkdir(exist_ok=True)
        self.texts.save(target / "text")
        half = self.image.half
        save_vision(half.model, self.image.reader.scaling, target / "image")
        if not self.settings["shared_projection"]:
            save_projection(half.projection, target)
        (target / SETTINGS).write_text(canonical_json(dict(self.settings)) + "\n", encoding="utf-8")


def save_projection(step: PostPoolingStep, folder: Path) -> None:
    """Write the picture projection beside the towers."""
    from safetensors.torch import save_file

    linear: Any = None if step.weights is None else dict(step.weights.named_children())["linear"]
    save_file({"weight": linear.weight.detach().contiguous()}, folder / PROJECTION)


def is_two_towers(folder: Path | None) -> bool:
    """Say whether a folder is of this format."""
    return folder is not None and (folder / SETTINGS).is_file()


def open_two_towers(folder: Path, spelling: Spelling) -> TwoTowers:
    """Open a folder of two towers under the loading guard.

    Raises:
        IncompleteWeights: a tower or a weight is missing.
        UnsafeInput, InvalidInput, MissingExtra.
    """
    settings = _settings(folder)
    absent = [name for name in ("text/", "image/") if not (folder / name).is_dir()]
    absent += [PROJECTION] * (not settings["shared_projection"] and not (folder / PROJECTION).is_file())
    if absent:
        raise IncompleteWeights(
            f"'{folder}' lacks {', '.join(absent)}; expected {SETTINGS}, text/, image/ and {PROJECTION}, since a missing part would "
            "be random; copy the whole folder, or train again"
        )
    texts = open_texts(folder / "text", {"similarity": spelling.options.get("similarity", DEFAULT)})
    vision = open_vision(folder / "image")
    text = texts.tower("query")
    step, sha256 = _projection(folder, settings, text)
    image = _image_tower(vision, step, sha256)
    if not text.n_dims == image.n_dims == settings["n_dims"]:
        raise InvalidInput(
            f"the text tower of '{folder}' gives {text.n_dims} dimensions, the image tower {image.n_dims}, and {SETTINGS} says "
            f"{settings['n_dims']}; expected equal numbers; take both towers from one checkpoint"
        )
    built_with = settings.get("built_with", {})
    locked = (locked_half(text, built_with.get("text")), locked_half(image, built_with.get("image")))
    marks = [name for name, half in zip(("text", "image"), locked, strict=True) if half]
    both = ImageTextTower(
        sha256_of(["two towers", _WORKING, text.fingerprint, image.fingerprint, *marks]),
        text,
        image,
        prefixes=("text", "image"),
        locked=locked,
    )
    can = frozenset[Capability]({"vectors", "train"})
    can |= {"layers", "gradients"} if isinstance(text, LayeredTower) else set()
    return TwoTowers(str(spelling), _setup(folder, texts, vision, both, spelling), both, texts, settings, can)


def _settings(folder: Path) -> Mapping[str, Any]:
    settings = read_form(_Settings, folder / SETTINGS)
    if settings.format != FORMAT:
        raise InvalidInput(
            f"'{folder / SETTINGS}' has the format {settings.format}; expected {FORMAT}; open it with the version that wrote it"
        )
    return read_json(folder / SETTINGS)


def open_texts(folder: Path, options: Mapping[str, str] | None = None) -> Any:
    """Open the encoder of a text folder: a transformer or a static table."""
    options = dict(options or {})
    if is_static(folder):
        from evidense.compute.texts.open_static import open_static

        return open_static(Spelling(str(folder), options))
    from evidense.compute.texts.open_text import open_text_encoder

    return open_text_encoder(Spelling(str(folder), options))


def _projection(folder: Path, settings: Mapping[str, Any], text: Any) -> tuple[PostPoolingStep, str]:
    """Return the picture projection, and a hash that changes with it."""
    if settings["shared_projection"]:
        if (folder / PROJECTION).exists():
            raise InvalidInput(
                f"'{folder}' holds a projection of its own ({PROJECTION}), and {SETTINGS} says that it is shared; expected one of "
                "both; take all files from one checkpoint"
            )
        dense = [step for step in text.after if step.weights is not None]
        if len(dense) != 1:
            raise InvalidInput(
                f"'{folder}' shares the projection of its text tower, which has {len(dense)} dense layers; expected one; "
                "take both towers from one checkpoint"
            )
        return dense[0], text.fingerprint
    import torch

    from evidense.compute.models.checkpoint import read_safetensors, sha256_of_files

    tensors = read_safetensors(folder / PROJECTION)
    weight = tensors.get("weight")
    n_out, n_in = tuple(weight.shape) if weight is not None and weight.dim() == 2 else (1, 1)
    linear = torch.nn.Linear(int(n_in), int(n_out), bias=False)
    load_guarded(linear, tensors, str(folder / PROJECTION))
    linear.eval().requires_grad_(False)
    return projection(linear), sha256_of_files([folder / PROJECTION])


def _image_tower(vision: Vision, step: PostPoolingStep, sha256: str) -> ImageTower:
    reader = ArrayReader(vision.scaling, n_tokens(vision.model, vision.scaling), memory_of(vision.scaling))
    config: Any = vision.model.config
    settings = config.to_dict() if hasattr(config, "to_dict") else {"model_type": config.model_type}
    identity = [
        _WORKING,
        vision.sha256,
        vector_settings(settings),
        pooling_of(vision.model),
        vision.scaling.to_json(),
        sha256,
    ]
    return ImageTower(
        fingerprint=sha256_of(["image", *identity]), half=VisionHalf(vision.model, step), normalised=True, reader=reader
    )


def _setup(folder: Path, texts: Any, vision: Vision, both: ImageTextTower, spelling: Spelling) -> Setup:
    text_setup = texts.setup
    modules: Mapping[str, torch.nn.Module] = both.weights
    weights = {id(p): p.numel() for module in modules.values() for p in module.parameters()}
    licences = [
        read_settings(folder).licence,
        text_setup.licence,
        lite.LICENCE if lite.variant_in(folder / "image") else None,
    ]
    return Setup(
        query_prompt=text_setup.query_prompt,
        document_prompt=text_setup.document_prompt,
        pooling=f"{text_setup.pooling} (text), {pooling_of(vision.model)} (picture); of both: the mean of the unit vectors",
        max_length=text_setup.max_length,
        normalised=text_setup.normalised,
        similarity=text_setup.similarity,
        dtype="float32",
        n_dims=both.n_dims,
        n_parameters=sum(weights.values()),
        bytes_per_vector=4.0 * both.n_dims,
        licence=next((licence for licence in licences if licence), None),
        weights_sha256=sha256_of([text_setup.weights_sha256, both.image.fingerprint]),
        unused_weights=(*text_setup.unused_weights, *vision.unused),
        warnings=text_setup.warnings,
    )
