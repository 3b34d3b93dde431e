"""Pictures as arrays for a vision model. Each picture is decoded and scaled once per process and kept within a memory limit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, UInt8

from evidense.boundary.numbers import whole_number
from evidense.boundary.strangers import foreign
from evidense.compute.models.files import read_json
from evidense.compute.pictures.decoding import decode, each
from evidense.compute.pictures.processors import pillow_class, pixel_settings, plain_name, require_pillow
from evidense.compute.pictures.queued import NamedPictures, QueuedPictures
from evidense.errors import InvalidInput
from evidense.records import Json
from evidense.values import Picture

if TYPE_CHECKING:
    from torch import Tensor

SETTINGS = "preprocessor_config.json"
MOST_SIDE = 4096
"""Largest side, in pixels, to which pictures are scaled."""
MAX_KEPT_BYTES = 1 << 28
"""Bytes of arrays that are kept: 256 MiB hold 87,000 colour pictures of 32 × 32. Others are decoded whenever they are needed."""
_GREY = re.compile(rb"P5 (\d+) (\d+) 255\s")


@dataclass(frozen=True)
class Scaling:
    """Scales a picture to a square; then each channel becomes (value × factor − mean) / std."""

    side: int
    """Pixels."""
    mean: tuple[float, ...]
    """One value per channel; one channel means grey."""
    std: tuple[float, ...]
    factor: float = 1 / 255
    resample: int = 3
    """Resampling filter in Pillow's numbers: 2 bilinear, 3 bicubic."""

    @property
    def n_channels(self) -> int:
        """1 (grey) or 3."""
        return len(self.mean)

    def square(self, picture: Picture) -> UInt8[np.ndarray, "c h w"]:
        """Decode a picture and scale it to the square.

        Raises:
            InvalidInput, UnsafeInput, MissingExtra: as `decoding.decode`.
        """
        if (grey := _plain_grey(picture, self.side)) is not None:
            return np.broadcast_to(grey, (self.n_channels, self.side, self.side))
        image = decode(picture)
        image = image.convert("L") if self.n_channels == 1 else image
        if image.size != (self.side, self.side):
            image = image.resize((self.side, self.side), self.resample)
        return np.moveaxis(np.atleast_3d(np.asarray(image, np.uint8)), -1, 0)

    def values(self, squares: UInt8[np.ndarray, "b c h w"]) -> Float32[np.ndarray, "b c h w"]:
        """Return the pixel values for the model, by the operations of transformers' Pillow processors in their order."""
        scaled = squares.astype(np.float32) * np.float32(self.factor)
        mean, std = (np.asarray(v, np.float32)[:, None, None] for v in (self.mean, self.std))
        return np.asarray((scaled - mean) / std, np.float32)

    def to_json(self) -> dict[str, Json]:
        """Return the scaling in the form of transformers' `preprocessor_config.json`."""
        return {
            "image_processor_type": "ViTImageProcessor",
            "do_resize": True,
            "size": {"height": self.side, "width": self.side},
            "resample": self.resample,
            "do_rescale": True,
            "rescale_factor": self.factor,
            "do_normalize": True,
            "image_mean": list(self.mean),
            "image_std": list(self.std),
        }


def _plain_grey(picture: Picture, side: int) -> UInt8[np.ndarray, "h w"] | None:
    """Return the pixels of a grey PGM in memory that has this side, which needs no decoder; None for any other picture."""
    if not isinstance(picture.source, bytes) or (grey_header := _GREY.match(picture.source)) is None:
        return None
    body = picture.source[grey_header.end() :]
    if (int(grey_header[1]), int(grey_header[2])) != (side, side) or len(body) != side * side:
        return None
    return np.frombuffer(body, np.uint8).reshape(side, side)


@dataclass(frozen=True)
class Processed:
    """Any other scaling (crops, shortest edges), done by transformers' own Pillow processor."""

    processor: Any

    def square(self, picture: Picture) -> Float32[np.ndarray, "c h w"]:
        """Decode and process; raises as `Scaling.square`."""
        return np.asarray(self.processor(images=[decode(picture)], return_tensors="np")["pixel_values"][0], np.float32)

    def values(self, squares: Float32[np.ndarray, "b c h w"]) -> Float32[np.ndarray, "b c h w"]:
        """Return the processed pictures unchanged."""
        return squares

    def to_json(self) -> dict[str, Json]:
        """Return everything that changes a pixel."""
        return pixel_settings(self.processor)


_SHARED: dict[Scaling | Processed, dict[Picture, np.ndarray]] = {}
_MOST_SHARED = 4
_sharing = False


