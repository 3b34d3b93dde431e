"""Map drawing: draws one region of a map, in its place or alone, as grey pixels that depend on no library."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64, UInt8

from evidense.errors import InvalidInput, MissingExtra

SIDE = 128
"""Width and height of a picture, in pixels."""
_MARGIN = 4
_FINE = 2
"""Samples for each pixel in each direction."""
LEAST_PIXELS = 12
"""A region of fewer pixels on its map shows no shape."""
_LAND = 200
"""Grey of the other regions; the region itself is black, what is no region white."""
_HEADER = b"P5 %d %d 255\n" % (SIDE, SIDE)
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class RegionMap:
    """A map whose regions are told apart by their colours."""

    labels: Int64[np.ndarray, "h w"]
    """Number of the region of each pixel; 0 is none."""

    @classmethod
    def read(cls, data: bytes, numbers: Mapping[Colour, int], place: str) -> "RegionMap":
        """Read a map; `numbers` are the regions of its colours, from 1.

        Raises:
            InvalidInput: it is no picture.
            MissingExtra: Pillow is not installed.
        """
        try:
            from PIL import Image
        except ImportError:
            raise MissingExtra.named("pictures", "drawing the regions of a map", "pillow") from None
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                pixels = np.asarray(image.convert("RGB"), np.int64)
        except Exception as error:  # Pillow's readers raise many kinds
            raise InvalidInput(
                f"'{place}' is no picture that can be read ({error}); expected a PNG; fetch the data again"
            ) from None
        codes = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
        known = {(r << 16) | (g << 8) | b: number for (r, g, b), number in numbers.items()}
        colours, places = np.unique(codes, return_inverse=True)
        return cls(np.array([known.get(int(colour), 0) for colour in colours], np.int64)[places].reshape(codes.shape))

    @cached_property
    def boxes(self) -> Sequence[tuple[slice, ...]]:
        """Return the rows and columns of each region, from region 1."""
        from scipy.ndimage import find_objects

        return list(find_objects(self.labels))

    def sizes(self) -> Int64[np.ndarray, " n"]:
        """Return the number of pixels of each region."""
        return np.bincount(self.labels.ravel())

    def located(self, number: int, land: "Land") -> bytes:
        """Draw a region in its place on the map, as PGM."""
        share = land.share_of(number)
        return _HEADER + bytes((land.grey.astype(np.float64) * (1 - share)).round().astype(np.uint8))

    def alone(self, number: int) -> bytes:
        """Draw the shape of a region alone, as large as the picture allows, as PGM."""
        box = self.labels[self.boxes[number - 1]] == number
        share = _fitted(box.astype(np.int64), 0).reshape(SIDE, _FINE, SIDE, _FINE).mean(axis=(1, 3))
        return _HEADER + bytes((255 * (1 - share)).round().astype(np.uint8))


@dataclass(frozen=True)
class Land:
    """A map at the size of the pictures."""

    fine: Int64[np.ndarray, "h w"]
    """Number of the region of each sample."""
    grey: UInt8[np.ndarray, "h w"]

    @classmethod
    def of(cls, whole: RegionMap) -> "Land":
        """Scale a map."""
        fine = _fitted(whole.labels, 0)
        covered = (fine > 0).reshape(SIDE, _FINE, SIDE, _FINE).mean(axis=(1, 3))
        return cls(fine, (255 - (255 - _LAND) * covered).round().astype(np.uint8))

    def share_of(self, number: int) -> np.ndarray:
        """Return the share of each pixel that a region covers."""
        return np.asarray((self.fine == number).reshape(SIDE, _FINE, SIDE, _FINE).mean(axis=(1, 3)))


def _fitted(labels: Int64[np.ndarray, "h w"], empty: int) -> Int64[np.ndarray, "f f"]:
    """Return the labels at the samples of a picture: scaled by nearest neighbour, in the middle, within the margin."""
    height, width = labels.shape
    side, room = SIDE * _FINE, (SIDE - 2 * _MARGIN) * _FINE
    scale = room / max(height, width)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    rows = np.minimum((np.arange(high) + 0.5) * height / high, height - 1).astype(np.int64)
    columns = np.minimum((np.arange(wide) + 0.5) * width / wide, width - 1).astype(np.int64)
    fitted = np.full((side, side), empty, np.int64)
    top, left = (side - high) // 2, (side - wide) // 2
    fitted[top : top + high, left : left + wide] = labels[np.ix_(rows, columns)]
    return fitted
