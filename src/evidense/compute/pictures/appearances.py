"""Appearances: which pictures of a collection look the same, or almost, and which cannot be used; computed once and kept in the store."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Float32

from evidense.compute.pictures.decoding import decode
from evidense.errors import InvalidInput, MissingExtra, StoreError, UnsafeInput
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Picture

ROOM = "appearances"
SIDE = 16
"""Side of the small copies that are compared, in pixels."""
ALIKE = 0.985
"""Pictures whose small copies correlate from here on are almost the same."""
MOST_DIFFERENT = 0.035
"""Largest root mean square difference of two small copies that are almost the same; 1 is black against white."""


@dataclass(frozen=True)
class Appearance:
    """How one picture looks."""

    first: str
    """Name of the first picture with the same pixels; its own, if there is none before it."""
    family: str
    """Name of the first picture that looks almost like it, or like one that does."""
    flaw: str = ""
    """Why it cannot be used; "" if it can."""


def appearances(pictures: Mapping[str, Picture], store: Store) -> dict[str, Appearance]:
    """Return how each picture looks. Pictures that cannot be decoded, or have one colour, are flawed.

    Raises:
        MissingExtra: Pillow (or, for SVG, resvg-py) is not installed.
    """
    key = _key(pictures)
    try:
        rows = cast(list[Any], store.noted(ROOM, key)["rows"])
        return {name: Appearance(*row) for name, row in zip(pictures, rows, strict=True)}
    except (KeyError, StoreError, TypeError, ValueError):
        pass
    seen = _seen(pictures)
    store.note(ROOM, key, {"rows": [[a.first, a.family, a.flaw] for a in seen.values()]})
    return seen


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return name → the smallest name of all that are joined with it, directly or through others.

    >>> joined([("b", "a"), ("c", "b"), ("e", "d")])
    {'b': 'a', 'a': 'a', 'c': 'a', 'e': 'd', 'd': 'd'}
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while (higher := above.setdefault(name, name)) != name:
            above[name] = above[higher]
            name = higher
        return name

    for left, right in pairs:
        one, other = sorted((top(left), top(right)))
        above[other] = one
    return {name: top(name) for name in list(above)}


def _key(pictures: Mapping[str, Picture]) -> str:
    """Return a key of names, contents and what draws them."""
    from importlib.metadata import PackageNotFoundError, version

    drawn_by = {}
    for package in ("pillow", "resvg_py"):
        try:
            drawn_by[package] = version(package)
        except PackageNotFoundError:
            drawn_by[package] = ""
    digest = hashlib.sha256()
    for name, picture in pictures.items():
        digest.update(f"{name}\0{picture.sha256()}\n".encode())
    return sha256_of(
        {"pictures": digest.hexdigest(), "by": drawn_by, "alike": [SIDE, ALIKE, MOST_DIFFERENT], "form": 1}
    )


def _seen(pictures: Mapping[str, Picture]) -> dict[str, Appearance]:
    first: dict[str, str] = {}
    flaws: dict[str, str] = {}
    firsts: dict[str, str] = {}
    small: list[Float32[np.ndarray, " n"]] = []
    for name, picture in pictures.items():
        try:
            image = decode(picture)
        except MissingExtra:
            raise
        except (InvalidInput, UnsafeInput) as error:
            flaws[name] = str(error)
            continue
        if all(low == high for low, high in image.getextrema()):
            flaws[name] = "one colour only"
            continue
        pixels = hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()
        firsts[name] = first.setdefault(pixels, name)
        if firsts[name] == name:
            small.append(_small(image))
    shown = [name for name, same in firsts.items() if same == name]
    family = joined((shown[i], shown[j]) for i, j in _alike(small))
    tops = {name: firsts.get(name, name) for name in pictures}
    return {name: Appearance(top, family.get(top, top), flaws.get(name, "")) for name, top in tops.items()}


def _small(image: Any) -> Float32[np.ndarray, " n"]:
    """Return a small copy in a white square, as numbers from 0 to 1."""
    from PIL import Image

    side = max(image.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel() / 255


def _alike(small: Sequence[Float32[np.ndarray, " n"]]) -> Iterable[tuple[int, int]]:
    """Yield the rows of every two small copies that are almost the same."""
    if not small:
        return
    values = np.stack(small)
    centred = values - values.mean(axis=1, keepdims=True)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    for row in range(len(values)):
        near = np.flatnonzero(unit[row:] @ unit[row] >= ALIKE) + row
        for other in near[1:] if len(near) and near[0] == row else near:
            if np.sqrt(np.mean((values[row] - values[other]) ** 2)) <= MOST_DIFFERENT:
                yield row, int(other)