def share_pictures() -> None:
    """Let towers of one scaling share decoded pictures from now on. Only for a process that serves one run, whose files do not change."""
    global _sharing
    _sharing = True


def memory_of(scaling: Scaling | Processed) -> dict[Picture, np.ndarray]:
    """Return the memory for decoded pictures of a new tower: shared by all towers of this scaling if `share_pictures` was called."""
    if not _sharing or not isinstance(scaling, Scaling):
        return {}
    if len(_SHARED) >= _MOST_SHARED and scaling not in _SHARED:
        _SHARED.pop(next(iter(_SHARED)))
    return _SHARED.setdefault(scaling, {})


@dataclass(frozen=True, eq=False)
class ArrayReader:
    """Reads pictures as pixel values and remembers those it has decoded."""

    scaling: Scaling | Processed
    n_tokens: int
    """Cost of one picture: places of the last feature map (patches for transformers)."""
    decoded: dict[Picture, np.ndarray] = field(default_factory=dict)
    """See `memory_of`."""

    def read(self, pictures: NamedPictures) -> Float32[np.ndarray, "b c h w"]:
        """Return pixel values; pictures in memory are not decoded again.

        Raises:
            InvalidInput: pictures cannot be read (all of this batch at once).
            UnsafeInput: a picture is hostile.
        """
        return self.scaling.values(np.stack(each(pictures, self._square)))

    def _square(self, picture: Picture) -> np.ndarray:
        if (square := self.decoded.get(picture)) is not None:
            return square
        square = self.scaling.square(picture)
        if (len(self.decoded) + 1) * square.nbytes <= MAX_KEPT_BYTES:
            self.decoded[picture] = square
        return square


@dataclass(frozen=True, eq=False)
class Arrays(QueuedPictures):
    """Pictures for a vision model; each is decoded once, as far as the memory of its reader goes."""

    reader: ArrayReader

    @property
    def n_pixels(self) -> int:
        """Pixels that the model sees: height × width, over all pictures."""
        scaling = self.reader.scaling
        side = scaling.side if isinstance(scaling, Scaling) else 0
        return len(self.pictures) * side * side

    def tensor(self) -> "Tensor":
        """Return pixel values [b, c, h, w]; raises as `ArrayReader.read`."""
        import torch

        return torch.from_numpy(self.reader.read(self.pictures))


def read_scaling(folder: Path) -> Scaling | Processed:
    """Read the picture settings of a folder that transformers wrote.

    Raises:
        InvalidInput: there are no settings, or transformers cannot read them.
        MissingExtra: Pillow is not installed.
    """
    require_pillow()
    settings = read_json(folder / SETTINGS)
    if not settings:
        raise InvalidInput(f"'{folder}' has no picture settings; expected {SETTINGS}; fetch the model again")
    with foreign(
        str(folder / SETTINGS), "Expected picture settings as transformers saves them; fetch the model again."
    ):
        return _plain(settings) or _processed(folder, settings)


def _plain(settings: Mapping[str, Any]) -> Scaling | None:
    """Return the scaling if the settings only scale to a square and normalise; None for all others."""
    size = settings.get("size")
    side = size.get("height") if isinstance(size, Mapping) and size.get("height") == size.get("width") else None
    kind = plain_name(str(settings.get("image_processor_type", "")))
    required = ("do_resize", "do_rescale", "do_normalize", "image_mean", "image_std", "rescale_factor", "resample")
    if kind != "ViTImageProcessor" or side is None or not all(settings.get(name) for name in required):
        return None
    if settings.get("do_center_crop") or settings.get("do_convert_rgb"):
        return None
    if whole_number(side, 1, MOST_SIDE) is None:
        raise InvalidInput(f"{SETTINGS} scales pictures to {side!r:.40} pixels. Expected 1 to {MOST_SIDE}; correct it.")
    mean, std = (tuple(map(float, settings[name])) for name in ("image_mean", "image_std"))
    return Scaling(int(side), mean, std, float(settings["rescale_factor"]), int(settings["resample"]))


def _processed(folder: Path, settings: Mapping[str, Any]) -> Processed:
    import transformers

    class_name = str(settings.get("image_processor_type") or settings.get("feature_extractor_type") or "")
    processor_class = pillow_class(plain_name(class_name.replace("FeatureExtractor", "ImageProcessor")))
    if processor_class is None:
        raise InvalidInput(
            f"'{folder / SETTINGS}' names the picture processor '{class_name}', which transformers {transformers.__version__} does not "
            "have; expected one of its own; encode elsewhere and hand over the vectors (vectors:FOLDER)"
        )
    return Processed(processor_class.from_pretrained(str(folder), local_files_only=True))
