"""Safe decoding: each rule on a real file, each hostile file refused with its reason."""

import base64
import contextlib
import io
import struct
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from evidense.compute.pictures.decoding import MAX_PIXELS, decode, header, thumbnail
from evidense.errors import InvalidInput, UnsafeInput
from evidense.values import Picture
from pictures.hostile import encoded, photo, png_header

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="20" height="10">{}</svg>'
)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_are_decoded_exactly(kind: str) -> None:
    assert np.array_equal(np.asarray(decode(Picture(encoded(photo(), kind)))), np.asarray(photo()))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_formats_are_decoded_approximately(kind: str) -> None:
    got = np.asarray(decode(Picture(encoded(photo(), kind, quality=95)))).astype(int)
    assert np.abs(got - np.asarray(photo()).astype(int)).mean() < 4


def test_the_content_decides_the_format_not_the_file_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encoded(photo(), "PNG"))
    assert header(Picture(path)).format == "PNG"
    assert np.array_equal(np.asarray(decode(Picture(path))), np.asarray(photo()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_carried_out(orientation: int) -> None:
    upright = photo()
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}  # fmt: skip
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose[undo[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    got = decode(Picture(encoded(stored, "PNG", exif=exif.tobytes())))
    assert np.array_equal(np.asarray(got), np.asarray(upright))


def test_transparent_pixels_become_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 255] * 256)
    assert decode(Picture(encoded(clear, "PNG"))).getpixel((0, 0)) == (255, 255, 255)
    assert decode(Picture(encoded(half, "PNG"))).getpixel((0, 0)) == (127, 127, 127)  # 255 · (1 − 128/255) = 127
    assert decode(Picture(encoded(palette, "PNG", transparency=0))).getpixel((0, 0)) == (255, 255, 255)
    assert decode(Picture(encoded(palette, "PNG"))).getpixel((0, 0)) == (0, 0, 255)


def test_16_bit_grey_and_cmyk_are_decoded() -> None:
    values = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    got = np.asarray(decode(Picture(encoded(Image.fromarray(values), "PNG"))))
    assert got[0, :, 0].tolist() == [0, 100, 255]
    cyan = decode(Picture(encoded(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", quality=100)))
    assert np.abs(np.array(cyan.getpixel((4, 4))) - [0, 255, 255]).max() <= 2


def test_float_pictures_are_refused() -> None:
    with pytest.raises(InvalidInput, match="expected 8 or 16 bits"):
        decode(Picture(encoded(Image.fromarray(np.array([[0.5, 3.0]], dtype=np.float32)), "TIFF")))


def test_the_first_frame_of_an_animation_is_decoded() -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "lime")]
    picture = Picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert header(picture).is_animated
    assert decode(picture).getpixel((2, 2)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_files_are_refused(kind: str, kept: float, tmp_path: Path) -> None:
    whole = encoded(photo(200, 150), kind)
    path = tmp_path / "cut.png"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InvalidInput, match=r"cut\.png' is (truncated|no image)"):
        decode(Picture(path))


@pytest.mark.parametrize("size", [(9500, 9500), (60_000, 60_000), (2_000_000_000, 2_000_000_000)])
def test_a_bomb_is_refused_before_decoding(size: tuple[int, int]) -> None:
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnsafeInput, match="decompression bomb"):
            decode(Picture(png_header(*size)))
    assert time.perf_counter() - began < 1
    assert size[0] * size[1] > MAX_PIXELS


def test_a_bomb_in_the_text_chunk_is_refused() -> None:
    body = b"k\0\0" + zlib.compress(b"a" * 90_000_000)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    plain = encoded(photo(), "PNG")
    with pytest.raises(InvalidInput, match="damaged"):
        decode(Picture(plain[:33] + chunk + plain[33:]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"not a picture at all", "no image that can be read"),
        (b"<html><svg></svg></html>", "no image that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image that can be read"),
        (png_header(0, 5), "truncated or damaged|at least 1 × 1|no image"),
        (encoded(Image.new("L", (1, 500)), "PNG"), "sides within 1 : 100"),
    ],
)
def test_files_that_are_no_pictures_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        decode(Picture(data))


@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_devices_and_folders_are_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="is a (device|folder)"):
        decode(Picture(Path(path)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"absent\.png' cannot be read"):
        decode(Picture(tmp_path / "absent.png"))


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, 10_000),
    value=st.integers(0, 255),
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF"]),
)
def test_one_wrong_byte_never_ends_in_a_traceback(place: int, value: int, kind: str) -> None:
    data = bytearray(encoded(photo(), kind))
    data[place % len(data)] = value
    with contextlib.suppress(InvalidInput, UnsafeInput):
        assert decode(Picture(bytes(data))).mode == "RGB"


# --- SVG --------------------------------------------------------------------------------------------------------------


def test_svg_is_drawn_at_256_pixels_on_white() -> None:
    image = decode(Picture(SVG.format('<rect width="10" height="10" fill="blue"/>').encode()))
    assert image.size == (256, 128)
    assert (image.getpixel((50, 50)), image.getpixel((200, 50))) == ((0, 0, 255), (255, 255, 255))


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ('<image width="20" height="10" xlink:href="{path}"/>', "refers to a file"),
        ("<image width='20' height='10' href='file://{path}'/>", "refers to a file"),
        ('<image href="https://example.org/a.png"/>', "refers to a file"),
        ('<image href="data:image/png;base64,{png}"/>', "embeds one"),
        ("<style>rect {{ fill: url(http://example.org/x) }}</style>", "refers to an address"),
        ("<style>@import 'http://example.org/x.css';</style>", "style sheet"),
        ('<filter id="f"><feTurbulence numOctaves="999999999"/></filter><rect width="9" height="9" filter="url(#f)"/>', "filter"),
    ],
)  # fmt: skip
def test_an_svg_that_refers_outside_is_refused(inside: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(encoded(Image.new("RGB", (4, 4), "red"), "PNG"))
    filled = inside.format(path=path, png=base64.b64encode(path.read_bytes()).decode())
    with pytest.raises(UnsafeInput, match=message):
        decode(Picture(SVG.format(filled).encode()))


def test_svg_entities_and_nesting_bombs_are_refused() -> None:
    laughs = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + SVG.format("<text>&b;</text>")
    with pytest.raises(UnsafeInput, match="entities"):
        decode(Picture(laughs.encode()))
    layers = "".join(f'<g id="a{i}">{f"""<use href="#a{i - 1}"/>""" * 10}</g>' for i in range(1, 10))
    nested = SVG.format(f'<defs><rect id="a0" width="1" height="1"/>{layers}</defs><use href="#a9"/>')
    with pytest.raises(InvalidInput, match="limit"):
        decode(Picture(nested.encode()))
    with pytest.raises(InvalidInput, match="no valid SVG"):
        decode(Picture(SVG.format("<rect")[:-12].encode()))


# --- thumbnails -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image", [photo(900, 600), Image.effect_noise((800, 800), 90).convert("RGB"), Image.new("L", (32, 32))]
)
def test_thumbnails_fit_their_limit_and_are_reproducible(image: Image.Image) -> None:
    picture = Picture(encoded(image, "PNG"))
    url = thumbnail(picture)
    kind, data = url.split(";base64,")
    raw = base64.b64decode(data)
    small = Image.open(io.BytesIO(raw))
    assert kind in {"data:image/png", "data:image/webp"}
    assert len(raw) <= 4096
    assert max(small.size) <= 96
    assert thumbnail(picture) == url
