"""Packages of a few invented pictures, in the form of the real ones, for the datasets that are fetched."""

import gzip
import hashlib
import io
import json
import lzma
import os
import struct
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evidense import registry
from evidense.values import Collection, Pairs

STAMPS = "usr/share/tuxpaint/stamps/"
NOUNS = ("sword", "shield", "crown", "boat", "tree", "lamp")
Files = Mapping[str, bytes]


def png(seed: int, level: int = 6) -> bytes:
    """Draw 36 blocks of random colours."""
    from PIL import Image

    blocks = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    return encoded(Image.fromarray(blocks.repeat(4, axis=0).repeat(4, axis=1)), level)


def encoded(image: Any, level: int = 6) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def svg(seed: int, width: int = 40, height: int = 30, inside: str = "") -> bytes:
    """Draw 12 blocks of random colours."""
    colours = np.random.default_rng(seed).integers(0, 1 << 24, 12)
    blocks = "".join(
        f'<rect x="{n % 4 * 10}" y="{n // 4 * 10}" width="10" height="10" fill="#{c:06x}"/>'
        for n, c in enumerate(colours)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{inside}{blocks}</svg>'.encode()


def mo(messages: Mapping[str, str]) -> bytes:
    """Return a gettext catalogue."""
    pairs = [(k.encode(), v.encode()) for k, v in sorted({"": "Content-Type: text/plain", **messages}.items())]
    start, body, tables = 28 + 16 * len(pairs), b"", [b"", b""]
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<2I", len(pair[column]), start + len(body))
            body += pair[column] + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + b"".join(tables) + body


def tar(files: Files, *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in more:
            archive.addfile(member)
    return buffer.getvalue()


def deb(data: bytes) -> bytes:
    """Return a .deb with this packed tar (xz) inside."""
    pieces = {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(tar({"./control": b"x"})), "data.tar.xz": data}
    ar = b"!<arch>\n"
    for name, piece in pieces.items():
        ar += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(piece):<10}`\n".encode() + piece + b"\n" * (len(piece) % 2)
        )
    return ar


def _stamps() -> Files:
    files: dict[str, bytes] = {"usr/share/doc/README": b"not read"}
    for number in range(60):
        stem = f"{STAMPS}animals/kind{number // 5:02d}/creature{number}"
        english = f"A creature {number}." if number else "A creature 0. "
        lines = [f"de.utf8=Wesen {number}.", f"fr.utf8={english}", f"ca@valencia.utf8=Criatura {number}.", "rubbish"]
        lines += [f"oc.utf8=Creatura {number}."] * (number < 3)
        files[f"{stem}.png"], files[f"{stem}.txt"] = png(number), "\n".join([english, *lines]).encode()
    plant, thing = f"{STAMPS}plants/", f"{STAMPS}things/"
    files |= {
        f"{STAMPS}animals/kind00/cartoon/creature0.svg": svg(70, inside='<filter id="f"><feFlood/></filter>'),
        f"{STAMPS}animals/kind00/cartoon/creature0.txt": b"A creature 0.\n",
        f"{STAMPS}animals/kind01/creature5_mirror.png": png(75),
        f"{plant}same_pixels.png": png(40, level=1), f"{plant}same_pixels.txt": b"A plant.\n",
        f"{plant}latin.png": png(80), f"{plant}latin.txt": "Caf\u00e9.\n".encode("latin-1"),
        f"{plant}silent.png": png(81), f"{plant}silent.txt": b"\nde.utf8=Nichts.\n",
        f"{thing}sheet.svg": svg(82).replace(b'width="10"', b'width="0"'), f"{thing}sheet.txt": b"A sheet.\n",
        f"{thing}album.svg": svg(83, inside='<image href="x.png"/>'), f"{thing}album.txt": b"An album.\n",
        f"{thing}poster.svg": svg(84, inside="<text>hi</text>"), f"{thing}poster.png": png(84), f"{thing}poster.txt": b"A poster.\n",
    }  # fmt: skip
    return files


def _flags() -> tuple[Files, Files]:
    codes = [f"{a}{b}" for a in "abcd" for b in "abcdefghijklmno"]
    countries = [{"alpha_2": code.upper(), "name": f"{code.title()}land, Republic of"} for code in codes]
    countries[0]["common_name"] = "Aaland"
    shapes = {"country-4x3": (40, 30), "country-squared": (30, 30)}
    flags = {
        f"usr/share/iso-flags-svg/{folder}/{code}.svg": svg(0 if number == 1 else number, *size)
        for folder, size in shapes.items()
        for number, code in enumerate(codes)
    }
    flags["usr/share/iso-flags-svg/country-squared/be.svg"] = flags["usr/share/iso-flags-svg/country-squared/bd.svg"]
    names = [str(country.get("common_name") or country["name"]) for country in countries]
    known = {"de": names, "fr": names[:3]}
    translations = {
        f"usr/share/locale/{language}/LC_MESSAGES/iso_3166-1.mo": mo({name: f"{name} ({language})" for name in there})
        for language, there in known.items()
    }
    return flags, {
        "usr/share/iso-codes/json/iso_3166-1.json": json.dumps({"3166-1": countries}).encode(),
        **translations,
    }


def _maps() -> Files:
    from PIL import Image

    root, files, german = "usr/share/kgeography/", {}, {}
    shapes = {"alfa": (20, 24), "beta_regions": (10, 30), "beta_towns": (10, 30)}
    for number, (stem, shape) in enumerate(shapes.items()):
        title, numbers = stem.replace("_", " ").title(), range(1, 26)
        places = np.random.default_rng(number).integers(0, 25, shape) + 1
        places[0, 0] = 0  # the sea
        pixels = np.stack([places * 9, np.full_like(places, 50), places], axis=-1).astype(np.uint8)
        pixels = pixels.repeat(4, axis=0).repeat(4, axis=1)
        pixels[0, 4:8] = (250, 1, 1)  # a small island
        divisions = [
            _division(
                f"{title} {n}", (n * 9, 50, n), f"<flag>f/{n}.png</flag>" * (n % 2) + f"<capital>Port {n}</capital>"
            )
            for n in numbers
        ]
        divisions += [_division("Island", (250, 1, 1)), _division("Sea", (0, 50, 0), "<ignore>yes</ignore>")]
        head = f"<mapFile>{stem}.png</mapFile><name>{title}</name>"
        files[f"{root}{stem}.kgm"] = f"<map>{head}{''.join(divisions)}</map>".encode()
        files[f"{root}{stem}.png"] = encoded(Image.fromarray(pixels))
        german |= {f"{stem}.kgm\x04{title} {n}": f"Gebiet {n}" for n in numbers}
        german |= {f"{stem}.kgm\x04Port {n}": f"Hafen {n}" for n in numbers}
        german[f"{stem}.kgm\x04{title}"] = f"{title}-Land"
    files |= {f"{root}flags/f/{n}.png": png(200 + n) for n in range(1, 26, 2)}
    return {**files, "usr/share/locale/de/LC_MESSAGES/kgeography.mo": mo(german)}


def _division(name: str, colour: tuple[int, int, int], more: str = "") -> str:
    red, green, blue = colour
    colours = f"<red>{red}</red><green>{green}</green><blue>{blue}</blue>"
    return f"<division><name>{name}</name>{more}<color>{colours}</color></division>"


def _game_icons() -> Files:
    icons: dict[str, Any] = {}
    for number in range(60):
        body = svg(number).decode().partition(">")[2].removesuffix("</svg>")
        icons[f"kind{number // 6}-{NOUNS[number % 6]}"] = {"body": body}
    body = icons["kind0-sword"]["body"]
    icons |= {
        "two-swords": {"body": body.replace('height="10"', 'height="7"')},
        "gone": {"body": body, "hidden": True},
        "empty-air": {"body": ""},
    }
    icons |= {f"rank-{n}": {"body": body} for n in (1, 2)}
    return {"package/icons.json": json.dumps({"icons": icons, "width": 40, "height": 30}).encode()}


WORLDS = ("stamps", "flags", "maps", "game_icons")


@cache
def archives(name: str) -> tuple[bytes, ...]:
    """Return the packages of a dataset."""
    if name == "game_icons":
        return (gzip.compress(tar(_game_icons())),)
    contents = {"stamps": lambda: (_stamps(),), "flags": _flags, "maps": lambda: (_maps(),)}[name]()
    return tuple(deb(lzma.compress(tar({f"./{path}": data for path, data in files.items()}))) for files in contents)


@cache
def part(name: str) -> Any:
    """Return the dataset with these packages in place of the real ones."""
    real = registry.part("datasets", name)
    pinned = [
        replace(package, sha256=hashlib.sha256(data).hexdigest(), version=f"{package.version}tiny")
        for package, data in zip(real.packages, archives(name), strict=True)
    ]
    return type(real)(tuple(pinned))


def put(name: str, store: Path) -> None:
    """Put the packages where users put them."""
    (store / "packages").mkdir(parents=True, exist_ok=True)
    for package, data in zip(part(name).packages, archives(name), strict=True):
        (store / "packages" / package.file).write_bytes(data)


@cache
def _store() -> tempfile.TemporaryDirectory[str]:
    from evidense.fetching.packages.kept import fetch

    folder = tempfile.TemporaryDirectory(prefix="evidense-tiny-")
    with _in(Path(folder.name)):
        for name in WORLDS:
            put(name, Path(folder.name))
            for package in part(name).packages:
                fetch(package, name, lambda line: None)
    return folder


@contextmanager
def _in(store: Path) -> Iterator[None]:
    before = os.environ.get("EVIDENSE_STORE")
    os.environ["EVIDENSE_STORE"] = str(store)
    try:
        yield
    finally:
        os.environ.pop("EVIDENSE_STORE")
        if before is not None:
            os.environ["EVIDENSE_STORE"] = before


@contextmanager
def in_tiny_store() -> Iterator[None]:
    """Make the store of these packages the user's, for a while."""
    with _in(Path(_store().name)):
        yield


@cache
def opened(spelling: str) -> Collection:
    """Return a collection of these packages, fetched once a process."""
    with in_tiny_store():
        ((collection,)) = part(spelling.partition(":")[0].partition("/")[0]).open(spelling)
    return collection


def tagged(spelling: str) -> Pairs:
    """Return training pairs of these packages."""
    with in_tiny_store():
        return part(spelling.partition(":")[0]).pairs(spelling)
