"""Vision models of transformers: open each class under the loading guard, and pool its states."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.boundary.strangers import foreign
from evidense.compute.images import lite
from evidense.compute.models.architecture import config_of, refuse_larger
from evidense.compute.models.checkpoint import refuse_remote_code, sha256_of_files, shapes_of, weight_files
from evidense.compute.models.files import read_json, refuse_irregular
from evidense.compute.models.guard import judge_loaded
from evidense.compute.pictures.arrays import SETTINGS, Processed, Scaling, read_scaling
from evidense.compute.quiet import quiet
from evidense.compute.texts.dense import PostPoolingStep
from evidense.errors import InvalidInput, UnknownName
from evidense.records import canonical_json

if TYPE_CHECKING:
    import torch
    from torch import Tensor

POOLINGS = {
    "convnext": "mean, then the class's own norm",
    "convnextv2": "mean, then the class's own norm",
    "vit": "the class's own pooler (class token)",
    "deit": "the class's own pooler (class token)",
    "dinov2": "class token",
    "swin": "mean",
    "resnet": "mean",
    "regnet": "mean",
    **dict.fromkeys(lite.VARIANTS, "mean"),
    "clip_vision_model": "class token, then the class's own norm",
    "siglip_vision_model": "the class's own attention head",
}
"""model_type → how the last states are pooled; the pooling that the class itself trains, if it has one."""
_WITHOUT_POOLER = "class token"
_POOLERS = {"vit", "deit"}


@dataclass(frozen=True, eq=False)
class VisionHalf:
    """A vision model with its projection into the common space."""

    model: "torch.nn.Module"
    projection: PostPoolingStep

    @property
    def inner(self) -> Any:
        """The model."""
        return self.model

    @property
    def family(self) -> str:
        """`model_type`."""
        return str(self.inner.config.model_type)

    @property
    def pooling(self) -> str:
        """How states are pooled, in words."""
        return pooling_of(self.model)

    @property
    def parts(self) -> "Mapping[str, torch.nn.Module]":
        """The modules that make a vector."""
        weights = self.projection.weights
        return {"backbone": self.model, **({} if weights is None else {"projection": weights})}

    def states(self, inputs: "Mapping[str, Tensor]") -> "Tensor":
        """Return the last states[b, t, e]; the places of a feature map count as tokens."""
        return _tokens(self.inner(**inputs).last_hidden_state)

    def hidden(self, inputs: "Mapping[str, Tensor]") -> "list[Tensor]":
        """Return states[b, t, e] of layers (or stages, which differ in t and e) 0 … n_layers; the last equals `states`."""
        output = self.inner(**inputs, output_hidden_states=True)
        return [*(_tokens(states) for states in output.hidden_states[:-1]), _tokens(output.last_hidden_state)]

    def pool(self, states: "Tensor", mask: "Tensor") -> "Tensor":
        """Pool the last states[b, t, e] to [b, e]."""
        match self.family:
            case "vit" | "deit" if self.inner.pooler is not None:
                return self.inner.pooler(states)
            case "convnext" | "convnextv2":
                return self.inner.layernorm(states.mean(dim=1))
            case "clip_vision_model":
                return _at_root(self.inner).post_layernorm(states[:, 0])
            case "siglip_vision_model":
                return _at_root(self.inner).head(states)
        return self.pool_inside(states)

    def pool_inside(self, states: "Tensor") -> "Tensor":
        """Pool the states of an inner layer: the class token if there is one, else the mean."""
        has_class_token = self.family in {"vit", "deit", "dinov2", "clip_vision_model"}
        return states[:, 0] if has_class_token else states.mean(dim=1)

    def project(self, pooled: "Tensor") -> "Tensor":
        """Map pooled[b, e] to the common space (not yet normalised)."""
        return self.projection(pooled)


def _tokens(states: "Tensor") -> "Tensor":
    return states.flatten(2).transpose(1, 2) if states.dim() == 4 else states


def _at_root(model: Any) -> Any:
    return getattr(model, "vision_model", model)


def pooling_of(model: Any) -> str:
    """Return in words how the states of this model are pooled."""
    family = str(model.config.model_type)
    return _WITHOUT_POOLER if family in _POOLERS and model.pooler is None else POOLINGS[family]


@dataclass(frozen=True, eq=False)
class Vision:
    """An opened vision folder."""

    model: "torch.nn.Module"
    scaling: Scaling | Processed
    sha256: str
    """sha256 over its weight files."""
    unused: tuple[str, ...] = ()


def open_vision(folder: Path) -> Vision:
    """Open a folder of a vision model of transformers, or of EfficientNet-Lite, under the loading guard.

    Raises:
        IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
    """
    if (variant := lite.variant_in(folder)) is not None:
        model, scaling = lite.load(folder, variant)
        return Vision(model.requires_grad_(False), scaling, sha256_of_files(weight_files(folder)))
    config = read_json(folder / "config.json")
    if not config:
        raise InvalidInput(
            f"'{folder}' holds no config.json; expected a vision model that transformers saved; fetch or write it again"
        )
    refuse_irregular([folder])
    refuse_remote_code(folder)
    kind = str(config.get("model_type", ""))
    if kind not in POOLINGS:
        raise UnknownName.among("kind of vision model", kind, POOLINGS, f"'{folder}' names it in its config.json.")
    sha256 = sha256_of_files(weight_files(folder))
    with quiet():
        model, unused = _loaded(folder, kind)
        return Vision(model.eval().requires_grad_(False), read_scaling(folder), sha256, unused)


def _loaded(folder: Path, kind: str) -> "tuple[torch.nn.Module, tuple[str, ...]]":
    """Load with transformers, which knows older names of weights, and refuse a model with weights left at random."""
    import torch
    from transformers import AutoModel

    shapes = {name: shape for file in weight_files(folder) for name, shape in shapes_of(file).items()}
    has_pooler = any("pooler.dense" in name for name in shapes)
    pooler_option = {} if kind not in _POOLERS or has_pooler else {"add_pooling_layer": False}
    config_file = folder / "config.json"
    config = config_of(config_file, read_json(config_file), len(shapes))
    refuse_larger(partial(AutoModel.from_config, config, trust_remote_code=False), sum(map(math.prod, shapes.values())), str(config_file))  # fmt: skip
    advice = f"Expected a vision model of the kind '{kind}' as transformers saved it; fetch or write it again."
    with foreign(str(folder), advice), torch.random.fork_rng(devices=[]):
        model, info = AutoModel.from_pretrained(
            str(folder), config=config, output_loading_info=True, local_files_only=True, trust_remote_code=False,
            use_safetensors=True, dtype=torch.float32, **pooler_option,
        )  # fmt: skip
    return model, judge_loaded(model, info["missing_keys"], info["unexpected_keys"], str(folder))


def save_vision(model: Any, scaling: Scaling | Processed, folder: Path) -> None:
    """Write a folder that `open_vision` opens bit for bit, and that AutoModel and AutoImageProcessor of transformers open."""
    if str(model.config.model_type) in lite.VARIANTS and isinstance(scaling, Scaling):
        lite.save(model, scaling.side, folder)
        return
    with quiet():
        model.save_pretrained(str(folder))
    if isinstance(scaling, Processed):
        scaling.processor.save_pretrained(str(folder))
    else:
        (folder / SETTINGS).write_text(canonical_json(scaling.to_json()) + "\n", encoding="utf-8")
