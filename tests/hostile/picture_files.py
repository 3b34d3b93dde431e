"""Folders of pictures: SVG that would take for ever, crash or reach out; PNG and others that lie about themselves."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from hostile import mutate
from hostile.case import Case, Content, Family, files, link, pipe, then
from hostile.mutate import BIDI, ESCAPE, Raw
from pictures.hostile import encoded, photo, png_header
from pictures.svg_bombs import BOMBS, plain, svg

COMPARE = ("compare", "e.npy", "f.npy", "--on", "photos", "--out", "out")
COLOURS = ("red", "green", "blue", "grey")


def _vectors(seed: int) -> bytes:
    data = io.BytesIO()
    np.save(data, np.random.default_rng(seed).normal(size=(2 * len(COLOURS), 4)).astype("float32"))
    return data.getvalue()


def around(name: str = "", content: Content = b"", **others: Content) -> dict[str, Content]:
    """Return an image folder with its vectors; the picture `name` takes the place of the last one."""
    names = [*(f"{colour}.svg" for colour in COLOURS[:-1]), name or f"{COLOURS[-1]}.svg"]
    pictures: dict[str, Content] = {f"photos/{one}": plain(colour) for one, colour in zip(names, COLOURS, strict=True)}
    if name:
        pictures[f"photos/{name}"] = content
    rows = "".join(f"{one},a {colour} square\n" for one, colour in zip(names, COLOURS, strict=True))
    ids = "".join(f"{one}\n" for one in [*(f"text{i + 1}" for i in range(len(COLOURS))), *names])
    vectors: dict[str, Content] = {f"{one}.npy": _vectors(i) for i, one in enumerate("ef")}
    table: dict[str, Content] = {"photos/metadata.csv": f"file_name,text\n{rows}", "e.ids.txt": ids, "f.ids.txt": ids}
    return {**table, **vectors, **pictures, **others}


def _picture(name: str, content: Content, ending: str = "svg", **more: Any) -> Case:
    return Case(f"{ending}_{name}", files(around(f"x.{ending}", content)), COMPARE, **{"expected": "refused", "says": f"x.{ending}", **more})  # fmt: skip


_DRAWN = ("dashes", "spaces", "huge", "tiny", "nan_size")
"""Bombs that are none: drawn within their time."""
_TIMED = {"attr_bomb", "groups", "mask_laughs", "pattern_laughs", "css_bomb"}
"""Ended after the same seconds as the two that are tried here; tests/pictures draws every one."""
_REACHING = {
    "file": '<image width="9" height="9" xlink:href="file:///etc/passwd"/>',
    "web": '<image width="9" height="9" href="http://127.0.0.1:9/a.png"/>',
    "use_file": '<use href="red.svg#a"/>',
    "data": '<image width="9" height="9" href="data:image/svg+xml;base64,PHN2Zy8+"/>',
    "import": "<style>@import url(http://127.0.0.1:9/a.css);</style>",
    "font": "<style>@font-face { font-family: a; src: url(/etc/passwd) }</style>",
    "turbulence": '<filter id="f"><feTurbulence numOctaves="999999999"/></filter><rect width="9" height="9" filter="url(#f)"/>',
}


def _doctype(inside: str) -> bytes:
    return f"<!DOCTYPE svg [{inside}]>".encode() + svg("<text>&b;</text>")


def _chunk(kind: bytes, body: bytes, n_bytes: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(body) if n_bytes is None else n_bytes)
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
    )


def _with_chunk(kind: bytes, body: bytes) -> bytes:
    whole = encoded(photo(), "PNG")
    return whole[:33] + _chunk(kind, body) + whole[33:]


def _grey16(side: int) -> bytes:
    from PIL import Image

    return encoded(Image.new("I;16", (side, side), 300), "PNG")


def _icon() -> bytes:
    """An icon whose entry says 16 × 16 and whose picture is much larger."""
    inside = png_header(13_000, 13_000)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inside), 22) + inside


def _tiff_circle() -> bytes:
    """A TIFF whose directory names itself as the next one."""
    entries = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (273, 8), (278, 4), (279, 16)]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return (
        b"II*\0" + struct.pack("<I", 24) + b"\0" * 16 + struct.pack("<H", len(entries)) + body + struct.pack("<I", 24)
    )


def _named() -> list[Case]:
    bad: tuple[Content, ...] = (b"<svg", BOMBS["deep_g_100k"], b"", b"no picture")
    several = {f"photos/{colour}.svg": content for colour, content in zip(COLOURS, bad, strict=True)}
    without_grey = files({name: content for name, content in around().items() if name != "photos/grey.svg"})
    esc = f"{ESCAPE[:4]}.svg"
    return [
        Case("image_folder", files(around()), COMPARE, "read"),
        *(_picture(name, make, **({"expected": "read", "says": ""} if name in _DRAWN else {})) for name, make in BOMBS.items() if name not in _TIMED),
        *(_picture(f"reach_{name}", svg(inside)) for name, inside in _REACHING.items()),
        _picture("entity_laughs", _doctype('<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">')),
        _picture("entity_file", _doctype('<!ENTITY b SYSTEM "file:///etc/passwd">')),
        _picture("stylesheet", b'<?xml-stylesheet href="http://127.0.0.1:9/a.css"?>' + plain()),
        _picture("empty", b""),
        _picture("cut", plain()[:-20]),
        _picture("zeros", bytes(100_000)),
        _picture("utf16", plain().decode().encode("utf-16")),
        _picture("esc", svg(f"<title>{ESCAPE}</title><rect"), says="x.svg"),
        _picture("bidi", svg(f"<{BIDI}")),
        _picture("gzip", mutate.gzip.compress(plain(), mtime=0)),
        Case("svg_several", files(around(**several)), COMPARE, "refused", "grey.svg"),
        Case("svg_name_esc", files(around(esc, plain())), COMPARE),
        Case("svg_name_bidi", files(around(f"{BIDI}.svg", b"<svg")), COMPARE, "refused"),
        Case("svg_fifo", then(without_grey, pipe("photos/grey.svg")), COMPARE, "refused", "grey.svg"),
        Case("svg_device", then(without_grey, link("photos/grey.svg", "/dev/zero")), COMPARE, "refused", "grey.svg"),
        Case("svg_outside", files(around(**{"photos/metadata.csv": "file_name,text\n../e.npy,a\n/etc/passwd,b\n"})), COMPARE, "refused", "metadata.csv"),
        *(_picture(f"bomb_{side}", png_header(side, side), "png") for side in (9_500, 60_000, 2_000_000_000)),
        _picture("text_bomb", lambda: _with_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 90_000_000)), "png"),
        _picture("profile_bomb", lambda: _with_chunk(b"iCCP", b"k\0\0" + zlib.compress(b"a" * 90_000_000)), "png", expected="either", says=""),
        _picture("grey16", lambda: _grey16(5_000), "png", expected="read", says=""),
        _picture("thin", lambda: encoded(photo(1, 500), "PNG"), "png"),
        _picture("cut", lambda: encoded(photo(), "PNG")[:60], "png"),
        _picture("larger_inside", _icon, "ico"),
        _picture("circle", _tiff_circle, "tiff", expected="either", says=""),
        _picture("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n", "png"),
    ]  # fmt: skip


# --- mutations --------------------------------------------------------------------------------------------------------

Node = list[Any]
"""Tag, attributes, children."""

_TREE: Node = ["svg", {"xmlns": "http://www.w3.org/2000/svg", "width": "64", "height": "64", "viewBox": "0 0 64 64"}, [
    ["defs", {}, [
        ["linearGradient", {"id": "l", "gradientTransform": "rotate(45)"}, [["stop", {"offset": "0", "stop-color": "red"}, []], ["stop", {"offset": "1"}, []]]],
        ["pattern", {"id": "p", "width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}, [["circle", {"cx": "4", "cy": "4", "r": "3"}, []]]],
        ["mask", {"id": "m"}, [["rect", {"width": "50", "height": "50", "fill": "white"}, []]]],
        ["clipPath", {"id": "c"}, [["rect", {"width": "50", "height": "50"}, []]]],
        ["marker", {"id": "k", "markerWidth": "4", "markerHeight": "4"}, [["path", {"d": "M0 0L4 2L0 4z"}, []]]],
        ["symbol", {"id": "s", "viewBox": "0 0 9 9"}, [["rect", {"width": "9", "height": "9"}, []]]],
    ]],
    ["style", {}, [".a { fill: url(#l); stroke: blue } g > rect:first-child { opacity: .5 }"]],
    ["g", {"mask": "url(#m)", "transform": "scale(2) translate(1 1)"}, [
        ["rect", {"class": "a", "width": "20", "height": "20", "fill": "url(#p)"}, []],
        ["path", {"d": "M1 1L30 30A5 5 0 0 1 40 40C1 2 3 4 5 6z", "stroke": "red", "stroke-dasharray": "1 2", "marker-end": "url(#k)"}, []],
        ["use", {"href": "#s", "clip-path": "url(#c)", "width": "20", "height": "20"}, []],
        ["text", {"x": "1", "y": "9", "font-size": "8"}, ["a text"]],
    ]],
]]  # fmt: skip
_NUMBERS = ("0", "-1", "1e-30", "1e30", "1e309", "nan", "inf", "1e-9 1e-9", "100%", "9" * 400, "0 0 0 0", "0 0 1e-9 1e-9",
            "scale(1e30)", "scale(0)", "M" + "0 0L9 9" * 20_000)  # fmt: skip
_REFERENCES = (
    "url(#p)",
    "url(#m)",
    "url(#c)",
    "url(#l)",
    "url(#s)",
    "#s",
    "#m",
    "#none",
    "url(#",
    "none",
    "url(/etc/passwd)",
)
_TAGS = ("g", "svg", "defs", "use", "mask", "clipPath", "pattern", "symbol", "marker",
         "switch", "text", "a", "filter", "image", "foreignObject", "script")  # fmt: skip


def _nodes(node: Node) -> list[Node]:
    return [node, *(found for child in node[2] if isinstance(child, list) for found in _nodes(child))]


def _mutate_svg(tree: Node, rng: random.Random) -> None:
    """Change one element: nested in itself, repeated, referring to another or to itself, with a number out of bounds."""
    node = rng.choice(_nodes(tree))
    tag, attributes, children = node
    key = rng.choice([*attributes, "width", "transform", "style", "d"])
    match rng.randrange(9):
        case 0:
            attributes[key] = rng.choice(_NUMBERS)
        case 1:
            name = rng.choice(("fill", "mask", "clip-path", "href", "stroke", "marker-mid", "filter", "class", "id"))
            attributes[name] = rng.choice(_REFERENCES)
        case 2:
            attributes[key] = mutate.junk_text(rng)
        case 3:
            node[0] = rng.choice(_TAGS)
        case 4:
            inner: Any = [tag, dict(attributes), list(children)]
            for _ in range(rng.choice((2, 30, 200))):
                inner = [rng.choice((tag, "g")), dict(attributes), [inner]]
            node[2] = [inner]
        case 5:
            node[2] = [
                *children,
                *([children[0]] * rng.choice((2, 100, 5_000)) if children else [mutate.junk_text(rng)]),
            ]
        case 6:
            n = rng.choice((500, 20_000, 90_000))
            node[2] = [*children, Raw("<g>" * n + "</g>" * n)]
        case 7:
            attributes.update({f"a{i}": "1" for i in range(rng.choice((10, 3_000)))})
        case _:
            attributes.pop(key, None)


def _xml(node: Any) -> str:
    if isinstance(node, Raw):
        return node.text
    if not isinstance(node, list):
        return escape(str(node))
    tag, attributes, children = node
    written = "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
    return f"<{tag}{written}>{''.join(map(_xml, children))}</{tag}>"


def _mutated_svg(seed: int) -> Case:
    import copy

    rng = mutate.generator("svg", seed)
    tree = copy.deepcopy(_TREE)
    for _ in range(rng.randint(1, 4)):
        _mutate_svg(tree, rng)
    content = _xml(tree).encode("utf-8", "surrogatepass")
    if rng.random() < 0.2:
        content = mutate.data(content, rng)
    return Case(f"svg:{seed}", files(around("x.svg", content)), COMPARE)


def _parts(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        n_bytes = struct.unpack_from(">I", data, at)[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + n_bytes]))
        at += 12 + n_bytes
    return found


_KINDS = (b"tRNS", b"PLTE", b"iCCP", b"eXIf", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"gAMA", b"IDAT", b"IHDR")


def _mutated_png(seed: int) -> Case:
    """A chunk changed, doubled, dropped, moved or made up, its checksum right; or bytes changed."""
    rng = mutate.generator("png", seed)
    parts = _parts(encoded(photo(), "PNG"))
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(parts))
        kind, body = parts[at]
        match rng.randrange(5):
            case 0:
                parts[at] = (kind, mutate.data(body, rng))
            case 1:
                parts.insert(
                    rng.randrange(len(parts)),
                    (rng.choice(_KINDS), rng.choice((body, b"", zlib.compress(bytes(10_000_000)), rng.randbytes(40)))),
                )
            case 2 if len(parts) > 1:
                del parts[at]
            case 3:
                parts.insert(rng.randrange(len(parts)), parts[at])
            case _:
                size = rng.choice((0, 1, 9_000, 20_000, 2**31 - 1, 2**32 - 1))
                other = struct.pack(">II", size, rng.choice((1, 60, size)))
                parts[0] = (b"IHDR", other + bytes([rng.choice((1, 8, 16, 3)), rng.choice((0, 2, 3, 4, 6, 9)), 0, 0, rng.choice((0, 1, 7))]))  # fmt: skip
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body, rng.choice((None,) * 20 + (2**31,))) for kind, body in parts
    )
    return Case(
        f"png:{seed}", files(around("x.png", mutate.data(content, rng) if rng.random() < 0.2 else content)), COMPARE
    )


def _mutated_raster(kind: str) -> Callable[[int], Case]:
    def make(seed: int) -> Case:
        rng = mutate.generator(kind, seed)
        content = mutate.data(encoded(photo(), kind), rng)
        return Case(f"{kind.lower()}:{seed}", files(around(f"x.{kind.lower()}", content)), COMPARE)

    return make


FAMILY = Family(
    "pictures",
    _named,
    {"svg": _mutated_svg, "png": _mutated_png, **{kind.lower(): _mutated_raster(kind) for kind in ("JPEG", "GIF", "TIFF", "WEBP")}},
    seeds=2,
)  # fmt: skip
