"""Architectures: checks the description of a backbone, a mapping, and fills in its defaults; `new_towers` writes it to a folder.

    {"text": {"kind": "bert", "n_layers": 2, "width": 128, "n_heads": 4, "max_length": 64, "vocabulary": 4000, "pooling": "mean"},
     "image": {"kind": "convnet", "side": 32, "channels": 3, "patch": 4, "widths": [32, 64, 128], "depths": [1, 1, 1]},
     "n_dims": 128, "shared_projection": false, "dropout": 0.1}

Without "image" it is a plain text encoder. Kinds of text: `bert` and `static` (from scratch, with a vocabulary learnt from the training
texts), or the spelling of a text encoder (a folder, `pip:…`, `gguf:…`, `wordllama`). Kinds of image: `convnet` and `vit` (from scratch),
`lite0`, `lite1`, `lite2` (EfficientNet-Lite with its ImageNet weights), or the folder of a vision model. `random-init:` before a ready
encoder or a lite keeps its architecture and vocabulary and draws its weights. Random weights depend on the seed alone. A lite with
"head": "class-names" starts with a picture head that maps pictures to the names of their classes (`images.class_names`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidense.compute.images import lite
from evidense.compute.images.two_towers import is_two_towers
from evidense.compute.models.locate import peek
from evidense.errors import Mistakes, did_you_mean
from evidense.records import Json
from evidense.training.backbones import vocabulary

N_DIMS = 128
_POOLINGS = ("mean", "cls", "max")
FROM_SCRATCH = ("convnet", "vit")
"""Kinds of image towers that are new; the others are ready."""
RANDOM = "random-init:"
"""Before a kind: its architecture with drawn weights."""
READY: Mapping[str, tuple[str, ...]] = {"text": ("wordllama",), "image": tuple(lite.VARIANTS)}
"""Names of kinds that come with weights. Folders and the spellings of packages and files do too."""


@dataclass(frozen=True)
class Key:
    """One key of an architecture: its default, and a test of its values."""

    default: Json
    expected: str
    fits: Callable[[Any], bool]


def _whole(default: int | None, least: int, most: int) -> Key:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Key(default, f"a whole number from {least} to {most:,}", fits)


def _list(default: list[int], least: int, most: int) -> Key:
    element = _whole(None, least, most)

    def fits(value: Any) -> bool:
        return isinstance(value, Sequence) and not isinstance(value, str) and 0 < len(value) < 9 and all(map(element.fits, value))  # fmt: skip

    return Key(default, f"a list of whole numbers from {least} to {most:,}", fits)


def _one_of(default: Json, *known: Json) -> Key:
    def fits(value: Any) -> bool:
        return any(value == k and type(value) is type(k) for k in known)

    return Key(default, "one of " + ", ".join(map(repr, known)), fits)


CLASS_NAMES = "class-names"
"""A head of the picture tower that is computed from the classifier and the names of its classes, without a pair."""
_SIDE = _whole(32, 8, 1024)
TEXT: Mapping[str, Mapping[str, Key]] = {
    "bert": {
        "n_layers": _whole(2, 1, 48),
        "width": _whole(128, 8, 4096),
        "n_heads": _whole(4, 1, 64),
        "max_length": _whole(64, 4, 8192),
        "vocabulary": _whole(4000, vocabulary.LEAST, 200_000),
        "pooling": _one_of("mean", *_POOLINGS),
    },
    "static": {"vocabulary": _whole(4000, vocabulary.LEAST, 200_000)},
}
IMAGE: Mapping[str, Mapping[str, Key]] = {
    "convnet": {
        "side": _SIDE,
        "channels": _one_of(3, 1, 3),
        "patch": _whole(4, 1, 64),
        "widths": _list([32, 64, 128], 4, 4096),
        "depths": _list([1, 1, 1], 1, 64),
    },
    "vit": {
        "side": _SIDE,
        "channels": _one_of(3, 1, 3),
        "patch": _whole(8, 1, 64),
        "n_layers": _whole(2, 1, 48),
        "width": _whole(128, 8, 4096),
        "n_heads": _whole(4, 1, 64),
    },
    **{
        variant: {"side": _whole(128, 32, 1024), "head": _one_of("drawn", "drawn", CLASS_NAMES)}
        for variant in lite.VARIANTS
    },
}
SHARED: Mapping[str, Key] = {
    "n_dims": Key(None, "a whole number from 2 to 65,536", lambda v: v is None or _whole(None, 2, 1 << 16).fits(v)),
    "shared_projection": _one_of(False, True, False),
    "dropout": Key(0.1, "a number from 0 to below 1", lambda v: isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v < 1),
}  # fmt: skip


@dataclass(frozen=True)
class Design:
    """An architecture with all its defaults filled in."""

    text: Mapping[str, Any]
    image: Mapping[str, Any] | None
    n_dims: int | None
    """Dimensions of a vector; None: those of the text encoder (without an image tower)."""
    shared_projection: bool
    dropout: float


def design(architecture: Mapping[str, Json]) -> Design:
    """Check an architecture and fill in its defaults.

    Raises:
        UnknownName: the only mistakes are unknown names.
        InvalidInput: there are other mistakes; all at once.

    >>> design({"text": {"kind": "bert"}}).text["width"]
    128
    """
    mistakes = Mistakes()
    mistakes.note_unknown("key", architecture, ["text", "image", *SHARED])
    text, image = (
        _tower(part, architecture.get(part), kinds, mistakes) for part, kinds in (("text", TEXT), ("image", IMAGE))
    )
    if text is None:
        mistakes.others.append(
            'there is no text tower; expected "text": {"kind": "bert"}, with or without an image tower'
        )
    shared = {name: architecture.get(name, key.default) for name, key in SHARED.items()}
    mistakes.others += _misfits("", shared, SHARED)
    if text is not None and not mistakes.others and not mistakes.names:
        mistakes.others += _together(text, image, shared)
    mistakes.raise_if_any("this architecture cannot be built")
    tower = text or {}
    n_dims = shared["n_dims"] or (N_DIMS if image or tower["kind"] == "static" else None)
    return Design(tower, image, n_dims, bool(shared["shared_projection"]), float(shared["dropout"]))


def _tower(
    part: str, tower: Any, kinds: Mapping[str, Mapping[str, Key]], mistakes: Mistakes
) -> Mapping[str, Any] | None:
    """Return one tower with its defaults, None if there is none; note its mistakes."""
    if tower is None:
        return None
    if not isinstance(tower, Mapping) or not isinstance(tower.get("kind"), str):
        mistakes.others.append(
            f'{part} is {tower!r}; expected a mapping with a kind, as {{"kind": "{next(iter(kinds))}"}}'
        )
        return {}
    named = tower["kind"]
    kind = named.removeprefix(RANDOM)
    if not _is_known(named, part, kinds):
        names = dict.fromkeys((*kinds, *READY[part]))
        mistakes.names.append(
            f"unknown kind of {part} tower '{named}':{did_you_mean(named, names)} Known: {', '.join(names)}, or the folder or pip:… of a "
            f"model; {RANDOM} goes before {', '.join(READY[part])}{' or a ready encoder' if part == 'text' else ''}"
        )
        return tower
    keys = kinds.get(kind, {})
    mistakes.note_unknown(f"key of the {part} tower '{kind}'", tower, ["kind", *keys])
    filled = {"kind": named, **{name: tower.get(name, key.default) for name, key in keys.items()}}
    mistakes.others += _misfits(f"{part}.", filled, keys)
    return filled


def _is_known(named: str, part: str, kinds: Mapping[str, Any]) -> bool:
    kind = named.removeprefix(RANDOM)
    if kind == named:
        return kind in kinds or kind in READY[part] or _is_spelling(kind)
    return kind in READY[part] or (part == "text" and kind not in kinds and _is_spelling(kind))


def _is_spelling(kind: str) -> bool:
    return kind.startswith(("pip:", "checkpoint:", "gguf:")) or "/" in kind or peek(kind) is not None


def _misfits(prefix: str, values: Mapping[str, Any], keys: Mapping[str, Key]) -> list[str]:
    return [
        f"{prefix}{name} is {values[name]!r}; expected {key.expected}"
        for name, key in keys.items()
        if not key.fits(values[name])
    ]


def _together(text: Mapping[str, Any], image: Mapping[str, Any] | None, shared: Mapping[str, Any]) -> Iterator[str]:
    """Yield values that contradict each other."""
    for part, tower in (("text", text), ("image", image or {})):
        if tower.get("n_heads") and tower["width"] % tower["n_heads"]:
            yield f"{part}.width is {tower['width']} and {part}.n_heads {tower['n_heads']}; expected a width that the heads divide"
    if image is None:
        if shared["shared_projection"]:
            yield 'shared_projection is true without an image tower; expected "image": {"kind": "convnet"}, or leave it out'
        if (folder := peek(text["kind"])) is not None and is_two_towers(folder):
            yield f"text.kind '{text['kind']}' is a folder of two towers; expected a text encoder; write its folder text/"
        return
    if shared["shared_projection"] and text["kind"] == "static":
        yield "shared_projection is true and a static text tower has no projection; expected false"
    if image.get("head") == CLASS_NAMES and (shared["shared_projection"] or image["kind"].startswith(RANDOM)):
        why = "shared_projection is true" if shared["shared_projection"] else f"the kind is {image['kind']}"
        yield f"image.head is {CLASS_NAMES} and {why}; expected the classifier's own weights and a head of its own; write head = 'drawn'"
    yield from _places(image)


def _places(image: Mapping[str, Any]) -> Iterator[str]:
    """Yield mistakes in the size of a feature map."""
    if image["kind"] == "convnet":
        if len(image["widths"]) != len(image["depths"]):
            yield f"image.widths names {len(image['widths'])} stages and image.depths {len(image['depths'])}; expected equal numbers"
        step = image["patch"] * 2 ** (len(image["widths"]) - 1)
        if image["side"] < step:
            yield f"image.side is {image['side']}; expected at least patch × 2 ^ (stages − 1) = {step}, or nothing of a picture is left"
    if image["kind"] == "vit" and image["side"] % image["patch"]:
        yield f"image.side is {image['side']} and image.patch {image['patch']}; expected a side that the patch divides"
