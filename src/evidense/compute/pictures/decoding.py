"""Decode pictures to RGB pixels, refuse hostile files, and make thumbnails for the page.

The content decides the format, never the name of the file. The rules, in order: an SVG is drawn with its longer side at 256 pixels,
without fonts and without anything from outside the file; the first frame of an animation is used; an EXIF rotation is applied; 16-bit
grey becomes 8-bit; transparent pixels are put on white; colour profiles are ignored.
"""

import base64
import io
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from evidense.compute.pictures import svg
from evidense.compute.pictures.queued import NamedPictures
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput
from evidense.values import Picture
from evidense.values.item import ArchiveMember

T = TypeVar("T")
MAX_BYTES = 100_000_000
"""Largest encoded size that is read, in bytes."""
MAX_PIXELS = 89_478_485
"""Largest width × height that is decoded: 256 MiB as RGB (Pillow warns from there on)."""
MOST_WASTED_S = 10.0
"""Seconds that unreadable pictures may take together; then the search for more of them ends."""
MAX_ASPECT = 100
"""Largest ratio of the sides: an encoder that scales the shorter side to 224 pixels would blow up a thin line."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "DIB", "TIFF", "PPM", "ICO")
"""Formats that Pillow may open; formats that run other programs (EPS) and rarely used ones are left out."""
_PLUGINS = ("Png", "Jpeg", "Gif", "WebP", "Avif", "Bmp", "Tiff", "Ppm", "Ico")
"""Pillow's modules for these formats. Pillow's own `init` imports four times as many."""
_SAVES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PNG", {"optimize": True}),
    *(("WEBP", {"quality": quality, "method": 4}) for quality in (80, 60, 40, 20)),
)


def each(
    pictures: NamedPictures,
    read: Callable[[Picture], T],
    subject: str = "pictures that cannot be encoded",
) -> list[T]:
    """Read (item id, picture) pairs and collect the errors of unreadable ones, until those have taken ten seconds.

    Raises:
        InvalidInput, UnsafeInput: pictures cannot be read (all of them at once); unsafe if any is hostile.
    """
    results: list[T] = []
    mistakes: list[str] = []
    is_hostile, wasted_s = False, 0.0
    for n_seen, (item_id, picture) in enumerate(pictures, 1):
        began = time.monotonic()
        try:
            results.append(read(picture))
        except (InvalidInput, UnsafeInput) as error:
            is_hostile |= isinstance(error, UnsafeInput)
            mistakes.append(f"item '{item_id}': {error}")
            wasted_s += time.monotonic() - began
        if wasted_s > MOST_WASTED_S and n_seen < len(pictures):
            mistakes.append(f"the {len(pictures) - n_seen:,} pictures after it were not looked at: these took too long")
            break
    if mistakes:
        gathered = InvalidInput.all_of(subject, mistakes)
        raise UnsafeInput(str(gathered)) if is_hostile else gathered
    return results


@dataclass(frozen=True)
class PictureHeader:
    """Facts about a picture that are known before any pixel is decoded."""

    format: str
    """'PNG', 'JPEG', … 'SVG'."""
    width: int
    height: int
    """Pixels as stored, before an EXIF rotation; for an SVG, as drawn."""
    is_animated: bool = False


def decode(picture: Picture) -> Any:
    """Return the picture as a `PIL.Image` in mode RGB, by the rules at the top of this module.

    Raises:
        InvalidInput: the picture is empty, truncated, damaged, of an unknown format, without pixels, or thinner than 1 : 100.
        UnsafeInput: the picture is a decompression bomb, or an SVG that refers to something outside. Nothing is decoded then.
        MissingExtra: Pillow (or, for SVG, resvg-py) is not installed.

    >>> decode(Picture(b"P5 2 1 255 " + bytes([0, 255]))).getpixel((1, 0))   # two grey pixels, 0 and 255
    (255, 255, 255)
    """
    data = _read(picture)
    with _opened(data, picture) as image, _damage_named(picture):
        image.seek(0)
        image.load()
        _check_size(image, picture, len(data))  # an icon may declare one size and hold another
        return _upright_rgb(image, _named(picture))


def header(picture: Picture) -> PictureHeader:
    """Check format, size and limits without decoding pixels; only an SVG is drawn.

    Raises:
        InvalidInput, UnsafeInput, MissingExtra: as `decode`, but a truncated file may pass.
    """
    data = _read(picture)
    with _opened(data, picture) as image, _damage_named(picture):
        name = "SVG" if svg.is_svg(data) else str(image.format)
        return PictureHeader(
            name, image.width, image.height, image.format != "MPO" and getattr(image, "is_animated", False)
        )


def thumbnail(picture: Picture, max_side: int = 96, max_bytes: int = 4096) -> str:
    """Return a small copy as a data URL: as PNG if that fits (icons, glyphs), else as WebP, shrunk until it fits.

    `max_bytes` limits the encoded picture; the URL is a third longer. Equal bytes give an equal URL (with one version of Pillow).

    Raises:
        InvalidInput, UnsafeInput, MissingExtra: as `decode`.
    """
    small = decode(picture)
    small.thumbnail((max_side, max_side))
    while True:
        for kind, options in _SAVES:
            buffer = io.BytesIO()
            small.save(buffer, kind, **options)
            if buffer.tell() <= max_bytes or small.size == (1, 1):
                return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
        small = small.resize((max(1, small.width * 3 // 4), max(1, small.height * 3 // 4)))


# --- opening ----------------------------------------------------------------------------------------------------------


def _named(picture: Picture) -> str:
    if isinstance(picture.source, bytes):
        return f"a picture of {len(picture.source):,} bytes (in memory)"
    return f"picture '{picture.source}'"


def _read(picture: Picture) -> bytes:
    size = _size(picture.source)
    if size > MAX_BYTES:
        raise UnsafeInput(f"{_named(picture)} has {size:,} bytes; expected at most {MAX_BYTES:,}; make it smaller")
    data = picture.read()
    if not data:
        raise InvalidInput(f"{_named(picture)} is empty; expected an image file; replace it or remove its row")
    return data


def _size(source: Path | ArchiveMember | bytes) -> int:
    if isinstance(source, bytes):
        return len(source)
    if isinstance(source, ArchiveMember):
        return source.size_bytes
    try:
        return source.stat().st_size
    except OSError:
        return 0  # `Picture.read` says what is wrong


def _opened(data: bytes, picture: Picture) -> Any:
    """Open a picture without decoding it, and check its limits."""
    pil = _pillow_with_formats()
    if svg.is_svg(data):
        data = svg.drawn(data, _named(picture))
    with _damage_named(picture):
        try:
            image = pil.open(io.BytesIO(data), formats=[name for name in FORMATS if name in pil.OPEN])
        except pil.UnidentifiedImageError:
            raise InvalidInput(
                f"{_named(picture)} is no image that can be read (it begins with {data[:12]!r}); "
                f"expected {', '.join(FORMATS)} or SVG; convert or replace it"
            ) from None
    _check_size(image, picture, len(data))
    return image


def _check_size(image: Any, picture: Picture, n_bytes: int) -> None:
    width, height = image.size
    size = f"{_named(picture)} is {width:,} × {height:,} pixels"
    if width < 1 or height < 1:
        raise InvalidInput(f"{size}; expected at least 1 × 1; replace it")
    if width * height > MAX_PIXELS:
        raise UnsafeInput(
            f"{size} in {n_bytes:,} bytes, a decompression bomb; expected at most {MAX_PIXELS:,} pixels; make it smaller"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidInput(f"{size}; expected sides within 1 : {MAX_ASPECT}; crop it")


@contextmanager
def _damage_named(picture: Picture) -> Iterator[None]:
    """Turn what Pillow's readers raise on broken files into errors that say what to do."""
    pil = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", module="PIL"
            )  # warnings about odd tags, and about sizes below our own limit
            yield
    except (InvalidInput, UnsafeInput):
        raise
    except pil.DecompressionBombError:
        raise UnsafeInput(
            f"{_named(picture)} is a decompression bomb: more than {2 * MAX_PIXELS:,} pixels; "
            f"expected at most {MAX_PIXELS:,}; make it smaller"
        ) from None
    except Exception as error:  # each format has errors of its own; none may end in a traceback
        raise InvalidInput(
            f"{_named(picture)} is truncated or damaged ({error}); expected a whole image file; replace it"
        ) from None


def _pillow() -> Any:
    try:
        import PIL.Image
    except ImportError:
        raise MissingExtra.named("images", "reading pictures", "pillow") from None
    return PIL.Image


@cache
def _pillow_with_formats() -> Any:
    pil = _pillow()
    for plugin in _PLUGINS:
        with suppress(ImportError):  # a Pillow that was built without AVIF
            import_module(f"PIL.{plugin}ImagePlugin")
    return pil


# --- pixels -----------------------------------------------------------------------------------------------------------


def _upright_rgb(image: Any, named: str) -> Any:
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = _eight_bit(image, named)
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.copy() if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Any, named: str) -> Any:
    """Divide 16-bit grey by 257, so that 65535 becomes 255. Other ranges have no agreed meaning as grey."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65_535:
        raise InvalidInput(
            f"{named} of mode {image.mode} holds values from {values.min():g} to {values.max():g}; "
            "expected 8 or 16 bits a channel; convert it to 8 bits"
        )
    small = np.empty(values.shape, np.uint8)
    for row, line in enumerate(values):  # row by row: the whole picture as float64 would take 700 MB
        small[row] = np.round(line / 257)
    return Image.fromarray(small)
