"""Pictures made ready for an image encoder: decoded when their batch comes, then scaled as the model's own settings say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int, Int64

from evidense.boundary.strangers import foreign
from evidense.compute.pictures.decoding import decode, each
from evidense.errors import InvalidInput, MissingExtra
from evidense.records import canonical_json
from evidense.values import Picture

if TYPE_CHECKING:
    from torch import Tensor

_CLASSES = {"clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor", "siglip2": "Siglip2ImageProcessor"}
_SETTINGS = ("preprocessor_config.json", "processor_config.json")
_OLD_NAMES = {"CLIPFeatureExtractor"}


@dataclass(frozen=True, eq=False)
class PictureReader:
    """The model's own picture settings (scale, crop, colour statistics), carried out by transformers' Pillow processor."""

    processor: Any
    n_tokens: int
    """What one picture costs: patches, with a class token where there is one."""

    def settings(self) -> str:
        """Return everything that changes a pixel, as canonical JSON."""
        kept = {key: value for key, value in self.processor.to_dict().items() if not key.startswith("_")}
        return canonical_json(kept)

    def arrays(self, pictures: Sequence[tuple[str, Picture]]) -> "dict[str, Tensor]":
        """Decode (item id, picture) pairs to the tensors that the model takes.

        Raises:
            InvalidInput: pictures that cannot be read, all of this batch at once.
            UnsafeInput: a hostile one.
        """
        return dict(self.processor(images=each(pictures, decode), return_tensors="pt"))


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pictures in line for an image tower; none is decoded before `arrays` asks for it."""

    pictures: tuple[tuple[str, Picture], ...]
    reader: PictureReader

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Tokens of each picture: the same for all."""
        return np.full(len(self.pictures), self.reader.n_tokens, np.int64)

    def take(self, rows: Int[np.ndarray, " n"]) -> "Pixels":
        """Return these pictures, in this order."""
        return Pixels(tuple(self.pictures[int(row)] for row in rows), self.reader)

    def arrays(self) -> "dict[str, Tensor]":
        """Decode them; raises as `PictureReader.arrays`."""
        return self.reader.arrays(self.pictures)


def load_picture_reader(folder: Path, config: Mapping[str, Any]) -> PictureReader:
    """Read the picture settings of a model folder.

    The Pillow processors of transformers are used, never those that need torchvision: the two differ by a few grey levels.

    Raises:
        InvalidInput: no settings, those of another family, or of another size than the model's.
        MissingExtra: Pillow is not installed.
    """
    import transformers

    family = str(config["model_type"])
    _require_pillow()
    name = _CLASSES[family]
    _check_kind(folder, name)
    found = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    with foreign(f"{folder}: its picture settings", "Expected preprocessor_config.json; fetch the model again."):
        processor = found.from_pretrained(str(folder), local_files_only=True)
    return PictureReader(processor, _n_tokens(folder, family, config, processor))


def _require_pillow() -> None:
    from importlib.util import find_spec

    if find_spec("PIL") is None:
        raise MissingExtra.named("images", "encoding pictures", "pillow")


def _check_kind(folder: Path, name: str) -> None:
    """Refuse settings that were made for another kind of processor."""
    from evidense.compute.models.files import read_json

    for file in _SETTINGS:
        settings = read_json(folder / file)
        settings = settings.get("image_processor") or settings
        kind = settings.get("image_processor_type") or settings.get("feature_extractor_type")
        if kind is not None:
            plain = str(kind).removesuffix("Fast").removesuffix("Pil")
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
    wanted = int(vision.get("image_size", 224))
    size = processor.crop_size if getattr(processor, "do_center_crop", False) else processor.size
    got = (_side(size, "height"), _side(size, "width"))
    if got != (wanted, wanted):
        raise InvalidInput(
            f"'{folder}' scales pictures to {got[0]} × {got[1]} pixels, but its model takes {wanted} × {wanted}; "
            "expected equal sizes; correct preprocessor_config.json"
        )
    return int((wanted // int(vision.get("patch_size", 32))) ** 2) + (family == "clip")


def _side(size: Any, name: str) -> int | None:
    value = size.get(name) if isinstance(size, Mapping) else getattr(size, name, None)
    return None if value is None else int(value)
