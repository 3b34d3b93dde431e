"""Pictures for an image-text model: decoded when their batch comes, then scaled by the model's own settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.boundary.strangers import foreign
from evidense.compute.pictures.decoding import decode, each
from evidense.compute.pictures.processors import pillow_class, pixel_settings, plain_name, require_pillow
from evidense.compute.pictures.queued import NamedPictures, QueuedPictures
from evidense.errors import InvalidInput
from evidense.records import canonical_json

if TYPE_CHECKING:
    from torch import Tensor

_CLASSES = {"clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor", "siglip2": "Siglip2ImageProcessor"}
_SETTINGS = ("preprocessor_config.json", "processor_config.json")
_OLD_NAMES = {"CLIPFeatureExtractor"}


@dataclass(frozen=True, eq=False)
class PictureReader:
    """Scales, crops and normalises pictures by the model's own settings, with transformers' Pillow processor."""

    processor: Any
    n_tokens: int
    """Cost of one picture: its patches, and the class token if there is one."""

    def settings(self) -> str:
        """Return everything that changes a pixel, as canonical JSON."""
        return canonical_json(pixel_settings(self.processor))

    def arrays(self, pictures: NamedPictures) -> "dict[str, Tensor]":
        """Decode (item id, picture) pairs to the input tensors of the model.

        Raises:
            InvalidInput: pictures cannot be read (all of this batch at once).
            UnsafeInput: a picture is hostile.
        """
        return dict(self.processor(images=each(pictures, decode), return_tensors="pt"))


@dataclass(frozen=True, eq=False)
class Pixels(QueuedPictures):
    """Pictures for the image tower of an image-text model."""

    reader: PictureReader

    def arrays(self) -> "dict[str, Tensor]":
        """Decode the pictures; raises as `PictureReader.arrays`."""
        return self.reader.arrays(self.pictures)


def load_picture_reader(folder: Path, config: Mapping[str, Any]) -> PictureReader:
    """Read the picture settings of a model folder.

    Raises:
        InvalidInput: there are no settings, or they are for another family or another size than the model's.
        MissingExtra: Pillow is not installed.
    """
    family = str(config["model_type"])
    require_pillow()
    name = _CLASSES[family]
    _check_kind(folder, name)
    with foreign(f"{folder}: its picture settings", "Expected preprocessor_config.json; fetch the model again."):
        processor = pillow_class(name).from_pretrained(str(folder), local_files_only=True)
    return PictureReader(processor, _n_tokens(folder, family, config, processor))


def _check_kind(folder: Path, name: str) -> None:
    """Refuse settings of another kind of processor."""
    from evidense.compute.models.files import read_json

    for file in _SETTINGS:
        settings = read_json(folder / file)
        settings = settings.get("image_processor") or settings
        kind = settings.get("image_processor_type") or settings.get("feature_extractor_type")
        if kind is not None:
            plain = plain_name(str(kind))
            if plain != name and plain not in _OLD_NAMES:
                raise InvalidInput(
                    f"'{folder / file}' names the picture processor {kind}; expected {name}; "
                    "encode elsewhere and hand over the vectors (vectors:FOLDER)"
                )
            return
        if settings:
            return
    raise InvalidInput(f"'{folder}' has no picture settings; expected {' or '.join(_SETTINGS)}; fetch the model again")


def _n_tokens(folder: Path, family: str, config: Mapping[str, Any], processor: Any) -> int:
    vision = config["vision_config"]
    if family == "siglip2":
        return int(processor.max_num_patches)
    side = int(vision.get("image_size", 224))
    size = processor.crop_size if getattr(processor, "do_center_crop", False) else processor.size
    scaled = (_side(size, "height"), _side(size, "width"))
    if scaled != (side, side):
        raise InvalidInput(
            f"'{folder}' scales pictures to {scaled[0]} × {scaled[1]} pixels, but its model takes {side} × {side}; "
            "expected equal sizes; correct preprocessor_config.json"
        )
    return int((side // int(vision.get("patch_size", 32))) ** 2) + (family == "clip")


def _side(size: Any, name: str) -> int | None:
    value = size.get(name) if isinstance(size, Mapping) else getattr(size, name, None)
    return None if value is None else int(value)
